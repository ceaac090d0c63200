// Puts a fresh copy of the page's live part in place every few seconds.
(function () {
  "use strict";
  const live = document.getElementById("live");
  const stale = document.getElementById("stale");
  const every_ms = 5000;

  function focusedLink() {
    const link = document.activeElement;
    return link && live.contains(link) && link.getAttribute("href");
  }

  function put(html) {
    const href = focusedLink();
    const scrolled = live.querySelector(".table");
    const left = scrolled ? scrolled.scrollLeft : 0;
    live.innerHTML = html;
    const table = live.querySelector(".table");
    if (table) table.scrollLeft = left;
    if (href) {
      const again = Array.from(live.querySelectorAll("a")).find((link) => link.getAttribute("href") === href);
      if (again) again.focus({ preventScroll: true });
    }
  }

  async function refresh() {
    try {
      const answer = await fetch(live.dataset.from, { cache: "no-store" });
      if (answer.redirected) return location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      put(await answer.text());
      stale.hidden = true;
    } catch {
      stale.hidden = false;
    }
    setTimeout(refresh, every_ms);
  }

  setTimeout(refresh, every_ms);
})();
