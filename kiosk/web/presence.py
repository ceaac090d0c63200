"""The page on which a guard types presence for somebody without a badge."""

from dataclasses import replace
from datetime import datetime

from flask import Blueprint, abort, flash, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kiosk.core.duties import Duty
from kiosk.core.values import Direction
from kiosk.services.presence import ManualReason, Presence, Typed
from kiosk.web.access import back, needs, signed_in
from kiosk.web.context import duties, the_door
from kiosk.web.panel import clock_shown

presence = Blueprint("presence", __name__, url_prefix="/guard/presence")


@presence.get("")
@needs(Duty.RECORD_PRESENCE)
def page() -> str:
    """Search for somebody."""
    typed = request.args.get("q", "")[:100]
    found = _presence().search(typed)
    return render_template("guard/presence.html", q=typed, found=found, searched=bool(typed.strip()), **framed())


@presence.get("/person")
@needs(Duty.RECORD_PRESENCE)
def person() -> str:
    """One person: what is recorded of today, and the form."""
    direction = Direction.OUT if request.args.get("direction") == Direction.OUT else ""
    reason = ManualReason.FORGOT_EXIT if direction else ""
    return _person_page(Typed(request.args.get("id", ""), direction, reason))


@presence.post("/person")
@needs(Duty.RECORD_PRESENCE, acting=True)
def enter() -> AnyResponse | str:
    """Journal it, or say what is missing and keep what was typed."""
    form = request.form
    typed = Typed(
        person_id=form.get("id", ""),
        direction=form.get("direction", ""),
        reason=form.get("reason", ""),
        note=form.get("note", ""),
        time=form.get("time", ""),
        again=form.get("again") == "yes",
    )
    answered = _presence().enter(signed_in(), typed)
    if answered.ok:
        return back("presence.page", "presence.done", ok=True)
    if answered.code == "again":
        return _person_page(typed, warned=True)
    flash(str(gettext(f"presence.wrong.{answered.code}")), "problem")
    return _person_page(replace(typed, again=False))


def framed() -> dict[str, object]:
    """What the frame of every page of a duty is drawn from."""
    station = the_door().station
    return {"station": station, "guard": signed_in(), "health": station.guard.current().health, **clock_shown()}


def _presence() -> Presence:
    return duties().presence


def _person_page(typed: Typed, *, warned: bool = False) -> str:
    found = _presence().person(typed.person_id)
    if found is None:
        abort(404)
    tools = duties().tools
    example = datetime.combine(tools.today(), datetime.min.time(), tools.zone).replace(hour=7, minute=5)
    return render_template(
        "guard/presence_person.html",
        person=found,
        typed=typed,
        warned=warned,
        today=_presence().today(found.id),
        names=_presence().guard_names(),
        reasons=tuple(ManualReason),
        directions=(Direction.OUT,) if typed.reason == ManualReason.FORGOT_EXIT and typed.direction else tuple(Direction),
        example=f"{example:%H.%M}",
        **framed(),
    )
