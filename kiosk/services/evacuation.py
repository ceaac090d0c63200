"""Who is believed inside now, at every door of the site, and the roll-call of an evacuation."""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import msgspec

from kiosk.core.presence_rule import Entry, How, Instant, Present, age_s, how_inside, is_of_today, merged, remark
from kiosk.services.broadcast import Broadcast
from kiosk.services.neighbours import Answer, Inside, Neighbours, OtherDoor, SiteKey, instant, present
from kiosk.services.private_files import private_folder, write_private
from kiosk.services.tools import StationTools
from kiosk.services.views import Guard
from kiosk.store import duty_log, guards, inside
from sync.ids import uuid7
from sync.journal import Event
from sync.protocol.events import Kind

logger = logging.getLogger(__name__)

RUNS_FOR_S = 12 * 3600.0
"""So long a roll-call stays on the page; it stays in the journal."""
_LISTS_KEPT = 3
_TOKEN_NAMES = frozenset("0123456789abcdef-")


class State(StrEnum):
    """What a roll-call found of somebody."""

    SAFE = "safe"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RoomPresence:
    """Visitors in one room: how many, and their numbers (never names)."""

    room: str
    count: int
    numbers: tuple[str, ...] = ()


class VisitorsInside(Protocol):
    """Whoever runs the rooms says who is in them."""

    def rooms(self) -> list[RoomPresence]:
        """Each room with visitors in it now. It must answer without a network."""


class NoVisitors:
    """A station that runs no rooms."""

    def rooms(self) -> list[RoomPresence]:
        return []


@dataclass(frozen=True, slots=True)
class Roll:
    """A list of who is believed inside, as it was at `made_at`. `doors` are the others of the site."""

    made_at: datetime
    clock_trusted: bool
    people: tuple[Present, ...]
    unknown_badges: int
    rooms: tuple[RoomPresence, ...]
    doors: tuple[OtherDoor, ...]


@dataclass(frozen=True, slots=True)
class RollCall:
    """An evacuation that was started: its frozen list, and the ticks so far, by person."""

    evacuation_id: str
    by: str
    roll: Roll
    marks: dict[str, duty_log.Mark]

    def counts(self) -> dict[str, int]:
        """How many are in each state; `open` are those nobody has ticked, or somebody has unticked."""
        ids = {each.person_id for each in self.roll.people}
        found = Counter(mark.state for mark in self.marks.values() if mark.person_id in ids)
        safe, missing = found[State.SAFE], found[State.MISSING]
        return {"safe": safe, "missing": missing, "open": len(ids) - safe - missing, "all": len(ids)}

    @property
    def version(self) -> int:
        """Grows with every tick."""
        return max((mark.position for mark in self.marks.values()), default=0)


class _Frozen(msgspec.Struct, frozen=True):
    """A roll as it is kept in a file."""

    made_at: datetime
    clock_trusted: bool
    people: tuple[Present, ...]
    unknown_badges: int
    rooms: tuple[RoomPresence, ...]
    doors: tuple[tuple[str, float | None], ...]


