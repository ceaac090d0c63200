"""A visitor's way through the panel in a real browser: by finger and by keyboard, at every size, in both languages."""

import io
import os
import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect

from kiosk.core.room_codes import Said
from kiosk.core.screening import Step
from kiosk.core.values import Screen, ScreenKind
from kiosk.services.room_views import Done, Visitor, WaitRange
from kiosk.web import create_app
from kiosk.web.texts import LANGUAGES
from sync.clock import ManualClock
from tests.journeys.browser import PANEL_SIZES, accessibility_problems, chromium, overflowing, page_of, small_targets
from tests.kiosk.web.room_scenes import SceneRooms, called, seven
from tests.kiosk.web.station import SITI, MemoryStation, tap
from tests.kiosk.web.test_browser import served
from tests.kiosk.web.visitor_walks import BEGIN, LEAVE, NEXT, TO_END, WALKS, lone

pytestmark = pytest.mark.browser
AT_THE_DESK = frozenset(
    {
        *(Said.FREED, Said.FREED_LATER, Said.SKIPPED, Said.MOVED, Said.SWEPT, Said.COUNTED, Said.ACCEPTED, Said.CHECKED),
        *(Said.NEEDS_REASON, Said.DOORS_NOT_SHUT, Said.NO_SUCH_VISIT, Said.OVERRIDDEN),
    }
)
"""What only an officer is told."""
STEPS = tuple(Step(step) for step in ("wash", "mask", "gloves", "distance"))
_CROWDED = """() => {
  const boxes = [...document.querySelectorAll('button, label:has(input[type=checkbox]), input.field')]
    .filter(each => each.checkVisibility()).map(each => [each.textContent.trim() || each.id, each.getBoundingClientRect()]);
  const apart = (a, b) => Math.max(b.left - a.right, a.left - b.right, b.top - a.bottom, a.top - b.bottom);
  return boxes.flatMap(([name, box], n) => boxes.slice(n + 1).filter(([, other]) => apart(box, other) < 7.5)
    .map(([other]) => `${name} | ${other}`));
}"""
_ABOVE = """() => { const top = document.querySelector('.result').getBoundingClientRect().top;
  return [...document.querySelectorAll('.result *')].filter(each => each.getClientRects().length)
    .filter(each => each.getBoundingClientRect().top < top - 1)
    .map(each => `above: ${each.className}`); }"""
_SKIPPING = "window.skipMs = 0; { const now = performance.now.bind(performance); performance.now = () => now() + skipMs; }"


class Panel:
    """The station, the rooms and the time behind a page."""

    def __init__(self) -> None:
        self.station, self.clock, self.rooms = MemoryStation(), ManualClock(), SceneRooms(seven())
        picture = io.BytesIO()
        Image.new("RGB", (640, 480), (90, 95, 100)).save(picture, "JPEG")
        self.station.frame = (1, picture.getvalue())
        self.app = create_app(
            self.station,
            secret_key=b"k" * 32,
            allowed_hosts=frozenset({"127.0.0.1"}),
            clock=self.clock,
            rooms=self.rooms,
            visitor_steps=lambda: STEPS,
        )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def served_panel() -> Iterator[tuple[Panel, str]]:
    panel = Panel()
    with served(panel.app) as base:
        yield panel, base
        panel.station.stopping.set()
        panel.rooms.close()


@pytest.fixture
def panel(served_panel: tuple[Panel, str]) -> Panel:
    panel, _ = served_panel
    panel.rooms.answers.clear()
    panel.rooms.asked.clear()
    panel.rooms.show(lone())
    panel.rooms.show_scanned(None)
    panel.station.show(Screen(ScreenKind.IDLE))
    return panel


@pytest.fixture
def base(served_panel: tuple[Panel, str]) -> str:
    return served_panel[1]


@pytest.fixture
def page(browser: Browser, panel: Panel) -> Iterator[Page]:
    with page_of(browser, 800, 480) as page:
        yield page


