"""Letting somebody in at the desk: by voice, without a panel or a phone; and into a full room, on a person's word."""

from dataclasses import dataclass

from flask import Blueprint, flash, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kiosk.core.duties import Duty
from kiosk.services.room_views import Done, OverrideReason, RoomsView, RoomView, Said
from kiosk.web.access import needs, signed_in
from kiosk.web.context import rooms, the_door
from kiosk.web.desk import MOST_CARDS
from kiosk.web.desk_parts import (
    LONGEST_NAME,
    LONGEST_NOTE,
    asked_room,
    one_line,
    said,
    to_desk,
    typed_visitor,
    whole_number,
    whole_page,
)

desk_entry = Blueprint("desk_entry", __name__, url_prefix="/desk")


@dataclass(frozen=True, slots=True)
class _Typed:
    """What stands in the form, as it was typed."""

    people: str = "1"
    name: str = ""
    purpose: str = ""
    priority: bool = False
    card: str = ""
    reason: str = ""
    note: str = ""


@desk_entry.get("/register")
@needs(Duty.RUN_ROOM)
def register() -> str:
    """One form: how many, and what they like to say."""
    return _form("register", *asked_room(), _Typed())


@desk_entry.post("/register")
@needs(Duty.RUN_ROOM, acting=True)
def enter() -> AnyResponse | str:
    """A place, or a number for the queue."""
    view, room = asked_room()
    typed = _typed()
    visitor, card = typed_visitor(), _card(typed.card)
    if visitor is None or card == 0:
        return _again("register", view, room, typed, "desk.card_wrong" if card == 0 else "desk.people_wrong")
    done = rooms().arrive(room.room.id, visitor, by=signed_in(), card=card)
    return _told("register", view, room, typed, done)


@desk_entry.get("/override")
@needs(Duty.RUN_ROOM)
def overriding() -> str:
    """Into a full room: the reason, and the PIN once more."""
    return _form("override", *asked_room(), _Typed())


@desk_entry.post("/override")
@needs(Duty.RUN_ROOM, acting=True)
def override() -> AnyResponse | str:
    """Let them in. The PIN is checked as at the sign-in: the try is journaled before it is looked at."""
    view, room = asked_room()
    typed, visitor = _typed(), typed_visitor()
    problem = _missing(typed) if visitor is not None else "desk.people_wrong"
    if visitor is None or problem:
        return _again("override", view, room, typed, problem)
    answer = the_door().station.sign_in(signed_in().id, request.form.get("pin", ""))
    if answer.guard is None:
        words = "guard.pin_wait" if answer.wait_s > 0 else "guard.pin_wrong"
        return _again("override", view, room, typed, words, seconds=answer.wait_s)
    done = rooms().override(room.room.id, visitor, OverrideReason(typed.reason), by=signed_in(), note=typed.note)
    return _told("override", view, room, typed, done)


def _missing(typed: _Typed) -> str:
    if typed.reason not in set(OverrideReason):
        return "room.said.needs_reason"
    return "desk.note_needed" if typed.reason == OverrideReason.OTHER and not typed.note else ""


def _typed() -> _Typed:
    form = request.form
    return _Typed(
        people=form.get("people", "")[:6],
        name=one_line(form.get("name", ""), LONGEST_NAME),
        purpose=one_line(form.get("purpose", ""), LONGEST_NAME),
        priority=form.get("priority") == "yes",
        card=form.get("card", "").strip()[:6],
        reason=form.get("reason", "")[:40],
        note=one_line(form.get("note", ""), LONGEST_NOTE),
    )


def _card(typed: str) -> int | None:
    """The number of a card, None for no card, 0 for what is no number of a card."""
    return (whole_number(typed, MOST_CARDS) or 0) if typed else None


def _form(name: str, view: RoomsView, room: RoomView, typed: _Typed) -> str:
    return render_template(
        f"desk/{name}.html",
        typed=typed,
        reasons=tuple(OverrideReason),
        longest=LONGEST_NOTE,
        longest_name=LONGEST_NAME,
        **whole_page(view, room),
    )


def _again(name: str, view: RoomsView, room: RoomView, typed: _Typed, words: str, **values: object) -> str:
    flash(str(gettext(words, **values)), "problem")
    return _form(name, view, room, typed)


def _told(name: str, view: RoomsView, room: RoomView, typed: _Typed, done: Done) -> AnyResponse | str:
    """Back to the room; to the form with what was typed, where something in it can be put right."""
    if done.ok or done.said in (Said.PRINTER_OUT, Said.OUT_OF_SERVICE):
        return to_desk(done, room.room.id)
    flash(said(done), "problem")
    return _form(name, view, room, typed)
