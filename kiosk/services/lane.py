"""The lane: takes in what devices and guards say, lets the core decide, and performs its effects, journal first.

One thread owns the lane. Others only `offer()` and `ask()`. `step()` takes one input, so tests drive it without a thread.
"""

import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from drivers.base import Sample, Sighting
from kiosk.core import inputs, session
from kiosk.core.badges import badge_token, token_sha256
from kiosk.core.effects import Answer, Append, CallGuard, Effect, Play, Show
from kiosk.core.passes import read_pass
from kiosk.core.policy import Policy
from kiosk.core.values import At, Screen, Sound, Standing
from kiosk.services import record
from kiosk.services.record import Decide
from kiosk.services.views import Answered
from kiosk.store import directory
from kiosk.store.database import KioskDatabase
from sync.clock import Clock, Moment, SyncState
from sync.ids import RandomBytes, uuid7
from sync.journal import Event
from sync.protocol.events import Kind

R = TypeVar("R")

ASK_TIMEOUT_S = 1.5
"""So long a caller waits for the lane; then the request is withdrawn, unless it is being committed just then."""
_COMMITTING_S = 0.5
_ADMISSIONS = frozenset({Kind.VERDICT_ADMIT, Kind.VERDICT_OVERRIDE})


@dataclass(frozen=True, slots=True)
class SensorState:
    """The thermometer was lost (`reason` is a device state's code) or is back (`reason` None)."""

    reason: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A guard's decision and the place for its answer."""

    decision: inputs.Asking
    reply: "Future[Answered]"


@dataclass(frozen=True, slots=True)
class Happened:
    """Something to journal that the session does not decide about: a device lost, a guard signed in, the station started."""

    events: tuple[Event, ...]
    reply: "Future[None]"


@dataclass(frozen=True, slots=True)
class Deciding:
    """Something that is decided by what the tables say in the very transaction that journals it, and the place for its answer."""

    decide: Decide[Any]
    reply: "Future[Any]"


Offer = Sighting | Sample | SensorState | Asked | Happened | Deciding

About = tuple[Decide[Any], Callable[[Any], None]]
"""A decision, and who wants to know how it ended."""

PassShown = Callable[[str], About | None]
"""Takes the text of a visitor's pass; None lets it be."""

Admitted = Callable[[str], About | None]
"""Takes the id of somebody of the staff who may go in; None where no room counts them."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the audience gets after a step that changed something: the screen, and a sound to play with it."""

    screen: Screen
    sound: Sound | None


