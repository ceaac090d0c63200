"""Rooms, services and the like as people write them in a file: read one by one, and named where they are wrong. Pure."""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


def entries(told: object, name: str, form: type[T], wrong: list[str]) -> Iterator[T]:
    """The entries of the list `name` that have the form; `wrong` takes a sentence for everything that has not.

    A field that is not known is wrong: it is a misspelt one, and its rule would silently not hold.
    """
    if not isinstance(told, list):
        wrong.append(f"{name}: must be a list")
        return
    known = {field.encode_name for field in msgspec.structs.fields(form)}
    for place, entry in enumerate(told):
        at = f"{name}[{place}]"
        if isinstance(entry, dict):
            wrong += [f"{at}.{key}: no such field" for key in sorted(entry.keys() - known)]
        try:
            yield msgspec.convert(entry, form)
        except msgspec.ValidationError as exc:
            what, _, path = str(exc).partition(" - at `$")
            wrong.append(f"{at}{path.rstrip('`')}: {what}")
