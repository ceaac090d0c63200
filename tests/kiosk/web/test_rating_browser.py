"""The question how it was, on the panel in a real browser: at every size, in both languages, by one touch."""

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.core.room_codes import Said
from kiosk.core.values import Screen, ScreenKind
from kiosk.services.room_views import Done
from sync.protocol.satisfaction import Level
from tests.journeys.browser import PANEL_SIZES, accessibility_problems, chromium, overflowing, page_of, small_targets
from tests.kiosk.web.station import TROUBLED
from tests.kiosk.web.test_browser import served
from tests.kiosk.web.test_visitors_browser import _CROWDED, LEAVE, Panel

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def panel() -> Iterator[Panel]:
    panel = Panel()
    yield panel
    panel.station.stopping.set()
    panel.rooms.close()


@pytest.fixture
def base(panel: Panel) -> Iterator[str]:
    with served(panel.app) as base:
        yield base
        panel.station.stopping.set()


def leaves(panel: Panel, said: Said = Said.LEFT, showing: str = "one") -> None:
    """Somebody shows card 5 and is asked how it was."""
    panel.rooms.show_scanned(
        Done(said, "reading", "visit-5", card=5, in_use_since=panel.rooms.now - timedelta(minutes=118), showing=showing)
    )


@pytest.mark.parametrize("hour", [0, 14], ids=["day", "night"])
@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("said", [Said.LEFT, Said.LEFT_UNKNOWN])
def test_the_question_fits(browser: Browser, panel: Panel, base: str, said: Said, language: str, hour: int):
    """Tick, words and four faces fit every panel, idle or over somebody's page; fingers hit them, and axe finds nothing."""
    panel.clock.advance(hour * 3600)
    with page_of(browser, 800, 480) as page:
        for name, begin in (("idle", None), ("over", LEAVE)):
            panel.station.set_language(language if begin is None else "id")
            panel.rooms.show_scanned(None)
            page.goto(base)
            if begin is not None:
                page.locator(begin).click()
                panel.station.set_language(language)
            leaves(panel, said, name)
            faces = page.locator(".rate__one").filter(visible=True)
            expect(faces).to_have_count(4)
            for width, height in PANEL_SIZES:
                page.set_viewport_size({"width": width, "height": height})
                if folder := os.environ.get("GAPURA_PICTURES"):
                    page.screenshot(path=f"{folder}/rate-{name}-{said}-{language}-{hour}-{width}.png")
                assert overflowing(page) + small_targets(page) + page.evaluate(_CROWDED) == [], (name, width)
                for face in faces.all():
                    expect(face).to_be_in_viewport(ratio=1)
            assert accessibility_problems(page) == [], name


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_question_fits_beside_every_sign(browser: Browser, panel: Panel, base: str, language: str):
    """Also while much is out of order, and the signs that say so take two lines and more."""
    panel.station.show(Screen(ScreenKind.IDLE), health=TROUBLED, language=language)
    with page_of(browser, 800, 480) as page:
        page.goto(base)
        leaves(panel, Said.LEFT_UNKNOWN)
        expect(page.locator(".rate__one")).to_have_count(4)
        for width, height in PANEL_SIZES:
            page.set_viewport_size({"width": width, "height": height})
            if folder := os.environ.get("GAPURA_PICTURES"):
                page.screenshot(path=f"{folder}/rate-troubled-{language}-{width}.png")
            assert overflowing(page) + small_targets(page) == [], width


@pytest.mark.parametrize("begin", [None, LEAVE], ids=["idle", "leaving"])
def test_one_touch(browser: Browser, panel: Panel, base: str, begin: str | None):
    """The face that is touched is what rooms are told, with the showing it was drawn for; then the panel is everybody's."""
    with page_of(browser, 800, 480) as page:
        page.goto(base)
        if begin is not None:
            page.locator(begin).click()
        leaves(panel)
        page.get_by_role("button", name="Kurang baik").click()
        page.wait_for_url(f"{base}/")
        expect(page.locator(".stage")).to_be_visible()
        assert [asked for asked in panel.rooms.asked if asked[0] == "rate"] == [("rate", {"showing": "one", "level": Level.POOR})]


def test_too_late(browser: Browser, panel: Panel, base: str):
    """Who touches a face too late is told kindly, and the panel is there again by itself; it fits every panel."""
    panel.rooms.answers["rate"] = Done(Said.RATED_LATE)
    with page_of(browser, 800, 480) as page:
        page.goto(base)
        leaves(panel)
        page.locator(".rate__one").first.click()
        expect(page.locator("[data-said=rated_late]")).to_be_visible()
        told(page)
        panel.clock.advance(8)
        expect(page.locator(".idle")).to_be_visible(timeout=8000)


def told(page: Page) -> None:
    for width, height in PANEL_SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert overflowing(page) == [], width
        if folder := os.environ.get("GAPURA_PICTURES"):
            page.screenshot(path=f"{folder}/rate-late-{width}.png")
    assert accessibility_problems(page) == []
