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
