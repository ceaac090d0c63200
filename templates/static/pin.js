"use strict";
// The PIN pad types into the field beside it; a keyboard does the same.
for (const pad of document.querySelectorAll("[data-pad]")) {
  const field = document.getElementById(pad.dataset.pad);
  pad.addEventListener("click", event => {
    const key = event.target.closest("[data-key]");
    if (key) field.value = key.dataset.key === "back" ? field.value.slice(0, -1) : field.value + key.dataset.key;
  });
}
