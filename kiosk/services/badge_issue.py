"""New badges: tokens made here and now, codes kept only in the folder they are written to, hashes sent to the door."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from kiosk.core.badges import TOKEN_BYTES, badge_code, token_sha256
from kiosk.services import badge_cards
from kiosk.services.changes import DirectoryChange
from kiosk.services.private_files import private_folder, write_private
from sync.ids import RandomBytes
from sync.protocol.wire import BadgeEntry, BadgeState, Person

CODES_NAME = "badges.json"
"""In a folder of issued badges: person id -> code. Whoever has it can make these badges: print, then lock it away."""


class CodesError(Exception):
    """A folder of issued badges cannot be used; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A badge just made. `replaces` are the hashes of the person's badges that it makes invalid."""

    person: Person
    code: str
    entry: BadgeEntry
    replaces: tuple[str, ...]


def active_badges(badges: Iterable[BadgeEntry]) -> dict[str, tuple[str, ...]]:
    """Hashes of the badges that are not revoked, by person."""
    found: dict[str, tuple[str, ...]] = {}
    for badge in badges:
        if badge.state is BadgeState.ACTIVE:
            found[badge.person_id] = (*found.get(badge.person_id, ()), badge.token_sha256)
    return found


def issue(people: Iterable[Person], badges: Iterable[BadgeEntry], random_bytes: RandomBytes) -> list[Issued]:
    """A new badge for each of `people`, in place of those they have in `badges`."""
    active = active_badges(badges)
    issued = []
    for person in people:
        token = random_bytes(TOKEN_BYTES)
        entry = BadgeEntry(token_sha256=token_sha256(token), person_id=person.id)
        issued.append(Issued(person, badge_code(token), entry, active.get(person.id, ())))
    return issued


def change(issued: Iterable[Issued]) -> DirectoryChange:
    """What the door is told of it: hashes to know and hashes to revoke, together."""
    made = list(issued)
    return DirectoryChange(badges=[each.entry for each in made], revoke=[old for each in made for old in each.replaces])


def save(folder: Path, issued: Iterable[Issued]) -> None:
    """Write a PNG and an SVG for each badge, and all codes into CODES_NAME, beside those of earlier calls. Owner only.

    Raises:
        CodesError: the folder holds codes that cannot be read, which must not be overwritten.
        OSError
    """
    private_folder(folder)
    codes = read_codes(folder) if (folder / CODES_NAME).exists() else {}
    for each in issued:
        stem = file_stem(each.person.id)
        write_private(folder / f"{stem}.png", badge_cards.png(each.code))
        write_private(folder / f"{stem}.svg", badge_cards.svg(each.code).encode("ascii"))
        codes[each.person.id] = each.code
    write_private(folder / CODES_NAME, msgspec.json.format(msgspec.json.encode(codes, order="sorted")))


def read_codes(folder: Path) -> dict[str, str]:
    """Person id -> code, as `save` wrote it.

    Raises:
        CodesError: there is no such file, or it is damaged.
    """
    path = folder / CODES_NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except OSError as exc:
        raise CodesError(f"{path}: {exc.strerror}; name the folder that `gapura badges issue --out` wrote") from exc
    except msgspec.MsgspecError as exc:
        raise CodesError(f"{path} is damaged ({exc}); issue these badges again") from exc


def file_stem(person_id: str) -> str:
    """A file name for a person's badge: the id where that is a plain name, else one that no other id has."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", person_id):
        return person_id
    plain = re.sub(r"[^A-Za-z0-9]+", "-", person_id).strip("-") or "badge"
    return f"{plain}~{hashlib.sha256(person_id.encode()).hexdigest()[:8]}"
