"""The server forgets who visitors were: what they said goes after its days, and nothing that counts or proves goes with it."""

import base64
import time
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import msgspec
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from sync.clock import utc_datetime, utc_text
from sync.protocol.digest import GENESIS, payload_matches, record_hash
from sync.protocol.events import NAMING, Record
from sync.protocol.wire import Batch
from sync.server.cli import central
from sync.server.database import Database
from sync.server.retention import NamesDuty, count_named, erase_names, nameless
from sync.server.schema import NAMED, event_conflicts, events, unreadable
from sync.server.visits import VisitReports
from sync.visit_figures import Span
from tests.sync.server.making import EPOCH, chained, raw, record
from tests.sync.server.test_cli import serving

DAYS = 35
ROWS = 60


def mark(n):
    """What can be found in raw bytes, long enough for some to need pages of their own."""
    return f"who-{n:05}-came" + "x" * Random(n).choice([0, 40, 400, 6000])


def facts(door_id):
    """A visit, what the visitor said and a receipt, again and again, each following the one before it."""
    made = []
    for n in range(1, ROWS, 3):
        visit = {"room_id": "baca", "generation": "000001@", "visit_id": f"v{n}"}
        entered = visit | {"people": 2, "spent": 2, "who": "visitor", "priority": False}
        receipt = {"receipt": f"A-{n}", "count": n, "service_id": "loket", "day": "2020-06-10", "name": mark(n + 2)}
        named = visit | {"name": mark(n + 1), "purpose": "Membaca", "institution": "SMA 1"}
        kinds = {"visitor.entered": entered, "visitor.named": named, "dropoff.received": receipt}
        for seq, (kind, payload) in enumerate(kinds.items(), n):
            made.append(record(door_id, seq, kind=kind, payload=payload, prev_hash=GENESIS))
    return chained(*made)


@pytest.fixture
def report(store, door, clock):
    """Sends records as the door; gives the words of the answer."""

    def take(*records):
        raws = [each if isinstance(each, msgspec.Raw) else raw(each) for each in records]
        receipt = store.sink.take(door.id, Batch(EPOCH, raws), clock.now().claimed_at)
        return [str(result.outcome) for result in receipt.results]

    return take


@pytest.fixture
def duty(database, clock):
    return NamesDuty(database, clock, DAYS)


@pytest.fixture
def came(report, door):
    """What the door reported of visitors today."""
    records = facts(door.id)
    report(*records)
    return records


def rows(database, table=events):
    with database.reading() as connection:
        return list(connection.execute(select(table)).mappings())


def kept_payloads(database):
    return {row["kind"] for row in rows(database) if row["payload"] is not None}


def verifies(database):
    """True if the rows that are stored are one chain, and every payload that is there is the one that was hashed."""
    last = GENESIS
    for row in sorted(rows(database), key=lambda row: row["seq"]):
        fields = {name: row[name] for name in Record.__struct_fields__}
        payload = fields["payload"]
        found = Record(**fields | {"payload": None if payload is None else msgspec.Raw(payload.encode())})
        if (found.prev_hash, record_hash(found), payload_matches(found)) != (last, found.hash, True):
            return False
        last = found.hash
    return True


def files(database):
    """Every byte of an SQLite file and its log."""
    path = Path(database.url.database)
    return b"".join(each.read_bytes() for each in sorted(path.parent.glob(f"{path.name}*")))


def marks_in(raw_bytes):
    return sum(f"who-{n:05}-came".encode() in raw_bytes for n in range(ROWS + 2))


def figures(database):
    day = date(2020, 6, 10)
    zone = ZoneInfo("Asia/Jakarta")
    of = VisitReports(database).of(Span(day, day, zone, utc_datetime("2020-06-10T16:00:00.000000Z").astimezone(zone)))
    return of.found.total, of.found.days, of.found.rooms, of.found.hours, of.complete_from


def test_the_index_is_of_the_kinds_that_name():
    """What is looked for in the tables are the kinds that say who somebody is, all of them and no other."""
    assert f"({', '.join(repr(str(kind)) for kind in sorted(NAMING))})" in NAMED


