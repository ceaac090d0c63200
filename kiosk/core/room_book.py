"""What a door knows of one room, folded from its own journal rows and nothing else. Pure and total.

`after` takes one row; the store keeps the result, and the simulator walks it. Payloads are those of the kinds `visitor.*`,
`room.*` and `rights.*`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from kiosk.core.presence_rule import Instant
from kiosk.core.room_codes import FreeReason, TicketState
from sync.protocol import rights
from sync.protocol.events import Kind
from sync.protocol.rights import Account

_STAYS_KEPT = 30
_ENDED_KEPT = 300
_KNOWN_ENDS = frozenset({"scanned", "desk"})


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody inside, or a group. `home` is the device that frees the places when the end is heard of there.

    `void`: the visit is from before this door's rights became void, so that its end makes no right.
    """

    id: str
    since: Instant
    people: int
    home: str
    number: str | None = None
    card: int | None = None
    pass_sha256: str | None = None
    who: str = "visitor"
    name: str = ""
    purpose: str = ""
    institution: str = ""
    priority: bool = False
    overridden: bool = False
    away: Instant | None = None
    void: bool = False
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Ticket:
    """Somebody waiting with a number. `order` counts up as numbers are taken; `missed_at` is the call after which nobody came."""

    id: str
    number: str
    people: int
    priority: bool
    taken: Instant
    order: int
    state: TicketState = TicketState.WAITING
    called: Instant | None = None
    timeout_s: int | None = None
    calls: int = 0
    missed_at: int | None = None
    away: Instant | None = None
    name: str = ""
    purpose: str = ""
    institution: str = ""
    seq: int = 0


@dataclass(frozen=True, slots=True)
class EndedPass:
    """A pass whose visit is over."""

    pass_sha256: str
    how: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Book:
    """One room at one door. `epoch` is the journal's in which it was last written: in another, its rights are void.

    `limit` is what the office granted itself (a room without a server). `cards_here` are cards that lie in this door's box
    because they were handed in here last; `gone` are visits of other doors that ended here. `tied_up` people have left without
    anybody knowing where their card is. `counted` is when heads were last counted.
    """

    room_id: str
    epoch: str = ""
    account: Account = field(default_factory=Account)
    limit: int = 0
    visits: Mapping[str, Visit] = field(default_factory=dict)
    tickets: Mapping[str, Ticket] = field(default_factory=dict)
    cards_here: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    ended: tuple[EndedPass, ...] = ()
    stays_s: tuple[int, ...] = ()
    tied_up: int = 0
    counted: Instant | None = None
    is_void: bool = False
    taken: int = 0
    calls: int = 0
    last_number: int = 0
    last_day: str = ""

    @property
    def inside(self) -> int:
        """People inside by visits that began here or were counted here."""
        return sum(visit.people for visit in self.visits.values())

    @property
    def reserved(self) -> int:
        """Places kept for numbers that were called."""
        return sum(each.people for each in self.tickets.values() if each.state is TicketState.CALLED)


@dataclass(frozen=True, slots=True)
class Row:
    """A journal row as the fold needs it."""

    kind: str
    payload: Mapping[str, Any]
    at: Instant
    device_id: str
    epoch: str
    seq: int = 0


def in_epoch(book: Book, epoch: str) -> Book:
    """The book as it counts in that epoch. Rights of another one are void, and the visits it knows make none any more."""
    if book.epoch == epoch:
        return book
    if not book.epoch:
        return replace(book, epoch=epoch)
    visits = {each.id: replace(each, void=True) for each in book.visits.values()}
    held = book.account.held != 0 or bool(visits) or book.limit > 0
    account = rights.voided(book.account)
    # Which cards lie in the box was known to another card of this kiosk, perhaps not to this one.
    return replace(book, epoch=epoch, account=account, visits=visits, cards_here=(), is_void=book.is_void or held)


def after(book: Book, row: Row) -> Book:
    """The book after one row about its room. Kinds that are not about rooms change nothing.

    Raises:
        NotEnough: the row spends what is not there; no door journals such a thing.
    """
    book = in_epoch(book, row.epoch)
    account = rights.after(book.account, row.kind, row.payload)
    if account is not book.account:
        book = replace(book, account=account)
    handler = _HANDLERS.get(row.kind)
    return handler(book, row) if handler is not None else book