def walked(page: Page, panel: Panel, base: str, name: str) -> None:
    """Take a walk of `WALKS`."""
    scene, answers, walk = WALKS[name]
    panel.rooms.show(scene())
    panel.rooms.answers = dict(answers)
    panel.station.set_language("id")
    page.goto(base)
    walk(page)
    page.wait_for_load_state("load")


@pytest.mark.parametrize("part", range(3))
def test_every_page_fits(page: Page, panel: Panel, base: str, part: int):
    """Nothing sticks out at any size in either language, with the longest names too; targets are 56 px and 8 px apart."""
    wrong = []
    for name in sorted(WALKS)[part::3]:
        page.set_viewport_size({"width": 800, "height": 480})
        walked(page, panel, base, name)
        wrong += misfits(page, f"{name}-id")
        english = page.locator("[name=language][value=en]")
        if english.is_visible():
            english.click()
            page.wait_for_load_state("load")
            wrong += misfits(page, f"{name}-en")
    assert wrong == []


def misfits(page: Page, name: str) -> list[tuple[str, int, list[str]]]:
    """What does not fit at each size."""
    found = []
    for width, height in PANEL_SIZES:
        page.set_viewport_size({"width": width, "height": height})
        if wrong := overflowing(page) + small_targets(page) + page.evaluate(_CROWDED):
            found.append((name, width, wrong))
        if folder := os.environ.get("GAPURA_PICTURES"):
            page.screenshot(path=f"{folder}/{name}-{width}.png")
    return found


@pytest.mark.parametrize("hour", [0, 14], ids=["day", "night"])
def test_pages_are_accessible(page: Page, panel: Panel, base: str, hour: int):
    """Axe finds nothing on any kind of page, light or dark."""
    if hour:
        panel.clock.advance(hour * 3600)
    kinds = ("idle-called", "choose-many", "service-closed-online", "people-full", "name", "name-typing", "steps", "card")
    for name in (*kinds, "pass-paper-out", "waiting-paper-out", "receipt", "group-too-large", "numbers", "number-away", "leave"):
        walked(page, panel, base, name)
        assert accessibility_problems(page) == [], name
    if hour:
        panel.clock.advance((24 - hour) * 3600)


@pytest.mark.parametrize(("width", "height"), [(800, 480), (480, 800)])
def test_by_finger(browser: Browser, panel: Panel, base: str, width: int, height: int):
    """Touching from the idle panel to the waiting number: three people, priority, a name from our own keyboard."""
    waits = Done(Said.WAITING, "reading", ticket_id="t", number="A 017", ahead=4, wait=WaitRange(20, 35))
    panel.rooms.answers["arrive"] = waits
    size = ViewportSize(width=width, height=height)
    context = browser.new_context(viewport=size, has_touch=True, reduced_motion="reduce")
    page = context.new_page()
    page.goto(base)
    page.get_by_role("button", name="Saya tamu / pengunjung").tap()
    page.wait_for_load_state("load")
    for count in ("2", "3", "4"):
        page.get_by_role("button", name="Tambah satu orang").tap()
        expect(page.locator("[data-count]")).to_have_text(count)
    page.get_by_role("button", name="Kurangi satu orang").tap()
    page.locator(".priority").tap()
    page.get_by_role("button", name="Lanjut").tap()
    page.get_by_label("Nama").tap()
    for letter in ("s", "i", "t", "x"):
        page.locator(f".key[value={letter}]").tap()
    page.get_by_role("button", name="Hapus satu huruf").tap()
    for key in ("i", " ", "r"):
        page.locator(f".key[value='{key}']").tap()
    page.get_by_role("button", name="Selesai menulis").tap()
    expect(page.get_by_label("Nama")).to_have_value("Siti R")
    page.get_by_role("button", name="Lanjut", exact=True).tap()
    page.get_by_role("button", name="Sudah").tap()
    expect(page.locator(".ticket__number")).to_have_text("A 017")
    page.locator("main").get_by_role("button", name="Selesai").tap()
    expect(page.get_by_role("button", name="Saya tamu / pengunjung")).to_be_visible()
    context.close()
    assert [values["visitor"] for name, values in panel.rooms.asked if name == "arrive"] == [Visitor(3, "Siti R", priority=True)]


