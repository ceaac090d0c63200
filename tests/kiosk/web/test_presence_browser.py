"""Typed presence, corrections and self-check in a real browser: nothing overflows, axe finds nothing, fingers hit."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.services.corrections import Corrections, Wish
from kiosk.services.presence import Presence, Typed
from kiosk.services.views import Guard
from kiosk.web.serve import SPARE_THREADS, KioskServer
from tests.journeys.browser import accessibility_problems, chromium, overflowing, page_of, small_targets
from tests.kiosk.services.post import PIN, Post
from tests.kiosk.services.toolbox import tools_of
from tests.kiosk.web.presence_door import LONG, app_of, open_door, put_away, tap

pytestmark = pytest.mark.browser
PANEL = ((800, 480), (480, 800))
GUARD = ((480, 800), (800, 480), (1366, 768))
BUDI = Guard("budi", "Tuan budi", "guard")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    post = open_door(tmp_path)
    yield post
    post.close()


@pytest.fixture
def base(post: Post) -> Iterator[str]:
    server = KioskServer(app_of(post), "127.0.0.1", 0, 24 + SPARE_THREADS)
    server.start()
    yield f"http://127.0.0.1:{server.port}"
    post.stopping.set()
    server.stop()


@pytest.fixture
def page(browser: Browser, post: Post) -> Iterator[Page]:
    with page_of(browser, 800, 480) as page:
        yield page
        page.goto("about:blank")


def looked_at(page: Page, name: str, sizes: tuple[tuple[int, int], ...]) -> None:
    """Nothing sticks out, every target is hit, axe is content, at every size."""
    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        assert overflowing(page) == [], (name, width)
        assert small_targets(page) == [], (name, width)
    assert accessibility_problems(page) == [], name


def sign_in(page: Page, base: str, who: str) -> None:
    page.goto(f"{base}/guard")
    page.get_by_label(who).check()
    page.locator("#pin").fill(PIN)
    page.get_by_role("button", name="Lanjut").click()
    expect(page.locator(".desk")).to_be_visible()


def entries(post: Post) -> None:
    """P2 has a long name and a full page."""
    tools = tools_of(post, on_thread=True)
    tap(post, 2)
    Presence(tools).enter(BUDI, Typed("P2", "out", "other", "ada rapat di luar kota, " * 8, "06.30"))
    for hour, what in enumerate(("forgot_in", "forgot_out", "duty_outside")):
        Corrections(tools).ask("P2", Wish(what, "2020-06-09", f"0{hour}.05", "keterangan yang panjang sekali, " * 8))
    first = Corrections(tools).of_person("P2")[0]
    Corrections(tools).decide(BUDI, first.correction_id, "approve", "x" * 200)


@pytest.mark.parametrize("hour", [0, 14], ids=["day", "night"])
def test_the_guards_pages(page: Page, post: Post, base: str, hour: int):
    """Search, person, warning and the list of corrections hold long names and notes at every size, light and dark."""
    entries(post)
    post.clock.advance(hour * 3600)
    sign_in(page, base, "Tuan admin")
    page.locator(".menu summary").click()
    page.locator(".menu__list").get_by_role("link", name="Presensi manual").click()
    expect(page.locator("#q, input[type=search], input[name=q]").first).to_be_visible()
    looked_at(page, "empty", GUARD)
    for typed, name in (("p", "found"), ("zzz", "nobody")):
        page.get_by_label("Cari nama").fill(typed)
        page.get_by_role("button", name="Cari").click()
        expect(page.locator(".found, .empty")).to_be_visible()
        looked_at(page, name, GUARD)
    page.goto(f"{base}/guard/presence?q=raden")
    page.get_by_role("link", name="Catat presensi").click()
    looked_at(page, "person", GUARD)
    page.get_by_label("Lainnya").check()
    page.locator("#note").fill("catatan")
    page.locator("#time").fill("23.00")
    page.get_by_role("button", name="Catat: Presensi masuk").click()
    looked_at(page, "refused", GUARD)
    page.goto(f"{base}/guard/corrections")
    looked_at(page, "corrections", GUARD)


def test_a_guard_types_presence(page: Page, post: Post, base: str):
    """Search, choose, reason, direction: four presses, and a second time one more."""
    sign_in(page, base, "Tuan budi")
    for press in ("Catat: Presensi masuk", "Tetap catat: Presensi masuk"):
        page.goto(f"{base}/guard/presence")
        page.get_by_label("Cari nama").fill("rah siti")
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Catat presensi").click()
        page.get_by_label("Lupa membawa kartu").check()
        page.get_by_role("button", name="Catat: Presensi masuk").click()
        if press.startswith("Tetap"):
            page.get_by_role("button", name=press).click()
        expect(page.get_by_text("Presensi tersimpan")).to_be_visible()
    assert len(post.of("attendance.manual")) == 2


@pytest.mark.parametrize(("width", "height"), [(800, 480), (480, 800), (1024, 600), (1280, 800)])
def test_the_button_fits_on_the_panel(page: Page, post: Post, base: str, width: int, height: int):
    """The button is on the screen of one's own tap, can be hit, and moves nothing off the panel; an idle panel has none."""
    page.set_viewport_size({"width": width, "height": height})
    page.goto(base)
    expect(page.locator(".idle")).to_be_visible()
    expect(page.locator(".own")).to_have_count(0)
    for number in (1, 2, 3, 4):
        tap(post, number)
        expect(page.locator(".own")).to_be_visible()
        expect(page.locator(".name")).to_be_visible()
        assert overflowing(page) == [], number
        assert small_targets(page) == [], number
    assert accessibility_problems(page) == []
    put_away(post)
    expect(page.locator(".own")).to_have_count(0)


