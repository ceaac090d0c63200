"""The words of slips, from the catalogs. A slip is drawn outside of any request, so its languages are chosen by who prints it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.support import Translations

from kiosk.web.paths import templates_folder
from kiosk.web.texts import LANGUAGES, clock_text


class CatalogWords:
    """One language at one door, as `kiosk.services.slips.SlipWords` asks for it. May be used from any thread."""

    def __init__(self, language: str, time_zone: str) -> None:
        self._language, self._time_zone = language, time_zone
        self._catalog = Translations.load(templates_folder() / "translations", [language])

    def say(self, key: str, **values: object) -> str:
        return str(self._catalog.gettext(key)) % values

    def moment(self, at: datetime, *, trusted: bool) -> str:
        if not trusted:
            return self.say("clock.unsure")
        day = format_date(at.astimezone(ZoneInfo(self._time_zone)).date(), "d MMMM y", locale=self._language)
        return f"{day} {self.clock(at)}"

    def clock(self, at: datetime) -> str:
        return clock_text(at, self._time_zone)


def both_languages(time_zone: str) -> tuple[CatalogWords, ...]:
    """Indonesian, then English: a piece of paper does not know who will read it."""
    return tuple(CatalogWords(language, time_zone) for language in LANGUAGES)
