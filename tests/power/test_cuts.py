"""What the screen confirmed is in the journal after any power cut."""

import random
from collections.abc import Callable, Sequence

import pytest

from kiosk.simulation.disk_files import Image
from kiosk.store import projections
from kiosk.store.database import KioskDatabase
from sync.clock import Moment
from sync.database import DatabaseError
from sync.journal import Entry, Event
from tests.power.door import Setup
from tests.power.walk import Tally, walk, walk_until


def _acknowledge_before_the_commit(database: KioskDatabase, events: Sequence[Event], moment: Moment) -> list[Entry]:
    entries: list[Entry] = []
    try:
        with database.transaction() as db:
            entries += [database.journal.append(event, moment) for event in events]
            for entry in entries:
                projections.apply(db, entry)
    except DatabaseError:
        return entries
    return entries


def _commit_one_by_one(database: KioskDatabase, events: Sequence[Event], moment: Moment) -> list[Entry]:
    entries = []
    for event in events:
        with database.transaction() as db:
            entries.append(database.journal.append(event, moment))
            projections.apply(db, entries[-1])
    return entries


def _project_afterwards(database: KioskDatabase, events: Sequence[Event], moment: Moment) -> list[Entry]:
    with database.transaction():
        entries = [database.journal.append(event, moment) for event in events]
    with database.transaction() as db:
        for entry in entries:
            projections.apply(db, entry)
    return entries


def test_no_cut_loses_or_damages_anything(image: Image, count_cuts: Callable[[Tally], None]) -> None:
    """Ten thousand power cuts lose no confirmed record, tear no transaction and leave a kiosk that works on."""
    tally = walk_until(10_000, image)
    count_cuts(tally)
    assert tally.faults == []
    assert tally.confirmed > tally.cuts


@pytest.mark.campaign
def test_campaign(image: Image, count_cuts: Callable[[Tally], None]) -> None:
    """A hundred thousand more cuts, in worlds that nobody has walked before, find nothing either."""
    tally = walk_until(100_000, image, first_seed=random.SystemRandom().randrange(1_000_000, 1 << 48))
    count_cuts(tally)
    assert tally.faults == []


@pytest.mark.parametrize(
    ("setup", "found"),
    [
        pytest.param(Setup(pragma="PRAGMA synchronous = NORMAL"), "confirmed records lost", id="synchronous NORMAL"),
        pytest.param(Setup(pragma="PRAGMA synchronous = OFF"), "confirmed records lost", id="synchronous OFF"),
        pytest.param(Setup(commit=_acknowledge_before_the_commit), "confirmed records lost", id="acknowledge before commit"),
        pytest.param(Setup(commit=_commit_one_by_one), "all or none", id="facts of one moment apart"),
        pytest.param(Setup(commit=_project_afterwards), "the projections are not", id="projections behind the journal"),
    ],
)
def test_a_planted_fault_is_found(image: Image, setup: Setup, found: str) -> None:
    """A product that is wrong about durability is found out within a few hundred cuts."""
    tally = walk_until(300, image, setup)
    assert any(found in fault for fault in tally.faults), tally.faults


def test_a_lying_disk_is_noticed(image: Image) -> None:
    """A disk that lies about syncs may lose records, but the file is refused, its chain names the row, or its end is missing."""
    tally = walk_until(1_000, image, Setup(lying=True))
    assert tally.lost > 0
    assert any("must be set aside" in fault for fault in tally.faults)
    assert tally.unnoticed == 0


def test_a_seed_replays_its_world(image: Image) -> None:
    """The same seed gives the same world, so a fault that was found can be looked at again."""
    setup = Setup(pragma="PRAGMA synchronous = NORMAL")
    assert [str(walk(seed, image, setup)) for seed in range(5)] == [str(walk(seed, image, setup)) for seed in range(5)]
