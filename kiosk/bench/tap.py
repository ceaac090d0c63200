"""`gapura bench tap`: from the first frame that shows a badge to the verdict painted in a real browser."""

import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kiosk.bench.figures import Figure, percentile, report
from kiosk.simulation.door import Place, SimulatedDoor

if TYPE_CHECKING:
    from playwright.sync_api import Page

_LIMIT_MS = 150.0
_CHROMIUM = "/usr/bin/chromium"
CHROMIUM_OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run")

_WATCH = """() => {
    window.painted = [];
    const see = () => {
        const face = document.querySelector('[data-screen="admitted"]');
        const tap = face && face.dataset.tap;
        if (tap && tap !== window.lastTap) {
            window.lastTap = tap;
            requestAnimationFrame(() => { const c = new MessageChannel();
                c.port1.onmessage = () => window.painted.push(performance.now()); c.port2.postMessage(0); });
        }
    };
    new MutationObserver(see).observe(document.body, {subtree: true, childList: true, attributes: true});
}"""


@click.command("tap")
@click.option("--taps", type=click.IntRange(5), default=40, show_default=True, help="How many badges are shown.")
@click.option("--json", "as_json", is_flag=True, help="One object a figure on standard output.")
def bench_tap(taps: int, as_json: bool) -> None:
    """Badge visible in a frame -> verdict painted in Chromium, p95, at 30 frames a second, thermometer off."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as exc:
        raise click.ClickException("this needs Playwright; run it through `make bench`, which installs it") from exc
    with (
        tempfile.TemporaryDirectory() as folder,
        SimulatedDoor(Place(Path(folder)), kind="off", station={"repeat_window_s": 0}) as door,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=list(CHROMIUM_OPTIONS))
        page = browser.new_page(viewport={"width": 800, "height": 480}, bypass_csp=True)
        page.goto(door.addresses["panel"])
        took = measure(door, page, taps)
        browser.close()
    limit_is = f"fixed; {len(took)} taps, median {percentile(took, 0.5):.0f}"
    report([Figure("tap", percentile(took, 0.95), "ms p95", _LIMIT_MS, limit_is)], as_json)


def measure(door: SimulatedDoor, page: "Page", taps: int) -> list[float]:
    """Milliseconds of each tap."""
    pause, took = threading.Event(), []
    page.evaluate(_WATCH)
    codes = [code for _, code in door.simulator.badges()[:8]]
    pause.wait(4.0)
    for number in range(taps):
        page.evaluate("window.painted = []")
        shown_at_ns = door.simulator.camera.control.present(codes[number % len(codes)], 1.0)
        page.wait_for_function("window.painted.length > 0", timeout=5000)
        if shown_at_ns is None:
            raise click.ClickException("the simulated camera showed nothing")
        took.append(page.evaluate("window.painted[0]") - (shown_at_ns / 1e6 - browser_offset_ms(page)))
        pause.wait(2.0 + 0.037 * number)
    return took


def browser_offset_ms(page: "Page") -> float:
    """What to take from CLOCK_MONOTONIC milliseconds to get the page's `performance.now()`; good to half a round trip."""
    best = (float("inf"), 0.0)
    for _ in range(10):
        before = time.monotonic_ns()
        there = page.evaluate("performance.now()")
        after = time.monotonic_ns()
        best = min(best, (after - before, (before + after) / 2e6 - there))
    return best[1]
