from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from random import Random

import pytest

from kiosk.core.values import Standing
from kiosk.store import directory, guards
from kiosk.store.database import KioskDatabase, open_kiosk_database
from sync.protocol.wire import BadgeEntry, BadgeState, Directory, Person

ANI, BUDI = Person(id="P1", name="Ani", unit="Arsip", photo="f" * 64), Person(id="P2", name="Budi")
TODAY, NOW = "2020-06-10", "2020-06-10T00:12:00.000000Z"


def badge(name: str, owner: str = "P1", **more: object) -> BadgeEntry:
    return BadgeEntry(token_sha256=name, person_id=owner, **more)  # type: ignore[arg-type]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[KioskDatabase]:
    opened = open_kiosk_database(tmp_path / "kiosk.db", device_id="d", place_id="p", random_bytes=Random(1).randbytes)
    with closing(opened):
        yield opened


def from_server(db: KioskDatabase, version: int, people: list[Person], badges: list[BadgeEntry]) -> None:
    with db.transaction() as connection:
        directory.replace_central(connection, Directory(version=version, people=people, badges=badges), NOW)


def by_hand(db: KioskDatabase, people: list[Person], badges: list[BadgeEntry], revoke: list[str] | None = None) -> None:
    with db.transaction() as connection:
        directory.change_local(connection, people, badges, revoke or [], NOW)


def standing(db: KioskDatabase, name: str, today: str = TODAY) -> Standing:
    return directory.look_up(db.connection, name, today).standing


def test_a_known_badge_names_its_person(db: KioskDatabase) -> None:
    """Whoever it belongs to comes back as the door shows them."""
    from_server(db, 1, [ANI], [badge("a")])
    found = directory.look_up(db.connection, "a", TODAY)
    assert found.standing is Standing.KNOWN
    assert found.person == directory.person(db.connection, "P1")
    assert found.person is not None
    assert (found.person.name, found.person.photo) == ("Ani", "f" * 64)


@pytest.mark.parametrize(
    ("last_day", "expected"), [("2020-06-09", Standing.EXPIRED), ("2020-06-10", Standing.KNOWN), (None, Standing.KNOWN)]
)
def test_a_badge_is_good_through_its_last_day(db: KioskDatabase, last_day: str | None, expected: Standing) -> None:
    """The date is inclusive, and by the door's own calendar."""
    from_server(db, 1, [ANI], [badge("a", valid_until=last_day)])
    assert standing(db, "a") is expected


def test_strangers_and_orphans_are_unknown(db: KioskDatabase) -> None:
    """A hash nobody has, and one whose owner is not in the directory, are the same: unknown, with nobody's name."""
    from_server(db, 1, [ANI], [badge("orphan", "P9")])
    assert directory.look_up(db.connection, "nobody", TODAY) == directory.Lookup(Standing.UNKNOWN, None)
    assert directory.look_up(db.connection, "orphan", TODAY) == directory.Lookup(Standing.UNKNOWN, None)


def test_revoked_comes_before_expired(db: KioskDatabase) -> None:
    """A revoked badge says so, whatever its date."""
    from_server(db, 1, [ANI], [badge("a", state=BadgeState.REVOKED, valid_until="2019-01-01")])
    assert standing(db, "a") is Standing.REVOKED


def test_a_local_revocation_outlives_every_directory(db: KioskDatabase) -> None:
    """A badge reported lost at the door stays blocked when the server, which has not heard, sends it as good."""
    from_server(db, 1, [ANI], [badge("a")])
    by_hand(db, [], [], ["a", "later"])
    from_server(db, 2, [ANI], [badge("a"), badge("later")])
    by_hand(db, [], [badge("later")])
    assert (standing(db, "a"), standing(db, "later")) == (Standing.REVOKED, Standing.REVOKED)


def test_local_people_stay_until_the_server_knows_them(db: KioskDatabase) -> None:
    """A directory takes away only what an earlier one brought."""
    by_hand(db, [BUDI], [badge("b", "P2")])
    from_server(db, 1, [ANI], [badge("a")])
    from_server(db, 2, [], [])
    assert [person.name for person in directory.people(db.connection)] == ["Budi"]
    assert (standing(db, "a"), standing(db, "b")) == (Standing.UNKNOWN, Standing.KNOWN)
    assert directory.state(db.connection) == directory.DirectoryState(2, NOW)


def test_a_directory_comes_whole_or_not_at_all(db: KioskDatabase) -> None:
    """When a transaction fails half way the old directory is still there."""
    from_server(db, 1, [ANI], [badge("a")])
    with suppress(ZeroDivisionError), db.transaction() as connection:
        directory.replace_central(connection, Directory(version=2), NOW)
        raise ZeroDivisionError
    assert standing(db, "a") is Standing.KNOWN
    assert directory.state(db.connection).version == 1


def test_guards_come_and_go(db: KioskDatabase) -> None:
    """Put replaces, remove forgets, and an unknown guard has no hash and no failures."""
    with db.transaction() as connection:
        guards.put(connection, [("g1", "Wati", "guard", "h1"), ("g2", "Agus", "head", "h2"), ("g1", "Wati", "guard", "h3")])
        guards.remove(connection, ["g9"])
    assert guards.everyone(db.connection) == [("g2", "Agus", "head"), ("g1", "Wati", "guard")]
    assert guards.pin_hash(db.connection, "g1") == "h3"
    with db.transaction() as connection:
        guards.remove(connection, ["g1"])
    assert (guards.pin_hash(db.connection, "g1"), guards.failures(db.connection, "g1")) == (None, 0)
