"use strict";
// Lists: printed by a press, and ticked without drawing the whole page anew; the stream brings what changed.
for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
for (const form of document.querySelectorAll("form[data-quiet]"))
  form.addEventListener("submit", event => {
    if (!event.submitter) return;
    event.preventDefault();
    const body = new FormData(form);
    body.append(event.submitter.name, event.submitter.value);
    fetch(form.action, { method: "POST", body, headers: { "X-Quiet": "1" }, redirect: "manual" })
      .then(answer => { if (answer.status !== 204) location.reload(); }, () => location.reload());
  });
