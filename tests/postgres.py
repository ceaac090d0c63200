"""A real PostgreSQL for the tests that ask for one: started once a run, stopped at its end."""

import itertools
from contextlib import ExitStack, closing

import psycopg
import pytest

from sync.server.database import Database
from sync.server.schema import metadata
from sync.server.throwaway_postgres import another_database, throwaway_postgres

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres_url():
    """The address of a server of this run's own. Without PostgreSQL's programs the tests fail and say what to install."""
    with throwaway_postgres(durable=False) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_with_tables(postgres_url):
    """The name of a database with the tables in it, to copy: migrating anew for every test would be most of the time."""
    with another_database(postgres_url, "with_tables") as url:
        with closing(Database(url)) as database:
            database.migrate()
        yield "with_tables"


@pytest.fixture
def postgres_empty(postgres_url):
    """The address of a new database without tables."""
    with another_database(postgres_url, f"empty_{next(_numbers)}") as url:
        yield url


class Reused:
    """A database with the tables in it that serves one test after another, emptied between them."""

    def __init__(self, server_url, template):
        self._server_url, self._template, self._made = server_url, template, ExitStack()
        self.url = ""

    def fresh(self):
        """Its address, with every table empty; a database that a test has damaged is made anew."""
        if not self.url or not self._emptied():
            self.close()
            self.url = self._made.enter_context(another_database(self._server_url, f"reused_{next(_numbers)}", self._template))
        return self.url

    def _emptied(self):
        with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as connection:
            try:
                connection.execute("".join(f"DELETE FROM {table.name};" for table in reversed(metadata.sorted_tables)))
            except psycopg.errors.UndefinedTable:
                return False
        return True

    def close(self):
        self._made.close()


@pytest.fixture(scope="module")
def postgres_reused(postgres_url, postgres_with_tables):
    with closing(Reused(postgres_url, postgres_with_tables)) as reused:
        yield reused


@pytest.fixture
def postgres_filled(postgres_reused):
    """The address of a database with empty tables in it."""
    return postgres_reused.fresh()
