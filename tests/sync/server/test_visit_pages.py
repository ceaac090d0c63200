"""Visit statistics at the server: all doors together, files, who may see them, and a look in a browser."""

import csv
import io
import json
import os
import re
import threading
import zipfile
from contextlib import closing
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from cheroot.wsgi import Server
from click.testing import CliRunner
from sqlalchemy import delete, update

from sync.clock import utc_text
from sync.protocol.rooms import Room
from sync.protocol.wire import Batch
from sync.server.cli import central
from sync.server.room_setup import RoomSetup, Setup
from sync.server.schema import events
from sync.server.visits import VisitReports
from sync.visit_figures import Span
from tests.journeys.browser import PANEL_SIZES, chromium, page_of
from tests.kiosk.services.guest_book import guest_book
from tests.sync.server.making import EPOCH, KEY, chained, raw, record

PASSWORD = "correct horse battery"
ZONE = ZoneInfo("Asia/Jakarta")
WEDNESDAY = date(2020, 6, 10)
READING = Room(id="reading", name="Ruang Baca", name_en="Reading Room", max_people=10)


def told(clock: str, kind: str, *, day: int = 10, state: str = "synced", **payload):
    """When, what and how sure: one event of a door."""
    at = utc_text(datetime.fromisoformat(f"2020-06-{day:02d}T{clock}+07:00").astimezone(UTC))
    return {"kind": kind, "claimed_at": at, "clock_state": state, "payload": {"room_id": "reading", **payload}}


def entered(clock: str, visit: str, people: int = 1, **more):
    return told(clock, "visitor.entered", visit_id=visit, people=people, spent=people, who="visitor", priority=False, **more)


def named(clock: str, **said):
    return told(clock, "visitor.named", **said)


def left(clock: str, visit: str | None, how: str = "scanned", **more):
    return told(clock, "visitor.left", visit_id=visit, how=how, **more)


@pytest.fixture
def other(store, clock):
    return store.devices.add(
        "Pintu belakang", place_id="back", time_zone="Asia/Jakarta", now=clock.now().claimed_at, public_key=KEY.public
    )


@pytest.fixture
def report(store, clock):
    """Has a door report events, in one batch."""

    def take(device, *facts, received="2020-06-10T05:00:00.000000Z"):
        records = chained(*(record(device.id, seq, **fact) for seq, fact in enumerate(facts, 1)))
        store.sink.take(device.id, Batch(EPOCH, [raw(each) for each in records]), received)

    return take


@pytest.fixture
def room(database, door, clock):
    """A room that is set up."""
    RoomSetup(database).put(Setup(rooms=(msgspec.structs.replace(READING, doors=[door.id]),)), now=clock.now().claimed_at)


def of(database, first=WEDNESDAY, last=WEDNESDAY, room_id=None):
    span = Span(first, last, ZONE, datetime(2020, 6, 12, 5, tzinfo=UTC))
    return VisitReports(database).of(span, room_id)


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_all_doors_are_one_house(database, door, other, report):
    """A card that is handed in at another door ends its visit when that was, whichever door reported first."""
    report(other, left("09:30:00", None, pass_sha256="p"), entered("09:40:00", "w", 2))
    report(door, entered("09:00:00", "v", pass_sha256="p"), left("11:00:00", "v", heard=True))
    found = of(database).found
    assert [(each.visit_id, each.stay_s, each.door) for each in found.visits] == [("v", 1800, door.id), ("w", None, other.id)]
    assert (found.total.entered, found.total.most_inside, found.strays) == (3, 2, 0)


def test_days_begin_and_end_at_local_midnight(database, door, report):
    """Visits of the evening before and of the morning after are of their own days."""
    report(
        door,
        entered("23:59:00", "a", day=9),
        entered("00:00:00", "b"),
        entered("23:59:00", "c"),
        entered("00:00:00", "d", day=11),
    )
    assert [each.visit_id for each in of(database).found.visits] == ["b", "c"]
    assert of(database, date(2020, 6, 9), date(2020, 6, 11)).found.total.visits == 4
    assert of(database, room_id="other").found.total.visits == 0


def test_a_visit_over_midnight_is_whole(database, door, report):
    """It is of the day on which it began, and inside on the one after it."""
    report(door, entered("23:00:00", "v", day=9), left("01:00:00", "v"))
    assert of(database).found.line == ((0.0, 1), (60.0, 0))
    assert of(database, date(2020, 6, 9), date(2020, 6, 9)).found.visits[0].stay_s == 7200


def test_uncertain_times_are_of_the_day_they_were_heard(database, door, report):
    """While a door's clock is not trusted its visits are counted apart, on the day that the server heard of them."""
    wrong = {"claimed_at": "1970-01-01T00:00:00.000000Z", "clock_state": "never"}
    report(door, entered("09:00:00", "a", 2) | wrong, left("09:00:00", "a") | wrong)
    assert (of(database).found.total.visits, of(database).found.unsure.people) == (0, 2)
    assert of(database, date(2020, 6, 12), date(2020, 6, 12)).found.unsure.people == 0
    assert of(database, date(2020, 6, 9), date(2020, 6, 9)).found.unsure.people == 0