def test_names_go_after_their_days_and_the_chain_stays(database, duty, came, clock):
    """Nothing before 35 days; then payload and salt of what names a visitor, of nothing else, and the chain verifies."""
    clock.advance((DAYS - 0.1) * 86_400)
    duty.step()
    assert kept_payloads(database) == {"visitor.entered", *NAMING}
    clock.advance(0.2 * 86_400)
    assert duty.step() == 86_400
    assert kept_payloads(database) == {"visitor.entered"}
    assert {row["salt"] for row in rows(database) if row["kind"] in NAMING} == {None}
    assert len(rows(database)) == len(came)
    assert verifies(database)


def test_what_came_in_later_stays(database, duty, report, door, came, clock):
    """Age is from when the server had it, by its own clock, whatever the door's clock said."""
    clock.advance(20 * 86_400)
    late = record(door.id, len(came) + 1, kind="visitor.named", payload={"name": "late"}, prev_hash=came[-1].hash)
    report(late)
    clock.advance(20 * 86_400)
    duty.step()
    assert [row["seq"] for row in rows(database) if row["payload"] and row["kind"] in NAMING] == [late.seq]


def test_what_was_erased_does_not_come_back(database, duty, report, store, door, came, clock):
    """A door that sends it all again hears "duplicate", stands where it stood, and no name is back."""
    before = store.sink.head(door.id, EPOCH)
    clock.advance(40 * 86_400)
    duty.step()
    assert set(report(*came)) == {"duplicate"}
    assert kept_payloads(database) == {"visitor.entered"}
    assert store.sink.head(door.id, EPOCH) == before


def test_a_copied_card_is_told_apart_all_the_same(database, duty, report, store, door, came, clock):
    """After erasing, a record that differs is still a conflict, one that the door has erased is none, one that follows is new."""
    clock.advance(40 * 86_400)
    duty.step()
    other = record(door.id, 2, kind="visitor.named", payload={"name": "somebody else"}, prev_hash=came[0].hash)
    assert report(other) == ["conflict"]
    assert report(msgspec.structs.replace(came[1], payload=None, salt=None)) == ["duplicate"]
    assert report(record(door.id, len(came) + 1, prev_hash=came[-1].hash)) == ["stored"]
    assert verifies(database)


def test_a_restored_server_is_filled_again_and_forgets_again(database, duty, report, store, door, came, clock):
    """Rows that a server of an old copy lost come again as the door has them, names and all, and go after their days."""
    clock.advance(40 * 86_400)
    duty.step()
    with database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM events WHERE seq > 30")
        connection.exec_driver_sql("UPDATE epochs SET held = '1-30'")
    assert store.sink.head(door.id, EPOCH).seq == 30
    assert set(report(*came[30:])) == {"stored"}
    assert verifies(database)
    clock.advance(36 * 86_400)
    duty.step()
    assert kept_payloads(database) == {"visitor.entered"}
    assert verifies(database)


def test_nothing_that_is_counted_changes(database, duty, put, report, store, door, sums, clock):
    """Statistics, the day from which they are whole, and a room's places are the same before and after."""
    put(door, max_people=50)
    report(*facts(door.id))
    before = figures(database), sums()
    assert before[0][0].entered == 2 * ROWS / 3
    clock.advance(40 * 86_400)
    duty.step()
    store.rooms.settle(door.id, now=clock.now().claimed_at)
    assert (figures(database), sums()) == before


def test_copies_that_were_kept_aside_forget_too(database, duty, report, door, came, clock):
    """What conflicted or could not be read keeps its header and is known when it comes again; the name in it goes."""
    other = record(door.id, 2, kind="visitor.named", payload={"name": mark(2)}, prev_hash=came[0].hash)
    changed = msgspec.structs.replace(other, seq=ROWS + 1, payload=msgspec.Raw(b'{"name":"who-00003-came"}'))
    quoted = {"seq": ROWS + 2, "unreadable": base64.b64encode(msgspec.json.encode(came[1])).decode()}
    harmless = {"seq": ROWS + 3, "unreadable": base64.b64encode(b"attendance.tapped").decode()}
    records = [other, changed, *(msgspec.Raw(msgspec.json.encode(each)) for each in (quoted, harmless))]
    assert report(*records) == ["conflict", "unreadable", "unreadable", "unreadable"]
    clock.advance(40 * 86_400)
    duty.step()
    aside = [*rows(database, event_conflicts), *rows(database, unreadable)]
    assert not any(b"-came" in row["raw"] or quoted["unreadable"].encode() in row["raw"] for row in aside)
    assert [row["raw"] for row in aside if row["seq"] == ROWS + 3] == [msgspec.json.encode(harmless)]
    assert msgspec.json.decode(rows(database, event_conflicts)[0]["raw"])["hash"] == other.hash
    report(*records)
    assert [*rows(database, event_conflicts), *rows(database, unreadable)] == aside


