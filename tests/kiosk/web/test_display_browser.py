"""The public display in a real browser: it fits every screen, changes at once, and speaks one thing at a time."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from drivers.speech import EspeakVoice
from kiosk.core.values import Screen, ScreenKind
from kiosk.services.announcer import Announcer, Manner
from kiosk.services.calls import Calls
from kiosk.services.room_views import RoomsView
from kiosk.web import create_app
from kiosk.web.serve import SPARE_THREADS, KioskServer
from sync.clock import ManualClock, SystemClock
from tests.journeys.browser import CHROMIUM, FLAGS, accessibility_problems, chromium, page_of, small_targets
from tests.kiosk.web.display_scenes import DISPLAY_SIZES, DISPLAYS
from tests.kiosk.web.room_scenes import ARCHIVE, SceneRooms, called_row, room_view, rooms_view, ticket_row
from tests.kiosk.web.station import TROUBLED, MemoryStation, panel_view

pytestmark = pytest.mark.browser
_LOUD = "--autoplay-policy=no-user-gesture-required"
_MUTE = "--autoplay-policy=document-user-activation-required"
_STICKING_OUT = """() => [false, true].flatMap(english => {
  document.body.classList.toggle('hall--english', english);
  const found = [], slack = Math.max(3, Math.min(innerHeight, innerWidth) * .007);
  const isCut = element => { for (let each = element.parentElement; each; each = each.parentElement)
    if (getComputedStyle(each).textOverflow === 'ellipsis') return true; return false; };
  const out = (inner, outer) => inner.bottom > outer.bottom + slack || inner.top < outer.top - slack
    || inner.right > outer.right + slack || inner.left < outer.left - slack;
  const safe = { left: innerWidth * .035, right: innerWidth * .965, top: innerHeight * .035, bottom: innerHeight * .965 };
  const boxes = [...document.querySelectorAll('.places, .calls, .notices, .room__name, .foot, .top, .elsewhere')];
  for (const element of document.querySelectorAll('.hall__page *')) {
    const box = element.getBoundingClientRect();
    if (!box.width || !box.height || element.closest('svg *') || isCut(element)) continue;
    if (out(box, safe)) found.push('near the edge: ' + element.className);
    const frame = element.parentElement.closest('.places, .calls, .notices, .foot, .top, .elsewhere');
    if (frame && out(box, frame.getBoundingClientRect())) found.push(frame.className + ' > ' + element.className);
    const style = getComputedStyle(element);
    const clips = style.overflowY === 'hidden' && style.webkitLineClamp === 'none' && element.clientHeight;
    if (clips && element.scrollHeight > element.clientHeight + 2) found.push('cut: ' + element.className);
  }
  for (const one of boxes) for (const other of boxes) if (one !== other && !one.contains(other)) {
    const a = one.getBoundingClientRect(), b = other.getBoundingClientRect();
    if (a.width && b.width && a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)
      found.push('on top of each other: ' + one.className + ', ' + other.className);
  }
  return found;
})"""
_LARGEST = """() => { const size = name => Math.max(0, ...[...document.querySelectorAll(name)]
  .filter(each => each.checkVisibility()).map(each => parseFloat(getComputedStyle(each).fontSize)));
  return [size('.places__count'), size('.places__of'), size('.call'), Math.min(innerHeight, innerWidth)]; }"""
_LISTEN = """() => { window.heard = []; window.playing = 0; window.most = 0;
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    const name = this.src.split('/').pop(), volume = this.volume;
    if (!this.watched) { this.watched = true;
      this.addEventListener('playing', () => { window.playing += 1; window.most = Math.max(window.most, window.playing); });
      this.addEventListener('ended', () => { window.playing -= 1; window.heard.push([this.src.split('/').pop(), this.volume]); });
    }
    return play.call(this);
  }; }"""
WAITING = rooms_view(room_view(10, queue=(ticket_row(1), ticket_row(2))))
CALLED = rooms_view(room_view(9, called=(called_row(1, call_left_s=120),), places_left=0, queue=(ticket_row(2),)))
CALLED_NEXT = rooms_view(
    room_view(8, called=(called_row(1, call_left_s=110), called_row(2, call_left_s=120)), places_left=0, reserved=2)
)


@dataclass
class Hall:
    """A served display over rooms that a test changes."""

    base: str
    rooms: SceneRooms
    station: MemoryStation
    announcer: Announcer


@contextmanager
def hall(clock: ManualClock, port: int = 0) -> Iterator[Hall]:
    """A door whose calls are announced, on a port."""
    station, rooms = MemoryStation(), SceneRooms(WAITING)
    announcer = Announcer(
        SystemClock(), EspeakVoice(words_per_minute=300), ZoneInfo("Asia/Jakarta"), Manner(words_per_minute=300)
    )
    calls = Calls(rooms.views, announcer)
    thread = threading.Thread(target=calls.run, args=(station.stopping,))
    hosts = frozenset({"127.0.0.1"})
    app = create_app(station, secret_key=b"k" * 32, allowed_hosts=hosts, clock=clock, rooms=rooms, announcer=announcer)
    server = KioskServer(app, "127.0.0.1", port, 24 + SPARE_THREADS)
    server.start()
    thread.start()
    try:
        yield Hall(f"http://127.0.0.1:{server.port}", rooms, station, announcer)
    finally:
        station.stopping.set()
        rooms.close()
        announcer.close()
        thread.join()
        server.stop()


@pytest.fixture
def door(clock: ManualClock) -> Iterator[Hall]:
    with hall(clock) as door:
        yield door


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with page_of(browser, 1280, 720) as page:
        yield page


def show(page: Page, door: Hall, scene: RoomsView) -> None:
    """Publish a scene and wait until it is on the screen."""
    marked = f"show-{door.rooms.views.current().serial}"
    page.evaluate("mark => { document.querySelector('.board').dataset.mark = mark; }", marked)
    door.rooms.show(scene)
    page.wait_for_function("mark => document.querySelector('.board').dataset.mark !== mark", arg=marked)


ONE, MANY = ({name for name in DISPLAYS if (len(DISPLAYS[name]().rooms) == 1) is alone} for alone in (True, False))


@pytest.mark.parametrize("names", [sorted(ONE), sorted(MANY)], ids=["one room", "several"])
def test_it_fits(page: Page, door: Hall, names: list[str]):
    """At every size of a television or tablet, in both languages, nothing is cut, overlaps or lies in the overscan."""
    page.goto(f"{door.base}/display?sound=off")
    for name in names:
        show(page, door, DISPLAYS[name]())
        for width, height in DISPLAY_SIZES:
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate(_STICKING_OUT) == [], (name, width, height)


def test_signs_and_the_button_fit(page: Page, door: Hall):
    """All signs at once, and beside them the button for sound, leave the rest in its place; a finger hits the button."""
    door.station.panel.publish(panel_view(Screen(ScreenKind.IDLE), health=TROUBLED))
    page.goto(f"{door.base}/display")
    page.evaluate("offer(true)")
    for name in ("busy", "four_wide", "nine", "two_wide"):
        show(page, door, DISPLAYS[name]())
        for width, height in DISPLAY_SIZES:
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate(_STICKING_OUT) == [], (name, width, height)
            assert small_targets(page) == [], (name, width, height)


def test_what_matters_is_largest(page: Page, door: Hall):
    """Places left are the largest on the screen, n/max and the number called are read from 8 m; so too with two rooms."""
    page.goto(f"{door.base}/display")
    for name, least in (("busy", 0.18), ("two_busy", 0.115)):
        show(page, door, DISPLAYS[name]())
        for width, height in DISPLAY_SIZES:
            page.set_viewport_size({"width": width, "height": height})
            left, of, call, side = page.evaluate(_LARGEST)
            room = 1 if width >= 1.6 * height else 0.6
            assert left >= max(of, call), (name, width)
            assert min(left, call) >= least * side * room, (name, width)
            assert of >= 0.5 * least * side * room, (name, width)


@pytest.mark.parametrize("hour", [0, 14], ids=["day", "night"])
def test_it_is_accessible(page: Page, door: Hall, clock: ManualClock, hour: int):
    """Axe finds nothing in any state, by day and by night."""
    clock.advance(hour * 3600)
    for name in ("busy", "seven", "full", "two_called", "closed", "four", "nine", "no_rooms"):
        door.rooms.show(DISPLAYS[name]())
        page.goto(f"{door.base}/display")
        assert accessibility_problems(page) == [], name
    if hour:
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(14, 18, 24)"


def test_a_call_appears_at_once(page: Page, door: Hall):
    """A number that is called is on the screen within 300 ms, and stands out; one that was there before does not."""
    page.goto(f"{door.base}/display")
    page.wait_for_timeout(300)  # the stream is open
    page.evaluate(
        """() => { window.seen = 0; new MutationObserver(() => {
        if (!window.seen && document.querySelector('[data-call="ticket-1:1"]')) window.seen = Date.now(); })
        .observe(document.querySelector('main'), { childList: true, subtree: true }); }"""
    )
    published_ms = page.evaluate("Date.now()")
    door.rooms.show(CALLED)
    expect(page.locator(".call")).to_have_text(["A 001"])
    assert page.evaluate("window.seen") - published_ms < 300
    expect(page.locator(".call--new")).to_have_text(["A 001"])
    door.rooms.show(CALLED_NEXT)
    expect(page.locator(".call--new")).to_have_text(["A 002"])
    assert page.evaluate("getComputedStyle(document.querySelector('.call--new')).animationName") == "none"  # reduced motion


@contextmanager
def sounding(browser: Browser, policy: str) -> Iterator[Page]:
    """A page of a browser that lets pages make sound by themselves, or does not."""
    other = browser.browser_type.launch(executable_path=CHROMIUM, args=[*FLAGS, policy])
    try:
        with page_of(other, 1280, 720) as page:
            page.add_init_script(f"({_LISTEN})()")
            yield page
    finally:
        other.close()


def spoken(page: Page, count: int) -> list[str]:
    """The files played to their end, once there are so many, without the first, which only asked whether it may."""
    page.wait_for_function("count => window.heard.length > count", arg=count, timeout=20_000)
    return [name for name, _ in page.evaluate("window.heard")[1:]]


def test_it_speaks_one_thing_at_a_time(browser: Browser, door: Hall):
    """Each call is a chime and its own words from espeak-ng, in order, never two at once; nothing of before is spoken."""
    before = door.announcer.call("A 009")
    with sounding(browser, _LOUD) as page:
        page.goto(f"{door.base}/display")
        page.wait_for_function("() => window.heard.length === 1")
        assert page.evaluate("window.heard[0]") == ["chime.wav", 0]
        door.rooms.show(CALLED)
        door.rooms.show(CALLED)
        page.wait_for_timeout(200)
        door.rooms.show(CALLED_NEXT)
        names = spoken(page, 4)
        calls = [each.id for each in door.announcer.pending(before.id)]
        assert len(calls) == 2
        assert names == ["chime.wav", f"{calls[0]}.wav", "chime.wav", f"{calls[1]}.wav"]
        assert page.evaluate("window.most") == 1
        assert {volume for _, volume in page.evaluate("window.heard")[1:]} == {0.8}
        assert page.locator("[data-sound]").is_hidden()
        door.rooms.show(rooms_view(room_view(8, called=(called_row(1, calls=2, call_left_s=120),), places_left=0)))
        again = spoken(page, 6)[4:]
        assert again[0] == "chime.wav"
        assert again[1] not in names


def test_a_voice_that_fails_silences_nobody_else(browser: Browser, door: Hall):
    """Words that cannot be fetched cost their own announcement only; the number is shown all the same."""
    with sounding(browser, _LOUD) as page:
        page.goto(f"{door.base}/display")
        page.wait_for_function("() => window.heard.length === 1")
        failed: list[str] = []

        def fail_first(request: Request) -> bool:
            failed.append(request.url)
            return len(failed) == 1

        page.route("**/display/speech/*", lambda route: route.abort() if fail_first(route.request) else route.continue_())
        door.rooms.show(CALLED_NEXT)
        names = spoken(page, 3)
        assert names[:2] == ["chime.wav", "chime.wav"]
        assert names[2] == failed[-1].rpartition("/")[2]
        expect(page.locator(".call")).to_have_text(["A 001", "A 002"])


def test_a_silenced_browser_asks_for_one_touch(browser: Browser, door: Hall):
    """Where pages may not make sound by themselves, calls are shown, a button asks for one touch, and then they are spoken."""
    with sounding(browser, _MUTE) as page:
        page.goto(f"{door.base}/display")
        button = page.get_by_role("button", name="Aktifkan suara")
        expect(button).to_be_visible()
        expect(button).to_be_focused()
        assert accessibility_problems(page) == []
        door.rooms.show(CALLED)
        expect(page.locator(".call")).to_have_text(["A 001"])
        page.wait_for_timeout(1500)
        assert page.evaluate("window.heard") == []
        button.press("Enter")
        expect(button).to_be_hidden()
        door.rooms.show(CALLED_NEXT)
        page.wait_for_function("() => window.heard.length >= 3", timeout=20_000)
        assert [name for name, _ in page.evaluate("window.heard")][:2] == ["chime.wav", "chime.wav"]
        assert page.evaluate("window.most") == 1


def test_it_comes_back_by_itself(browser: Browser, clock: ManualClock):
    """A display whose door restarts says that its numbers are old, comes back without being loaded anew, and speaks on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with page_of(browser, 1280, 720) as page:
        with hall(clock, port) as door:
            page.goto(f"{door.base}/display")
            page.evaluate("window.mine = true")
        expect(page.locator("[data-lost]")).to_be_visible(timeout=12_000)
        with hall(clock, port) as door:
            expect(page.locator("[data-lost]")).to_be_hidden(timeout=15_000)
            door.rooms.show(CALLED)
            expect(page.locator(".call")).to_have_text(["A 001"])
            assert page.evaluate("window.mine") is True


