"""The pages of shift work in a real browser: nothing overflows, axe finds nothing, fingers hit, ticks arrive."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.services.changes import DirectoryChange
from kiosk.web.serve import SPARE_THREADS, KioskServer
from sync.clock import SyncState
from sync.journal import Event
from sync.protocol.events import Kind
from sync.protocol.wire import Person
from tests.journeys.browser import accessibility_problems, chromium, overflowing, page_of, small_targets
from tests.kiosk.services.post import PIN, STAFF
from tests.kiosk.web.duty_door import DutyDoor, duty_door
from tests.kiosk.web.station import ARABIC, EMOJI, LONG, SITI

pytestmark = pytest.mark.browser
SIZES = ((800, 480), (480, 800), (1366, 768))
PAGES = ("/guard/evacuation", "/guard/log", "/guard/sheet", "/guard/shift")
HARD_NAMES = DirectoryChange(
    people=[Person(id=each.id, name=each.name, unit=each.unit) for each in (SITI, LONG, ARABIC, EMOJI)]
    + [Person(id=f"q{n}", name=f"Pegawai {n}", unit="Bagian Umum") for n in range(8)],
    guards=STAFF.guards,
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def door(tmp_path: Path) -> Iterator[DutyDoor]:
    with duty_door(tmp_path / "door", people=HARD_NAMES) as door:
        yield door


@pytest.fixture
def base(door: DutyDoor) -> Iterator[str]:
    server = KioskServer(door.app, "127.0.0.1", 0, 24 + SPARE_THREADS)
    server.start()
    yield f"http://127.0.0.1:{server.port}"
    door.post.stopping.set()
    server.stop()


@pytest.fixture
def page(browser: Browser, base: str) -> Iterator[Page]:
    with page_of(browser, 800, 480) as page:
        signed_in(page, base)
        yield page


def signed_in(page: Page, base: str, guard: str = "Budi") -> None:
    page.goto(f"{base}/guard")
    page.get_by_label(guard).check()
    page.get_by_label("PIN", exact=True).first.fill(PIN)
    page.get_by_role("button", name="Lanjut").click()
    expect(page.locator(".desk")).to_be_visible()


def busy(door: DutyDoor) -> None:
    """A morning: people, an unknown badge, lines in the log with everything that breaks a layout."""
    for who in (SITI, LONG, ARABIC, EMOJI):
        door.tap(who.id)
    door.tap("q1", "unstated")
    door.tap("q2", kind=Kind.ATTENDANCE_MANUAL, by="tri")
    door.duties.tools.journal(Event(Kind.BADGE_UNMATCHED, {"token_sha256": "a" * 64, "direction": "in"}))
    budi = next(each for each in door.post.station.guards() if each.id == "budi")
    door.duties.log_book.note(budi, 'Kaca "pecah" & <b>tamu</b> 🦊 طوارئ ' + "kata" * 60)
    first = door.duties.log_book.lines()[0].row.note_id
    door.duties.log_book.note(budi, "Sudah diganti\nbaris kedua", first)


def looked_at(page: Page, name: str) -> None:
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert overflowing(page) == [], (name, width)
        assert small_targets(page) == [], (name, width)
        if folder := os.environ.get("GAPURA_PICTURES"):
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
    assert accessibility_problems(page) == [], name


@pytest.mark.parametrize("hour", [0, 14], ids=["day", "night"])
def test_pages_are_accessible(page: Page, base: str, door: DutyDoor, hour: int):
    """Empty, busy and in the middle of a roll-call, by day and by night: every page fits and axe finds nothing."""
    if hour:
        page.set_viewport_size({"width": 1366, "height": 768})
        page.get_by_role("button", name="Keluar").click()
        door.post.clock.advance(hour * 3600)
        signed_in(page, base)
    for path in PAGES:
        page.goto(base + path)
        looked_at(page, f"{path.split('/')[-1]}-empty-{hour}")
    busy(door)
    page.goto(f"{base}/guard/evacuation")
    looked_at(page, f"evacuation-now-{hour}")
    page.get_by_role("button", name="Mulai pendataan").click()
    page.locator(".roll__row").first.get_by_role("button", name="Selamat").click()
    expect(page.locator(".tally--safe strong")).to_have_text("1")
    for path in PAGES:
        page.goto(base + path)
        looked_at(page, f"{path.split('/')[-1]}-busy-{hour}")
    page.get_by_role("link", name="Buku mutasi").click()
    page.get_by_role("link", name="Tindak lanjuti").first.click()
    looked_at(page, f"log-follow-{hour}")


def test_ticks_reach_the_other_screen(page: Page, browser: Browser, base: str, door: DutyDoor):
    """Somebody is ticked on one screen and stands ticked on the other at once; taking it back does too."""
    busy(door)
    with page_of(browser, 480, 800) as other:
        signed_in(other, base, "Tri")
        page.goto(f"{base}/guard/evacuation")
        other.goto(f"{base}/guard/evacuation")
        page.get_by_role("button", name="Mulai pendataan").click()
        expect(other.locator(".tallies strong")).to_have_count(4)  # another guard's start is on this screen by itself
        row, there = (one.locator(".roll__row", has_text="Siti Rahayu") for one in (page, other))
        row.get_by_role("button", name="Selamat").click()
        expect(there.get_by_role("button", name="Selamat")).to_have_attribute("aria-pressed", "true")
        expect(other.locator(".tally--safe strong")).to_have_text("1")
        there.get_by_role("button", name="Selamat").click()
        expect(row.get_by_role("button", name="Selamat")).to_have_attribute("aria-pressed", "false")
        expect(page.locator(".tally--safe strong")).to_have_text("0")


def test_handover_swaps_the_screen(page: Page, base: str, door: DutyDoor):
    """Both PINs are typed, and the screen is the next guard's."""
    page.goto(f"{base}/guard/shift")
    page.get_by_label("Menyerahkan, PIN").fill(PIN)
    page.get_by_label("Tri").check()
    page.get_by_label("PIN penerima").fill(PIN)
    page.get_by_role("button", name="Lanjut").last.click()
    expect(page.get_by_text("Sekarang bertugas: Tri")).to_be_visible()
    expect(page.locator(".top__guard")).to_have_text("Tri")
    assert len(door.post.of("guard.handed_over")) == 1


def test_an_uncertain_clock_is_said_on_the_list(page: Page, base: str, door: DutyDoor):
    """Without a trusted clock the list says how long ago, never a bare time."""
    door.post.clock.sync_state = SyncState.NEVER
    door.tap(SITI.id)
    door.post.clock.advance(300)
    page.goto(f"{base}/guard/evacuation")
    row = page.locator(".roll__row")
    expect(row).to_contain_text("5 menit lalu")
    assert "07.1" not in row.inner_text()
    looked_at(page, "evacuation-unsure")
