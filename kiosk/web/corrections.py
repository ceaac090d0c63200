"""The page on which the head of a unit decides about corrections."""

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from kiosk.core.duties import Duty
from kiosk.services.corrections import Decided
from kiosk.web.access import back, needs, signed_in
from kiosk.web.context import duties
from kiosk.web.presence import framed

corrections = Blueprint("corrections", __name__, url_prefix="/guard/corrections")


@corrections.get("")
@needs(Duty.DECIDE_CORRECTIONS)
def page() -> str:
    """Open requests first, decided ones below."""
    waiting, decided = duties().corrections.listed()
    return render_template(
        "guard/corrections.html", waiting=waiting, decided=decided, decisions=Decided, me=signed_in().id, **framed()
    )


@corrections.post("/<correction_id>")
@needs(Duty.DECIDE_CORRECTIONS, acting=True)
def decide(correction_id: str) -> AnyResponse:
    """Approve or reject one."""
    form = request.form
    answered = duties().corrections.decide(signed_in(), correction_id, form.get("decision", ""), form.get("note", ""))
    words = "correction.done" if answered.ok else f"correction.wrong.{answered.code}"
    return back("corrections.page", words, ok=answered.ok)
