"""The one place that knows which database it is: how each is opened, how transactions begin, and whose errors are whose."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    NoSuchModuleError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from sync.server.errors import BadSettings, StoreUnavailable

_BUSY_MS = 5000


class Database:
    """A database by its SQLAlchemy address. Transactions come from `reading()` and `writing()`, and from nowhere else.

    Raises:
        BadSettings: the address is not understood, or is of an engine that is not supported.
    """

    def __init__(self, url: str, *, connections: int = 10) -> None:
        try:
            self.url = make_url(url)
            if self.url.get_backend_name() != "sqlite":
                raise BadSettings(f"database: {self.url.drivername!r} is not supported; use sqlite:///FILE")
            if not self.url.database or self.url.database == ":memory:":
                raise BadSettings("database: sqlite needs a file, for example sqlite:////var/lib/gapura/central.db")
            self.engine = create_engine(self.url, pool_size=connections, max_overflow=0, pool_timeout=10)
        except (ArgumentError, NoSuchModuleError) as exc:
            raise BadSettings(f"database: {exc}") from exc
        _prepare_sqlite(self.engine)

    @property
    def single_process(self) -> bool:
        """True when only one process may write."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view; nothing may be written.

        Raises:
            StoreUnavailable
        """
        with store_errors(), self.engine.connect().execution_options(gapura_reading=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: committed at the end, rolled back by any error.

        Raises:
            StoreUnavailable
        """
        with store_errors(), self.engine.begin() as connection:
            yield connection

    def migrate(self) -> None:
        """Bring the tables to this version; an empty database gets them all.

        Raises:
            StoreUnavailable
        """
        with self.writing() as connection:
            command.upgrade(migration_config(connection), "head")

    def close(self) -> None:
        """Let every connection go."""
        self.engine.dispose()


def migration_config(connection: Connection) -> Config:
    """What Alembic needs to work over `connection`; the migrations are found beside this file, in a checkout and in a wheel."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@contextmanager
def store_errors() -> Iterator[None]:
    """Raise the driver's and the pool's troubles as ours; mistakes in a statement stay what they are."""
    try:
        yield
    except PoolTimeout as exc:
        raise StoreUnavailable("the database cannot be used: all connections are busy") from exc
    except (IntegrityError, ProgrammingError, DataError):
        raise
    except (DatabaseError, InterfaceError) as exc:
        raise StoreUnavailable(f"the database cannot be used: {exc.orig}") from exc


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connected(dbapi: SqliteConnection, _entry: ConnectionPoolEntry) -> None:
        dbapi.isolation_level = None  # sqlite3 would begin by itself, late and without the write lock
        for pragma in (f"busy_timeout={_BUSY_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            dbapi.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # A transaction that begins by reading and writes later cannot wait for the lock: it must take it at once.
        reading = connection.get_execution_options().get("gapura_reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
