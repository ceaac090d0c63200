"""Letters of doors: every device that is told of rooms or services has one that begins its numbers, and keeps it for good."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, product
from string import ascii_uppercase

from sqlalchemy import Connection, delete, insert, select, text

from sync.server.schema import devices, door_letters

_NOBODY_ELSE_GIVES = text("LOCK TABLE door_letters IN SHARE ROW EXCLUSIVE MODE")


def lettered(known: Mapping[str, str], told: Mapping[str, str], site: Iterable[str], doors: Iterable[str]) -> dict[str, str]:
    """The letters of a site's devices: those told, those they have, and a new one for each of `doors` without.

    A new one is one that no device of the whole server has or had, `known` being all; once those are used up, none of the site.
    """
    here = frozenset(site)
    letters = {name: letter for name, letter in known.items() if name in here} | dict(told)
    elsewhere = frozenset(letter for name, letter in known.items() if name not in here)
    nowhere = (letter for letter in _alphabet() if letter not in elsewhere)
    unused = (letter for letter in chain(nowhere, _alphabet()) if letter not in letters.values())
    for door in doors:
        if door not in letters and (letter := next(unused, None)) is not None:
            letters[door] = letter
    return letters


def _alphabet() -> Iterator[str]:
    yield from ascii_uppercase
    yield from ("".join(pair) for pair in product(ascii_uppercase, repeat=2))


def read(connection: Connection) -> dict[str, str]:
    """Every device's letter by its id."""
    return {row.device_id: row.letter for row in connection.execute(select(door_letters))}


def planned(connection: Connection, site: str, told: Mapping[str, str], first: Iterable[str] = ()) -> dict[str, str]:
    """The letters of a site's devices once `told` are set; of those without one, `first` come first, revoked ones never."""
    query = select(devices.c.id, devices.c.revoked_at).where(devices.c.site == site)
    found = connection.execute(query.order_by(devices.c.created_at, devices.c.id)).all()
    active = (row.id for row in found if row.revoked_at is None)
    return lettered(read(connection), told, (row.id for row in found), chain(first, active))


def alone(connection: Connection) -> None:
    """Until this transaction ends nobody else gives letters, at any site. To be asked for when the site's turn is had."""
    # Every transaction that takes this lock has its turn already and waits for nothing after it, so there is no ring.
    if connection.dialect.name == "postgresql":
        connection.execute(_NOBODY_ELSE_GIVES)


def put(connection: Connection, letters: Mapping[str, str]) -> None:
    """Keep these letters."""
    connection.execute(delete(door_letters).where(door_letters.c.device_id.in_(letters)))
    for device_id, letter in letters.items():
        connection.execute(insert(door_letters).values(device_id=device_id, letter=letter))


def lacks(connection: Connection, device_id: str) -> bool:
    """True for a device without a letter."""
    return connection.scalar(select(door_letters.c.letter).where(door_letters.c.device_id == device_id)) is None


def give(connection: Connection, site: str) -> bool:
    """Give each of the site's active devices that has none a letter; False if nobody was given one."""
    alone(connection)
    letters, known = planned(connection, site, {}), read(connection)
    put(connection, {name: letter for name, letter in letters.items() if name not in known})
    return bool(letters.keys() - known.keys())
