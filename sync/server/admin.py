"""The pages for administrators: sign-in, today at a glance, and records that could not be taken as they were."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from sync.clock import Clock
from sync.server.overview import DoorLine, Overview, overview
from sync.server.reports import Reports
from sync.server.room_lines import room_lines
from sync.server.rooms import RoomStore
from sync.server.settings import Settings, is_loopback
from sync.server.store import DeviceStore
from sync.server.users import UserStore

SESSION_HOURS = 12
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")

View = Callable[..., ResponseReturnValue]


class Admin:
    """The pages, over the parts they need."""

    def __init__(
        self,
        *,
        users: UserStore,
        devices: DeviceStore,
        reports: Reports,
        rooms: RoomStore,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._users, self._devices, self._reports, self._rooms = users, devices, reports, rooms
        self._settings, self._clock = settings, clock

    def blueprint(self) -> Blueprint:
        """The routes of the pages."""
        routes = Blueprint("admin", __name__)
        routes.add_url_rule("/", "today", self.signed_in(self.today))
        routes.add_url_rule("/today", "today_part", self.signed_in(self.today_part))
        routes.add_url_rule("/troubles", "troubles", self.signed_in(self.troubles))
        routes.add_url_rule("/sign-in", "sign_in", self.sign_in)
        routes.add_url_rule("/sign-in", "do_sign_in", self.do_sign_in, methods=["POST"])
        routes.add_url_rule("/sign-out", "sign_out", self.sign_out, methods=["POST"])
        return routes

    def today(self) -> ResponseReturnValue:
        """Today at a glance."""
        return render_template("server/today.html", **self._at_a_glance())

    def today_part(self) -> ResponseReturnValue:
        """The same without the frame around it; the page asks for it every few seconds."""
        return render_template("server/_today.html", **self._at_a_glance())

    def troubles(self) -> ResponseReturnValue:
        """Badges at two places at once, and conflicting and unreadable records."""
        zone = ZoneInfo(self._settings.time_zone)
        within = timedelta(minutes=self._settings.impossible_interval_min)
        pairs = self._reports.impossible(self._clock.now().wall, within)
        return render_template("server/troubles.html", troubles=self._reports.troubles(), pairs=pairs, zone=zone)

    def sign_in(self) -> ResponseReturnValue:
        """The sign-in page."""
        return self._sign_in_page()

    def do_sign_in(self) -> ResponseReturnValue:
        """Check name and password; wrong ones are answered ever more slowly."""
        name, password = request.form.get("name", "")[:200], request.form.get("password", "")[:1000]
        address, now = request.remote_addr or "", self._clock.now()
        wait_s = self._users.wait_s(name, address, now)
        if wait_s:
            answer = make_response(
                self._sign_in_page(gettext("server.signin.wait", seconds=wait_s)), HTTPStatus.TOO_MANY_REQUESTS
            )
            answer.headers["Retry-After"] = str(wait_s)
            return answer
        user = self._users.check(name, password)
        if user is None:
            self._users.failed(name, address, now)
            return self._sign_in_page(gettext("server.signin.wrong")), HTTPStatus.UNAUTHORIZED
        self._users.succeeded(name, address)
        session.clear()
        session.update(user=user, stamp=self._users.stamp(user), since=now.wall.timestamp())
        return redirect(url_for("admin.today"), HTTPStatus.SEE_OTHER)

    def sign_out(self) -> ResponseReturnValue:
        """Forget who is signed in."""
        session.clear()
        return redirect(url_for("admin.sign_in"), HTTPStatus.SEE_OTHER)

    def user(self) -> str | None:
        """Who is signed in: a session of today whose password is still the same."""
        name, since = session.get("user"), session.get("since", 0)
        age_s = self._clock.now().wall.timestamp() - since
        if not name or not 0 <= age_s < SESSION_HOURS * 3600:
            return None
        stamp = self._users.stamp(name)
        return name if stamp is not None and stamp == session.get("stamp") else None

    def signed_in(self, view: View) -> View:
        """The view, for who is signed in; before there is any user, for this machine alone."""

        @wraps(view)
        def guarded() -> ResponseReturnValue:
            if self.user() is None:
                if self._users.exist():
                    return redirect(url_for("admin.sign_in"), HTTPStatus.SEE_OTHER)
                if not self._asked_from_this_machine():
                    abort(HTTPStatus.FORBIDDEN, gettext("server.first_user"))
            return view()

        return guarded

    def _asked_from_this_machine(self) -> bool:
        # A proxy on this machine makes everybody look local; what it adds gives it away.
        proxied = any(request.headers.get(name) for name in _FORWARDED)
        return self._settings.loopback_only and is_loopback(request.remote_addr or "") and not proxied

    def _sign_in_page(self, wrong: str = "") -> str:
        cookies_get_lost = self._settings.cookies_are_secure and not request.is_secure
        return render_template("server/sign_in.html", wrong=wrong, need_https=cookies_get_lost)

    def _at_a_glance(self) -> dict[str, Any]:
        view = self._overview()
        return {"view": view, "rooms": room_lines(self._rooms.all(), view.doors)}

    def _overview(self) -> Overview:
        now = self._clock.now().wall
        return overview(
            self._reports.today(now),
            self._devices.all(),
            self._reports.trouble_counts(),
            wanted=request.args.to_dict(),
            now=now,
            zone=ZoneInfo(self._settings.time_zone),
        )


def day_words(day: datetime) -> str:
    """`Rabu, 10 Juni 2020` in the request's language."""
    weekday, month = gettext(f"server.weekday.{day.isoweekday()}"), gettext(f"server.month.{day.month}")
    return f"{weekday}, {day.day} {month} {day.year}"


def clock_words(at: datetime, seconds: bool = False) -> str:
    """`07.12 WIB`: local time, 24 hours, with the zone's short name."""
    return f"{at:%H.%M.%S}" if seconds else f"{at:%H.%M} {at:%Z}"


def door_words(line: DoorLine) -> str:
    """How long ago the door was heard, in words; nothing for never."""
    if line.ago is None:
        return ""
    unit, count = line.ago
    return str(gettext(f"server.ago.{unit}", n=count))
