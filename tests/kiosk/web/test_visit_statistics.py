"""The page of visit statistics: figures and plots for who runs the room, files that are journaled, and a look in a browser."""

import csv
import io
import os
import re
import time
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.services.room_views import RoomsView
from kiosk.web.catalogs import read_catalog
from kiosk.web.serve import SPARE_THREADS, KioskServer
from sync.clock import SyncState
from tests.journeys.browser import PANEL_SIZES, accessibility_problems, chromium, overflowing, page_of, small_targets
from tests.kiosk.services.post import PIN
from tests.kiosk.services.visit_rows import busy_week, enter, introduce, leave, write_rows
from tests.kiosk.web.duty_door import DutyDoor
from tests.kiosk.web.forms import send
from tests.kiosk.web.room_scenes import cut_off, long_names, two_rooms
from tests.kiosk.web.statistics_door import statistics_door

PAGE = "/desk/statistics"


@pytest.fixture
def door(tmp_path: Path) -> Iterator[DutyDoor]:
    with statistics_door(tmp_path / "door") as door:
        yield door


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_this_week_so_far(door: DutyDoor):
    """Without being asked for days the page shows Monday to today: figures, plots with the limit, and a row for each day."""
    write_rows(door.post, [enter("2020-06-07 10:00", "before"), *busy_week(30)])
    page = door.client().get(PAGE).text
    text = words(page)
    assert "Senin, 8 Juni 2020 sampai Rabu, 10 Juni 2020" in text
    assert "dalam 30 kunjungan" in text
    assert "batas 10" in text
    assert page.count("<svg") == 2
    assert all(day in text for day in ("Senin, 8 Juni 2020 ", "Selasa, 9 Juni 2020 ", "Rabu, 10 Juni 2020 "))


def test_nothing_yet(door: DutyDoor):
    """An empty week is said in words, with what to do next; there is nothing to take away."""
    page = door.client().get(PAGE).text
    assert "Belum ada kunjungan pada hari-hari ini" in page
    assert "<svg" not in page
    assert "data-export" not in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("from=2020-06-10&to=2020-06-08", "Senin, 8 Juni 2020 sampai Rabu, 10 Juni 2020"),
        ("from=2020-06-09", "Selasa, 9 Juni 2020"),
        ("from=x&to=2020-13-01&room=nowhere&sort=drop&dir=up", "Senin, 8 Juni 2020 sampai Rabu, 10 Juni 2020"),
        ("from=0001-01-01&to=9999-12-31", "Senin, 8 Juni 2020 sampai Rabu, 10 Juni 2020"),
        ("from=2010-01-01&to=2020-06-10", "Selasa, 11 Juni 2019 sampai Rabu, 10 Juni 2020"),
    ],
)
def test_odd_questions_have_an_answer(door: DutyDoor, query: str, shown: str):
    """Days the wrong way round are turned, a long range is cut, and what is no day is the week."""
    assert shown in words(door.client().get(f"{PAGE}?{query}").text)


def test_days_sort(door: DutyDoor):
    """A press on a heading sorts by it, another turns it round."""
    told = [enter("2020-06-08 08:00", "a"), enter("2020-06-09 08:00", "b", 4), enter("2020-06-10 08:00", "c", 2)]
    write_rows(door.post, told)
    client = door.client()

    def days(query: str) -> list[str]:
        return re.findall(r'<th scope="row">(\w+), \d+ Juni', client.get(f"{PAGE}?{query}").text)

    assert days("sort=entered&dir=desc") == ["Selasa", "Rabu", "Senin"]
    assert days("sort=entered&dir=asc") == ["Senin", "Rabu", "Selasa"]
    for name in ("visits", "most_inside", "stay", "wait", "turned_to_wait", "overrides"):
        assert days(f"sort={name}") == ["Senin", "Selasa", "Rabu"] or name == "most_inside"
    assert 'aria-sort="descending"' in client.get(f"{PAGE}?sort=entered&dir=desc").text


def test_what_the_figures_leave_out_is_said(tmp_path: Path):
    """Erased days, uncertain times, exits of nobody and other doors: each has its sentence."""
    with statistics_door(tmp_path / "door", cut_off()) as door:
        write_rows(
            door.post, [enter("2020-06-08 08:00", "a"), enter("2020-06-09 08:00", "b"), leave("2020-06-09 08:30", "nobody")]
        )
        write_rows(door.post, [enter("2020-06-10 08:00", "c", 2)], SyncState.NEVER)
        with door.post.database.transaction() as db:
            db.execute("UPDATE journal SET payload = NULL WHERE position = 1")
        text = words(door.client().get(PAGE).text)
        assert "Angka lengkap mulai Selasa, 9 Juni 2020." in text
        assert "Waktu belum pasti: 1 kunjungan (2 orang)" in text
        assert "1 kali keluar tercatat tanpa kunjungan yang cocok" in text
        assert "Angka ini hanya dari pintu ini" in text
        text = words(door.client().get(f"{PAGE}?from=2020-06-01&to=2020-06-08").text)
        assert "sudah dihapus sesuai masa simpan, jadi angka di bawah tidak lengkap" in text
        assert "Catatan dimulai pada Senin, 8 Juni 2020." in text