@pytest.mark.parametrize("hour", [0, 14], ids=["day", "night"])
def test_the_own_page(page: Page, post: Post, base: str, hour: int):
    """The own page and every step of asking for a correction fit both panels, light and dark."""
    entries(post)
    post.clock.advance(hour * 3600)
    page.goto(base)
    tap(post, 2)
    page.get_by_role("button", name="Lihat presensi saya").click()
    expect(page.get_by_role("heading", name=LONG)).to_be_visible()
    looked_at(page, "own", PANEL)
    page.get_by_role("button", name="Ajukan koreksi").click()
    looked_at(page, "what", PANEL)
    page.get_by_role("button", name="Dinas luar").click()
    looked_at(page, "date", PANEL)
    page.get_by_role("button", name="Senin, 8 Juni 2020").click()
    looked_at(page, "time", PANEL)
    for key in "8.30":
        page.get_by_role("button", name=key, exact=True).click()
    page.get_by_role("button", name="Lanjut").click()
    looked_at(page, "note", PANEL)
    for key in "rapat":
        page.get_by_role("button", name=key, exact=True).click()
    page.get_by_role("button", name="spasi").click()
    page.get_by_role("button", name="x", exact=True).click()
    page.get_by_role("button", name="Hapus").click()
    page.get_by_role("button", name="Kirim permohonan").click()
    expect(page.get_by_text("Permohonan koreksi tersimpan")).to_be_visible()
    [asked] = [each for each in post.of("correction.requested") if each["what"] == "duty_outside" and each["time"] == "08.30"]
    assert (asked["date"], asked["note"]) == ("2020-06-08", "rapat")
    looked_at(page, "asked", PANEL)


def test_the_next_person_closes_it(page: Page, post: Post, base: str):
    """When somebody else shows a badge, the panel is theirs at once, without a touch."""
    page.goto(base)
    tap(post, 1)
    page.get_by_role("button", name="Lihat presensi saya").click()
    expect(page.get_by_role("heading", name="Siti Rahayu")).to_be_visible()
    tap(post, 5)
    expect(page.locator(".name")).to_have_text("Budi Santoso")
    expect(page.get_by_text("Siti Rahayu")).to_have_count(0)


def test_it_closes_by_itself_and_by_its_button(page: Page, post: Post, base: str):
    """Half a minute later the panel is everybody's again; going back in the browser shows nothing."""
    page.clock.install()
    page.goto(base)
    tap(post, 1)
    page.get_by_role("button", name="Lihat presensi saya").click()
    expect(page.locator("[data-left]")).to_have_text(re.compile(r"^(30|2\d)$"))  # the browser's clock runs on
    page.clock.run_for(31_000)
    expect(page.locator(".scene")).to_be_visible()
    tap(post, 5)
    page.get_by_role("button", name="Lihat presensi saya").click()
    page.get_by_role("button", name="Tutup").click()
    expect(page.locator(".scene")).to_be_visible()
    page.goto(f"{base}/me")
    expect(page.locator(".scene")).to_be_visible()
