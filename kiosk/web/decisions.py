"""What guards press beside a hold's decision: undo, mask and gloves, a wrong face, a lost badge, the hand thermometer."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kiosk.core.duties import Duty
from kiosk.services.decisions import BadgeTrouble, Decisions
from kiosk.services.views import Answered
from kiosk.web.access import needs, signed_in
from kiosk.web.context import duties, the_door
from kiosk.web.guard import said_answer
from kiosk.web.panel import clock_shown

decisions = Blueprint("decisions", __name__, url_prefix="/guard")


@decisions.post("/holds/<hold_id>/undo")
@needs(Duty.DECIDE, acting=True)
def undo(hold_id: str) -> AnyResponse:
    """Take back what was decided a moment ago."""
    return _said(_decisions().undo(signed_in(), hold_id))


@decisions.post("/arrivals/<tap_id>/step")
@needs(Duty.DECIDE, acting=True)
def step(tap_id: str) -> AnyResponse:
    """Note a mask or gloves."""
    return _said(_decisions().step(signed_in(), tap_id, request.form.get("step", ""), request.form.get("state", "")))


@decisions.post("/arrivals/<tap_id>/not-the-person")
@needs(Duty.DECIDE, acting=True)
def not_the_person(tap_id: str) -> AnyResponse:
    """The face is not the photo's."""
    return _said(_decisions().not_the_person(signed_in(), tap_id, request.form.get("note", "")))


@decisions.post("/hand-thermometer")
@needs(Duty.DECIDE, acting=True)
def hand_thermometer() -> AnyResponse:
    """Guards measure from now on, or the sensor does again."""
    wanted = request.form.get("on", "")
    if wanted not in ("yes", "no"):
        abort(400)
    return _said(_decisions().hand_thermometer(signed_in(), on=wanted == "yes"))


@decisions.get("/badge")
@needs(Duty.DECIDE)
def badge() -> str:
    """Whose badges would be blocked, and the question whether that is meant."""
    door, found = the_door(), _decisions().reportable(request.args.get("person", ""))
    if found is None:
        abort(404)
    return render_template(
        "guard/badge.html",
        station=door.station,
        guard=signed_in(),
        health=door.station.guard.current().health,
        found=found,
        troubles=BadgeTrouble,
        **clock_shown(),
    )


@decisions.post("/badge")
@needs(Duty.DECIDE, acting=True)
def report_badge() -> AnyResponse:
    """Block them, here at once and everywhere after the next exchange with the server."""
    form = request.form
    person_id = form.get("person", "")
    if form.get("sure") != "yes":
        flash(str(gettext("badge.be_sure")), "problem")
        return redirect(url_for("decisions.badge", person=person_id), 303)
    return _said(_decisions().report_badge(signed_in(), person_id, form.get("what", ""), form.get("note", "")))


def _decisions() -> Decisions:
    return duties().decisions


def _said(answered: Answered) -> AnyResponse:
    return said_answer(answered)
