"""Which card is which number: cards come from commands and documents, and a retired one never comes back."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from kiosk.store import backup, directory, pass_cards, quarantine
from kiosk.store.database import KioskDatabase, open_kiosk_database
from kiosk.store.pass_cards import CENTRAL, LOCAL, KnownCard, PassCard
from sync.clock import ManualClock
from sync.protocol.wire import Person

NOW, LATER = "2020-06-10T00:12:00.000000Z", "2020-06-11T00:12:00.000000Z"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[KioskDatabase]:
    opened = open_kiosk_database(tmp_path / "kiosk.db", device_id="d", place_id="p", random_bytes=Random(1).randbytes)
    with closing(opened):
        yield opened


def by_hand(db: KioskDatabase, *cards: PassCard, retired: tuple[str, ...] = (), at: str = NOW) -> None:
    with db.transaction() as connection:
        pass_cards.change_local(connection, cards, retired, at)


def from_server(db: KioskDatabase, *cards: PassCard) -> None:
    with db.transaction() as connection:
        pass_cards.replace_central(connection, cards)


def found(db: KioskDatabase, token_sha256: str) -> KnownCard:
    card = pass_cards.look_up(db.connection, token_sha256)
    assert card is not None
    return card


def test_a_card_is_known_by_its_hash(db: KioskDatabase) -> None:
    """Its number and its room come back; a hash that nobody named is no card."""
    by_hand(db, PassCard(7, "a", "baca"))
    assert pass_cards.look_up(db.connection, "a") == KnownCard("a", 7, "baca", None, LOCAL)
    assert pass_cards.look_up(db.connection, "b") is None


@pytest.mark.parametrize(("room", "asked", "opens"), [("baca", "baca", True), ("baca", "arsip", False), (None, "arsip", True)])
def test_a_card_is_good_for_its_room(db: KioskDatabase, room: str | None, asked: str, opens: bool) -> None:
    """A card without a room is good for every room of the station; any other for its own."""
    by_hand(db, PassCard(7, "a", room))
    assert found(db, "a").opens(asked) is opens


def test_a_new_card_of_a_number_ends_the_old_one(db: KioskDatabase) -> None:
    """Two cards of one number are never both in force here, even if two commands did not know of each other."""
    by_hand(db, PassCard(7, "a"), PassCard(8, "b"))
    by_hand(db, PassCard(7, "c"), at=LATER)
    assert [(card.token_sha256, card.retired_at) for card in pass_cards.everyone(db.connection)] == [
        ("c", None),
        ("a", LATER),
        ("b", None),
    ]
    assert not found(db, "a").opens("baca")


def test_the_same_card_again_changes_nothing(db: KioskDatabase) -> None:
    """A change that is applied twice leaves its card in force."""
    by_hand(db, PassCard(7, "a"))
    by_hand(db, PassCard(7, "a"), at=LATER)
    assert found(db, "a").retired_at is None


def test_a_retired_card_stays_retired(db: KioskDatabase) -> None:
    """Neither the server nor a later change makes a card that was reported lost good again, and its first time stays."""
    from_server(db, PassCard(7, "a"))
    by_hand(db, retired=("a", "unheard of"))
    by_hand(db, retired=("a",), at=LATER)
    from_server(db)
    from_server(db, PassCard(7, "a"))
    by_hand(db, PassCard(7, "a"), at=LATER)
    assert found(db, "a").retired_at == NOW
    assert pass_cards.look_up(db.connection, "unheard of") is None


def test_the_servers_cards_come_whole(db: KioskDatabase) -> None:
    """What the server no longer names is gone; what was printed here stays, also when the server has named it in between."""
    by_hand(db, PassCard(1, "mine"), PassCard(2, "shared"))
    from_server(db, PassCard(1, "theirs"), PassCard(2, "shared", "baca"))
    assert found(db, "theirs").source == CENTRAL
    assert found(db, "mine").retired_at is None
    assert found(db, "shared").room_id == "baca"
    from_server(db, PassCard(3, "newer"))
    assert {card.token_sha256 for card in pass_cards.everyone(db.connection)} == {"mine", "shared", "newer"}


def station(data: Path) -> KioskDatabase:
    return quarantine.open_station(
        data / "kiosk.db",
        device_id="door-1",
        place_id="lobby",
        random_bytes=Random(2).randbytes,
        now=ManualClock().now,
        backups=lambda: backup.kept(data),
    )


def damaged(data: Path) -> None:
    """A backup of the station's file is taken, and then the file is none any more."""
    backup.make(data / "kiosk.db", backup.next_path(data))
    (data / "kiosk.db").write_bytes(b"this was once a journal " * 400)


def test_cards_survive_a_damaged_file(tmp_path: Path) -> None:
    """The cards in the box are known to the new file out of the last backup, at a door that has revoked no badge too."""
    with closing(station(tmp_path)) as first:
        by_hand(first, PassCard(7, "a", "baca"))
    damaged(tmp_path)
    with closing(station(tmp_path)) as second:
        assert found(second, "a").opens("baca")


def test_a_backup_from_before_there_were_cards(tmp_path: Path) -> None:
    """A backup that an older program made still gives its people."""
    with closing(station(tmp_path)) as first, first.transaction() as connection:
        directory.change_local(connection, [Person(id="P1", name="Ani")], [], [], NOW)
        connection.execute("DROP TABLE pass_cards")
    damaged(tmp_path)
    with closing(station(tmp_path)) as second:
        assert [person.name for person in directory.people(second.connection)] == ["Ani"]
        assert pass_cards.everyone(second.connection) == []
