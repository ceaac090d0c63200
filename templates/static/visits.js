"use strict";
// A file of a long range takes seconds to make: the page says so until it is there. Without this the browser waits by itself.
for (const form of document.querySelectorAll("form[data-export]"))
  form.addEventListener("submit", async event => {
    if (!event.submitter) return;
    event.preventDefault();
    const body = new FormData(form);
    body.append(event.submitter.name, event.submitter.value);
    const busy = form.querySelector("[data-busy]"), failed = form.querySelector("[data-failed]"), bar = busy.querySelector("progress");
    const buttons = form.querySelectorAll("button");
    failed.hidden = true;
    busy.hidden = false;
    bar.removeAttribute("value");
    for (const button of buttons) button.disabled = true;
    try {
      // A redirect says in one sentence why there is no file, once: whoever follows it here would use that sentence up.
      const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" });
      const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") || "");
      if (answer.type === "opaqueredirect") { location.reload(); return; }
      if (!answer.ok || !name) throw new Error(String(answer.status));
      const size = Number(answer.headers.get("Content-Length")), parts = [], reader = answer.body.getReader();
      if (size) { bar.max = size; bar.value = 0; }
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        parts.push(part.value);
        if (size) bar.value += part.value.length;
      }
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob(parts, { type: answer.headers.get("Content-Type") }));
      link.download = name[1];
      link.click();
      URL.revokeObjectURL(link.href);
    } catch {
      failed.hidden = false;
    } finally {
      busy.hidden = true;
      for (const button of buttons) button.disabled = false;
    }
  });
