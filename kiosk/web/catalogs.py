"""The gettext catalogs. `python -m kiosk.web.catalogs` compiles them after a translator was at work."""

import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from kiosk.web.paths import templates_folder
from kiosk.web.texts import LANGUAGES


def catalog_path(language: str) -> Path:
    """The `.po` of a language; its `.mo` is beside it."""
    return templates_folder() / "translations" / language / "LC_MESSAGES" / "messages.po"


def read_catalog(language: str) -> Catalog:
    """The words of a language, by msgid."""
    with catalog_path(language).open("rb") as file:
        return read_po(file, locale=language)


def compiled(language: str) -> bytes:
    """The bytes that the `.mo` must hold. The same words always give the same bytes."""
    target = BytesIO()
    write_mo(target, read_catalog(language))
    return target.getvalue()


def compile_catalogs() -> list[Path]:
    """Write the `.mo` beside each `.po`; gives the paths written."""
    written = []
    for language in LANGUAGES:
        target = catalog_path(language).with_suffix(".mo")
        target.write_bytes(compiled(language))
        written.append(target)
    return written


if __name__ == "__main__":
    for path in compile_catalogs():
        sys.stderr.write(f"compiled {path.parent.parent.name}/{path.name}\n")
