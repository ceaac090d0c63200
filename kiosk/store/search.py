"""Finding people by the beginnings of their names or numbers: one folded line a person, read through from end to end.

Going through 50,000 lines takes the same few milliseconds whatever is asked, and everything that is typed is meant literally.
"""

import re
import sqlite3
import unicodedata
from collections.abc import Iterable

from kiosk.core.values import Person as DoorPerson
from sync.protocol.wire import Person

SCHEMA = "CREATE TABLE people_search (person_id TEXT PRIMARY KEY, line TEXT NOT NULL) WITHOUT ROWID"
_PARTS = re.compile(r"\w+")
_MOST_WORDS = 8
_NOT_TYPED = frozenset({"Mn", "Cf", "Cc"})


def fold(text: str) -> str:
    """The text without case, accents and marks that nobody types; white space is one space."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = (letter for letter in plain if letter.isspace() or unicodedata.category(letter) not in _NOT_TYPED)
    return " ".join("".join(kept).casefold().split())


def find(db: sqlite3.Connection, typed: str, limit: int) -> list[DoorPerson]:
    """People in whose name or number every word that was `typed` begins a word, by name; none if nothing was typed."""
    words = fold(typed).split()[:_MOST_WORDS]
    if not words:
        return []
    found = _matching(db, words, limit)
    if not found and len(words) > 1 and all(word.isdigit() for word in words):
        found = _matching(db, ["".join(words)], limit)  # a number that is written in groups
    return found


def put(db: sqlite3.Connection, people: Iterable[Person]) -> None:
    """Make these people findable, under the names they have now."""
    db.executemany("INSERT OR REPLACE INTO people_search VALUES (?, ?)", [(p.id, _line(p.id, p.name)) for p in people])


def drop_missing(db: sqlite3.Connection) -> None:
    """Nobody is found whom the directory does not know any more."""
    db.execute("DELETE FROM people_search WHERE person_id NOT IN (SELECT id FROM people)")


def rebuild(db: sqlite3.Connection) -> None:
    """Make everybody in the directory findable."""
    people = db.execute("SELECT id, name FROM people").fetchall()
    db.executemany("INSERT OR REPLACE INTO people_search VALUES (?, ?)", [(each[0], _line(*each)) for each in people])


def _matching(db: sqlite3.Connection, words: list[str], limit: int) -> list[DoorPerson]:
    every = " AND ".join(["instr(line, ?) > 0"] * len(words))
    rows = db.execute(
        "SELECT id, name, unit, post, photo FROM"
        f" (SELECT person_id, line FROM people_search WHERE {every} ORDER BY line, person_id LIMIT ?)"
        " JOIN people ON id = person_id ORDER BY line, person_id",
        [*(f" {word}" for word in words), limit],
    )
    return [DoorPerson(*row) for row in rows]


def _line(person_id: str, name: str) -> str:
    """Every word with a space before it; where punctuation holds words together, also what begins behind it."""
    words = [*fold(name).split(), fold(person_id).replace(" ", "")]
    parts = [word[part.start() :] for word in words for part in _PARTS.finditer(word) if part.start()]
    return " " + " ".join([*words, *parts])