def test_what_doors_have_erased_is_said(database, door, report):
    """Rows that came without their payloads make their day incomplete."""
    report(door, entered("09:00:00", "a", day=9), entered("09:00:00", "b"))
    with database.writing() as connection:
        connection.execute(update(events).where(events.c.seq == 1).values(payload=None))
    assert of(database, date(2020, 6, 8)).complete_from == WEDNESDAY
    assert of(database).complete_from is None


def test_the_page(client, room, door, other, report, clock):
    """Figures of every door with the room's name and limit, in both languages; odd questions have an answer."""
    report(door, entered("09:00:00", "v"), left("09:40:00", "v"))
    report(other, entered("09:10:00", "w", 3))
    clock.advance(6 * 3600)
    text = words(client.get("/visits").text)
    for said in ("Senin, 8 Juni 2020 sampai Rabu, 10 Juni 2020", "Orang masuk 4", "dalam 2 kunjungan", "batas 10", "40 menit"):
        assert said in text
    assert "People entered 4" in words(client.get("/visits?lang=en&from=2020-06-10&room=reading&sort=stay").text)
    assert "Belum ada kunjungan" in words(client.get("/visits?lang=id&from=2021-01-01&to=x&room=nowhere").text)


def test_how_those_who_left_found_it(client, database, room, door, other, report, clock):
    """Answers of every door, a line a room beside how many left by a pass; a room that asks has its line before any answer."""
    report(door, entered("09:00:00", "v"), left("09:40:00", "v"))
    report(other, told("09:41:00", "visitor.rated", level="poor"), left("09:50:00", None, pass_sha256="p"))
    clock.advance(6 * 3600)
    assert "Ruang Baca 0 0 1 0 1 dari 2" in words(client.get("/visits?lang=id").text)
    with database.writing() as connection:
        connection.execute(delete(events).where(events.c.kind == "visitor.rated"))
    assert "Kepuasan" not in client.get("/visits").text
    asking = msgspec.structs.replace(READING, doors=[door.id], asks_satisfaction=True)
    RoomSetup(database).put(Setup(rooms=(asking,)), now=clock.now().claimed_at)
    assert "Reading Room 0 0 0 0 0 of 2" in words(client.get("/visits?lang=en").text)


def test_files(client, room, door, report):
    """CSV, workbook and SLiMS of all doors; nobody is named unasked; two rooms with one code are said to be a problem."""
    report(door, entered("09:00:00", "v", 2), named("09:00:00", visit_id="v", name="=Siti"), left("09:40:00", "v"))
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/visits").text)[1]

    def fetch(**form):
        return client.post("/visits/export", data={"csrf_token": token, "from": "2020-06-10", "to": "2020-06-10", **form})

    (row,) = csv.DictReader(io.StringIO(fetch(form="csv").data.decode("utf-8-sig"), newline=""))
    assert (row["Ruangan"], row["Pintu"], row["Orang"], row["Keluar diketahui dari"]) == (
        "Ruang Baca",
        "Pintu utama",
        "2",
        "kartu dipindai",
    )
    assert "Siti" not in str(row)
    assert "'=Siti" in fetch(form="csv", names="yes").text
    assert zipfile.is_zipfile(io.BytesIO(fetch(form="xlsx").data))
    slims = fetch(form="slims", institution="Perpustakaan").data.decode("utf-8-sig").splitlines()
    assert slims[1:] == [",Tamu,Perpustakaan,readi,2020-06-10 09:00:00"] * 2
    assert fetch(form="exe").status_code == 400
    assert client.post("/visits/export", data={"form": "csv"}).status_code == 400


def test_names_come_as_a_door_journals_them(client, room, door, report, database, tmp_path):
    """From a real door's rows: who it was by visit and by number, only if asked for, and nothing once the names are erased."""
    with closing(guest_book(tmp_path)) as kiosk:
        rows = kiosk.post.rows()
    report(door, *({key: row[key] for key in ("kind", "claimed_at", "clock_state", "payload")} for row in rows))
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/visits").text)[1]

    def fetch(**form):
        days = {"csrf_token": token, "from": "2020-06-10", "to": "2020-06-10"}
        return client.post("/visits/export", data=days | form).data.decode("utf-8-sig")

    found = [line.split(",")[-4:] for line in fetch(form="csv", names="yes").splitlines()[1:]]
    tuti = ["", "Tuti", "Membaca", "SMP 1"]
    assert found == [tuti, [""] * 4, ["A 001", "Dian", "", "SMP 2"], tuti]
    assert ",Dian,SMP 2,baca," in fetch(form="slims", names="yes")
    assert not any(said in fetch(form=form) for form in ("csv", "slims") for said in ("Tuti", "Dian", "SMP", "A 001"))
    with database.writing() as connection:
        connection.execute(update(events).where(events.c.kind == "visitor.named").values(payload=None))
    assert (of(database).found.visits[0].name, of(database).complete_from) == ("", None)


