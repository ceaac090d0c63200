"""What those who left said of it, on the page of visit statistics and in the workbook."""

import io
import os
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser

from kiosk.web.serve import SPARE_THREADS, KioskServer
from tests.journeys.browser import PANEL_SIZES, accessibility_problems, chromium, overflowing, page_of, small_targets
from tests.kiosk.services.visit_rows import busy_week, enter, leave, rate, write_rows
from tests.kiosk.web.forms import send
from tests.kiosk.web.room_scenes import ARCHIVE, READING, room_view, rooms_view
from tests.kiosk.web.statistics_door import statistics_door
from tests.kiosk.web.test_visit_statistics import PAGE, opened, words

ANSWERS = [("good", "reading"), ("very_good", "reading"), ("good", "reading"), ("bad", "archive")]
TOLD = [rate(f"2020-06-10 10:0{n}", level, room_id=room) for n, (level, room) in enumerate(ANSWERS)]


def asking(*rooms):
    return rooms_view(*(room_view(0, msgspec.structs.replace(room, asks_satisfaction=True)) for room in rooms))


def sheets(body: bytes) -> dict[str, str]:
    """The text of each sheet of a workbook, by its name; words stand in a table of their own."""
    with zipfile.ZipFile(io.BytesIO(body)) as files:
        names = [each.get("name") for each in ET.fromstring(files.read("xl/workbook.xml")).iter() if each.tag.endswith("}sheet")]
        shared = ["".join(each.itertext()) for each in ET.fromstring(files.read("xl/sharedStrings.xml"))]
        found = {}
        for number, name in enumerate(names, 1):
            cells = ET.fromstring(files.read(f"xl/worksheets/sheet{number}.xml")).iter()
            told = [(each.get("t"), "".join(each.itertext())) for each in cells if each.tag.endswith("}c")]
            found[str(name)] = " ".join(shared[int(text)] if kind == "s" else text for kind, text in told)
        return found


def test_a_line_a_room(tmp_path: Path):
    """Counts of each level and how many answered of those who left by a pass; a room that asks has its line before that."""
    with statistics_door(tmp_path / "door", asking(READING, ARCHIVE)) as door:
        write_rows(door.post, [enter("2020-06-10 08:00", "a"), leave("2020-06-10 09:00", "a"), leave("2020-06-10 09:30", "b")])
        client = door.client()
        assert "Ruang Baca 0 0 0 0 0 dari 2" in words(client.get(PAGE).text)
        write_rows(door.post, TOLD)
        text = words(client.get(PAGE).text)
        assert "Kepuasan saat keluar" in text
        assert (
            "Ruangan Sangat baik Baik Kurang baik Tidak baik Menjawab Ruang Arsip 0 0 0 1 1 dari 0 Ruang Baca 1 2 0 0 3 dari 2"
            in text
        )
        one = words(client.get(f"{PAGE}?room=reading").text)
        assert "Ruang Baca 1 2 0 0 3 dari 2" in one
        assert "Ruang Arsip 0" not in one


def test_rooms_that_do_not_ask(tmp_path: Path):
    """Nothing is said of satisfaction, on the page or in the workbook."""
    with statistics_door(tmp_path / "door") as door:
        write_rows(door.post, busy_week(10))
        client = door.client()
        assert "Kepuasan" not in client.get(PAGE).text
        assert "Kepuasan" not in sheets(send(client, f"{PAGE}/export", PAGE, form="xlsx").data)


def test_answers_alone_are_a_page(tmp_path: Path):
    """At a door that people only leave by there are no visits, and answers all the same."""
    with statistics_door(tmp_path / "door") as door:
        write_rows(door.post, TOLD)
        assert "Ruang Baca 1 2 0 0 3 dari 0" in words(door.client().get(PAGE).text)


def test_a_sheet_of_the_workbook(tmp_path: Path):
    """The same figures, as numbers, a row a room."""
    with statistics_door(tmp_path / "door", asking(READING, ARCHIVE)) as door:
        write_rows(door.post, [enter("2020-06-10 08:00", "a"), leave("2020-06-10 09:00", "a"), *TOLD])
        found = sheets(send(door.client(), f"{PAGE}/export", PAGE, form="xlsx").data)
        assert list(found) == ["Per hari", "Per jam", "Kepuasan", "Kunjungan"]
        assert found["Kepuasan"] == (
            "Ruangan Sangat baik Baik Kurang baik Tidak baik Menjawab Keluar dengan kartu atau kode"
            " Ruang Arsip 0 0 0 1 1 0 Ruang Baca 1 2 0 0 3 1"
        )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.mark.browser
def test_it_fits(tmp_path: Path, browser: Browser):
    """The table fits every screen, wide as rows and narrow as cards, and axe finds nothing."""
    with statistics_door(tmp_path / "door", asking(READING, ARCHIVE)) as door:
        write_rows(door.post, [*busy_week(20), *TOLD])
        server = KioskServer(door.app, "127.0.0.1", 0, 24 + SPARE_THREADS)
        server.start()
        with page_of(browser, 1366, 768) as page:
            opened(page, f"http://127.0.0.1:{server.port}")
            for width, height in (*PANEL_SIZES, (1366, 768)):
                page.set_viewport_size({"width": width, "height": height})
                assert (overflowing(page), small_targets(page)) == ([], []), width
                if folder := os.environ.get("GAPURA_PICTURES"):
                    page.locator("#satisfaction").locator("..").screenshot(path=f"{folder}/rate-figures-{width}.png")
            assert accessibility_problems(page) == []
        door.post.stopping.set()
        server.stop()