@pytest.mark.parametrize(
    "junk", [b"", b"null", b"[1]", b'{"kind":"attendance.tapped","payload":{"name":"x"}}', b'{"unreadable":7}']
)
def test_what_names_nobody_stays_as_it_came(junk):
    """Evidence of other things is kept to the byte."""
    assert nameless(junk) == junk


@pytest.mark.parametrize("kind", sorted(NAMING))
def test_a_torn_record_that_may_name_somebody_goes(kind):
    """What cannot be read at all, but holds the kind of a visitor's words, is not kept."""
    assert nameless(f'{{"kind":"{kind}","payload":{{"name":"Siti'.encode()) == b""
    assert nameless(nameless(f'{{"kind":"{kind}","hash":"h","payload":{{"name":"Siti"}}}}'.encode())) == (
        f'{{"kind":"{kind}","hash":"h","payload":null,"salt":null}}'.encode()
    )


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_no_byte_is_left_in_the_file(database, duty, came, clock):
    """Neither in the file nor in its log, over days in which some are due and others not."""
    assert marks_in(files(database)) == 2 * ROWS / 3
    clock.advance(40 * 86_400)
    duty.step()
    assert marks_in(files(database)) == 0
    assert verifies(database)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_reader_in_the_way_is_waited_for(database, duty, came, clock):
    """While somebody reads, the log still has the bytes, which is said; the next step gets them out."""
    clock.advance(40 * 86_400)
    with database.engine.connect() as impatient:
        impatient.connection.driver_connection.execute("PRAGMA busy_timeout=10")
    with database.reading() as reader:
        reader.execute(select(events.c.seq)).all()
        assert erase_names(database, clock.now().claimed_at) == 2 * ROWS / 3
        assert marks_in(files(database)) > 0
    duty.step()
    assert marks_in(files(database)) == 0


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_scan_sees_what_is_not_overwritten(database, came, clock):
    """Without secure_delete marks stay in free space, so a scan that finds none has something to say."""
    with closing(Database(database.url.render_as_string(), connections=1)) as careless:
        with careless.engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA secure_delete=OFF")
        clock.advance(1)
        erase_names(careless, clock.now().claimed_at)
    assert kept_payloads(database) == {"visitor.entered"}
    assert marks_in(files(database)) > 0


def test_a_database_that_is_away_is_tried_again_soon(tmp_path, clock):
    """Trouble ends nothing: the duty goes on, sooner than tomorrow."""
    with closing(Database(f"sqlite:///{tmp_path}/none/central.db")) as database:
        assert NamesDuty(database, clock, DAYS).step() == 600


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_server_that_runs_does_it_by_itself(database, came):
    """Nobody has to remember it: what is due goes as soon as the server is up."""
    with serving(database.url.render_as_string()):
        for _ in range(100):
            if kept_payloads(database) == {"visitor.entered"}:
                break
            time.sleep(0.05)
    assert kept_payloads(database) == {"visitor.entered"}


def test_the_command(database, store, door, came, clock):
    """`gapura central erase-names` does it by hand; a dry run says how many, and changes nothing."""
    url = database.url.render_as_string(hide_password=False)
    erased = 2 * ROWS // 3

    def run(*words):
        found = CliRunner().invoke(central, ["erase-names", "--database", url, *words])
        assert found.exit_code == 0
        return found.stderr

    later = utc_text(clock.now().wall + timedelta(days=1))
    assert count_named(database, later) == erased
    assert f"{erased} entries are due" in run("--dry-run")
    assert count_named(database, later) == erased
    assert f"{erased} entries were erased" in run()
    assert count_named(database, later) == 0
    assert "0 entries were erased" in run()
