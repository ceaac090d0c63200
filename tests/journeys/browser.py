"""A real Chromium for tests: the system's, headless, with nothing of its own on the network."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

CHROMIUM = shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
"""The same engine without windows, menus and extensions, which draws a page at half the cost, where Debian has it."""
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)
PANEL_SIZES = ((800, 480), (480, 800), (1024, 600), (1280, 800))
_OVERFLOWING = """() => [...document.querySelectorAll('body *')].filter(element => {
  const box = element.getBoundingClientRect();
  if (!box.width || !box.height || element.closest('svg *, .unseen, .camera')) return false;
  const style = getComputedStyle(element);
  const ends = style.overflowY === 'hidden' && style.webkitLineClamp === 'none';
  const clipped = ends && element.scrollHeight > element.clientHeight + 2;
  const tooWide = element.scrollWidth > element.clientWidth + 2 && style.textOverflow !== 'ellipsis'
    && element.clientWidth > 0 && style.display !== 'inline';
  const below = element.closest('.panel') && box.bottom > innerHeight + 1;
  return box.right > innerWidth + 1 || box.left < -1 || below || clipped || tooWide;
}).map(element => element.className + ': ' + element.textContent.trim().slice(0, 60))"""
_TARGETS = "button, a.button, label:has(input[type=radio]), input.field, select.field"
_SMALL_TARGETS = """targets => [...document.querySelectorAll(targets)]
  .filter(element => element.checkVisibility()).map(element => [element.textContent.trim(), element.getBoundingClientRect()])
  .filter(([, box]) => box.width < 55.5 || box.height < 55.5).map(([words, box]) => `${words} ${box.width}x${box.height}`)"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def page_of(browser: Browser, width: int, height: int) -> Iterator[Page]:
    """A page of that size in a context of its own, whose errors fail the test."""
    problems: list[str] = []
    context = browser.new_context(viewport=ViewportSize(width=width, height=height), reduced_motion="reduce")
    page = context.new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if "Content Security Policy" in said.text else None)
    try:
        yield page
    finally:
        context.close()
    assert not problems


def accessibility_problems(page: Page) -> list[str]:
    """What axe finds against the page as it is, one line a finding."""
    _loaded(page)
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:160]}" for one in found for node in one["nodes"]]


def overflowing(page: Page) -> list[str]:
    """Elements that stick out of the window or out of themselves."""
    _loaded(page)
    return list(page.evaluate(_OVERFLOWING))


def small_targets(page: Page) -> list[str]:
    """What a gloved finger would miss: less than 56 px wide or high."""
    _loaded(page)
    return list(page.evaluate(_SMALL_TARGETS, _TARGETS))


def _loaded(page: Page) -> None:
    """After a form is sent, words are there before the style is: what is measured then is not what anybody sees."""
    page.wait_for_load_state("load")
