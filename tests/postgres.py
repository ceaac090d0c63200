"""A real PostgreSQL for the tests that ask for one: started once a run, stopped at its end."""

import itertools
from contextlib import closing

import pytest

from sync.server.database import Database
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


@pytest.fixture
def postgres_filled(postgres_url, postgres_with_tables):
    """The address of a new database with the tables in it."""
    with another_database(postgres_url, f"filled_{next(_numbers)}", postgres_with_tables) as url:
        yield url
