"""The day put together from facts: pure, and tolerant of whatever payloads hold."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.server.overview import overview
from sync.server.reports import ago
from sync.server.store import Device
from sync.server.today import JUDGEMENTS, TAPS, Door, Fact, Names, Standing, entries, window

NOW = datetime(2020, 6, 10, 2, 0, tzinfo=UTC)
DOOR = Door("d1", "Pintu utama", "Asia/Jakarta")
NAMES = Names({"P1": ("Ana", "Umum")}, {"t1": "P1"})


def fact(seq=1, kind="attendance.tapped", payload=None, **changed):
    fields = {
        "device_id": "d1",
        "epoch": "e",
        "seq": seq,
        "id": f"id-{seq}",
        "kind": kind,
        "claimed_at": "2020-06-10T00:12:00.000000Z",
        "clock_state": "synced",
        "simulated": False,
        "payload": json.dumps({"person_id": "P1", "direction": "in"} if payload is None else payload),
        "received_at": "2020-06-10T00:12:01.000000Z",
    }
    return Fact(**(fields | changed))


def day(*facts, doors=(DOOR,), now=NOW):
    return entries(facts, doors, NAMES, now)


def test_an_entry_is_told_in_the_doors_time():
    """A tap shows who it was and when it was at that door."""
    (entry,) = day(fact())
    assert (entry.name, entry.unit, entry.direction, f"{entry.at:%H.%M %Z}") == ("Ana", "Umum", "in", "07.12 WIB")


@pytest.mark.parametrize(
    ("kind", "payload", "standing"),
    [
        ("verdict.admit", {}, Standing.ADMITTED),
        ("verdict.wait", {}, Standing.WAITING),
        ("verdict.hold", {}, Standing.HELD),
        ("hold.closed", {"decision": "let_in"}, Standing.ADMITTED),
        ("hold.closed", {"decision": "clinic"}, Standing.CLOSED),
        ("hold.closed", {}, Standing.CLOSED),
    ],
)
def test_what_became_of_it(kind, payload, standing):
    """The verdict finds its tap; a closed hold says no more than that it was handled."""
    (entry,) = day(fact(), fact(2, kind, {"tap_id": "id-1"} | payload))
    assert entry.standing is standing


def test_a_badge_is_resolved_once_it_is_known():
    """A tap of an unknown badge has its owner's name as soon as the server knows the badge, and none before."""
    known, unknown = (fact(n, "badge.unmatched", {"token_sha256": token}) for n, token in ((1, "t1"), (2, "t2")))
    assert sorted(entry.name for entry in day(known, unknown)) == ["", "Ana"]


def test_a_person_the_directory_no_longer_has_shows_by_id():
    """Nobody disappears from the day because the directory changed."""
    assert day(fact(payload={"person_id": "P9"}))[0].name == "P9"


def test_each_door_has_its_own_today():
    """At the edge of the day, doors in three zones each show their own."""
    doors = [Door(zone, zone, f"Asia/{zone}") for zone in ("Jakarta", "Makassar", "Jayapura")]
    now = datetime(2020, 6, 10, 15, 30, tzinfo=UTC)  # 22.30, 23.30, and 00.30 on the 11th
    facts = [fact(1, device_id=door.id, claimed_at="2020-06-10T14:00:00.000000Z") for door in doors]
    assert {entry.door.name for entry in day(*facts, doors=doors, now=now)} == {"Jakarta", "Makassar"}
    first, last = window(doors, now)
    assert first <= datetime(2020, 6, 9, 17, tzinfo=UTC) < datetime(2020, 6, 11, 15, tzinfo=UTC) <= last


def test_yesterday_is_not_today():
    """Yesterday's taps that arrive today are yesterday's."""
    assert day(fact(claimed_at="2020-06-09T00:12:00.000000Z")) == []


def test_a_door_without_a_clock_counts_by_receipt():
    """A tap claimed in 1970 by a door that never had the time is shown today, and marked."""
    (entry,) = day(fact(claimed_at="1970-01-01T00:00:10.000000Z", clock_state="never"))
    assert not entry.clock_trusted


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=2)
)
payloads = (
    st.none()
    | st.text(max_size=10)
    | st.dictionaries(st.sampled_from(["tap_id", "person_id", "token_sha256", "direction", "decision"]), json_values).map(
        json.dumps
    )
)


facts = st.builds(
    lambda text, **fields: replace(fact(**fields), payload=text),
    text=payloads,
    seq=st.integers(1, 5),
    kind=st.sampled_from([*TAPS, *JUDGEMENTS]) | st.just("kind.of.tomorrow"),
    claimed_at=st.sampled_from(
        ["2020-06-10T00:12:00.000000Z", "0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z", "x"]
    ),
    received_at=st.sampled_from(["2020-06-10T00:12:01.000000Z", "x"]),
    clock_state=st.sampled_from(["synced", "never", ""]),
    device_id=st.sampled_from(["d1", "gone"]),
)


@given(st.lists(facts, max_size=8))
def test_no_payload_breaks_the_page(reported):
    """Whatever a record holds, the day can be told."""
    assert len(day(*reported)) <= len(reported)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, ("seconds", 0)),
        (59, ("seconds", 59)),
        (60, ("minutes", 1)),
        (7200, ("hours", 2)),
        (90000, ("days", 1)),
        (-5, ("seconds", 0)),
    ],
)
def test_how_long_ago(seconds, words):
    """The largest unit that fits; a moment in the future is now."""
    assert ago(datetime.fromtimestamp(NOW.timestamp() - seconds, UTC), NOW) == words


DEVICE = Device(
    "d1", "Pintu utama", "lobby", "", "Asia/Jakarta", "2020-06-01T00:00:00.000000Z", None, "2020-06-10T01:59:00.000000Z", "synced"
)


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"sort": "name"},
        {"sort": "name", "dir": "desc"},
        {"sort": "nothing", "door": "nowhere"},
        {"door": "d1", "rows": "all"},
        {"sort": "standing"},
        {"sort": "received"},
        {"sort": "door"},
    ],
)
def test_any_question_to_the_table_is_answered(wanted):
    """Sorting and filtering never lose a row, and what is not understood is left out."""
    found = day(fact(1), fact(2, payload={}))
    view = overview(found, [DEVICE], (0, 0), wanted=wanted, now=NOW, zone=ZoneInfo("Asia/Jakarta"))
    assert {entry.id for entry in view.rows} == {"id-1", "id-2"}
    assert view.counts.unknown == 1
    assert view.doors[0].ago == ("minutes", 1)


def test_names_sort_with_the_nameless_last():
    """Sorted by name, unknown badges come last."""
    view = overview(
        day(fact(1, payload={}), fact(2)), [DEVICE], (0, 0), wanted={"sort": "name"}, now=NOW, zone=ZoneInfo("Asia/Jakarta")
    )
    assert [entry.name for entry in view.rows] == ["Ana", ""]