def test_by_keyboard(page: Page, panel: Panel, base: str):
    """Tab, Enter and Space do all that fingers do, and what is typed on a real keyboard is what is written."""
    page.goto(base)
    page.get_by_role("button", name="Saya tamu / pengunjung").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-step=people]")).to_be_visible()
    page.get_by_role("button", name="Tambah satu orang").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("[data-step=name]")).to_be_visible()
    page.get_by_label("Nama").focus()
    page.keyboard.type("Budi")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Asal instansi")).to_be_focused()
    page.keyboard.type("SMA 1")
    page.keyboard.press("Enter")
    expect(page.locator("[data-next]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-step=steps]")).to_be_visible()
    page.get_by_role("button", name="Sudah").focus()
    page.keyboard.press("Space")
    expect(page.locator("[data-step=done]")).to_be_visible()
    [asked] = [values for name, values in panel.rooms.asked if name == "arrive"]
    assert asked["visitor"] == Visitor(2, "Budi", institution="SMA 1", priority=True)


def test_a_double_touch_is_one(page: Page, panel: Panel, base: str):
    """A button pressed twice at once asks once."""
    panel.rooms.answers["arrive"] = Done(Said.WAITING, "reading", ticket_id="t", number="A 017")
    page.goto(base)
    for selector in TO_END[:-1]:
        page.locator(selector).click()
        page.wait_for_load_state("load")
    page.locator(NEXT).dblclick()
    expect(page.locator(".ticket__number")).to_have_text("A 017")
    assert len([name for name, _ in panel.rooms.asked if name == "arrive"]) == 1


def test_reload_and_back_are_harmless(page: Page, panel: Panel, base: str):
    """The browser's own buttons show the go as it stands, and take no second number."""
    panel.rooms.answers["arrive"] = Done(Said.WAITING, "reading", ticket_id="t", number="A 017")
    walked(page, panel, base, "waiting")
    before = len(panel.rooms.asked)
    page.reload()
    expect(page.locator(".ticket__number")).to_have_text("A 017")
    page.go_back()
    page.wait_for_load_state("load")
    page.goto(f"{base}/visitor")
    expect(page.locator(".ticket__number")).to_have_text("A 017")
    assert len(panel.rooms.asked) == before


