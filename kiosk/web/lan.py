"""Other screens: how a tablet or PC opens the guard's page, and who is signed in where."""

from flask import Blueprint, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from kiosk.core.duties import Duty
from kiosk.services import badge_cards
from kiosk.web.access import back, needs, signed_in
from kiosk.web.context import the_door
from kiosk.web.panel import clock_shown

lan = Blueprint("lan", __name__, url_prefix="/guard/screens")


@lan.get("")
@needs(Duty.ADMINISTER)
def page() -> str:
    """The address as text and as a code, the certificate's fingerprint, the steps, and the open sessions."""
    door = the_door()
    state = door.lan
    return render_template(
        "guard/screens.html",
        station=door.station,
        health=door.station.guard.current().health,
        guard=signed_in(),
        lan=state,
        # Our own shapes, from text that the settings allow: nothing in it can be anybody's markup.
        code=Markup(badge_cards.svg(state.addresses[0])) if state.addresses else "",
        open_sessions=door.sessions.everyone(),
        **clock_shown(),
    )


@lan.post("/end")
@needs(Duty.ADMINISTER, acting=True)
def end() -> AnyResponse:
    """End somebody's session: what its cookie still opens is the sign-in page."""
    door = the_door()
    left = door.sessions.end(request.form.get("handle", ""))
    if left is None:
        return back("lan.page", "lan.ended_before")
    door.station.sign_out(left, by=signed_in())
    return back("lan.page", "lan.ended", ok=True)
