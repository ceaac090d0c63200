"""The numbered cards that visitors hold while they are inside: whose hash is which number. Printed here, or named by the server.

Like badges they come from commands and documents, not from the journal.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

CENTRAL = "central"
LOCAL = "local"

SCHEMA = (
    "CREATE TABLE pass_cards (token_sha256 TEXT PRIMARY KEY, number INTEGER NOT NULL, room_id TEXT, retired_at TEXT,"
    " source TEXT NOT NULL) WITHOUT ROWID"
)
_COLUMNS = "token_sha256, number, room_id, retired_at, source"


class PassCard(msgspec.Struct, frozen=True):
    """A card as a change or a document names it. `room_id` None: good for any room of the station."""

    number: int
    token_sha256: str
    room_id: str | None = None


@dataclass(frozen=True, slots=True)
class KnownCard:
    """A card as this station knows it. `retired_at` is UTC text, None while it is in force; `source` says who named it."""

    token_sha256: str
    number: int
    room_id: str | None
    retired_at: str | None
    source: str

    def opens(self, room_id: str) -> bool:
        """True while this card is in force and meant for that room."""
        return self.retired_at is None and self.room_id in (None, room_id)


def look_up(db: sqlite3.Connection, token_sha256: str) -> KnownCard | None:
    """The card with that hash, a retired one too; None for a card that nobody here has heard of."""
    row = db.execute(f"SELECT {_COLUMNS} FROM pass_cards WHERE token_sha256 = ?", (token_sha256,)).fetchone()
    return None if row is None else KnownCard(*row)


def everyone(db: sqlite3.Connection) -> list[KnownCard]:
    """Every card by room and number, those in force before those retired."""
    order = "room_id IS NOT NULL, room_id, number, retired_at IS NOT NULL, retired_at, token_sha256"
    return [KnownCard(*row) for row in db.execute(f"SELECT {_COLUMNS} FROM pass_cards ORDER BY {order}")]


def change_local(db: sqlite3.Connection, cards: Iterable[PassCard], retired: Iterable[str], at: str) -> None:
    """Add cards printed on this station, and retire cards by hash whoever named them. `at` is UTC text.

    One local card of a number is in force: a new one retires the one before it.
    """
    retire(db, retired, at)
    for card in cards:
        before = "number = ? AND source = ? AND retired_at IS NULL AND token_sha256 != ?"
        db.execute(f"UPDATE pass_cards SET retired_at = ? WHERE {before}", (at, card.number, LOCAL, card.token_sha256))
        put(db, [card], LOCAL)


def replace_central(db: sqlite3.Connection, cards: Iterable[PassCard]) -> None:
    """Take over the server's cards whole. Local ones stay, and what was retired here stays retired, whatever the server says."""
    db.execute("DELETE FROM pass_cards WHERE source = ? AND retired_at IS NULL", (CENTRAL,))
    put(db, cards, CENTRAL)


def retire(db: sqlite3.Connection, token_sha256: Iterable[str], at: str) -> None:
    """From now on these cards open nothing here. One that is retired keeps its first time; an unknown one is passed over."""
    query = "UPDATE pass_cards SET retired_at = ? WHERE token_sha256 = ? AND retired_at IS NULL"
    db.executemany(query, [(at, each) for each in token_sha256])


def put(db: sqlite3.Connection, cards: Iterable[PassCard], source: str) -> None:
    """Add cards, or say anew what they are; a retired one stays retired, and one printed here stays local."""
    db.executemany(
        "INSERT INTO pass_cards VALUES (?, ?, ?, NULL, ?) ON CONFLICT (token_sha256) DO UPDATE"
        " SET number = excluded.number, room_id = excluded.room_id",
        [(card.token_sha256, card.number, card.room_id, source) for card in cards],
    )
