"""What people see, in a real browser: nothing overflows, axe finds nothing, fingers hit, changes arrive."""

import io
import socket
from collections.abc import Iterator

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from kiosk.core.values import Reason, Screen, ScreenKind
from kiosk.simulation.web import create_simulator_app
from kiosk.web import create_app
from kiosk.web.serve import SPARE_THREADS, KioskServer
from sync.clock import ManualClock
from tests.journeys.browser import PANEL_SIZES, accessibility_problems, chromium, overflowing, page_of, small_targets
from tests.kiosk.web.scenes import GUARDS, PANELS
from tests.kiosk.web.simulator import MemorySimulator
from tests.kiosk.web.station import PIN, SITI, MemoryStation, tap

pytestmark = pytest.mark.browser
_SMALL_WORDS = """() => [...document.querySelectorAll('.says, .verdict, .name, .marks, .notice__words, .idle__title')]
  .filter(element => element.checkVisibility() && parseFloat(getComputedStyle(element).fontSize) < innerHeight * 0.0399)
  .map(element => element.className + ': ' + element.textContent)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def app(station: MemoryStation, clock: ManualClock) -> Flask:
    return create_app(station, secret_key=b"k" * 32, allowed_hosts=frozenset({"127.0.0.1"}), clock=clock)


@pytest.fixture
def base(app: Flask, station: MemoryStation) -> Iterator[str]:
    with served(app) as address:
        yield address
        station.stopping.set()  # or the server would wait for streams that never end


class served:  # noqa: N801  (reads as a verb in a with statement)
    """An app on a free port."""

    def __init__(self, app: Flask) -> None:
        self._server = KioskServer(app, "127.0.0.1", 0, 24 + SPARE_THREADS)

    def __enter__(self) -> str:
        self._server.start()
        return f"http://127.0.0.1:{self._server.port}"

    def __exit__(self, *_: object) -> None:
        self._server.stop()


@pytest.fixture
def page(browser: Browser, station: MemoryStation) -> Iterator[Page]:
    picture = io.BytesIO()
    Image.new("RGB", (640, 480), (90, 95, 100)).save(picture, "JPEG")
    station.frame = (1, picture.getvalue())
    with page_of(browser, 800, 480) as page:
        yield page
    station.stopping.set()


@pytest.mark.parametrize(("width", "height"), PANEL_SIZES)
def test_panel_fits(page: Page, station: MemoryStation, base: str, width: int, height: int):
    """Every screen fits every panel in both languages, with words of at least 4 % of its height and targets of 56 px."""
    page.set_viewport_size({"width": width, "height": height})
    page.goto(base)
    for language in ("id", "en"):
        station.set_language(language)
        for name, view in PANELS.items():
            station.show(
                view.screen, health=view.health, tap_sent=view.tap_sent, recheck_in_s=view.recheck_in_s, language=language
            )
            page.wait_for_function(
                "want => document.querySelector('[data-sound-key]').dataset.soundKey === want[0]"
                " && document.querySelector('[data-sound-key]').lang === want[1]",
                arg=[
                    f"{view.screen.kind}:{view.screen.tap.id if view.screen.tap else ''}:"
                    f"{view.screen.person.id if view.screen.person else ''}",
                    language,
                ],
            )
            assert overflowing(page) == [], (name, language)
            assert page.evaluate(_SMALL_WORDS) == [], (name, language)
            assert small_targets(page) == [], (name, language)


@pytest.mark.parametrize("hour", [0, 14], ids=["day", "night"])
def test_panel_is_accessible(page: Page, station: MemoryStation, clock: ManualClock, base: str, hour: int):
    """Axe finds nothing on any screen, light or dark."""
    clock.advance(hour * 3600)
    for name, view in PANELS.items():
        station.panel.publish(view)
        page.goto(base)
        assert accessibility_problems(page) == [], name


@pytest.mark.parametrize("hour", [0, 14], ids=["day", "night"])
def test_guard_page_is_accessible(page: Page, station: MemoryStation, clock: ManualClock, base: str, hour: int):
    """Axe finds nothing on sign-in, empty, busy and locked pages; nothing overflows on a phone or a desk screen."""
    clock.advance(hour * 3600)
    page.goto(f"{base}/guard")
    looked_at(page, "sign-in")
    _sign_in(page)
    for name, view in GUARDS.items():
        station.guard.publish(view)
        expect(page.locator(".arrival")).to_have_count(len(view.feed))
        looked_at(page, name)
    clock.advance(901)
    expect(page.locator(".locked")).to_be_visible()
    looked_at(page, "locked")


def looked_at(page: Page, name: str) -> None:
    for width, height in ((480, 800), (1366, 768)):
        page.set_viewport_size({"width": width, "height": height})
        assert overflowing(page) == [], (name, width)
        assert small_targets(page) == [], (name, width)
    assert accessibility_problems(page) == [], name


def _sign_in(page: Page) -> None:
    page.get_by_label("Slamet Widodo").check()
    for digit in PIN:
        page.get_by_role("button", name=digit, exact=True).click()
    page.get_by_role("button", name="Lanjut").click()
    expect(page.locator(".desk")).to_be_visible()


def test_guard_decides(page: Page, station: MemoryStation, base: str):
    """With the PIN pad and a typed temperature a hold is closed, and leaves the page; what is being typed survives news."""
    page.goto(f"{base}/guard")
    _sign_in(page)
    station.guard.publish(GUARDS["busy"])
    page.locator("#typed-hold-1").fill("36,")
    station.guard.publish(GUARDS["empty"])
    expect(page.locator(".hold")).to_have_count(0)
    station.guard.publish(GUARDS["busy"])
    field = page.locator("#typed-hold-1")
    field.fill("36,")
    station.guard.publish(type(GUARDS["busy"])(9, GUARDS["busy"].now, GUARDS["busy"].holds[:2], (), GUARDS["busy"].health, 48))
    expect(page.locator(".hold")).to_have_count(2)
    expect(field).to_have_value("36,")
    field.press_sequentially("5")
    field.press("Enter")
    expect(page.locator(".said--good")).to_be_visible()
    expect(page.locator(".hold")).to_have_count(1)
    assert [(hold, typed) for _, hold, _, typed in station.decisions] == [("hold-1", 36.5)]


def test_a_change_is_painted_and_heard(page: Page, station: MemoryStation, base: str):
    """A new screen arrives without reloading, and its sound is asked for once."""
    sounds: list[str] = []
    page.on("request", lambda request: sounds.append(request.url.rsplit("/", 1)[1]) if "/sounds/" in request.url else None)
    page.goto(base)
    expect(page.locator(".camera__picture")).to_be_visible()
    admitted = Screen(ScreenKind.ADMITTED, SITI, tap(), (Reason.TEMPERATURE_IN_ORDER,), 36.5)
    station.show(admitted)
    expect(page.get_by_role("heading", name="Silakan masuk")).to_be_visible()
    station.show(admitted, tap_sent=True)
    expect(page.get_by_text("Terkirim ke server")).to_be_visible()
    assert sounds == ["accepted.wav"]


def test_countdown_runs_without_the_server(page: Page, station: MemoryStation, base: str):
    """A held person sees the seconds go."""
    station.panel.publish(PANELS["held"])
    page.goto(base)
    expect(page.locator(".countdown")).to_have_text("4:56", timeout=4000)


def test_clock_is_the_servers(page: Page, station: MemoryStation, clock: ManualClock, base: str):
    """The clock is the door's, not the browser's, and the night is dark."""
    page.goto(base)
    expect(page.locator(".idle__clock .clock__time")).to_have_text("07.12 WIB")
    clock.advance(14 * 3600)
    expect(page.locator(".idle__clock .clock__time")).to_have_text("21.12 WIB")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(14, 18, 24)"


def test_a_lost_door_is_told_and_comes_back(browser: Browser, clock: ManualClock):
    """When the kiosk goes away the screen says so; when it is back the page is loaded anew."""
    first, second = MemoryStation(), MemoryStation()
    hosts = frozenset({"127.0.0.1"})
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = KioskServer(create_app(first, secret_key=b"a" * 32, allowed_hosts=hosts, clock=clock), "127.0.0.1", port, 20)
    server.start()
    with page_of(browser, 800, 480) as page:
        page.goto(f"http://127.0.0.1:{port}/")
        expect(page.get_by_text("Selamat datang")).to_be_visible()
        first.stopping.set()
        server.stop()
        expect(page.get_by_text("Sambungan layar terputus")).to_be_visible()
        second.panel.publish(PANELS["admitted"])
        server = KioskServer(create_app(second, secret_key=b"b" * 32, allowed_hosts=hosts, clock=clock), "127.0.0.1", port, 20)
        server.start()
        expect(page.get_by_role("heading", name="Silakan masuk")).to_be_visible(timeout=10_000)
        expect(page.get_by_text("Sambungan layar terputus")).to_be_hidden()
    second.stopping.set()
    server.stop()


def test_simulator_page(page: Page, clock: ManualClock):
    """A person drives the simulated door by hand; the page is accessible and fits."""
    simulator = MemorySimulator()
    hosts = frozenset({"127.0.0.1"})
    app = create_simulator_app(simulator, secret_key=b"s" * 32, allowed_hosts=hosts, links={"panel": "http://127.0.0.1:1/"})
    with served(app) as address:
        page.goto(address)
        looked_at(page, "simulator")
        page.get_by_role("button", name="Tinggi 37,8").click()
        page.get_by_role("button", name="Siti Rahayu").click()
        expect(page.locator(".said--good")).to_be_visible()
        page.get_by_label("Alat suhu").select_option("unplug")
        page.get_by_role("button", name="Terputus").click()
        expect(page.locator(".said--good")).to_be_visible()
        page.get_by_label("Kamera").select_option("garbage")
        expect(page.locator(".said--problem")).to_have_text("a camera gives no garbage.")
        page.goto("about:blank")
    assert simulator.asked == [("G1AAAA", 37.8, 27.0, 4.0), ("thermometer", "unplug"), (False,)]