class Evacuation:
    """The evacuation list of one station."""

    def __init__(self, tools: StationTools, neighbours: Neighbours, visitors: VisitorsInside | None = None) -> None:
        self._tools, self._neighbours, self._visitors = tools, neighbours, visitors or NoVisitors()
        self._folder = tools.data / "evacuations"
        self._frozen: tuple[str, Roll] | None = None
        self.changes: Broadcast[int] = Broadcast(0)

    def now(self) -> Roll:
        """Who is believed inside now.

        Raises:
            DatabaseError
        """
        here, unknown, gone = self._here()
        doors = self.doors()
        answers = [(door, door.answer) for door in doors if door.answer is not None]
        there = [each for door, answer in answers for each in present(answer, door.age_s)]
        left = [(who, ago + door.age_s) for door, answer in answers if door.age_s is not None for who, ago in answer.left]
        return Roll(
            made_at=self._tools.now().wall,
            clock_trusted=self._tools.clock_is_trusted(),
            people=tuple(merged(here, there, [*gone, *left])),
            unknown_badges=unknown + sum(answer.unknown_badges for _, answer in answers),
            rooms=tuple(self._visitors.rooms()),
            doors=tuple(doors),
        )

    def answer(self) -> Answer:
        """What this door tells the others.

        Raises:
            DatabaseError
        """
        here, unknown, left = self._here()
        return Answer(
            device_id=self._tools.device_id,
            door=self._tools.place,
            people=tuple(
                Inside(
                    person_id=each.person_id,
                    name=each.name,
                    unit=each.unit,
                    how=each.how,
                    age_s=each.age_s,
                    by=each.by,
                    remark=each.remark,
                )
                for each in here
            ),
            left=tuple(left),
            unknown_badges=unknown,
            visitors=sum(room.count for room in self._visitors.rooms()),
        )

    def start(self, by: Guard) -> str:
        """Freeze the list of now and journal that an evacuation began; gives its id.

        Raises:
            DatabaseError, TimeoutError: it was not journaled.
            OSError: the list could not be kept.
        """
        evacuation_id = uuid7(self._tools.now().wall, self._tools.random_bytes)
        roll = self.now()
        private_folder(self._folder)
        doors = tuple((door.name, door.age_s) for door in roll.doors)
        frozen = _Frozen(roll.made_at, roll.clock_trusted, roll.people, roll.unknown_badges, roll.rooms, doors)
        write_private(self._folder / f"{evacuation_id}.json", msgspec.json.encode(frozen))
        self._tools.journal(Event(Kind.EVACUATION_STARTED, {"evacuation_id": evacuation_id, "by": by.id}))
        self._forget_lists(keep=_LISTS_KEPT)
        self._tell()
        return evacuation_id

    def current(self) -> RollCall | None:
        """The roll-call that is under way; None if none was started within `RUNS_FOR_S`.

        Raises:
            DatabaseError
        """
        with self._tools.reading() as db:
            newest = duty_log.newest_evacuation(db)
            if newest is None:
                return None
            marks = duty_log.marks(db, newest.evacuation_id)
            names = {row[0]: row[1] for row in guards.everyone(db)}
        ago_s = age_s(newest.at, instant(self._tools.now()))
        if ago_s is not None and ago_s > RUNS_FOR_S:
            self._forget_lists(keep=0)  # names are kept no longer than they are needed; who was ticked is in the journal
            return None
        roll = self._roll(newest.evacuation_id)
        return None if roll is None else RollCall(newest.evacuation_id, names.get(newest.by, newest.by), roll, marks)

    def mark(self, by: Guard, evacuation_id: str, person_id: str, state: State) -> bool:
        """Tick somebody. False for an evacuation that is over, or somebody who is not on its list.

        Raises:
            DatabaseError, TimeoutError
        """
        call = self.current()
        if call is None or call.evacuation_id != evacuation_id:
            return False
        if all(each.person_id != person_id for each in call.roll.people):
            return False
        payload = {"evacuation_id": evacuation_id, "person_id": person_id, "state": str(state), "by": by.id}
        self._tools.journal(Event(Kind.EVACUATION_MARKED, payload))
        self._tell()
        return True

    def doors(self) -> list[OtherDoor]:
        """The other doors as they were last heard of. Asks for news of them, which the next look finds."""
        self._neighbours.want()
        return self._neighbours.doors()

    @property
    def site_key(self) -> SiteKey | None:
        """What requests of other doors are checked with; None where this door has no site."""
        return self._neighbours.key

    def _forget_lists(self, *, keep: int) -> None:
        lists = sorted(self._folder.glob("*.json"))
        for old in lists[: len(lists) - keep]:
            old.unlink(missing_ok=True)

    def _tell(self) -> None:
        self.changes.publish(self.changes.current() + 1)

    def _roll(self, evacuation_id: str) -> Roll | None:
        if self._frozen is not None and self._frozen[0] == evacuation_id:
            return self._frozen[1]
        if not _TOKEN_NAMES.issuperset(evacuation_id):
            return None
        roll = _thawed(self._folder / f"{evacuation_id}.json")
        if roll is not None:
            self._frozen = (evacuation_id, roll)
        return roll

    def _here(self) -> tuple[list[Present], int, list[tuple[str, float]]]:
        """This door's people, its unknown badges, and who went out here today and how long ago."""
        now = instant(self._tools.now())
        with self._tools.reading() as db:
            entries = inside.newest(db, now.wall - timedelta(hours=30))
            people = inside.people(db)
            names = {row[0]: row[1] for row in guards.everyone(db)}
        entries = [each for each in entries if is_of_today(each.at, now, self._tools.zone)]
        staff = [each for each in entries if not each.key.startswith(inside.UNKNOWN)]
        unknown = sum(how_inside(each) is not None for each in entries if each.key.startswith(inside.UNKNOWN))
        left = [(each.key, ago) for each in staff if each.direction == "out" and (ago := age_s(each.at, now)) is not None]
        return list(_believed(staff, now, people, names)), unknown, left


def _believed(
    entries: Iterable[Entry], now: Instant, people: dict[str, tuple[str, str, str | None]], names: dict[str, str]
) -> Iterable[Present]:
    # Somebody whose badge was refused may be inside by an entry before: that one counts.
    admitted = {each.key for each in entries if each.is_admission and how_inside(each) is not None}
    for each in entries:
        how, person_id = how_inside(each), each.key.removeprefix(inside.REFUSED)
        if how is None or (not each.is_admission and person_id in admitted):
            continue
        name, unit, photo = people.get(person_id, (person_id, "", None))
        by = names.get(each.by or "", each.by or "") if how is How.MANUAL else ""
        yield Present(person_id, name, unit, how, age_s(each.at, now), by, remark(each), photo=photo)


def _thawed(path: Path) -> Roll | None:
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_Frozen)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as exc:
        logger.warning("the list of an evacuation cannot be read: %s", exc)
        return None
    doors = tuple(OtherDoor(name, ago_s, None, is_answering=False) for name, ago_s in kept.doors)
    return Roll(kept.made_at, kept.clock_trusted, kept.people, kept.unknown_badges, kept.rooms, doors)