class Lane:
    """One door's inputs and effects, in order. See the module's text."""

    def __init__(
        self,
        database: KioskDatabase,
        clock: Clock,
        policy: Policy,
        *,
        zone: ZoneInfo,
        random_bytes: RandomBytes,
        show: Callable[[Shown], None],
        committed: Callable[[], None],
        simulated: bool,
    ) -> None:
        self._database, self._clock, self._policy = database, clock, policy
        self._zone, self._random, self._simulated = zone, random_bytes, simulated
        self._show, self._committed = show, committed
        self._inbox: queue.SimpleQueue[Offer] = queue.SimpleQueue()
        self._state = session.Lane()
        self._pass_shown: PassShown | None = None
        self._admitted: Admitted | None = None

    def attach_passes(self, shown: PassShown) -> None:
        """Say who looks after visitors' passes. Without it they are badges that nobody knows. Call before the first step."""
        self._pass_shown = shown

    def attach_rooms(self, admitted: "Admitted") -> None:
        """Say who wants to know of staff that may go in. Call before the first step."""
        self._admitted = admitted

    def restore(self, state: session.Lane, effects: tuple[Effect, ...]) -> None:
        """Start from what the journal knew before the restart. Call before the first step."""
        self._state = state
        self._perform(effects, self._clock.now())

    def offer(self, item: Offer) -> None:
        """Hand something in; never blocks."""
        self._inbox.put(item)

    def ask(self, decision: inputs.Asking) -> Answered:
        """Hand in what a guard decided or asks for, and wait for its answer, which comes after it is committed.

        Raises:
            DatabaseError: as the commit raised it.
            TimeoutError: the lane does not answer; the decision will not be taken up any more.
        """
        reply: Future[Answered] = Future()
        self._inbox.put(Asked(decision, reply))
        return _answer(reply)

    def journal(self, *events: Event) -> None:
        """Journal what happened beside the session, and wait until it is committed.

        Raises:
            DatabaseError: as the commit raised it.
            TimeoutError: the lane does not answer; nothing of this will be journaled any more.
        """
        reply: Future[None] = Future()
        self._inbox.put(Happened(events, reply))
        _answer(reply)

    def decide(self, decide: Decide[R]) -> R:
        """Have `decide` look at the tables and journal what it gives, in one transaction; wait for its answer.

        Raises:
            DatabaseError: as the commit raised it.
            TimeoutError: the lane does not answer; nothing will be journaled any more.
        """
        reply: Future[R] = Future()
        self._inbox.put(Deciding(decide, reply))
        return _answer(reply)

    def note(self, *events: Event) -> None:
        """Journal what happened beside the session, without waiting for it."""
        self._inbox.put(Happened(events, Future()))

    def run(self, stop: threading.Event) -> None:
        """Step until `stop` is set.

        Raises:
            DatabaseError: the journal cannot be written; the kiosk must end.
        """
        while not stop.is_set():
            self.step(max_wait_s=0.5)

    def step(self, max_wait_s: float = 0.0) -> None:
        """Take the next input, or let time pass if none comes before the session's next deadline or `max_wait_s`.

        Raises:
            DatabaseError: nothing of this input was recorded.
        """
        try:
            item = self._inbox.get(timeout=self._wait_s(max_wait_s)) if max_wait_s else self._inbox.get_nowait()
        except queue.Empty:
            self._advance(lambda at: inputs.TimePassed(at))
            return
        self._take(item)

    def finish(self, *events: Event) -> None:
        """Take what was handed in and not looked at yet, and journal `events` behind it. Only once `run` has ended.

        Raises:
            DatabaseError
        """
        for _ in range(self._inbox.qsize()):
            self.step()
        self._commit(events, self._clock.now())

    def _wait_s(self, max_wait_s: float) -> float:
        deadline_ms = session.next_deadline_ms(self._state)
        if deadline_ms is None:
            return max_wait_s
        return min(max_wait_s, max(0.001, deadline_ms / 1000 - self._clock.now().mono_ns / 1e9))

    def _take(self, item: Offer) -> None:
        match item:
            case Sighting():
                self._sighted(item)
            case Sample():
                self._advance(lambda _: _reading(item))
            case SensorState(reason=None):
                self._advance(lambda at: inputs.SensorBack(at))
            case SensorState():
                self._advance(lambda at: inputs.SensorLost(at, item.reason or ""))
            case Asked():
                self._decide(item)
            case Happened():
                self._happened(item)
            case Deciding():
                self._take_decision(item)

    def _sighted(self, sighting: Sighting) -> None:
        if sighting.text is None:
            self._advance(lambda at: inputs.CodeHint(at, None if sighting.hint is None else str(sighting.hint)))
        elif self._pass_shown is not None and read_pass(sighting.text) is not None:
            self._decide_about(self._pass_shown(sighting.text))
        else:
            self._badge(sighting.text)

    def _decide_about(self, about: About | None) -> None:
        if about is not None:
            decide, tell = about
            tell(self._decided(decide))

    def _badge(self, text: str) -> None:
        token = badge_token(text)
        if token is None:
            digest, standing, person = None, Standing.NOT_A_BADGE, None
        else:
            digest = token_sha256(token)
            with self._database.reading() as db:
                found = directory.look_up(db, digest, self._today())
            standing, person = found.standing, found.person
        event_id = uuid7(self._clock.now().wall, self._random)
        self._advance(lambda at: inputs.BadgeRead(at, event_id, standing, digest, person))

    def _today(self) -> str:
        return self._clock.now().wall.astimezone(self._zone).date().isoformat()

    def _decide(self, asked: Asked) -> None:
        if not asked.reply.set_running_or_notify_cancel():
            return  # whoever asked was told that it is not done
        try:
            answer = self._advance(lambda _: asked.decision)
        except BaseException as exc:
            asked.reply.set_exception(exc)
            raise
        asked.reply.set_result(answer or Answered(False, "unknown_hold"))

    def _happened(self, item: Happened) -> None:
        if not item.reply.set_running_or_notify_cancel():
            return
        try:
            self._commit(item.events, self._clock.now())
        except BaseException as exc:
            item.reply.set_exception(exc)
            raise
        item.reply.set_result(None)
        self._committed()

    def _take_decision(self, item: Deciding) -> None:
        if not item.reply.set_running_or_notify_cancel():
            return
        try:
            answer = self._decided(item.decide)
        except BaseException as exc:
            item.reply.set_exception(exc)
            raise
        item.reply.set_result(answer)

    def _decided(self, decide: Decide[R]) -> R:
        moment = self._clock.now()
        with self._database.transaction() as db:
            events, answer = decide(db, moment)
            record.append(self._database, db, self._stamped(db, events, moment), moment)
        self._committed()
        return answer

    def _advance(self, make: Callable[[At], inputs.Input]) -> Answered | None:
        moment = self._clock.now()
        # The new state counts only once its events are durable: a failed commit leaves the lane as it was.
        state, effects = session.advance(self._state, make(_at(moment)), self._policy)
        answer = self._perform(effects, moment)
        self._state = state
        return answer

    def _perform(self, effects: tuple[Effect, ...], moment: Moment) -> Answered | None:
        appended = [each for each in effects if isinstance(each, Append)]
        if appended:
            self._commit(tuple(Event(e.kind, e.payload, id=e.id) for e in appended), moment)
        sound = next((each.sound for each in effects if isinstance(each, Play)), None)
        screen = next((each.screen for each in reversed(effects) if isinstance(each, Show)), None)
        if screen is not None or sound is not None:
            self._show(Shown(screen or self._state.screen, sound))
        if appended or any(isinstance(each, CallGuard) for each in effects):
            self._committed()
        self._tell_rooms(appended)
        answer = next((each for each in effects if isinstance(each, Answer)), None)
        return None if answer is None else Answered(answer.ok, answer.code)

    def _tell_rooms(self, appended: list[Append]) -> None:
        for each in appended:
            person_id = each.payload.get("person_id")
            if self._admitted is not None and each.kind in _ADMISSIONS and person_id is not None:
                self._decide_about(self._admitted(str(person_id)))

    def _commit(self, events: tuple[Event, ...], moment: Moment) -> None:
        with self._database.reading() as db:
            stamped = self._stamped(db, events, moment)
        record.commit(self._database, stamped, moment)

    def _stamped(self, db: sqlite3.Connection, events: Sequence[Event], moment: Moment) -> list[Event]:
        version = directory.state(db).version
        return [
            Event(e.kind, self._local(e, moment), id=e.id, directory_version=version, simulated=self._simulated) for e in events
        ]

    def _local(self, event: Event, moment: Moment) -> dict[str, object]:
        """Attendance also says the door's own local time, so that a printed journal needs no time zone table."""
        if event.kind not in (Kind.ATTENDANCE_TAPPED, Kind.BADGE_UNMATCHED):
            return event.payload
        return {**event.payload, "local_time": local_text(moment.wall, self._zone)}


def _answer(reply: "Future[R]") -> R:
    try:
        return reply.result(ASK_TIMEOUT_S)
    except TimeoutError:
        if reply.cancel():
            raise
        return reply.result(_COMMITTING_S)  # it is being committed at this moment, and what is committed is not denied


def local_text(wall: datetime, zone: ZoneInfo) -> str:
    """Such as 2020-06-10T07:12:00+07:00."""
    return wall.astimezone(zone).isoformat(timespec="seconds")


def _at(moment: Moment) -> At:
    return At(moment.mono_ns // 1_000_000, moment.wall, moment.sync_state is SyncState.SYNCED)


def _reading(sample: Sample) -> inputs.Reading:
    return inputs.Reading(
        at_ms=sample.at_ns // 1_000_000,
        channel=str(sample.channel),
        object_c=sample.object_c,
        ambient_c=sample.ambient_c,
        body_c=sample.body_c,
    )
