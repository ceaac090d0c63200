"use strict";
// A visitor's page: it goes back to the panel by itself, gently, sends nothing twice, and steps aside while staff are served.
{  // a scope of its own, beside live.js
const visit = document.querySelector("[data-visit]");
const over = document.querySelector(".over");
const still = visit.querySelector("[data-still]");
const lefts = visit.querySelectorAll("[data-left]");
const lasts = visit.dataset.closesAfter * 1000, isFixed = "fixed" in visit.dataset, warnsFor = 15000;
let endsAt = performance.now() + lasts, isOver = false, wasCovered = false;

const stay = () => { if (!isFixed) endsAt = performance.now() + lasts; };
const leave = () => { isOver = true; visit.querySelector("[data-close]").requestSubmit(); };
for (const sign of ["pointerdown", "keydown"]) addEventListener(sign, stay, { passive: true });

setInterval(() => {
  const left = endsAt - performance.now(), seconds = Math.max(0, Math.ceil(left / 1000));
  for (const place of lefts) place.textContent = isFixed ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` : seconds;
  still.hidden = isFixed || left > warnsFor;
  if (left <= 0 && !isOver) leave();
}, 250);

for (const form of visit.querySelectorAll("form")) form.addEventListener("submit", event => {
  if ("sent" in form.dataset) event.preventDefault();
  form.dataset.sent = "";
});

// A badge or a pass is answered over this page; what the visitor was at is there again afterwards, with its full time.
new MutationObserver(() => {
  const isCovered = over.querySelector(".result") !== null;
  const passed = over.querySelector("[data-passed]")?.dataset.passed;
  if (passed && visit.dataset.awaits.split(" ").includes(passed)) isOver = true;
  visit.inert = isCovered;
  if (wasCovered && !isCovered) isOver ? leave() : stay();
  wasCovered = isCovered;
}).observe(over, { childList: true });
addEventListener("pageshow", event => { if (event.persisted) location.reload(); });

for (const stepper of visit.querySelectorAll("[data-stepper]")) {
  const value = stepper.querySelector("input"), count = stepper.querySelector("[data-count]"), most = +stepper.dataset.most;
  const set = people => {
    value.value = count.textContent = people = Math.min(most, Math.max(1, people));
    stepper.querySelector("[data-person]").hidden = people > 1;
    stepper.querySelector("[data-people]").hidden = people === 1;
    for (const button of stepper.querySelectorAll("[data-by]")) button.setAttribute("aria-disabled", button.dataset.by < 0 ? people <= 1 : people >= most);
  };
  stepper.addEventListener("click", event => {
    const button = event.target.closest("[data-by]");
    if (button) set(+value.value + +button.dataset.by);
  });
  set(+value.value);
}

// The keyboard of our own. It shows while a field is written in; a real keyboard does the same.
const who = visit.querySelector("[data-who]");
if (who) {
  const keyboard = who.querySelector("[data-keyboard]");
  const upright = matchMedia("(orientation: portrait)");
  const ROWS = { wide: ["1234567890", "qwertyuiop", "asdfghjkl'", "zxcvbnm.,-"], tall: ["abcdefg", "hijklmn", "opqrstu", "vwxyz.,", "1234567", "890-'/"] };
  let field = null;
  const key = (letter, words, name) => Object.assign(document.createElement("button"), { type: "button", tabIndex: -1, className: `button button--quiet key key--${name}`, textContent: words, value: letter });
  const lay = () => {
    const rows = ROWS[upright.matches ? "tall" : "wide"];
    const erase = key("erase", "⌫", "erase");
    erase.setAttribute("aria-label", keyboard.dataset.erase);
    keyboard.replaceChildren(...rows.flatMap(row => [...row].map(letter => key(letter, letter, "letter"))), key(" ", keyboard.dataset.space, "space"), erase);
  };
  const write = on => {
    field = on;
    keyboard.hidden = !on;
    visit.toggleAttribute("data-writing", Boolean(on));
    visit.querySelector(".visit__title").classList.toggle("unseen", Boolean(on));
    for (const one of who.querySelectorAll("[data-one]")) one.toggleAttribute("data-current", Boolean(on) && one.dataset.one === on.id);
  };
  const startsWord = () => (field.id === "purpose" ? field.selectionStart === 0 : /(^|\s)$/.test(field.value.slice(0, field.selectionStart)));
  lay();
  upright.addEventListener("change", lay);
  for (const input of who.querySelectorAll("input.field")) {
    input.addEventListener("focus", () => write(input));
    input.addEventListener("keydown", event => {
      if (event.key === "Enter") { event.preventDefault(); written(); }
      if (event.key === "Tab" || event.key === "Escape") write(null);
    });
  }
  const written = () => { write(null); who.querySelector("[data-next]").focus(); };
  who.querySelector("[data-written]").addEventListener("click", written);
  keyboard.addEventListener("pointerdown", event => event.preventDefault()); // the field keeps its caret
  keyboard.addEventListener("click", event => {
    const pressed = event.target.closest(".key");
    if (!pressed || !field) return;
    const [from, to] = [field.selectionStart, field.selectionEnd];
    if (pressed.value === "erase") field.setRangeText("", from === to ? Math.max(0, from - 1) : from, to, "end");
    else if (field.value.length - (to - from) < field.maxLength) field.setRangeText(startsWord() ? pressed.value.toUpperCase() : pressed.value, from, to, "end");
    field.focus();
  });
}
}