def test_figures_for_iplm(client, room, door, other, report):
    """Of all doors, for a population as it is typed; one that is none has a sentence and no file."""
    report(door, entered("09:00:00", "v", 2), left("09:40:00", "v"))
    report(other, entered("09:10:00", "w", 3))
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/visits").text)[1]

    def fetch(population, form="iplm"):
        days = {"csrf_token": token, "from": "2020-06-10", "to": "2020-06-10"}
        return client.post("/visits/export", data=days | {"form": form, "population": population})

    rows = fetch("1.000").data.decode("utf-8-sig").splitlines()[1:]
    assert rows == ["2020-06,Ruang Baca,1,5,5.00,1000,0.5000", "2020-06,Semua ruangan,1,5,5.00,1000,0.5000"]
    assert fetch("").data.decode().endswith("5.00,,\r\n")
    for wrong in ("0", "-5", "banyak"):
        answer = fetch(wrong)
        assert (answer.status_code, "jumlah penduduk harus bilangan bulat mulai dari 1" in answer.text) == (400, True)
    assert fetch("0", form="csv").status_code == 200


def test_rooms_with_one_code(client, door, report):
    """SLiMS cannot tell such rooms apart: the page says so and what to do, and there is no file."""
    report(door, *(entered("10:00:00", each, room_id=each) for each in ("ruang-a", "ruang-b")))
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/visits").text)[1]
    answer = client.post("/visits/export", data={"csrf_token": token, "form": "slims"})
    assert (answer.status_code, "dua ruangan mempunyai kode yang sama" in answer.text) == (409, True)


def test_only_who_is_signed_in_sees_it(client, store, clock):
    """Once there is a user, page and files lead to the sign-in."""
    store.users.add("Ana", PASSWORD, now=clock.now().claimed_at)
    assert client.get("/visits").headers["Location"] == "/sign-in"
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)[1]
    assert client.post("/visits/export", data={"csrf_token": token, "form": "csv"}).headers["Location"] == "/sign-in"


def test_the_command(database, door, report, tmp_path):
    """`gapura central visits` prints the same figures, and writes the same files."""
    report(door, entered("09:00:00", "v", 2), left("09:40:00", "v"))
    url = database.url.render_as_string(hide_password=False)
    days = ("--from", "2020-06-10", "--to", "2020-06-10", "--database", url)

    def run(*arguments: str):
        return CliRunner().invoke(central, ["visits", *arguments, *days])

    lines = [json.loads(line) for line in run("stats", "--json").stdout.splitlines()]
    assert [each["entered"] for each in lines if each["what"] == "total"] == [2]
    out = tmp_path / "visits.xlsx"
    assert run("export", "--format", "xlsx", "--out", str(out)).exit_code == 0
    assert zipfile.is_zipfile(out)
    assert "Pintu utama" in run("export").stdout
    assert run("export", "--format", "xlsx").exit_code == 2
    with database.writing() as connection:
        connection.execute(update(events).values(payload=None))
    assert "figures are whole from that day on" in run("stats").stderr


@pytest.mark.browser
def test_the_page_in_a_browser(sqlite_filled):
    """At every size nothing is wider than the window, and axe finds nothing, empty or full."""
    from sync.clock import ManualClock
    from sync.server.app import create_app, open_store
    from sync.server.database import Database
    from sync.server.settings import Settings
    from tests.sync.server.conftest import HASHER

    clock = ManualClock(datetime(2020, 6, 10, 8, tzinfo=UTC))
    with closing(Database(sqlite_filled)) as database:
        store = open_store(database, HASHER)
        door = store.devices.add(
            "Pintu utama", place_id="lobby", time_zone="Asia/Jakarta", now=clock.now().claimed_at, public_key=KEY.public
        )
        server = Server(("127.0.0.1", 0), create_app(store, clock, Settings()), numthreads=4)
        server.prepare()
        thread = threading.Thread(target=server.serve)
        thread.start()
        try:
            with chromium() as browser, page_of(browser, 1366, 768) as page:
                for name in ("empty", "full"):
                    page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/visits")
                    for width, height in (*PANEL_SIZES, (1366, 768)):
                        page.set_viewport_size({"width": width, "height": height})
                        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
                        if folder := os.environ.get("GAPURA_PICTURES"):
                            page.screenshot(path=f"{folder}/server-visits-{name}-{width}.png", full_page=True)
                    assert Axe().run(page).response["violations"] == [], name
                    facts = [
                        fact
                        for n in range(20)
                        for fact in (
                            entered(f"{8 + n % 5:02d}:{n:02d}:00", f"v{n}", 1 + n % 3),
                            left(f"{9 + n % 5:02d}:{n:02d}:00", f"v{n}"),
                        )
                    ]
                    records = chained(*(record(door.id, seq, **fact) for seq, fact in enumerate(facts, 1)))
                    store.sink.take(door.id, Batch(EPOCH, [raw(each) for each in records]), clock.now().claimed_at)
        finally:
            server.stop()
            thread.join()
