"use strict";
// Somebody's own page on the panel: it closes by itself, and at once when somebody else comes.
const own = document.querySelector("[data-own]");
const left = own.querySelector("[data-left]");
const leave = () => location.replace(own.dataset.panel);
const closesAt = performance.now() + own.dataset.closesAfter * 1000;
const clock = setInterval(() => {
  const seconds = Math.ceil((closesAt - performance.now()) / 1000);
  left.textContent = Math.max(0, seconds);
  if (seconds <= 0) { clearInterval(clock); leave(); }
}, 250);
const panel = new EventSource(own.dataset.events);
panel.addEventListener("screen", event => {
  const tap = /data-tap="([^"]*)"/.exec(event.data);
  if (tap && tap[1] !== own.dataset.tap) leave();
});
addEventListener("pagehide", () => panel.close());
addEventListener("pageshow", event => { if (event.persisted) leave(); });
