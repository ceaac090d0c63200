"""What a projection is: tables that nothing but the journal feeds, so that they can be thrown away and made anew."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sync.journal import Entry

Handler = Callable[[sqlite3.Connection, Entry, dict[str, Any]], None]
"""Takes one journal row, with its payload, into the tables, in the transaction that appended it."""


@dataclass(frozen=True, slots=True)
class Projection:
    """The tables, and what each kind of event does to them. Events of other kinds change nothing."""

    tables: tuple[str, ...]
    handlers: Mapping[str, Handler]
