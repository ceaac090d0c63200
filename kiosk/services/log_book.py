"""The duty log (buku mutasi): lines that are never changed or taken out, only followed up."""

import sqlite3
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace

from kiosk.services.tools import StationTools
from kiosk.services.views import Guard
from kiosk.store import duty_log, guards
from kiosk.store.duty_log import LogRow
from sync import journal
from sync.ids import uuid7
from sync.journal import Event
from sync.protocol.events import Kind

LONGEST = 1000
PAGE_ROWS = 100


@dataclass(frozen=True, slots=True)
class LetIn:
    """People who were let into a full room, and the code of the reason."""

    room_id: str
    people: int
    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line with the names of who wrote it, and the line that it follows up or what was overridden, if any."""

    row: LogRow
    by: str
    other: str
    follows: LogRow | None = None
    let_in: LetIn | None = None


class LogBook:
    """The duty log of one station."""

    def __init__(self, tools: StationTools) -> None:
        self._tools = tools

    def note(self, by: Guard, text: str, follows: str | None = None) -> str:
        """Write a line; gives what kept it from being written ("empty", "too_long", "unknown_line"), or "".

        Raises:
            DatabaseError, TimeoutError: it was not written.
        """
        text = cleaned(text)
        if not text:
            return "empty"
        if len(text) > LONGEST:
            return "too_long"
        if follows:
            with self._tools.reading() as db:
                if duty_log.log_row(db, follows) is None:
                    return "unknown_line"
        note_id = uuid7(self._tools.now().wall, self._tools.random_bytes)
        payload = {"note_id": note_id, "text": text, "by": by.id, "follows": follows or None}
        self._tools.journal(Event(Kind.GUARD_NOTED, payload, id=note_id))
        return ""

    def lines(self, *, words: str = "", before: int | None = None, limit: int = PAGE_ROWS) -> list[Line]:
        """The newest lines before a position, newest first; those that hold `words`, if given.

        Raises:
            DatabaseError
        """
        with self._tools.reading() as db:
            rows = duty_log.log_rows(db, before=before, limit=limit, words=words.strip())
            names = {row[0]: row[1] for row in guards.everyone(db)}
            first = {str(row.follows): duty_log.log_row(db, row.follows) for row in rows if row.follows}
            let_in = {row.note_id: _let_in(db, row) for row in rows if row.kind == Kind.ROOM_OVERRIDDEN}
        named = [Line(row, names.get(row.by, row.by), names.get(row.other or "", row.other or "")) for row in rows]
        return [replace(line, follows=first.get(line.row.follows or ""), let_in=let_in.get(line.row.note_id)) for line in named]


def _let_in(db: sqlite3.Connection, row: LogRow) -> LetIn | None:
    """What the journal says of an override; None once that is forgotten."""
    told = next((entry.payload for entry in journal.read(db, after=row.position - 1, limit=1)), None)
    return None if told is None else LetIn(str(told["room_id"]), int(told["people"]), str(told["reason"]))


def cleaned(text: str) -> str:
    """What somebody typed, without control characters and space around it; line breaks stay."""
    return "".join(char for char in _lines(text) if char == "\n" or unicodedata.category(char) != "Cc").strip()


def _lines(text: str) -> Iterable[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
