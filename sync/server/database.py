"""The one place that knows which database it is: how each is opened, how transactions begin, and whose errors are whose."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from sqlite3 import Error as SqliteError
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from sync.server.errors import BadSettings, StoreUnavailable

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_MS = 5000
_CONNECT_S = 5
_LOCK_S, _STATEMENT_S = 10, 30
"""How long PostgreSQL waits for another's lock, and works on one statement, before it says no."""

_TAKE_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:turn, 0))")
_OUT_OF_ORDER = frozenset({"42P01", "42501", "3F000"})
"""PostgreSQL's codes for a table or schema that is missing or not ours to use: the database's trouble, not the statement's."""


class Database:
    """A database by its SQLAlchemy address. Transactions come from `reading()` and `writing()`, and from nowhere else.

    Raises:
        BadSettings: the address is not understood, or is of an engine that is not supported.
    """

    def __init__(self, url: str, *, connections: int = 10) -> None:
        self.url = _understood(url)
        self.engine = create_engine(
            self.url,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=10,
            pool_pre_ping=self.is_postgresql,
            hide_parameters=True,
            connect_args=_session_settings() if self.is_postgresql else {},
        )
        if not self.is_postgresql:
            _prepare_sqlite(self.engine)

    @property
    def is_postgresql(self) -> bool:
        """True for a database server that many processes may write to."""
        return self.url.get_backend_name() == "postgresql"

    @property
    def single_process(self) -> bool:
        """True when only one process may write."""
        return not self.is_postgresql

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view; nothing may be written.

        Raises:
            StoreUnavailable
        """
        options: dict[str, object] = {"gapura_reading": True}
        if self.is_postgresql:
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with store_errors(), self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self, turn: str = "") -> Iterator[Connection]:
        """One transaction: committed at the end, rolled back by any error.

        Those of one `turn` come one after the other, so that what one reads first is still so when it writes. SQLite has a single
        turn for everybody. A transaction has only one turn, so none waits for another in a ring.

        Raises:
            StoreUnavailable
        """
        with store_errors(), self.engine.begin() as connection:
            if self.is_postgresql:
                connection.execute(_TAKE_TURN, {"turn": turn})
            yield connection

    def is_current(self) -> bool:
        """True when the tables are of this version's form.

        Raises:
            StoreUnavailable
        """
        with self.reading() as connection:
            return MigrationContext.configure(connection).get_current_revision() == _newest_version()

    def migrate(self) -> None:
        """Bring the tables to this version; an empty database gets them all.

        Raises:
            StoreUnavailable
        """
        with self.writing() as connection:
            if self.is_postgresql:
                connection.execute(text("SET LOCAL statement_timeout = 0"))  # to lay a large table out anew takes its time
            command.upgrade(migration_config(connection), "head")

    def fold_log(self) -> bool:
        """Get what was overwritten out of SQLite's write-ahead log; False if somebody who reads held it back. Others need none.

        Raises:
            StoreUnavailable
        """
        if self.is_postgresql:
            return True
        with store_errors(), closing(self.engine.raw_connection()) as connection:
            # Past SQLAlchemy, which would begin a transaction: none may be open.
            driver: Any = connection.driver_connection
            try:
                return not driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            except SqliteError as exc:
                raise StoreUnavailable(f"the database cannot be used: {exc}") from exc

    def close(self) -> None:
        """Let every connection go."""
        self.engine.dispose()


def migration_config(connection: Connection) -> Config:
    """What Alembic needs to work over `connection`; the migrations are found beside this file, in a checkout and in a wheel."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@cache
def _newest_version() -> str | None:
    return ScriptDirectory(str(_MIGRATIONS)).get_current_head()


@contextmanager
def store_errors() -> Iterator[None]:
    """Raise the driver's and the pool's troubles as ours; mistakes in a statement stay what they are."""
    try:
        yield
    except PoolTimeout as exc:
        raise StoreUnavailable("the database cannot be used: all connections are busy") from exc
    except (IntegrityError, ProgrammingError, DataError) as exc:
        if getattr(exc.orig, "sqlstate", None) not in _OUT_OF_ORDER:
            raise
        raise StoreUnavailable(f"the database cannot be used: {_first_line(exc.orig)}") from exc
    except (DatabaseError, InterfaceError) as exc:
        raise StoreUnavailable(f"the database cannot be used: {_first_line(exc.orig)}") from exc
    except psycopg.Error as exc:
        # COPY goes past SQLAlchemy, straight to the driver.
        if isinstance(exc, psycopg.IntegrityError | psycopg.DataError):
            raise
        raise StoreUnavailable(f"the database cannot be used: {_first_line(exc)}") from exc


def _first_line(error: BaseException | None) -> str:
    # What follows are hints, and values of the statement, which may be personal.
    return str(error).partition("\n")[0]


def _understood(url: str) -> URL:
    try:
        found = make_url(url)
    except (ArgumentError, ValueError) as exc:
        # The address itself is not repeated: a password may stand in it.
        raise BadSettings("database: not an address; use sqlite:///FILE or postgresql://USER@HOST/NAME") from exc
    if found.drivername in ("postgresql", "postgresql+psycopg"):
        if not found.database:
            raise BadSettings("database: postgresql needs a name, for example postgresql://gapura@localhost/gapura")
        return found.set(drivername="postgresql+psycopg")
    if found.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise BadSettings(f"database: {found.drivername!r} is not supported; use sqlite:///FILE or postgresql://USER@HOST/NAME")
    if not found.database or found.database == ":memory:":
        raise BadSettings("database: sqlite needs a file, for example sqlite:////var/lib/gapura/central.db")
    return found


def _session_settings() -> dict[str, object]:
    limits = f"-c lock_timeout={_LOCK_S}s -c statement_timeout={_STATEMENT_S}s -c timezone=UTC"
    return {"connect_timeout": _CONNECT_S, "application_name": "gapura-central", "options": limits}


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connected(dbapi: SqliteConnection, _entry: ConnectionPoolEntry) -> None:
        dbapi.isolation_level = None  # sqlite3 would begin by itself, late and without the write lock
        for pragma in (f"busy_timeout={_BUSY_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            dbapi.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # A transaction that begins by reading and writes later cannot wait for the lock: it must take it at once.
        reading = connection.get_execution_options().get("gapura_reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