def test_another_version_is_loaded_anew(page: Page, door: Hall):
    """A page of an older version than its door's is loaded again, once."""
    asked: list[str] = []

    def older_at_first(route: Route) -> None:
        asked.append(route.request.url)
        text = route.fetch().text()
        route.fulfill(
            body=text.replace('data-build="', 'data-build="old-') if len(asked) == 1 else text, content_type="text/html"
        )

    page.route(f"{door.base}/display", older_at_first)
    page.goto(f"{door.base}/display")
    page.wait_for_function("() => !document.querySelector('[data-display]').dataset.build.startsWith('old-')")
    page.wait_for_timeout(1500)
    assert len(asked) == 2


def test_it_keeps_nothing(page: Page, door: Hall):
    """After hundreds of changes the page is as large as at first."""
    page.goto(f"{door.base}/display")
    show(page, door, CALLED)
    count = page.evaluate("document.querySelectorAll('*').length")
    for _ in range(150):
        door.rooms.show(CALLED_NEXT)
        door.rooms.show(WAITING)
        page.wait_for_timeout(2)
    show(page, door, CALLED_NEXT)
    show(page, door, CALLED)
    assert page.evaluate("document.querySelectorAll('*').length") == count


def test_rooms_take_turns_and_calls_are_never_out_of_sight(page: Page, door: Hall, clock: ManualClock):
    """Nine rooms are shown page by page; a number called to a room of another page is on the screen at once."""
    door.rooms.show(DISPLAYS["nine"]())
    page.goto(f"{door.base}/display")
    first = page.locator(".room__name").first
    expect(first).to_contain_text("Ruang 1")
    clock.advance(12)
    expect(first).to_contain_text("Ruang 5")
    rooms = [*DISPLAYS["nine"]().rooms, room_view(1, ARCHIVE, called=(called_row(88),))]
    door.rooms.show(rooms_view(*rooms))
    expect(page.locator(".elsewhere, .call").filter(has_text="A 088")).to_be_visible()
