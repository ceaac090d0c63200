"""The ledger and whatever doors may say."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol.rooms import Room
from sync.server.room_ledger import (
    Ledger,
    empty,
    hear,
    share_out,
    state_for,
)
from tests.sync.server.rooming import FIRST_GENERATION, SECOND_COUNT, Office, at, total

KINDS = (
    "visitor.entered",
    "visitor.left",
    "visitor.waiting",
    "visitor.skipped",
    "visitor.away",
    "visitor.back",
    "room.counted",
    "rights.granted",
    "rights.released",
    "visitor.called",
    "kind.of.tomorrow",
)
names = st.sampled_from(["v1", "v2", "v3"])
passes = st.none() | st.sampled_from(["p1", "p2"])
small = st.integers(0, 3)
payloads = st.fixed_dictionaries(
    {
        "generation": st.sampled_from([FIRST_GENERATION] * 4 + [SECOND_COUNT, "000002@b", "000003@a"]),
        "visit_id": st.none() | names,
        "people": st.integers(1, 3),
        "minted": small,
        "how": st.sampled_from(["scanned", "desk", "counted"]),
        "card": st.none() | st.just(7),
        "card_here": st.booleans(),
        "pass_sha256": passes,
        "heard": st.booleans(),
        "ticket_id": names,
        "final": st.booleans(),
        "serial": small,
        "amount": small,
        "held": st.integers(-2, 3),
        "inside": small,
        "kept": st.lists(names, max_size=2, unique=True),
        "adopted": st.lists(st.fixed_dictionaries({"visit_id": names, "people": small}), max_size=1),
    }
)
steps = st.tuples(
    st.sampled_from("abx"), st.sampled_from(["e1", "e1", "e1", "e2"]), st.sampled_from(KINDS), payloads, st.booleans(), small
)


@given(st.lists(steps, max_size=14))
def test_no_place_is_ever_lost_or_made(said):
    """After whatever doors say, every place is somewhere once, the pool gives no more than it has, and the ledger can be kept."""
    ledger = empty(Room(id="r", name="R", max_people=2, doors=["a", "b"]))
    for second, (door, epoch, kind, payload, trusted, extra) in enumerate(said):
        ledger = hear(
            ledger,
            device_id=door,
            epoch=epoch,
            kind=kind,
            payload=payload,
            claimed_at=at((second * 7) % 11),
            clock_trusted=trusted,
        )
        assert total(ledger) == ledger.max_people
        before = ledger.free
        ledger = share_out(ledger, connected=set("abx"[:extra]))
        assert total(ledger) == ledger.max_people
        assert ledger.free == before or 0 <= ledger.free < before
    assert msgspec.json.decode(msgspec.json.encode(ledger), type=Ledger) == ledger
    for door in "abx":
        assert json.loads(msgspec.json.encode(state_for(ledger, door)))["room_id"] == "r"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
)


@given(
    st.sampled_from(KINDS),
    payloads,
    st.dictionaries(
        st.sampled_from(
            sorted(
                [
                    "generation",
                    "visit_id",
                    "people",
                    "minted",
                    "serial",
                    "amount",
                    "held",
                    "inside",
                    "kept",
                    "adopted",
                    "ticket_id",
                ]
            )
        ),
        json_values,
    ),
    json_values,
)
def test_an_odd_payload_is_no_word(kind, payload, odd, other):
    """Whatever stands in a payload, the ledger answers, and its sum comes out."""
    ledger = Office().opens().ledger
    for each in (payload | odd, other):
        ledger = hear(ledger, device_id="a", epoch="a1", kind=kind, payload=each, claimed_at=at(50))
        assert total(share_out(ledger, connected={"a"})) == 10


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"generation": "x", "visit_id": "v", "people": 1},
        {"generation": FIRST_GENERATION, "visit_id": "v", "people": 0},
        {"generation": FIRST_GENERATION, "visit_id": "v", "people": True},
        {"generation": FIRST_GENERATION, "visit_id": "v", "people": 10**9},
        {"generation": FIRST_GENERATION, "visit_id": "", "people": 1},
    ],
)
def test_an_entry_that_is_none_changes_nothing(office, payload):
    """A figure or a name that cannot be one lets nobody in."""
    office.opens()
    before = office.ledger
    ledger = hear(before, device_id="a", epoch="a1", kind="visitor.entered", payload=payload, claimed_at="")
    assert ledger == before