def test_staff_are_served_over_it(page: Page, panel: Panel, base: str):
    """A badge is answered at once over the visitor's page, with its sound; then what was typed is still there."""
    sounds: list[str] = []
    page.on("request", lambda request: sounds.append(request.url) if request.url.endswith(".wav") else None)
    walked(page, panel, base, "name-typing")
    panel.station.show(Screen(ScreenKind.ADMITTED, SITI, tap()))
    expect(page.locator(".over .name")).to_have_text(SITI.name)
    expect(page.locator(".over .result")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.querySelector('[data-visit]').inert")
    panel.station.show(Screen(ScreenKind.IDLE))
    expect(page.locator(".over")).to_be_hidden()
    expect(page.locator("#name")).to_have_value("Siti")
    assert [url.split("/")[-1] for url in sounds] == ["accepted.wav"]


def test_nobody_touches_it_any_more(page: Page, panel: Panel, base: str):
    """After half a minute it counts down gently; a touch stays, else the panel is everybody's again and nothing is kept."""
    page.add_init_script(_SKIPPING)
    walked(page, panel, base, "name")
    page.evaluate("skipMs = 28000")
    page.wait_for_timeout(300)
    expect(page.locator(".still")).to_be_hidden()
    page.evaluate("skipMs = 35000")
    expect(page.locator(".still")).to_be_visible()
    assert overflowing(page) == []
    page.get_by_role("button", name="Saya masih di sini").click()
    expect(page.locator(".still")).to_be_hidden()
    page.evaluate("skipMs = 81000")
    expect(page.get_by_role("button", name="Saya tamu / pengunjung")).to_be_visible()
    page.goto(f"{base}/visitor")
    expect(page.get_by_role("button", name="Saya tamu / pengunjung")).to_be_visible()


def test_a_card_is_shown(page: Page, panel: Panel, base: str):
    """The card that is shown is welcomed over the page, and the panel is free again; somebody who leaves meanwhile is no reason
    to go."""
    walked(page, panel, base, "card")
    expect(page.locator(".camera__picture")).to_be_visible()
    panel.rooms.show_scanned(Done(Said.LEFT, "reading", card=3))
    expect(page.locator(".over .verdict")).to_contain_text("Terima kasih")
    panel.clock.advance(4)
    expect(page.locator(".over")).to_be_hidden()
    expect(page.locator("[data-step=done]")).to_be_visible()
    panel.rooms.show_scanned(Done(Said.ENTERED, "reading", card=7))
    expect(page.locator(".over .name")).to_have_text("Kartu 7")
    panel.clock.advance(4)
    expect(page.get_by_role("button", name="Saya tamu / pengunjung")).to_be_visible()


def test_the_card_was_not_shown(page: Page, panel: Panel, base: str):
    """After a minute without a card the place is given back, and touching the page does not keep it longer."""
    page.add_init_script(_SKIPPING)
    walked(page, panel, base, "card")
    expect(page.locator(".kept [data-left]")).to_contain_text(re.compile("1:00|0:5"))
    page.evaluate("skipMs = 40000")
    page.locator("h1").first.click()
    expect(page.locator(".kept [data-left]")).to_contain_text(re.compile("0:[12]"))
    page.evaluate("skipMs = 61000")
    expect(page.get_by_role("button", name="Saya tamu / pengunjung")).to_be_visible()
    assert ("cancel", {}) in panel.rooms.asked


def test_a_call_reaches_the_idle_panel(page: Page, panel: Panel, base: str):
    """A number that is called is on the panel within 300 ms, without reloading; touching it leads in."""
    page.goto(base)
    expect(page.locator(".called")).to_have_count(0)
    page.wait_for_timeout(500)
    page.evaluate("""() => { window.seen = new Promise(done => new MutationObserver(() =>
        document.querySelector('.called') && done(Date.now())).observe(document.body, { childList: true, subtree: true })) }""")
    asked_at = page.evaluate("Date.now()")
    panel.rooms.show(called())
    assert page.evaluate("window.seen") - asked_at < 300
    page.locator(".called").click()
    expect(page.locator(".numbers__one").first).to_contain_text("A 001")


def test_a_pass_is_answered_on_the_idle_panel(page: Page, panel: Panel, base: str):
    """Everything that a visitor may be told of a pass fits every panel in both languages, with the time inside and the box for
    the card too, and axe finds nothing.
    """
    page.goto(base)
    since = panel.clock.now().wall - timedelta(minutes=117)
    for language, said in product(LANGUAGES, sorted(set(Said) - AT_THE_DESK)):
        panel.station.set_language(language)
        panel.rooms.show_scanned(Done(said, "reading", visit_id="visit-5", card=5, in_use_since=since))
        expect(page.locator(f"[data-passed={said}][lang={language}]")).to_be_visible()
        for width, height in PANEL_SIZES:
            page.set_viewport_size({"width": width, "height": height})
            assert overflowing(page) + page.evaluate(_ABOVE) == [], (said, language, width)
            if folder := os.environ.get("GAPURA_PICTURES"):
                page.screenshot(path=f"{folder}/passed-{said}-{language}-{width}.png")
        assert language == "en" or accessibility_problems(page) == [], said
    panel.station.set_language("id")
    panel.clock.advance(4)
    expect(page.locator(".idle")).to_be_visible()


def test_leaving_by_pass(page: Page, panel: Panel, base: str):
    """Who touched "leaving" and shows a pass is thanked, and the panel is free again."""
    page.goto(base)
    page.locator(LEAVE).click()
    panel.rooms.show_scanned(Done(Said.LEFT, "reading", card=3))
    expect(page.locator(".over .verdict")).to_contain_text("Terima kasih")
    panel.clock.advance(4)
    expect(page.locator(BEGIN)).to_be_visible()
