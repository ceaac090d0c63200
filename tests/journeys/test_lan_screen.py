"""A guard's tablet on the network, in a real browser, over TLS."""

import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp
from playwright.sync_api import Page, ViewportSize, expect

from drivers.base import Sighting
from kiosk.services.certificates import make_certificate
from kiosk.web.serve import SPARE_THREADS, KioskServer, Tls
from kiosk.web.sessions import LOCK_AFTER_S
from tests.journeys.browser import accessibility_problems, chromium, overflowing, small_targets
from tests.kiosk.services.post import PIN, code_of
from tests.kiosk.web.doors import WholeDoor, whole_door

pytestmark = pytest.mark.browser
_SIZES = ((800, 480), (480, 800), (1366, 768))


@pytest.fixture
def door(tmp_path: Path) -> Iterator[WholeDoor]:
    with whole_door(tmp_path) as door:
        publisher = threading.Thread(target=door.post.station.run_publisher, args=(door.post.stopping,))
        publisher.start()
        yield door
        door.post.stopping.set()
        publisher.join()


@pytest.fixture
def address(door: WholeDoor, tmp_path: Path) -> Iterator[str]:
    """The guards' address over TLS; the pairing page names it."""
    made = make_certificate(["127.0.0.1"], door.post.clock.now().wall, tmp_path / "lan.crt", tmp_path / "lan.key")
    server = KioskServer(door.apps["lan"], "127.0.0.1", 0, 24 + SPARE_THREADS, Tls(tmp_path / "lan.crt", tmp_path / "lan.key"))
    server.start()
    state = door.apps["lan"].extensions["gapura"].lan
    state.addresses, state.certificate, state.problem = (f"https://127.0.0.1:{server.port}/guard",), made, None
    yield state.addresses[0]
    door.post.stopping.set()
    server.stop()


@pytest.fixture
def tablet(address: str) -> Iterator[Page]:
    with chromium() as browser:
        size = ViewportSize(width=800, height=480)
        context = browser.new_context(viewport=size, reduced_motion="reduce", ignore_https_errors=True)
        yield context.new_page()
        context.close()


def sign_in(page: Page, name: str) -> None:
    page.get_by_label(name).check()
    page.locator("#pin").fill(PIN)
    page.get_by_role("button", name="Lanjut").click()
    expect(page.locator(".desk")).to_be_visible()


def show_badge(door: WholeDoor, number: int) -> None:
    door.post.lane.offer(Sighting(code_of(number), door.post.clock.now().mono_ns))


def test_a_tablet_sees_arrivals(tablet: Page, door: WholeDoor, address: str) -> None:
    """Signed in by PIN over TLS, a tap at the door appears by itself; locked after a quarter of an hour, the feed goes on."""
    tablet.goto(address)
    assert accessibility_problems(tablet) == []
    sign_in(tablet, "Guard")
    [cookie] = [each for each in tablet.context.cookies() if each["name"] == "__Host-gapura"]
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")
    show_badge(door, 1)
    expect(tablet.locator(".arrival__name")).to_have_text(["Orang 1"])
    door.post.clock.advance(LOCK_AFTER_S + 1)
    expect(tablet.locator(".locked")).to_be_visible()
    show_badge(door, 2)
    expect(tablet.locator(".arrival__name").first).to_have_text("Orang 2")


def test_pairing(tablet: Page, door: WholeDoor, address: str) -> None:
    """An administrator's page is whole in both languages at every size, and a camera reads the address off its code."""
    tablet.goto(address)
    sign_in(tablet, "Administrator")
    for other in ("English", "Indonesia"):
        for width, height in _SIZES:
            tablet.set_viewport_size(ViewportSize(width=width, height=height))
            tablet.goto(f"{address}/screens")
            assert (overflowing(tablet), small_targets(tablet)) == ([], []), (other, width)
        assert accessibility_problems(tablet) == [], other
        tablet.get_by_role("button", name=other).click()
    tablet.goto(f"{address}/screens")
    seen = np.frombuffer(tablet.locator(".pairing__code").screenshot(), np.uint8)
    [code] = zxingcpp.read_barcodes(cv2.imdecode(seen, cv2.IMREAD_COLOR))
    assert code.text == address
    shown = tablet.locator(".fingerprint code").all_text_contents()
    state = door.apps["lan"].extensions["gapura"].lan
    assert "".join(shown) == state.certificate.fingerprint
