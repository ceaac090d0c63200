"""Words for the pages: gettext catalogs read straight from their .po files, so that no compiled copy can be out of step."""

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import request
from flask_babel import Domain, get_locale

LANGUAGES = ("id", "en")
COOKIE = "gapura_language"


class PoDomain(Domain):  # type: ignore[misc]
    """The catalogs under `folder`: {language}/LC_MESSAGES/messages.po. A language without one shows its keys."""

    def __init__(self, folder: Path) -> None:
        super().__init__([str(folder)])
        self._catalogs = {language: _load(folder / language / "LC_MESSAGES" / "messages.po") for language in LANGUAGES}

    def get_translations(self) -> NullTranslations:
        """The catalog of the request's language."""
        return self._catalogs[str(get_locale())]


def select_language() -> str:
    """The language asked for by ?lang=, else by the cookie, else Indonesian."""
    for wanted in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if wanted in LANGUAGES:
            return wanted
    return LANGUAGES[0]


@cache
def _load(path: Path) -> NullTranslations:
    if not path.is_file():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as text:
        write_mo(compiled, read_po(text))
    compiled.seek(0)
    return Translations(compiled)
