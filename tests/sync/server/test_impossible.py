"""One badge, two doors, an impossible interval."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol.wire import Batch
from sync.server.documents import read_import
from sync.server.impossible import Seen, impossible
from tests.sync.server.making import EPOCH, KEY, TOKEN, batch, directory, packed, raw, record

WITHIN = timedelta(minutes=3)
START = datetime(2020, 6, 10, tzinfo=UTC)


def seen(number, place, at_s, *keys):
    return Seen(f"e{number}", keys or ("person P1",), "Siti", f"door {place}", place, START + timedelta(seconds=at_s))


@pytest.mark.parametrize(("apart_s", "found"), [(0, 1), (179, 1), (180, 1), (181, 0)])
def test_the_interval(apart_s, found):
    """The interval itself still counts, a second more does not, and the earlier tap is named first."""
    pairs = impossible([seen(2, "back", apart_s), seen(1, "front", 0)], WITHIN)
    assert len(pairs) == found
    assert all((pair.first.at <= pair.second.at, pair.apart_s) == (True, apart_s) for pair in pairs)


def test_two_doors_of_one_place():
    """Two kiosks side by side are one place: no alarm."""
    assert impossible([seen(1, "front", 0), seen(2, "front", 5)], WITHIN) == []


def test_a_person_with_two_badges_and_a_badge_without_a_person():
    """Either is enough, and a pair that both say is one alarm."""
    taps = [seen(1, "a", 0, "person P1", "badge x"), seen(2, "b", 9, "person P1", "badge y"), seen(3, "c", 20, "badge y")]
    assert [(pair.first.event_id, pair.second.event_id) for pair in impossible(taps, WITHIN)] == [("e2", "e3"), ("e1", "e2")]
    both = [seen(1, "a", 0, "person P1", "badge x"), seen(2, "b", 9, "person P1", "badge x")]
    assert len(impossible(both, WITHIN)) == 1


taps = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 900), st.sampled_from(["p1", "p2"])), max_size=12)


@given(taps=taps)
def test_no_impossible_pair_goes_unnoticed(taps):
    """Some pair of a person is found exactly where two taps at different places lie within the interval."""
    made = [seen(number, place, at_s, key) for number, (place, at_s, key) in enumerate(taps)]
    found = {pair.first.keys for pair in impossible(made, WITHIN)}
    expected = {
        one.keys
        for one in made
        for two in made
        if one.keys == two.keys and one.place_id != two.place_id and abs(one.at - two.at) <= WITHIN
    }
    assert found == expected


@pytest.fixture
def other(store, clock):
    """A second door, at another place."""
    return store.devices.add(
        "Gedung B", place_id="b", time_zone="Asia/Jakarta", now=clock.now().claimed_at, public_key=KEY.public
    )


def taken(store, device, at, **more):
    record_of = record(device.id, 1, claimed_at=at, payload={"tap_id": "t", "person_id": "P1", "token_sha256": TOKEN}, **more)
    store.sink.take(device.id, Batch(EPOCH, [raw(record_of)]), at)


def test_an_alarm_on_the_page(store, client, door, other, clock):
    """Both taps are shown with door, place and time to the second, and the name."""
    store.documents.replace_directory(read_import(directory("Siti Rahayu")), now=clock.now().claimed_at)
    taken(store, door, "2020-06-10T00:12:00.000000Z")
    taken(store, other, "2020-06-10T00:13:30.000000Z", place_id="b")
    page = client.get("/troubles").text
    for words in ("Satu kartu di dua pintu", "Siti Rahayu", "Pintu utama (lobby)", "Gedung B (b)", "07.13.30", "90 detik"):
        assert words in page


@pytest.mark.parametrize("more", [{"clock_state": "unsynced"}, {"place_id": "lobby"}, {"kind": "attendance.manual"}])
def test_no_alarm_without_proof(store, client, door, other, more):
    """A door's time that nobody vouches for, the same place, and what a guard typed prove nothing."""
    taken(store, door, "2020-06-10T00:12:00.000000Z")
    taken(store, other, "2020-06-10T00:13:30.000000Z", **{"place_id": "b"} | more)
    assert "Satu kartu di dua pintu" not in client.get("/troubles").text


def test_plain_days_raise_no_alarm(store, client, door, send):
    """Taps of one door, however many, are no alarm."""
    send(packed(batch(door.id, range(1, 6))))
    assert "Satu kartu di dua pintu" not in client.get("/troubles").text
