"""Who may open which page and do what there. Every route says so, and a test walks them all."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import abort, current_app, flash, g, redirect, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kiosk.core.duties import Duty, may
from kiosk.services.views import Guard
from kiosk.web.context import the_door

F = TypeVar("F", bound=Callable[..., Any])


def needs(duty: Duty, *, acting: bool = False, page: bool = True) -> Callable[[F], F]:
    """For who is signed in and has that duty. `acting` routes change something: not while the session is locked.

    Others are led to the sign-in page, or refused (403) where no `page` was asked for; somebody without the duty is refused (403) and the refusal is journaled.
    """

    def decorate(view: F) -> F:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            door, session_id = the_door(), str(session.get("sid", ""))
            guard = door.sessions.guard(session_id)
            if guard is None and not page:
                abort(403)
            if guard is None:
                return back("guard.page", "guard.signed_out")
            if not may(guard.role, duty):
                door.station.refused(guard, duty, str(request.endpoint))
                abort(403)
            if acting and door.sessions.is_locked(session_id):
                return back("guard.page", "guard.locked")
            if acting:
                door.sessions.touch(session_id)
            g.guard = guard
            return view(*args, **kwargs)

        guarded.access = (duty, acting)  # type: ignore[attr-defined]  # read back by the test of the access table
        return guarded  # type: ignore[return-value]  # wraps keeps the signature

    return decorate


def public(view: F) -> F:
    """For everybody who can reach the door's screens: it shows nothing personal and changes nothing of anybody's."""
    view.access = "public"  # type: ignore[attr-defined]  # read back by the test of the access table
    return view


def back(endpoint: str, words: str = "", *, ok: bool = False, **values: object) -> AnyResponse:
    """To another page, with one sentence (a msgid and its values) that is said once."""
    if words:
        flash(str(gettext(words, **values)), "good" if ok else "problem")
    return redirect(url_for(endpoint), 303)


SECTIONS = (
    ("guard.page", "nav.feed", Duty.WATCH),
    ("presence.page", "nav.presence", Duty.RECORD_PRESENCE),
    ("evacuation.page", "nav.evacuation", Duty.EVACUATE),
    ("shift.page", "nav.shift", Duty.HAND_OVER),
    ("log.page", "nav.log", Duty.KEEP_LOG),
    ("sheet.page", "nav.sheet", Duty.PRINT_SHEET),
    ("corrections.page", "nav.corrections", Duty.DECIDE_CORRECTIONS),
    ("lan.page", "nav.screens", Duty.ADMINISTER),
)
"""The pages behind the guard's screen: endpoint, msgid of its name, and the duty it belongs to."""


def shown_duties() -> dict[str, object]:
    """For templates: `may(duty)` about who is signed in, and the `sections` (endpoint, msgid) they may open."""
    guard = the_door().sessions.guard(str(session.get("sid", "")))
    allowed = {duty for duty in Duty if guard is not None and may(guard.role, duty)}
    there = current_app.view_functions
    return {
        "may": lambda duty: Duty(duty) in allowed,
        "sections": [(endpoint, words) for endpoint, words, duty in SECTIONS if duty in allowed and endpoint in there],
    }


def signed_in() -> Guard:
    """Who is signed in, inside a route that `needs` a duty."""
    found: Guard = g.guard
    return found