def test_one_room_of_two(tmp_path: Path):
    """With a room chosen, only it is counted and its own limit is drawn; with none there is no limit for all."""
    with statistics_door(tmp_path / "door", two_rooms()) as door:
        write_rows(door.post, [enter("2020-06-10 08:00", "a", 3), enter("2020-06-10 09:00", "b", room_id="archive")])
        client = door.client()
        both, one = words(client.get(PAGE).text), words(client.get(f"{PAGE}?room=archive").text)
        assert "dalam 2 kunjungan" in both
        assert "Per ruangan" in both
        assert "batas" not in both.replace("melebihi batas", "")
        assert "dalam 1 kunjungan" in one
        assert "batas 4" in one


def test_files_are_taken_away_without_names_and_that_is_journaled(door: DutyDoor):
    """Each form holds the visits of the days; names only if somebody asks for them; the journal says who took what."""
    said = introduce("2020-06-10 08:00", "a", name="=Siti", institution="SMA 1")
    write_rows(door.post, [enter("2020-06-10 08:00", "a", 2), said, leave("2020-06-10 08:30", "a")])
    client = door.client()
    plain = send(client, f"{PAGE}/export", PAGE, form="csv")
    (row,) = csv.DictReader(io.StringIO(plain.data.decode("utf-8-sig"), newline=""))
    assert (row["Orang"], row["Ruangan"], row["Pintu"], row["Lama (menit)"]) == ("2", "Ruang Baca", "Pintu Utama", "30.0")
    assert "Siti" not in plain.text
    assert 'filename="visits-2020-06-08-2020-06-10.csv"' in plain.headers["Content-Disposition"]
    assert "'=Siti" in send(client, f"{PAGE}/export", PAGE, form="csv", names="yes").data.decode("utf-8-sig")
    slims = send(client, f"{PAGE}/export", PAGE, form="slims", institution="Perpustakaan Daerah").data.decode("utf-8-sig")
    assert slims.splitlines()[1:] == [",Tamu,Perpustakaan Daerah,readi,2020-06-10 08:00:00"] * 2
    book = send(client, f"{PAGE}/export", PAGE, form="xlsx")
    with zipfile.ZipFile(io.BytesIO(book.data)) as files:
        names = [each.get("name") for each in ET.fromstring(files.read("xl/workbook.xml")).iter() if each.tag.endswith("}sheet")]
    assert names == ["Per hari", "Per jam", "Kunjungan"]
    made = door.post.of("export.made")
    assert [(each["format"], each["rows"], each["names"], each["by"]) for each in made] == [
        ("csv", 1, False, "budi"),
        ("csv", 1, True, "budi"),
        ("slims", 1, False, "budi"),
        ("xlsx", 1, False, "budi"),
    ]
    assert (made[0]["what"], made[0]["from"], made[0]["to"], made[0]["room"]) == ("visits", "2020-06-08", "2020-06-10", None)


def test_figures_for_iplm_are_taken_away(door: DutyDoor):
    """In words, for a population as it is written here; it names nobody, whatever was ticked, and the journal says so."""
    write_rows(door.post, [enter("2020-06-09 08:00", "a", 3), enter("2020-06-10 08:00", "b", 2)])
    client = door.client()
    taken = send(client, f"{PAGE}/export", PAGE, form="iplm", population="250.000", names="yes")
    rows = list(csv.reader(io.StringIO(taken.data.decode("utf-8-sig"), newline="")))
    assert rows[0][:4] == ["Bulan", "Ruangan", "Hari dengan kunjungan", "Kunjungan (orang)"]
    assert rows[1] == ["2020-06", "Ruang Baca", "2", "5", "2.50", "250000", "0.0010"]
    assert rows[-1][:2] == ["2020-06", "Semua ruangan"]
    assert 'filename="visits-2020-06-08-2020-06-10-iplm.csv"' in taken.headers["Content-Disposition"]
    assert [(each["format"], each["names"]) for each in door.post.of("export.made")] == [("iplm", False)]
    assert "2.50,," in send(client, f"{PAGE}/export", PAGE, form="iplm", population="").text
    assert send(client, f"{PAGE}/export", PAGE, form="csv", population="x").content_type.startswith("text/csv")


@pytest.mark.parametrize("population", ["0", "-5", "dua ratus", "2,5"])
def test_a_population_that_is_none(door: DutyDoor, population: str):
    """The page says what to type; nothing is taken, and nothing is journaled."""
    write_rows(door.post, [enter("2020-06-10 08:00", "a")])
    page = send(door.client(), f"{PAGE}/export", PAGE, form="iplm", population=population).text
    assert "jumlah penduduk harus bilangan bulat mulai dari 1" in page
    assert door.post.of("export.made") == []


