"""A station as its screens see it: streams of views, and what a guard may do."""

import math
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, time
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from drivers.base import PreviewSource
from kiosk.core import inputs
from kiosk.core.inputs import Decision
from kiosk.core.values import At, LetInReason, Person, Reason, Screen, ScreenKind
from kiosk.services import pins
from kiosk.services.broadcast import Broadcast
from kiosk.services.device_health import HealthKeeper
from kiosk.services.guard_rows import many_unmeasured, undo_rows, with_who
from kiosk.services.lane import Lane, Shown
from kiosk.services.refusals import Refusal, Refusals
from kiosk.services.views import Answered, FeedRow, Guard, GuardView, Health, HoldRow, PanelView, SignIn
from kiosk.store import decisions, directory, guards
from kiosk.store.arrivals import Arrival, OpenHold, newest_arrivals, open_holds, people_since
from kiosk.store.database import KioskDatabase, open_reader
from kiosk.store.presence import typed_by
from sync.clock import Clock, Moment, SyncState
from sync.database import DatabaseError, database_errors
from sync.ids import RandomBytes, uuid7
from sync.journal import Event
from sync.protocol.events import Kind

FEED_ROWS = 40
_OUT_OF_SERVICE_WAIT_S = 10
_NOBODY = Guard("?", "", "")
"""Stands for every name that nobody here has: their wrong PINs are counted together. No guard's ID can be "?"."""
_KNOWN_REASONS = frozenset(Reason)
_OFFICERS_ONLY = frozenset({Reason.TEMPERATURE_HIGH_AGAIN, Reason.NOT_THE_PERSON, Reason.HAND_THERMOMETER})


