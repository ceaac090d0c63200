"""What visitors take along at a whole running door: the slip in their hand, or the screen while there is no paper."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from kiosk.services.pass_showing import JUST_ENTERED_S
from tests.journeys.browser import chromium, page_of
from tests.journeys.demo import Demo, eventually, running_demo

pytestmark = pytest.mark.browser

SOON_MS = 15_000


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(Path(tmp_path_factory.mktemp("demo")), "--thermometer", "off") as running:
        eventually(lambda: any(each["room_id"] == "arsip" for each in of_kind(running, "rights.granted")), what="a place")
        yield running


@pytest.fixture(scope="module")
def panel(demo: Demo) -> Iterator[Page]:
    with chromium() as browser, page_of(browser, 800, 480) as page:
        yield page


def slips(demo: Demo) -> list[dict[str, Any]]:
    """What came out of the printer, newest first."""
    state = requests.get(f"{demo.addresses['simulator'].rstrip('/')}/state", timeout=10).json()
    return list(state["slips"])


def come(demo: Demo, page: Page, what: str, end: str) -> None:
    """Touch a tile of the panel and go on, without a name, until `end` is on the screen."""
    page.goto(demo.addresses["panel"])
    page.locator("[name=what][value=in]").click()
    onward = page.locator(".tile", has_text=what).first
    for _ in range(5):
        with page.expect_navigation():
            onward.click()
        if page.locator(end).is_visible():
            return
        onward = page.locator(".visit__actions .button").last
    raise AssertionError(f"{end} never came")


def of_kind(demo: Demo, kind: str) -> list[dict[str, Any]]:
    return [row["payload"] for row in demo.journal() if row["kind"] == kind]


def test_a_slip_ends_the_visit(demo: Demo, panel: Page) -> None:
    """A visitor touches their way in, takes the slip from the printer, and leaves by showing it to the camera."""
    come(demo, panel, "Akta kelahiran", "[data-fragment=slip]")
    expect(panel.locator("[data-fragment=slip]")).to_contain_text("Slip sudah dicetak", timeout=SOON_MS)
    printed = slips(demo)
    assert len(printed) == 1
    assert "Ruang Arsip" in printed[0]["text"]
    label = printed[0]["text"].split("Visitor pass\n")[1].splitlines()[0]
    expect(panel.locator("main")).to_contain_text(f"Sebutkan {label} kepada petugas")
    panel.locator(".visit__actions .button").last.click()
    panel.wait_for_timeout(JUST_ENTERED_S * 1000)  # who shows it again at once is taken to be unsure, not to leave
    shown = {"code": printed[0]["code"], "skin_temperature_c": None, "ambient_c": 27, "seconds": 2}
    assert requests.post(f"{demo.addresses['simulator'].rstrip('/')}/present", json=shown, timeout=10).ok
    expect(panel.locator('[data-passed="left"]')).to_be_visible(timeout=SOON_MS)
    left = eventually(lambda: of_kind(demo, "visitor.left"), what="the end of the visit in the journal")
    assert (left[0]["how"], left[0]["minted"]) == ("scanned", 1)


def test_without_paper_the_screen_is_the_slip(demo: Demo, panel: Page) -> None:
    """The file is received all the same and its number stands on the screen; a new roll does not bring old slips out."""
    before = len(slips(demo))
    demo.fault("printer", "paper_out")
    come(demo, panel, "Penyerahan berkas", ".ticket__number")
    expect(panel.locator("[data-fragment=slip]")).to_contain_text("Kertas habis. Slip belum tercetak.", timeout=SOON_MS)
    receipt = panel.locator(".ticket__number").inner_text()
    assert [each["receipt"] for each in of_kind(demo, "dropoff.received")] == [receipt]
    assert {"device": "printer", "state": "paper_out"} in of_kind(demo, "device.lost")
    demo.fault("printer", "none")
    come(demo, panel, "Penyerahan berkas", ".ticket__number")
    expect(panel.locator("[data-fragment=slip]")).to_contain_text("Slip sudah dicetak", timeout=SOON_MS)
    assert len(slips(demo)) == before + 1
    assert panel.locator(".ticket__number").inner_text() in slips(demo)[0]["text"]
    back = eventually(lambda: of_kind(demo, "device.back"), what="the printer's return in the journal")
    assert back == [{"device": "printer", "state": "ready"}]
