"""Who may open which page and do what there. Every route says so, and a test walks them all."""

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple, TypeVar

from flask import abort, current_app, flash, g, redirect, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kiosk.core.duties import Duty, may
from kiosk.services.lan import LanProblem
from kiosk.services.refusals import Refusal
from kiosk.services.views import Guard
from kiosk.web.context import the_door
from kiosk.web.security import Refused
from kiosk.web.sessions import Client
from sync.database import DatabaseError

F = TypeVar("F", bound=Callable[..., Any])
_LAN_PUBLIC = frozenset(
    {
        *("static", "guard.page", "guard.sign_in", "guard.sign_out", "guard.language", "neighbours.presence"),
        *("display.page", "display.events", "display.speech"),
    }
)
_PANEL_SIDE = frozenset({"panel", "machine", "self_check", "visitors"})


class Access(NamedTuple):
    """What `needs` declared for a route."""

    duty: Duty
    acting: bool
    page: bool


def needs(duty: Duty, *, acting: bool = False, page: bool = True) -> Callable[[F], F]:
    """For who is signed in and has that duty. `acting` routes change something: not while the session is locked.

    Others are led to the sign-in page, or refused (403) where no `page` was asked for; somebody without the duty is refused
    (403). Every refusal is journaled.
    """
    access = Access(duty, acting, page)

    def decorate(view: F) -> F:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            door, session_id = the_door(), str(session.get("sid", ""))
            guard = door.sessions.guard(session_id)
            if guard is None:
                return _nobody_here(access)
            if not may(guard.role, duty):
                turn_away(Refusal.NOT_ALLOWED, guard, duty)
                raise Refused("err.not_yours")
            if acting and door.sessions.is_locked(session_id):
                turn_away(Refusal.LOCKED, guard, duty)
                return back("guard.page", "guard.locked")
            if acting:
                door.sessions.touch(session_id)
            g.guard = guard
            return view(*args, **kwargs)

        guarded.access = access  # type: ignore[attr-defined]  # read back by the test of the access table, and on the network
        return guarded  # type: ignore[return-value]  # wraps keeps the signature

    return decorate


def _nobody_here(access: Access) -> AnyResponse:
    if access.acting or not access.page:
        turn_away(Refusal.NOT_SIGNED_IN)
    if not access.page:
        raise Refused("guard.signed_out")
    return back("guard.page", "guard.signed_out")


def public(view: F) -> F:
    """For everybody who can reach the door's screens: it shows nothing personal and changes nothing of anybody's."""
    view.access = "public"  # type: ignore[attr-defined]  # read back by the test of the access table
    return view


def client_here() -> Client:
    """The screen that this request comes from."""
    return Client.seen(
        on_lan=the_door().on_lan, address=request.remote_addr or "", user_agent=request.headers.get("User-Agent", "")
    )


def turn_away(reason: Refusal, guard: Guard | None = None, duty: Duty | None = None) -> None:
    """Have it journaled that this request is refused: which page, from which screen, and who. Nothing that was typed."""
    door = the_door()
    what: dict[str, object] = {"what": request.endpoint or "", "screen": "lan" if door.on_lan else "loopback"}
    if door.on_lan:
        what["address"] = request.remote_addr or ""
    if guard is not None:
        what["guard_id"] = guard.id
    if duty is not None:
        what["duty"] = duty.value
    door.station.turned_away(reason, what)


def keep_to_the_screens() -> None:
    """On the network only guards' pages and displays are there: no panel, camera, own pages of staff, or what machines ask (404).

    Photos are there for who is signed in.
    """
    endpoint, door = request.endpoint, the_door()
    if not door.on_lan or endpoint is None or endpoint in _LAN_PUBLIC:
        return
    if endpoint == "panel.photo" and door.sessions.guard(str(session.get("sid", ""))) is not None:
        return
    if not isinstance(getattr(current_app.view_functions[endpoint], "access", None), Access):
        abort(404)


def keep_to_ones_screen() -> None:
    """A session is refused (403) at any other screen than the one it was opened at, and ends with its owner's place here."""
    door, session_id = the_door(), str(session.get("sid", ""))
    found = door.sessions.find(session_id)
    if found is None or request.endpoint is None or (request.blueprint in _PANEL_SIDE and not door.on_lan):
        return
    if found.client != client_here():
        session.pop("sid")
        turn_away(Refusal.SESSION_ELSEWHERE, found.guard)
        raise Refused("err.elsewhere")
    try:
        known = door.station.guards()
    except DatabaseError:
        return  # out of service: what was shown stays
    if found.guard not in known:
        door.sessions.close(session_id)


def back(endpoint: str, words: str = "", *, ok: bool = False, **values: object) -> AnyResponse:
    """To another page, with one sentence (a msgid and its values) that is said once."""
    if words:
        flash(str(gettext(words, **values)), "good" if ok else "problem")
    return redirect(url_for(endpoint), 303)


SECTIONS = (
    ("guard.page", "nav.feed", Duty.WATCH),
    ("desk.page", "desk.nav", Duty.RUN_ROOM),
    ("presence.page", "nav.presence", Duty.RECORD_PRESENCE),
    ("evacuation.page", "nav.evacuation", Duty.EVACUATE),
    ("shift.page", "nav.shift", Duty.HAND_OVER),
    ("log.page", "nav.log", Duty.KEEP_LOG),
    ("sheet.page", "nav.sheet", Duty.PRINT_SHEET),
    ("visit_statistics.page", "nav.visits", Duty.RUN_ROOM),
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
        "screens_warning": _screens_warning() if Duty.ADMINISTER in allowed else "",
    }


def _screens_warning() -> str:
    """What an administrator should see to about the screens on the network; empty when all is well."""
    door = the_door()
    state, now = door.lan, door.now()
    if state.problem in (LanProblem.CERTIFICATE, LanProblem.LISTEN):
        return str(gettext(f"lan.problem.{state.problem}"))
    if state.problem is None and state.certificate is not None and state.certificate.ends_soon(now):
        return str(gettext("lan.ends_soon", days=max(0, state.certificate.days_left(now))))
    return ""


def signed_in() -> Guard:
    """Who is signed in, inside a route that `needs` a duty."""
    found: Guard = g.guard
    return found
