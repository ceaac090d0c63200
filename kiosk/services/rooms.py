"""The rooms of a station: what panel, desk, display and guard do about them, decided and journaled by the lane."""

import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from kiosk.core import staff_visits, visits
from kiosk.core.badges import token_sha256
from kiosk.core.passes import TOKEN_BYTES, CodeKind, pass_code, read_pass
from kiosk.core.room_codes import FreeReason, OverrideReason, Said, TicketState
from kiosk.core.room_here import Decided, Draft, Guest, Here, Pass
from kiosk.core.values import Direction
from kiosk.services import desk_notes, pass_showing
from kiosk.services.broadcast import Broadcast
from kiosk.services.evacuation import RoomPresence
from kiosk.services.pass_reading import PassReader
from kiosk.services.record import Decide
from kiosk.services.room_answers import card_of_number, come_in, done_of, guest_of
from kiosk.services.room_board import RoomBoard, presence
from kiosk.services.room_context import RoomContext, events_of
from kiosk.services.room_view import door_ids
from kiosk.services.room_views import Done, RoomsView, Visitor
from kiosk.services.satisfaction import AskingLeavers
from kiosk.services.tools import StationTools
from kiosk.services.views import Guard
from kiosk.store import pass_cards, room_documents
from kiosk.store.room_documents import RoomsHere
from sync.clock import Moment
from sync.database import DatabaseError
from sync.journal import Event
from sync.protocol.rooms import Counts, PassKind
from sync.protocol.satisfaction import Level

_STEP_S = 1.0
R = TypeVar("R")


class Writer(Protocol):
    """Has the lane decide something and journal it in one transaction: `Lane.decide`."""

    def __call__(self, decide: Decide[R], /) -> R:
        """Raises DatabaseError or TimeoutError."""


@dataclass(frozen=True, slots=True)
class Setting:
    """The tables at the moment of a decision."""

    db: sqlite3.Connection
    known: RoomsHere
    moment: Moment


Chosen = tuple[Sequence[Draft], Done]