def test_files_that_cannot_be_made(door: DutyDoor):
    """A form that is none, or two rooms with one code in SLiMS: nothing is taken, and nothing is journaled."""
    write_rows(door.post, [enter("2020-06-10 08:00", "a", room_id="ruang-a"), enter("2020-06-10 08:00", "b", room_id="ruang-b")])
    client = door.client()
    assert send(client, f"{PAGE}/export", PAGE, form="exe").status_code == 400
    assert "dua ruangan mempunyai kode yang sama" in send(client, f"{PAGE}/export", PAGE, form="slims").text
    assert door.post.of("export.made") == []


def test_every_word_is_in_both_languages():
    """Columns, sheets and ways of leaving have words in both catalogs."""
    from sync.visit_exports import IPLM_COLUMNS, Form
    from sync.visit_figures import Figures
    from sync.visit_page import SORTS
    from sync.visits import How
    from tests.sync.visit_scenes import ZONE

    keys = {
        f"visits.column.{each}"
        for each in (*Form(ZONE, names=True).columns, *IPLM_COLUMNS, *SORTS, *Figures.__slots__)
        if each not in ("stay", "wait")
    }
    keys |= {f"visits.how.{each}" for each in (*How, "unknown")} | {
        f"visits.sheet.{each}" for each in ("days", "hours", "visits")
    }
    keys |= {"visits.all_rooms", "visits.all_months"}
    for language in ("id", "en"):
        there = {str(each.id) for each in read_catalog(language) if each.string}
        assert keys - there == set()


def test_500_visits_are_shown_within_100_ms(door: DutyDoor):
    """A day of 500 visits, in a journal of weeks, is counted, drawn and sent quickly, as far as that is this program's doing."""
    write_rows(door.post, [*busy_week(3000, days=20, last="2020-06-09"), *busy_week(500, days=1)])
    client = door.client()
    client.get(PAGE)
    spent = []
    for _ in range(5):
        began = time.thread_time()
        page = client.get(f"{PAGE}?from=2020-06-10&to=2020-06-10")
        spent.append(time.thread_time() - began)
    assert "dalam 500 kunjungan" in words(page.text)
    assert min(spent) < 0.1, spent
    assert len(page.data) < 100_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def opened(page: Page, base: str, query: str = "") -> None:
    page.goto(f"{base}/guard")
    page.get_by_label("Budi").check()
    page.get_by_label("PIN", exact=True).first.fill(PIN)
    page.get_by_role("button", name="Lanjut").click()
    expect(page.locator(".desk")).to_be_visible()
    page.goto(f"{base}{PAGE}{query}")


def looked_at(page: Page, name: str) -> None:
    for width, height in (*PANEL_SIZES, (1366, 768)):
        page.set_viewport_size({"width": width, "height": height})
        assert overflowing(page) == [], (name, width)
        assert small_targets(page) == [], (name, width)
        if folder := os.environ.get("GAPURA_PICTURES"):
            page.screenshot(path=f"{folder}/statistics-{name}-{width}.png", full_page=True)
    assert accessibility_problems(page) == [], name


@pytest.mark.browser
@pytest.mark.parametrize(("scene", "hour"), [(None, 0), (long_names, 8)], ids=["day", "night"])
def test_the_page_in_a_browser(tmp_path: Path, browser: Browser, scene: Callable[[], RoomsView] | None, hour: int):
    """Empty and full, by day and by night: nothing overflows, fingers hit, axe finds nothing, and a plot has its table."""
    with statistics_door(tmp_path / "door", scene and scene()) as door:
        door.post.clock.advance(hour * 3600)
        server = KioskServer(door.app, "127.0.0.1", 0, 24 + SPARE_THREADS)
        server.start()
        with page_of(browser, 1366, 768) as page:
            opened(page, f"http://127.0.0.1:{server.port}")
            looked_at(page, f"empty-{hour}")
            write_rows(door.post, busy_week(40))
            page.reload()
            page.get_by_text("Lihat sebagai tabel").click()
            expect(page.locator(".visits__table--hours")).to_be_visible()
            looked_at(page, f"full-{hour}")
        door.post.stopping.set()
        server.stop()


@pytest.mark.browser
def test_a_file_is_fetched_with_its_progress(door: DutyDoor, browser: Browser):
    """A press on a form brings the file with its name; one that cannot be made is said on the page."""
    write_rows(door.post, busy_week(40))
    server = KioskServer(door.app, "127.0.0.1", 0, 24 + SPARE_THREADS)
    server.start()
    with page_of(browser, 1024, 600) as page:
        opened(page, f"http://127.0.0.1:{server.port}")
        with page.expect_download() as download:
            page.get_by_role("button", name="Excel").click()
        assert download.value.suggested_filename == "visits-2020-06-08-2020-06-10.xlsx"
        assert zipfile.is_zipfile(download.value.path())
        expect(page.locator("[data-busy]")).to_be_hidden()
        page.get_by_label("Jumlah penduduk").fill("0")
        page.get_by_role("button", name="CSV untuk IPLM").click()
        expect(page.get_by_text("jumlah penduduk harus bilangan bulat mulai dari 1")).to_be_visible()
        page.route("**/export", lambda route: route.fulfill(status=503, body=""))
        page.get_by_role("button", name="CSV", exact=True).click()
        expect(page.locator("[data-failed]")).to_be_visible()
    door.post.stopping.set()
    server.stop()
