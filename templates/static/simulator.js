"use strict";
// Sends what a person does on the simulator's page; shows how things stand, also when a script drives the same simulator.
const said = document.querySelector("[data-said]");
const field = id => document.getElementById(id);

async function post(place, body) {
  const answer = await fetch(place.closest("[data-post]").dataset.post,
    { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  said.hidden = false;
  said.className = `said said--${answer.ok ? "good" : "problem"}`;
  said.textContent = answer.ok ? said.dataset.done : (await answer.json()).error;
  refresh();
}

async function refresh() {
  const state = await (await fetch(document.querySelector("[data-state]").dataset.state)).json();
  for (const choice of document.querySelectorAll("[data-device]"))
    if (choice !== document.activeElement) choice.value = state.faults[choice.dataset.device] ?? "none";
  for (const button of document.querySelectorAll("[data-up]"))
    button.setAttribute("aria-pressed", String(state.network_up === (button.dataset.up === "true")));
  showSlips(state.slips);
}

let shownSlips = "";
function showSlips(slips) {
  const list = document.querySelector("[data-slips]"), now = JSON.stringify(slips);
  if (now === shownSlips) return;
  shownSlips = now;
  document.querySelector("[data-no-slips]").hidden = slips.length > 0;
  list.replaceChildren(...slips.map(slip => {
    const one = document.createElement("li"), paper = document.createElement("pre");
    one.className = "slips__one";
    paper.className = "slips__paper";
    paper.textContent = slip.text;
    one.append(paper);
    if (slip.code) {
      const button = document.createElement("button");
      button.className = "button";
      button.type = "button";
      button.dataset.code = slip.code;
      button.textContent = list.dataset.show;
      one.append(button);
    }
    return one;
  }));
}

document.addEventListener("click", event => {
  const button = event.target.closest("button");
  if (!button) return;
  const { skin, code, up } = button.dataset;
  if (skin !== undefined) field("skin").value = skin;
  if (up !== undefined) post(button, { up: up === "true" });
  if (code !== undefined) post(button, {
    code: code || null, skin_temperature_c: field("skin").value === "" ? null : Number(field("skin").value),
    ambient_c: Number(field("ambient").value), seconds: Number(field("seconds").value),
  });
});
document.addEventListener("change", event => {
  const { device } = event.target.dataset;
  if (device) post(event.target, { device, fault: event.target.value });
});
setInterval(() => refresh().catch(() => {}), 2000);
