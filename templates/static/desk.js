"use strict";
// The head count says as it goes how many were counted; the page that follows states the result.
const form = document.querySelector("[data-count]");
const result = document.querySelector("[data-result]");

function sum() {
  const ticked = [...form.querySelectorAll("[data-people]:checked")].reduce((people, box) => people + Number(box.dataset.people), 0);
  result.querySelector("strong").textContent = `${ticked + (Number(form.elements.others.value) || 0)}/${form.dataset.count}`;
}

if (form) {
  for (const hidden of document.querySelectorAll("[data-needs-script], [data-result]")) hidden.hidden = false;
  form.addEventListener("input", sum);
  document.querySelector("[data-tick-all]")?.addEventListener("click", () => {
    for (const box of form.querySelectorAll("[data-people]")) box.checked = true;
    sum();
  });
  sum();
}