def _entered(book: Book, row: Row) -> Book:
    told = row.payload
    visit = Visit(
        id=str(told["visit_id"]),
        since=row.at,
        people=int(told["people"]),
        home=row.device_id,
        number=told.get("number"),
        card=told.get("card"),
        pass_sha256=told.get("pass_sha256"),
        who=str(told.get("who", "visitor")),
        priority=bool(told.get("priority")),
        overridden=bool(told.get("overridden")),
        seq=row.seq,
    )
    tickets = {each.id: each for each in book.tickets.values() if each.id != told.get("ticket_id")}
    ticket = book.tickets.get(str(told.get("ticket_id")))
    if ticket is not None:
        visit = replace(visit, name=ticket.name, purpose=ticket.purpose, institution=ticket.institution)
    cards_here = tuple(each for each in book.cards_here if each != visit.pass_sha256)
    ended = tuple(each for each in book.ended if each.pass_sha256 != visit.pass_sha256)
    return replace(book, visits={**book.visits, visit.id: visit}, tickets=tickets, cards_here=cards_here, ended=ended)


def _left(book: Book, row: Row) -> Book:
    told = row.payload
    visit_id, token = told.get("visit_id"), told.get("pass_sha256")
    visit = book.visits.get(str(visit_id))
    how = str(told.get("how", ""))
    if visit is not None:
        token = token or visit.pass_sha256
        visits = {each.id: each for each in book.visits.values() if each.id != visit.id}
        book = replace(book, visits=visits, tied_up=book.tied_up + _tied_up(told, visit))
        if _is_stay(told):
            book = replace(book, stays_s=(*book.stays_s, int(told["stay_s"]))[-_STAYS_KEPT:])
    elif visit_id is not None:
        book = replace(book, gone=(*book.gone, str(visit_id))[-_ENDED_KEPT:])
    if token is None:
        return book
    if told.get("card_here") and token not in book.cards_here:
        book = replace(book, cards_here=(*book.cards_here, token))
    others = tuple(each for each in book.ended if each.pass_sha256 != token)
    return replace(book, ended=(*others, EndedPass(token, how, row.at))[-_ENDED_KEPT:])


def _is_stay(told: Mapping[str, Any]) -> bool:
    """True for the end of a visit that tells how long people stay: known, and neither put right by the desk nor a move."""
    if told.get("how") not in _KNOWN_ENDS or told.get("heard") or told.get("stay_s") is None:
        return False
    # The desk names a reason for every place that it frees; the end that a move journals has none.
    return told["how"] != "desk" or str(told.get("reason", FreeReason.MISTAKE)) != FreeReason.MISTAKE


def _tied_up(told: Mapping[str, Any], visit: Visit) -> int:
    """Places that neither came free here nor will elsewhere, as far as this door knows."""
    return 0 if told.get("heard") or told["minted"] or visit.void else visit.people


def _waiting(book: Book, row: Row) -> Book:
    told = row.payload
    ticket = Ticket(
        id=str(told["ticket_id"]),
        number=str(told["number"]),
        people=int(told["people"]),
        priority=bool(told.get("priority")),
        taken=row.at,
        order=book.taken + 1,
        seq=row.seq,
    )
    counted = replace(book, taken=ticket.order, last_number=int(told["count"]), last_day=str(told["day"]))
    return _with_ticket(counted, ticket)


def _named(book: Book, row: Row) -> Book:
    ticket, visit = _subject(book, row)
    name, purpose, institution = (str(row.payload.get(key, "")) for key in ("name", "purpose", "institution"))
    if ticket is not None:
        return _with_ticket(book, replace(ticket, name=name, purpose=purpose, institution=institution))
    return book if visit is None else _with_visit(book, replace(visit, name=name, purpose=purpose, institution=institution))


