"""Times, dates and temperatures as people at an Indonesian door read them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal
from flask import Flask
from flask_babel import get_locale, gettext

from kiosk.core.values import At

LANGUAGES = ("id", "en")
_ZONE_WORDS = {
    "Asia/Jakarta": "WIB",
    "Asia/Pontianak": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Ujung_Pandang": "WITA",
    "Asia/Jayapura": "WIT",
}


def clock_text(moment: datetime, time_zone: str) -> str:
    """`07.12 WIB`: an aware datetime as local time of an IANA zone, with the word people use for that zone."""
    local = moment.astimezone(ZoneInfo(time_zone))
    return f"{local:%H.%M} {_ZONE_WORDS.get(time_zone) or local.tzname()}"


def date_text(moment: datetime, time_zone: str, language: str) -> str:
    """`Rabu, 10 Juni 2020`, or `Wednesday, 10 June 2020`."""
    return format_date(moment.astimezone(ZoneInfo(time_zone)).date(), "EEEE, d MMMM y", locale=language)


def day_text(iso: str, language: str, *, short: bool = False) -> str:
    """A local date given as YYYY-MM-DD: `Rabu, 10 Juni 2020`, or where it is `short` `10 Jun`."""
    return format_date(date.fromisoformat(iso), "d MMM" if short else "EEEE, d MMMM y", locale=language)


def temperature_text(celsius: float, language: str, *, finest: bool = False) -> str:
    """`36,5 °C` (`36.5 °C` in English). `finest` keeps a second decimal where there is one."""
    return f"{format_decimal(celsius, '0.0#' if finest else '0.0', locale=language)}\N{NO-BREAK SPACE}°C"


def is_day(moment: datetime, time_zone: str) -> bool:
    """True from six to six, when screens are read by daylight."""
    return 6 <= moment.astimezone(ZoneInfo(time_zone)).hour < 18


def install_formats(app: Flask, time_zone: str) -> None:
    """Give templates the filters `clock`, `tap_time`, `date`, `day`, `short_day`, `temperature`, `countdown` and `initials`."""

    def language() -> str:
        return str(get_locale() or LANGUAGES[0])

    def tap_time(at: At) -> str:
        return clock_text(at.wall, time_zone) if at.trusted else gettext("clock.unsure")

    app.add_template_filter(lambda moment: clock_text(moment, time_zone), "clock")
    app.add_template_filter(tap_time, "tap_time")
    app.add_template_filter(lambda moment: date_text(moment, time_zone, language()), "date")
    app.add_template_filter(lambda iso: day_text(iso, language()), "day")
    app.add_template_filter(lambda iso: day_text(iso, language(), short=True), "short_day")
    app.add_template_filter(lambda celsius: temperature_text(celsius, language()), "temperature")
    app.add_template_filter(lambda celsius: temperature_text(celsius, language(), finest=True), "exact_temperature")
    app.add_template_filter(countdown_text, "countdown")
    app.add_template_filter(initials, "initials")


def countdown_text(left_s: int) -> str:
    """Minutes and seconds that are left: "1:05". The browser counts on from there."""
    return f"{left_s // 60}:{left_s % 60:02d}"


def initials(name: str) -> str:
    """One or two letters that stand for a photo: "SR" for "Siti Rahayu". Empty when the name holds no letters."""
    words = [word for word in name.split(",")[0].split() if word[0].isalpha() and not word.endswith(".")]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()