class KioskStation:
    """Implements `kiosk.services.views.Station` over a lane, its database and its health."""

    def __init__(
        self,
        *,
        name: str,
        place: str,
        time_zone: str,
        database: KioskDatabase,
        clock: Clock,
        health: HealthKeeper,
        photos: Path,
        pepper: bytes,
        random_bytes: RandomBytes,
        stopping: threading.Event,
    ) -> None:
        self.name, self.place, self.time_zone = name, place, time_zone
        self.stopping = stopping
        self._database, self._clock, self._health = database, clock, health
        self._photos, self._pepper, self._random = photos, pepper, random_bytes
        self._zone = ZoneInfo(time_zone)
        self._lane: Lane | None = None
        self._preview: PreviewSource | None = None
        self._lock = threading.Lock()
        self._shown = Shown(Screen(ScreenKind.IDLE), None)
        self._language = "id"
        self._serials, self._shown_serial = count(1), 0
        self._began_ms = clock.now().mono_ns // 1_000_000
        self._signing_in = threading.Lock()
        self._not_before_ms: dict[str, int] = {}
        self._feed: tuple[FeedRow, ...] = ()
        self._changed = threading.Event()
        self._refusals = Refusals(clock, self._journal)
        self.panel: Broadcast[PanelView] = Broadcast(self._panel_view())
        self.guard: Broadcast[GuardView] = Broadcast(self._guard_view())

    def attach(self, lane: Lane, preview: PreviewSource | None) -> None:
        """Give the station its lane and its camera. Once, before anything else."""
        self._lane, self._preview = lane, preview

    # What the lane and the devices tell it

    def show(self, shown: Shown) -> None:
        """The lane shows something. The panel has it when this returns."""
        with self._lock:
            if _is_another_go(self._shown.screen, shown.screen):
                self._language = "id"
            self._shown = shown
            self._shown_serial += 1
            self._publish_panel()

    def committed(self) -> None:
        """Something was journaled: the guard's screen needs looking at."""
        self._changed.set()

    def out_of_service(self) -> None:
        """The journal cannot be written."""
        self._health.out_of_service()
        self.show(Shown(Screen(ScreenKind.OUT_OF_SERVICE), None))

    def health_changed(self) -> None:
        """A device was lost or is back."""
        with self._lock:
            self._publish_panel()
        self._changed.set()

    def run_publisher(self, stop: threading.Event) -> None:
        """Keep the guard's screen and the small signs up to date until `stop` is set."""
        while not stop.is_set():
            self._changed.wait(0.5)
            self._changed.clear()
            self.refresh()

    def refresh(self) -> None:
        """Look at everything again and publish what changed."""
        before = self._small_things()
        try:
            self._health.refresh()
            self._refusals.tick()
            view = self._guard_view()
        except (DatabaseError, TimeoutError):
            return  # the lane meets the same error at its next commit, and it decides
        if self._small_things() != before:
            with self._lock:
                self._publish_panel()
        if replace(view, serial=0, now=self.guard.current().now) != replace(self.guard.current(), serial=0):
            self.guard.publish(view)

    def _small_things(self) -> tuple[Health, bool, int | None]:
        """What can change on the panel without the lane showing anything new."""
        return self._health.health, self._tap_sent(), self._recheck_in_s()

    # What screens ask of it

    def set_language(self, language: str) -> None:
        with self._lock:
            self._language = language
            self._publish_panel()

    def preview_jpeg(self) -> tuple[int, bytes] | None:
        return None if self._preview is None else self._preview.preview_jpeg()

    def photo(self, sha256: str) -> Path | None:
        path = self._photos / f"{sha256}.jpg"
        return path if len(sha256) == 64 and sha256.isalnum() and path.is_file() else None

    def guards(self) -> tuple[Guard, ...]:
        with self._database.reading() as db:
            return tuple(Guard(*row) for row in guards.everyone(db))

    def sign_in(self, guard_id: str, pin: str) -> SignIn:
        guard = next((each for each in self.guards() if each.id == guard_id), None)
        try:
            return self._try_pin(guard or _NOBODY, pin)
        except (DatabaseError, TimeoutError):
            return SignIn(None, _OUT_OF_SERVICE_WAIT_S)

    def _try_pin(self, guard: Guard, pin: str) -> SignIn:
        """Look at one PIN, unless it comes too soon. Then it is not looked at, whatever it is, and nobody's thread waits."""
        with self._signing_in:
            wait_s = self._wait_s(guard.id)
            if wait_s:
                self._refusals.refused(Refusal.TOO_SOON, {"guard_id": guard.id})
                return SignIn(None, wait_s)
            self._journal(Event(Kind.GUARD_ATTEMPTED, {"guard_id": guard.id}))
            with self._database.reading() as db:
                pin_hash, tries = guards.pin_hash(db, guard.id), guards.failures(db, guard.id)
            # Set before the look: of a burst of tries only as many are looked at as the count allows.
            self._not_before_ms[guard.id] = self._now_ms() + 1000 * pins.wait_after(tries)
        if not pins.pin_is_right(pin_hash, pin, self._pepper):
            reason = Refusal.UNKNOWN_GUARD if guard is _NOBODY else Refusal.WRONG_PIN
            self._refusals.refused(reason, {"guard_id": guard.id})
            return SignIn(None, pins.wait_after(tries))
        self._journal(Event(Kind.GUARD_SIGNED_IN, {"guard_id": guard.id}))
        self._not_before_ms.pop(guard.id, None)
        return SignIn(guard)

    def _wait_s(self, guard_id: str) -> int:
        """Seconds until a try is looked at. After a restart the count is known, and the time starts anew."""
        not_before_ms = self._not_before_ms.get(guard_id)
        if not_before_ms is None:
            with self._database.reading() as db:
                not_before_ms = self._began_ms + 1000 * pins.wait_after(guards.failures(db, guard_id))
        return max(0, math.ceil((not_before_ms - self._now_ms()) / 1000))

    def _now_ms(self) -> int:
        return self._clock.now().mono_ns // 1_000_000

    def sign_out(self, guard: Guard, by: Guard | None = None) -> None:
        ended_by = {} if by is None else {"by": by.id}
        with suppress(DatabaseError, TimeoutError):  # the lane says so itself; whoever leaves has left
            self._journal(Event(Kind.GUARD_SIGNED_OUT, {"guard_id": guard.id, **ended_by}))

    def decide(
        self,
        guard: Guard,
        hold_id: str,
        decision: Decision,
        *,
        typed_temperature_c: float | None = None,
        note: str = "",
        reason: LetInReason | None = None,
    ) -> Answered:
        moment = self._clock.now()
        question = inputs.GuardDecision(
            at=_at(moment),
            id=uuid7(moment.wall, self._random),
            hold_id=hold_id,
            decision=decision,
            typed_temperature_c=typed_temperature_c,
            by=guard.id,
            note=note,
            reason=reason,
        )
        if self._lane is None:
            return Answered(False, "out_of_service")
        try:
            answered = self._lane.ask(question)
            with self._database.reading() as db:
                return with_who(db, answered, hold_id)
        except (DatabaseError, TimeoutError):
            return Answered(False, "out_of_service")

    def turned_away(self, reason: Refusal, what: Mapping[str, object]) -> None:
        with suppress(DatabaseError, TimeoutError):
            self._refusals.refused(reason, dict(what))

    def metrics(self) -> str:
        health = self._health.health
        figures = {
            "gapura_rows_waiting": health.waiting_rows,
            "gapura_disk_free_mib": health.disk_free_mib,
            "gapura_in_service": int(health.in_service),
            "gapura_online": int(health.online),
            "gapura_clock_trusted": int(health.clock_trusted),
            'gapura_device_ok{device="camera"}': int(health.camera == "ok"),
            'gapura_device_ok{device="thermometer"}': int(health.thermometer == "ok"),
            'gapura_device_ok{device="printer"}': int(health.printer.prints),
            "gapura_directory_version": health.directory_version,
        }
        return "".join(f"{name} {value}\n" for name, value in figures.items())

    def _journal(self, event: Event) -> None:
        if self._lane is not None:
            self._lane.journal(event)

    # Views

    def _publish_panel(self) -> None:
        self.panel.publish(self._panel_view())

    def _panel_view(self) -> PanelView:
        return PanelView(
            serial=next(self._serials),
            screen=self._shown.screen,
            health=self._health.health,
            now=self._clock.now().wall,
            language=self._language,
            tap_sent=self._tap_sent(),
            recheck_in_s=self._recheck_in_s(),
            sound=self._shown.sound,
            shown_serial=self._shown_serial,
        )

    def _tap_sent(self) -> bool:
        tap = self._shown.screen.tap
        return tap is not None and any(row.tap_id == tap.id and row.sent for row in self._feed)

    def _recheck_in_s(self) -> int | None:
        due_ms = self._shown.screen.recheck_at_ms
        return None if due_ms is None else max(0, round((due_ms - self._clock.now().mono_ns // 1_000_000) / 1000))

    def _guard_view(self) -> GuardView:
        now = self._clock.now()
        midnight = datetime.combine(now.wall.astimezone(self._zone).date(), time(), self._zone)
        db = open_reader(self._database.path)
        try:
            with database_errors(self._database.path):
                arrivals = newest_arrivals(db, FEED_ROWS)
                holds = open_holds(db)
                ids = {a.person_id for a in arrivals if a.person_id} | {h.person_id for h in holds if h.person_id}
                people = {each: found for each in ids if (found := directory.person(db, each)) is not None}
                inside_today = people_since(db, midnight)
                undoable = undo_rows(db, now, self._began_ms)
                steps = decisions.steps(db, [each.tap_id for each in arrivals])
                typed = typed_by(db, [(a.tap_id, a.person_id) for a in arrivals if a.kind == Kind.ATTENDANCE_MANUAL])
        finally:
            db.close()
        self._feed = tuple(
            replace(self._feed_row(each, people, steps.get(each.tap_id, ())), typed_by=typed.get(each.tap_id))
            for each in arrivals
        )
        return GuardView(
            serial=next(self._serials),
            now=now.wall,
            holds=tuple(_hold_row(each, people, now) for each in holds),
            feed=self._feed,
            health=self._health.health,
            inside_today=inside_today,
            undoable=undoable,
            offers_by_hand=not self._health.health.by_hand and many_unmeasured(arrivals),
        )

    def _feed_row(self, arrival: Arrival, people: dict[str, Person], steps: tuple[tuple[str, str], ...]) -> FeedRow:
        return FeedRow(
            tap_id=arrival.tap_id,
            at=arrival.at,
            clock_trusted=arrival.clock_state == "synced",
            kind=arrival.kind,
            person=people.get(arrival.person_id or ""),
            direction=arrival.direction,
            verdict=arrival.verdict,
            reasons=_reasons(arrival.reasons),
            shown_temperature_c=arrival.shown_temperature_c,
            hold_id=arrival.hold_id,
            decision=arrival.decision,
            sent=self._health.is_sent(arrival.epoch, arrival.seq),
            steps=steps,
        )


def _is_another_go(before: Screen, after: Screen) -> bool:
    """True where what was one person's screen is nobody's or somebody else's. An idle panel may become anybody's."""
    if before.kind is ScreenKind.IDLE:
        return False
    if after.kind is ScreenKind.IDLE:
        return True
    return before.tap is not None and after.tap is not None and before.tap.id != after.tap.id


def _hold_row(hold: OpenHold, people: dict[str, Person], now: Moment) -> HoldRow:
    recheck_in_s = None
    if Reason.TEMPERATURE_UNMEASURED in hold.reasons and _OFFICERS_ONLY.isdisjoint(hold.reasons):
        recheck_in_s = 0
    elif hold.recheck_after_min is not None and _OFFICERS_ONLY.isdisjoint(hold.reasons):
        recheck_in_s = max(0, round(hold.recheck_after_min * 60 - (now.wall - hold.opened_at).total_seconds()))
    return HoldRow(
        hold_id=hold.hold_id,
        tap_id=hold.tap_id,
        person=people.get(hold.person_id or ""),
        opened_at=hold.opened_at,
        reasons=_reasons(hold.reasons),
        shown_temperature_c=hold.shown_temperature_c,
        recheck_in_s=recheck_in_s,
        unattended=hold.unattended,
    )


def _reasons(codes: tuple[str, ...]) -> tuple[Reason, ...]:
    """Codes this version knows; a journal may hold newer ones."""
    return tuple(Reason(code) for code in codes if code in _KNOWN_REASONS)


def _at(moment: Moment) -> At:
    return At(moment.mono_ns // 1_000_000, moment.wall, moment.sync_state is SyncState.SYNCED)