class StationRooms:
    """Implements `kiosk.services.room_views.Rooms`. `write` has the lane decide; `direction` is the door's."""

    def __init__(
        self, tools: StationTools, context: RoomContext, write: Writer, direction: Direction = Direction.UNSTATED
    ) -> None:
        self._reader = PassReader(tools.clock)
        self._context = replace(context, promised=self._reader.promised)
        self._tools, self._write, self._direction = tools, write, direction
        self._board = RoomBoard(tools, self._context)
        self._leavers = AskingLeavers(tools.random_bytes)
        self._changed, self._publishing, self._showing_lock = threading.Event(), threading.Lock(), threading.Lock()
        self._scanned: Broadcast[Done | None] = Broadcast(None)
        self.views: Broadcast[RoomsView] = Broadcast(self.view())

    # What screens see

    def view(self) -> RoomsView:
        with self._tools.reading() as db:
            return self._board.view(db, self._tools.now())

    def scanned(self) -> Broadcast[Done | None]:
        return self._scanned

    def rooms(self) -> list[RoomPresence]:
        """Who is in the rooms, for the evacuation list."""
        return presence(self.view())

    def changed(self) -> None:
        """Documents or the link changed: look again at once."""
        self._changed.set()

    def close(self) -> None:
        """No more news: whoever waits for it is woken. Part of shutting down."""
        self.views.close()
        self._scanned.close()

    def run(self, stop: threading.Event) -> None:
        """Let time pass, and tell screens what changed, until `stop` is set.

        Raises:
            DatabaseError: the journal cannot be written; the kiosk must end.
        """
        while not stop.is_set():
            self._changed.wait(_STEP_S)
            self._changed.clear()
            self.step()

    def step(self) -> None:
        """Do what is due by the time or by a document, and publish what changed.

        Raises:
            DatabaseError
        """
        with self._tools.reading() as db:
            is_due = bool(self._context.take_in(db, self._tools.now()))
        if is_due:
            try:
                self._write(self._due)
            except TimeoutError:
                return  # the lane is busy; it is due at the next step too
        self._publish()

    def _due(self, db: sqlite3.Connection, moment: Moment) -> tuple[Sequence[Event], None]:
        drafts = self._context.take_in(db, moment)
        self._context.note_released(room_documents.read(db).version, drafts)
        return events_of(drafts), None

    def _publish(self) -> None:
        with self._publishing:
            view, current = self.view(), self.views.current()
            if replace(view, serial=0, now=current.now) != replace(current, serial=0):
                self.views.publish(view)

    # Coming in

    def arrive(self, room_id: str, visitor: Visitor, *, by: Guard | None = None, card: int | None = None) -> Done:
        return self._act(room_id, lambda at, here: self._come(at, here, guest_of(visitor), None, by, card))

    def enter_called(self, ticket_id: str, *, by: Guard | None = None, card: int | None = None) -> Done:
        def choose(at: Setting) -> Chosen:
            here = self._here_of(at, ticket_id)
            ticket = None if here is None else here.book.tickets.get(ticket_id)
            if here is None or ticket is None:
                return (), Done(Said.NO_SUCH_NUMBER)
            if ticket.state is not TicketState.CALLED:
                return (), Done(Said.NOT_YOUR_TURN, here.room.id, ticket_id=ticket_id, number=ticket.number)
            return self._come(at, here, Guest(ticket.people, priority=ticket.priority), ticket_id, by, card)

        return self._act_on(choose)

    def _come(self, at: Setting, here: Here, guest: Guest, ticket_id: str | None, by: Guard | None, card: int | None) -> Chosen:
        if by is None:  # whoever is at the panel now is somebody else; the desk takes nobody's place
            self._reader.awaiting = None
            here = replace(here, promised=0)
        kind = here.room.pass_kind
        if kind is PassKind.CARD and by is None:
            return self._ask_for_card(here, guest, ticket_id)
        if kind is PassKind.CARD or card is not None:
            carried = None if card is None else card_of_number(at.db, here, card)
            if isinstance(carried, Said):
                return (), Done(carried, here.room.id, card=card)
            return self._followed(here, come_in(here, guest, carried, ticket_id, by))
        token = self._tools.random_bytes(TOKEN_BYTES)
        drafts, done = self._followed(here, come_in(here, guest, Pass(token_sha256(token)), ticket_id, by))
        if done.said is not Said.ENTERED:
            return drafts, done
        return drafts, replace(done, pass_code=pass_code(CodeKind.SINGLE, token), pass_kind=kind)

    def _ask_for_card(self, here: Here, guest: Guest, ticket_id: str | None) -> Chosen:
        """At the panel a card is shown last: nothing is spent before."""
        decided = come_in(here, guest, None, ticket_id, None)
        if decided.said is not Said.ENTERED:
            return self._followed(here, decided)
        self._reader.await_card(here.room.id, guest, ticket_id)
        return (), Done(Said.SHOW_CARD, here.room.id, ticket_id=ticket_id, people=guest.people, places_left=here.free)

    def cancel(self) -> None:
        self._reader.awaiting = None
        self._changed.set()

    def pass_shown(self, text: str) -> Done:
        read = read_pass(text)
        if read is None:
            return Done(Said.UNKNOWN_PASS)
        return self._tell(self._act_on(lambda at: self._showing(at, read.token_sha256, read.kind)))

    def pass_seen(self, text: str) -> tuple[Decide[Done], Callable[[Done], None]] | None:
        """For the lane: what to do about a pass in front of the camera; None while it is still the same showing."""
        read = read_pass(text)
        if read is None or not self._reader.is_new(read.token_sha256):
            return None

        def decide(db: sqlite3.Connection, moment: Moment) -> tuple[Sequence[Event], Done]:
            drafts, done = self._showing(self._setting(db, moment), read.token_sha256, read.kind)
            return events_of(drafts), done

        return decide, self._heard

    def staff_admitted(self, person_id: str) -> tuple[Decide[Done], Callable[[Done], None]] | None:
        """For the lane: what follows when somebody of the staff may go in; None where no room counts them."""
        counting = [each.room.id for each in self.views.current().rooms if each.room.counts is Counts.EVERYONE]
        if not counting:
            return None

        def decide(db: sqlite3.Connection, moment: Moment) -> tuple[Sequence[Event], Done]:
            at = self._setting(db, moment)
            heres = [here for each in counting if (here := self._here(at, each)) is not None]
            chosen = [self._followed(here, staff_visits.admitted(here, person_id, self._direction)) for here in heres]
            full = next((done for _, done in chosen if done.said is Said.FULL), None)
            return events_of(draft for drafts, _ in chosen for draft in drafts), full or Done(Said.CHECKED)

        return decide, self._staff_told

    def _staff_told(self, done: Done) -> None:
        if done.said is Said.FULL:
            self._shown(done)
        self._changed.set()

    def _showing(self, at: Setting, token: str, kind: CodeKind) -> Chosen:
        heres = [self._context.here(at.db, at.known, room, at.moment) for room in at.known.rooms]
        card = pass_cards.look_up(at.db, token) if kind is CodeKind.CARD else None
        shown = pass_showing.decide(heres, token, kind, card, self._reader.awaited())
        if shown.here is None:
            return (), Done(shown.decided.said, card=None if card is None else card.number)
        if shown.uses_up_awaited:
            self._reader.awaiting = None
        drafts, done = self._followed(shown.here, shown.decided)
        return drafts, replace(done, card=None if card is None else card.number, in_use_since=shown.in_use_since)

    def _tell(self, done: Done) -> Done:
        self._heard(done)
        return done

    def _heard(self, done: Done) -> None:
        self._shown(done)
        self._changed.set()

    def _shown(self, done: Done) -> None:
        found = self.views.current().room(done.room_id or "")
        with self._showing_lock:
            self._scanned.publish(self._leavers.heard(done, None if found is None else found.room, self._tools.now()))

    def rate(self, showing: str, level: Level) -> Done:
        done = self._act_on(lambda at: self._leavers.rate(self._context.zone, at.moment, showing, level))
        with self._showing_lock:
            shown = self._scanned.current()
            if done.said is Said.RATED and shown is not None and shown.showing == showing:  # else somebody else is at the panel
                self._scanned.publish(done)
        return done

    # What the desk does

    def free(self, visit_id: str, reason: FreeReason, *, by: Guard, note: str = "", card_here: bool = False) -> Done:
        return self._on(visit_id, lambda here: visits.free(here, visit_id, reason, note, card_here=card_here, by=by.id))

    def call_next(self, room_id: str, *, by: Guard) -> Done:
        return self._act(room_id, lambda _, here: self._followed(here, visits.call_next(here, by=by.id)))

    def call_again(self, ticket_id: str, *, by: Guard) -> Done:
        return self._on(ticket_id, lambda here: visits.call(here, ticket_id, by=by.id))

    def pause_call(self, ticket_id: str, *, by: Guard) -> Done:
        return self._on(ticket_id, lambda here: visits.call(here, ticket_id, by=by.id, is_paused=True))

    def skip(self, ticket_id: str, *, by: Guard) -> Done:
        return self._on(ticket_id, lambda here: visits.skip(here, ticket_id, by=by.id))

    def step_away(self, ticket_or_visit_id: str, *, by: Guard | None = None) -> Done:
        whose = None if by is None else by.id
        return self._on(ticket_or_visit_id, lambda here: visits.step_away(here, ticket_or_visit_id, by=whose))

    def come_back(self, ticket_or_visit_id: str, *, by: Guard | None = None) -> Done:
        whose = None if by is None else by.id
        return self._on(ticket_or_visit_id, lambda here: visits.come_back(here, ticket_or_visit_id, by=whose))

    def move(self, visit_id: str, to_room_id: str, *, by: Guard) -> Done:
        def choose(at: Setting) -> Chosen:
            here, there = self._here_of(at, visit_id), self._here(at, to_room_id)
            if here is None:
                return (), Done(Said.NO_SUCH_VISIT)
            if there is None or there.room.id == here.room.id:
                return (), Done(Said.NO_SUCH_ROOM)
            decided = visits.move(here, there, visit_id, by=by.id)
            left = visits.then(here, tuple(each for each in decided.drafts if each.payload["room_id"] == here.room.id))
            entered = tuple(each for each in decided.drafts if each.payload["room_id"] == there.room.id)
            drafts = (*left, *visits.then(there, entered)) if decided.drafts else ()
            self._context.note_released(at.known.version, drafts)
            return drafts, done_of(there, decided)

        return self._act_on(choose)

    def override(self, room_id: str, visitor: Visitor, reason: OverrideReason, *, by: Guard, note: str = "") -> Done:
        guest = guest_of(visitor)
        return self._act(room_id, lambda _, here: self._followed(here, visits.override(here, guest, reason, note, by=by.id)))

    def sweep(self, room_id: str, *, by: Guard) -> Done:
        return self._act(room_id, lambda _, here: self._followed(here, visits.sweep(here, by=by.id)))

    def count(self, room_id: str, kept: tuple[str, ...], others: int, *, doors_are_shut: bool, by: Guard) -> Done:
        def choose(_: Setting, here: Here) -> Chosen:
            if not here.is_lone and not doors_are_shut:
                return (), Done(Said.DOORS_NOT_SHUT, room_id)
            return self._followed(here, visits.count(here, kept, max(0, others), door_ids(here), by=by.id))

        return self._act(room_id, choose)

    def drop_off(self, service_id: str, name: str = "") -> Done:
        return self._act_on(lambda at: desk_notes.drop_off(at.db, at.known, self._context, at.moment, service_id, name))

    def accept(self, receipt: str, *, by: Guard) -> Done:
        return self._act_on(lambda at: desk_notes.accept(at.db, receipt, by.id))

    def check(self, room_id: str, missing: tuple[str, ...], *, by: Guard) -> Done:
        return self._act(room_id, lambda _, here: desk_notes.check(here, missing, by.id))

    # Deciding

    def _on(self, subject: str, decide: Callable[[Here], Decided]) -> Done:
        """Decide about a visit or a number, in the room where it is."""

        def choose(at: Setting) -> Chosen:
            here = self._here_of(at, subject)
            return ((), Done(Said.NO_SUCH_VISIT)) if here is None else self._followed(here, decide(here))

        return self._act_on(choose)

    def _act(self, room_id: str, choose: Callable[[Setting, Here], Chosen]) -> Done:
        def choose_here(at: Setting) -> Chosen:
            here = self._here(at, room_id)
            return ((), Done(Said.NO_SUCH_ROOM, room_id)) if here is None else choose(at, here)

        return self._act_on(choose_here)

    def _act_on(self, choose: Callable[[Setting], Chosen]) -> Done:
        def decide(db: sqlite3.Connection, moment: Moment) -> tuple[Sequence[Event], Done]:
            drafts, done = choose(self._setting(db, moment))
            return events_of(drafts), done

        try:
            done = self._write(decide)
        except (DatabaseError, TimeoutError):  # the lane meets the same error, and ends the program if it must
            return Done(Said.OUT_OF_SERVICE)
        with suppress(DatabaseError):  # what is committed is not denied; the next step meets the error
            self._publish()
        return done

    def _followed(self, here: Here, decided: Decided) -> Chosen:
        """The decision with what follows of it by itself."""
        if not decided.drafts:
            return (), done_of(here, decided)
        drafts = visits.then(here, decided.drafts)
        self._context.note_released(here.version, drafts)
        return drafts, done_of(here, decided)

    def _setting(self, db: sqlite3.Connection, moment: Moment) -> Setting:
        return Setting(db, room_documents.read(db), moment)

    def _here(self, at: Setting, room_id: str) -> Here | None:
        room = at.known.room(room_id)
        return None if room is None else self._context.here(at.db, at.known, room, at.moment)

    def _here_of(self, at: Setting, subject: str) -> Here | None:
        """The room where that visit or number is."""
        for room in at.known.rooms:
            here = self._context.here(at.db, at.known, room, at.moment)
            known = (*here.book.visits, *here.book.tickets, *(each.visit_id for each in visits.elsewhere(here)))
            if subject in known:
                return here
        return None
