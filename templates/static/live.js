"use strict";
// Keeps a page as the server sees it: each event's HTML replaces the fragments of its name.
const stage = document.querySelector("[data-events]");
const lost = document.querySelector("[data-lost]");
const shown = new Map();
let source, watch, wasLost = false, soundKey = document.querySelector("[data-sound-key]")?.dataset.soundKey;

// Countdowns count by themselves: drawing them anew would take a button away from under a finger.
const still = html => html.replace(/data-countdown="\d+">[^<]*/g, "");

function replace(name, html) {
  if (shown.has(name) && still(shown.get(name)) === still(html)) return;
  shown.set(name, html);
  for (const place of document.querySelectorAll(`[data-fragment="${name}"]`)) {
    const typed = [...place.querySelectorAll("input[id]")].map(input => [input.id, input.value]);
    const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
    const open = [...place.querySelectorAll("details[open][id]")].map(more => more.id);
    place.innerHTML = html;
    for (const id of open) if (document.getElementById(id)) document.getElementById(id).open = true;
    for (const [id, value] of typed) if (document.getElementById(id)) document.getElementById(id).value = value;
    if (focused) document.getElementById(focused)?.focus();
  }
  for (const inner of document.querySelectorAll("[data-fragment]:empty")) inner.innerHTML = shown.get(inner.dataset.fragment) ?? "";
}

function sound() {
  const now = document.querySelector("[data-sound-key]");
  if (!now || now.dataset.soundKey === soundKey) return;
  soundKey = now.dataset.soundKey;
  if (now.dataset.sound) new Audio(`${stage.dataset.sounds}${now.dataset.sound}.wav`).play().catch(() => {});
}

function alive() {
  clearTimeout(watch);
  watch = setTimeout(lose, 8000);
  if (wasLost) location.reload();
}

function lose() {
  wasLost = true;
  lost.hidden = false;
  source.close();
  clearTimeout(watch);
  watch = setTimeout(connect, 1000);
}

function connect() {
  source = new EventSource(stage.dataset.events);
  watch = setTimeout(lose, 8000);
  source.onerror = lose;
  source.addEventListener("reload", () => location.reload());
  for (const name of new Set([...document.querySelectorAll("[data-fragment]")].map(place => place.dataset.fragment)))
    source.addEventListener(name, event => { replace(name, event.data); alive(); sound(); });
}

function tick() {
  for (const left of document.querySelectorAll("[data-countdown]")) {
    const seconds = left.dataset.countdown = Math.max(0, left.dataset.countdown - 1);
    left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
}

function look(camera, picture) {
  if (!camera.offsetParent) return setTimeout(look, 250, camera, picture);
  const next = Object.assign(new Image(), { className: picture.className, alt: picture.alt });
  next.onload = () => { picture.replaceWith(next); setTimeout(look, 120, camera, next); };
  next.onerror = () => { picture.hidden = true; setTimeout(look, 1000, camera, picture); };
  next.src = `${camera.dataset.camera}?${Date.now()}`;
}

if (stage) { connect(); setInterval(tick, 1000); addEventListener("pagehide", () => source.close()); }
for (const camera of document.querySelectorAll("[data-camera]")) look(camera, camera.querySelector("img"));