def _called(book: Book, row: Row) -> Book:
    ticket = book.tickets.get(str(row.payload["ticket_id"]))
    if ticket is None:
        return book
    timeout_s = row.payload.get("timeout_s")
    called = replace(
        ticket,
        state=TicketState.CALLED,
        called=row.at,
        timeout_s=None if timeout_s is None else int(timeout_s),
        calls=int(row.payload["calls"]),
        away=None,
    )
    is_another = row.payload.get("cause") != "restart"
    return _with_ticket(replace(book, calls=book.calls + is_another), called)


def _skipped(book: Book, row: Row) -> Book:
    ticket = book.tickets.get(str(row.payload["ticket_id"]))
    if ticket is None:
        return book
    if row.payload.get("final"):
        return replace(book, tickets={each.id: each for each in book.tickets.values() if each.id != ticket.id})
    return _with_ticket(book, replace(ticket, state=TicketState.MISSED, called=None, missed_at=book.calls))


def _away(book: Book, row: Row) -> Book:
    ticket, visit = _subject(book, row)
    if ticket is not None:
        return _with_ticket(book, replace(ticket, state=TicketState.AWAY, called=None, away=row.at))
    return book if visit is None else _with_visit(book, replace(visit, away=row.at))


def _back(book: Book, row: Row) -> Book:
    ticket, visit = _subject(book, row)
    if ticket is not None:
        return _with_ticket(book, replace(ticket, state=TicketState.WAITING, called=None, away=None))
    return book if visit is None else _with_visit(book, replace(visit, away=None))


def _counted(book: Book, row: Row) -> Book:
    """Who is inside is known anew. `rights.after` has set the account, or left it where the count is of an older generation."""
    if book.account.generation != row.payload["generation"]:
        return book
    book = replace(book, counted=row.at)
    if row.payload.get("heard"):  # whoever counted frees their places from now on
        return replace(book, visits={}, tied_up=0, is_void=False, gone=())
    kept = frozenset(row.payload.get("kept", ()))
    visits = {each.id: replace(each, home=row.device_id, void=False) for each in book.visits.values() if each.id in kept}
    adopted = (_adopted(each, row) for each in row.payload.get("adopted", ()))
    visits |= {each.id: each for each in adopted}
    return replace(book, visits=visits, limit=int(row.payload["limit"]), tied_up=0, is_void=False, gone=())


def _adopted(told: Mapping[str, Any], row: Row) -> Visit:
    """A visit that began at another door, or people without a pass, whom the head count found inside."""
    since = told.get("since")
    return Visit(
        id=str(told["visit_id"]),
        since=row.at if since is None else Instant(datetime.fromisoformat(str(since)), 0, "", trusted=False),
        people=int(told["people"]),
        home=row.device_id,
        number=told.get("number"),
        card=told.get("card"),
        pass_sha256=told.get("pass_sha256"),
        seq=row.seq,
    )


def _granted(book: Book, row: Row) -> Book:
    return replace(book, limit=int(row.payload["limit"])) if "limit" in row.payload else book


def _subject(book: Book, row: Row) -> tuple[Ticket | None, Visit | None]:
    return book.tickets.get(str(row.payload.get("ticket_id"))), book.visits.get(str(row.payload.get("visit_id")))


def _with_ticket(book: Book, ticket: Ticket) -> Book:
    return replace(book, tickets={**book.tickets, ticket.id: ticket})


def _with_visit(book: Book, visit: Visit) -> Book:
    return replace(book, visits={**book.visits, visit.id: visit})


_HANDLERS: dict[str, Callable[[Book, Row], Book]] = {
    Kind.VISITOR_ENTERED: _entered,
    Kind.VISITOR_LEFT: _left,
    Kind.VISITOR_NAMED: _named,
    Kind.VISITOR_WAITING: _waiting,
    Kind.VISITOR_CALLED: _called,
    Kind.VISITOR_SKIPPED: _skipped,
    Kind.VISITOR_AWAY: _away,
    Kind.VISITOR_BACK: _back,
    Kind.ROOM_COUNTED: _counted,
    Kind.RIGHTS_GRANTED: _granted,
}

ROOM_KINDS = frozenset(_HANDLERS) | {Kind.RIGHTS_RELEASED}
"""What a book is folded from."""
