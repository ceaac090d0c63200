"""What the pages with lists share: times and ages in words, and lists that are taken away."""

from datetime import datetime, timedelta

from flask import Response, abort
from flask_babel import get_locale, gettext

from kiosk.services.paper import Listing, as_csv, as_pdf
from kiosk.web.access import signed_in
from kiosk.web.context import duties, the_door
from kiosk.web.texts import clock_text, date_text

FORMS = {"pdf": ("application/pdf", "pdf"), "csv": ("text/csv; charset=utf-8", "csv")}


def moment_words(moment: datetime, *, trusted: bool) -> str:
    """`07.12 WIB`, or that the time is not certain."""
    return clock_text(moment, the_door().station.time_zone) if trusted else str(gettext("clock.unsure"))


def stamp(moment: datetime, *, trusted: bool) -> str:
    """`Rabu, 10 Juni 2020, 07.12 WIB`, or that the time is not certain."""
    if not trusted:
        return str(gettext("clock.unsure"))
    zone = the_door().station.time_zone
    return f"{date_text(moment, zone, str(get_locale() or 'id'))}, {clock_text(moment, zone)}"


def age_words(age_s: float | None) -> str:
    """`baru saja`, `8 menit lalu`, `3 jam lalu`; that it is not known, for None."""
    if age_s is None:
        return str(gettext("age.unknown"))
    if age_s < 60:
        return str(gettext("age.now"))
    if age_s < 7200:
        return str(gettext("age.minutes", count=int(age_s // 60)))
    return str(gettext("age.hours", count=int(age_s // 3600)))


def when_words(age_s: float | None, now: datetime, *, trusted: bool) -> str:
    """The time of something so long ago, or its age where the clock cannot be trusted."""
    return moment_words(now - timedelta(seconds=age_s), trusted=True) if trusted and age_s is not None else age_words(age_s)


def footer() -> str:
    """What stands at the foot of every printed page before its number."""
    door = the_door()
    now = door.clock.now()
    return f"{door.station.name} · {door.station.place} · {stamp(now.wall, trusted=duties().tools.clock_is_trusted())}"


def taken_away(listing: Listing, what: str, form: str, count: int) -> Response:
    """The listing as a file, once it is journaled who took it."""
    if form not in FORMS:
        abort(400)
    kind, ending = FORMS[form]
    body = as_pdf(listing, the_door().now()) if form == "pdf" else as_csv(listing)
    duties().sheets.exported(signed_in(), what, form, count)
    name = f"{what}-{duties().tools.today().isoformat()}.{ending}"
    return Response(body, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
