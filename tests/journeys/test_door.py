"""The door end to end: simulated light and warmth, and everything else real, watched in a real browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.browser import chromium, page_of
from tests.journeys.demo import Demo, eventually, gapura_json, running_demo

pytestmark = pytest.mark.browser

SITI, BAMBANG, YOHANES, MARIA = "Siti Rahmawati", "Bambang Wicaksono", "Yohanes Maria Tukan", "Maria Simanjuntak"
REVOKED, UNKNOWN = "Dewi Lestari", "Kartu tidak dikenal"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def panel(demo: Demo, browser: Browser) -> Iterator[Page]:
    with page_of(browser, 800, 480) as page:
        page.goto(demo.addresses["panel"])
        yield page


def rows(records: list[dict[str, Any]], kind: str, person_id: str) -> list[dict[str, Any]]:
    return [each for each in records if each["kind"] == kind and (each["payload"] or {}).get("person_id") == person_id]


def is_at_server(demo: Demo, record: dict[str, Any]) -> bool:
    return any(
        (each["epoch"], each["seq"], each["hash"]) == (record["epoch"], record["seq"], record["hash"]) for each in demo.central()
    )


def test_a_badge_and_a_forehead_end_green_in_the_journal_and_at_the_server(demo: Demo, panel: Page) -> None:
    """Who shows badge and forehead is greeted in green, is in a journal that verifies, and is at the server as the same row."""
    demo.present(SITI, 36.5)
    expect(panel.locator('[data-screen="admitted"]')).to_contain_text(SITI, timeout=10_000)
    expect(panel.locator('[data-screen="admitted"]')).to_contain_text("36,")
    tap = rows(demo.journal(), "attendance.tapped", "P001")[0]
    measured = rows(demo.journal(), "screening.measured", "P001")[0]["payload"]
    assert measured["tap_id"] == tap["id"]
    assert measured["skin_temperature_c"] == pytest.approx(36.5, abs=0.4)
    eventually(lambda: is_at_server(demo, tap), what="the tap at the server")
    assert gapura_json("journal", "verify", "--json", "--data", str(demo.station))[0]["ok"] is True


def test_the_network_cut_and_restored_loses_nothing(demo: Demo, panel: Page) -> None:
    """With the link cut the door goes on and says what waits; once it is mended the same rows are at the server, each once."""
    demo.network(up=False)
    demo.present(BAMBANG, 36.4)
    expect(panel.locator('[data-screen="admitted"]')).to_contain_text(BAMBANG, timeout=10_000)
    tap = rows(demo.journal(), "attendance.tapped", "P002")[0]
    assert not is_at_server(demo, tap)
    expect(panel.locator(".signs")).to_contain_text("luring", ignore_case=True, timeout=15_000)
    demo.network(up=True)
    eventually(lambda: is_at_server(demo, tap), within_s=30, what="the tap at the server after the cut")
    kept = [(each["epoch"], each["seq"]) for each in demo.central()]
    assert len(kept) == len(set(kept))


def test_a_high_reading_holds_and_a_guard_lets_in(demo: Demo, panel: Page, browser: Browser) -> None:
    """A high reading is kept from the queue, leaves the tap recorded, and is closed by a guard who answers for it."""
    demo.present(YOHANES, 38.2)
    held = panel.locator('[data-screen="held"]')
    expect(held).to_contain_text(YOHANES, timeout=10_000)
    expect(held).not_to_contain_text("38")
    assert rows(demo.journal(), "attendance.tapped", "P004")
    with page_of(browser, 1366, 768) as guard:
        sign_in(demo, guard)
        hold = guard.locator(".hold", has_text=YOHANES)
        expect(hold).to_contain_text("38")
        hold.get_by_role("button", name="Sudah istirahat dan tenang").click()
        expect(guard.locator(".hold", has_text=YOHANES)).to_have_count(0)
    closed = rows(demo.journal(), "hold.closed", "P004")[0]["payload"]
    assert (closed["decision"], closed["by"], closed["reason"]) == ("let_in", "satpam", "rested")
    assert rows(demo.journal(), "verdict.admit", "P004")


def test_a_typed_temperature_closes_a_hold(demo: Demo, panel: Page, browser: Browser) -> None:
    """What the guard's own thermometer says is recorded as the guard's, and in order lets the person in."""
    demo.present(MARIA, 38.0)
    expect(panel.locator('[data-screen="held"]')).to_contain_text(MARIA, timeout=10_000)
    with page_of(browser, 800, 480) as guard:
        sign_in(demo, guard)
        hold = guard.locator(".hold", has_text=MARIA)
        hold.locator("input[name=temperature]").fill("36,7")
        hold.locator("button[value=typed_temperature]").click()
        expect(guard.locator(".hold", has_text=MARIA)).to_have_count(0)
    typed = [
        each["payload"] for each in rows(demo.journal(), "screening.measured", "P007") if each["payload"]["source"] == "guard"
    ]
    assert [each["skin_temperature_c"] for each in typed] == [36.7]


def test_unknown_and_revoked_badges_go_to_the_guard_and_name_nobody(demo: Demo, panel: Page) -> None:
    """A stranger's badge and a revoked one are recorded, shown kindly, and name nobody on the panel."""
    demo.present(UNKNOWN, None)
    expect(panel.locator('[data-screen="unknown_badge"]')).to_be_visible(timeout=10_000)
    demo.present(REVOKED, None)
    refused = panel.locator('[data-screen="refused_badge"]')
    expect(refused).to_be_visible(timeout=10_000)
    expect(refused).not_to_contain_text(REVOKED)
    kinds = [each["kind"] for each in demo.journal()]
    assert {"badge.unmatched", "badge.refused"} <= set(kinds)


def test_a_dead_thermometer_stops_nobody(demo: Demo, panel: Page) -> None:
    """With the sensor's cable out the tap is recorded, the person goes in unmeasured, and the door says which device is off."""
    demo.fault("thermometer", "unplug")
    eventually(lambda: any(each["kind"] == "device.lost" for each in demo.journal()), what="the loss in the journal")
    demo.present("Agus", None)
    admitted = panel.locator('[data-screen="admitted"]')
    expect(admitted).to_contain_text("Agus", timeout=10_000)
    assert rows(demo.journal(), "screening.unmeasured", "P006")
    demo.fault("thermometer", "none")
    eventually(lambda: any(each["kind"] == "device.back" for each in demo.journal()), what="the return in the journal")


def test_an_unplugged_camera_is_noticed_and_recovers(demo: Demo, panel: Page) -> None:
    """An unplugged camera is journaled and shown; plugged in again it reads the next badge."""
    demo.fault("camera", "unplug")
    lost = eventually(
        lambda: [e for e in demo.journal() if e["kind"] == "device.lost" and e["payload"]["device"] == "camera"],
        within_s=5,
        what="lost",
    )
    assert lost
    demo.fault("camera", "none")
    eventually(
        lambda: [e for e in demo.journal() if e["kind"] == "device.back" and e["payload"]["device"] == "camera"],
        within_s=5,
        what="back",
    )
    demo.present("Joko Prasetyo", 36.3)
    expect(panel.locator('[data-screen="admitted"]')).to_contain_text("Joko Prasetyo", timeout=10_000)


def sign_in(demo: Demo, page: Page) -> None:
    page.goto(demo.addresses["guard"])
    page.locator("input[name=pin]").fill("2580")
    page.locator("input[name=pin]").press("Enter")
    expect(page.locator("main.desk")).to_be_visible()
