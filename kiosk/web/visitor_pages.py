"""Which page a visitor's go is at, and what is on it. Pure but for the drawing of QR codes."""

from dataclasses import dataclass

from markupsafe import Markup

from kiosk.services import badge_cards
from kiosk.services.room_view import label_of
from kiosk.services.room_views import Done, RoomsView, RoomView, Said, TicketRow
from kiosk.web.passed import pass_face
from kiosk.web.slip_errands import SlipState
from kiosk.web.visitor_go import NAME_AT_MOST, Go, Step
from kiosk.web.visitor_tiles import A_PAGE, Way, pages, tile, tiles

CLOSES_AFTER_S = 45
CARD_WITHIN_S = 60
NUMBERS_A_PAGE = 12
KNOWN_STEPS = frozenset({"wash", "mask", "gloves", "distance", "jacket"})
"""Steps that the catalogs have words for."""
_SHOWN_ONLINE = frozenset({Way.CLOSED, Way.QUOTA_REACHED, Way.ONLINE_ONLY, Way.ONLINE_FIRST, Way.BOTH})
_GOING = f"{Said.LEFT} {Said.LEFT_UNKNOWN} {Said.ALREADY_LEFT}"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A template and what it shows. `awaits` are the answers to a pass shown to the camera that end this page."""

    template: str
    values: dict[str, object]
    closes_after_s: int = CLOSES_AFTER_S
    is_fixed: bool = False
    awaits: str = ""


def drawn(go: Go, view: RoomsView, steps: tuple[str, ...]) -> Drawn:
    """The page of that go as rooms are now. `steps` are the ids of the steps in force."""
    match go.step:
        case Step.CHOOSE:
            return _choose(go, view)
        case Step.NUMBERS:
            return _numbers(go, view)
        case Step.NUMBER:
            return _number(go, view)
        case Step.LEAVE:
            return Drawn("panel/visitor_leave.html", {}, awaits=_GOING)
        case Step.STEPS:
            known = [step for step in steps if step in KNOWN_STEPS]
            return Drawn("panel/visitor_steps.html", {"steps": known, "others": len(known) < len(steps)})
        case Step.DONE:
            return _done(go.done or Done(Said.OUT_OF_SERVICE), view)
        case _:
            return _about_a_tile(go, view)


def ticket(view: RoomsView, ticket_id: str | None) -> tuple[RoomView, TicketRow] | None:
    """The number of that id with its room, None if it waits no more."""
    rows = ((room, row) for room in view.rooms for row in (*room.called, *room.queue))
    return next(((room, row) for room, row in rows if row.ticket_id == ticket_id), None)


def qr(text: str) -> Markup:
    """A QR code as an SVG of our own: no text of anybody's is in it."""
    return Markup(badge_cards.svg(text))


def _choose(go: Go, view: RoomsView) -> Drawn:
    offered = tiles(view)
    last = pages(len(offered))
    page = min(go.page, last - 1)
    values = {"offered": offered[page * A_PAGE :][:A_PAGE], "page": page, "pages": last, "has_numbers": bool(_rows(view))}
    return Drawn("panel/visitor_choose.html", values)


def _about_a_tile(go: Go, view: RoomsView) -> Drawn:
    chosen = tile(view, go.tile)
    if chosen is None or (go.step is Step.PEOPLE and chosen.room is None):
        return _said(Done(Said.NO_SUCH_ROOM), view)
    if go.step is Step.PEOPLE:
        most = chosen.room.room.max_people if chosen.room else 1
        return Drawn("panel/visitor_people.html", {"tile": chosen, "most": most})
    if go.step is Step.NAME:
        values = {"tile": chosen, "is_file": chosen.way is Way.DROP_OFF, "at_most": NAME_AT_MOST}
        return Drawn("panel/visitor_name.html", values)
    url = chosen.service.service.url if chosen.service and chosen.way in _SHOWN_ONLINE else None
    return Drawn("panel/visitor_service.html", {"tile": chosen, "url": url, "code": qr(url) if url else ""})


def _rows(view: RoomsView) -> list[TicketRow]:
    rows = [row for room in view.rooms for row in room.called]
    return rows + [row for room in view.rooms for row in room.queue]


def _numbers(go: Go, view: RoomsView) -> Drawn:
    rows = _rows(view)
    last = max(1, -(-len(rows) // NUMBERS_A_PAGE))
    page = min(go.page, last - 1)
    values = {"rows": rows[page * NUMBERS_A_PAGE :][:NUMBERS_A_PAGE], "page": page, "pages": last}
    return Drawn("panel/visitor_numbers.html", values, awaits=Said.ENTERED)


def _number(go: Go, view: RoomsView) -> Drawn:
    found = ticket(view, go.ticket_id)
    if found is None:
        return _said(Done(Said.NO_SUCH_NUMBER), view)
    return Drawn("panel/visitor_number.html", {"row": found[1], "room": found[0].room}, awaits=Said.ENTERED)


def _done(done: Done, view: RoomsView) -> Drawn:
    if done.said is Said.SHOW_CARD:
        return Drawn("panel/visitor_card.html", {"done": done}, CARD_WITHIN_S, is_fixed=True, awaits=Said.ENTERED)
    stands = done.ok or done.said is Said.PRINTER_OUT
    if done.receipt and stands:
        return Drawn("panel/visitor_receipt.html", {"done": done, "slip_kind": "receipt", **_slip_of(done)}, CARD_WITHIN_S)
    if done.pass_code and stands:
        label = label_of(done.visit_id, done.card, done.number) if done.visit_id else ""
        values = {"done": done, "slip_kind": "pass", "label": label, "code": qr(done.pass_code), **_slip_of(done)}
        return Drawn("panel/visitor_pass.html", values, CARD_WITHIN_S)
    if done.said in (Said.WAITING, Said.PRINTER_OUT):
        return _waiting(done, view)
    return _said(done, view)


def _slip_of(done: Done) -> dict[str, object]:
    """Where the rooms themselves say what became of the slip."""
    return {"slip": SlipState.PAPER_OUT} if done.said is Said.PRINTER_OUT else {}


def _waiting(done: Done, view: RoomsView) -> Drawn:
    found = ticket(view, done.ticket_id)
    values = {
        "done": done,
        "slip_kind": "number",
        **_slip_of(done),
        "priority": found is not None and found[1].priority,
        "leave_minutes": found[0].room.leave_minutes if found else None,
    }
    return Drawn("panel/visitor_waiting.html", values, CARD_WITHIN_S)


def _said(done: Done, view: RoomsView) -> Drawn:
    found = ticket(view, done.ticket_id)
    values = {"done": done, "said": pass_face(done.said), "leave_minutes": found[0].room.leave_minutes if found else None}
    return Drawn("panel/visitor_said.html", values)
