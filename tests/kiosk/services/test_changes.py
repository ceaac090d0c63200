import fcntl
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.services import changes
from kiosk.services.changes import DirectoryChange, StationBusy, Submitted, WrongUser, apply_inbox, station_lock, submit
from kiosk.store import directory
from kiosk.store.database import KioskDatabase, open_kiosk_database
from sync.clock import ManualClock
from sync.database import DatabaseUnavailable
from sync.files import write_whole
from sync.handover import NewEpoch
from sync.journal import Event, read, verify
from sync.protocol import seals
from sync.protocol.events import Kind
from sync.protocol.wire import Directory, Person, SignedDocument
from tests.kiosk.services.post import Post, active, hash_of

SERVER_KEY = Ed25519PrivateKey.from_private_bytes(b"a server's key".ljust(32))
ANI = Person(id="P1", name="Ani")
TODAY = "2020-06-10"


def put(post: Post, name: str, document: object) -> Path:
    path = post.data / "inbox" / name
    path.parent.mkdir(exist_ok=True)
    write_whole(path, document if isinstance(document, bytes) else msgspec.json.encode(document))
    return path


def central(version: int, *people: Person) -> SignedDocument:
    found = Directory(version=version, people=list(people), badges=[active(1)] if people else [])
    return seals.sign_document(SERVER_KEY, "directory", version, msgspec.json.encode(found).decode())


def applied(post: Post) -> changes.Applied:
    return apply_inbox(post.data, post.database, post.clock.now())


def names(post: Post) -> set[str]:
    return {person.name for person in directory.people(post.database.connection)}


@pytest.fixture
def empty(make_post: Callable[..., Post]) -> Post:
    """A door that knows nobody."""
    return make_post(people=DirectoryChange())


def test_files_are_applied_oldest_first(empty: Post) -> None:
    """Whatever they are called, the newest word about a person is the last."""
    for age, (name, person) in enumerate([("change-z.json", "first"), ("change-m.json", "second"), ("change-a.json", "third")]):
        path = put(empty, name, DirectoryChange(people=[Person(id="P1", name=person)]))
        os.utime(path, ns=(age, 1_000_000_000 + age))
    assert applied(empty).applied == 3
    assert names(empty) == {"third"}
    assert list((empty.data / "inbox").glob("*.json")) == []
    assert empty.kinds() == ["documents.applied"] * 3


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"people": 3}', b"\xff\xfe", b"<html>", b"null"])
def test_what_makes_no_sense_is_set_aside(empty: Post, content: bytes) -> None:
    """It stays beside the inbox's files whole, is named once, and stops nothing behind it."""
    bad = put(empty, "change-0.json", content)
    os.utime(bad, ns=(1, 1))
    put(empty, "change-1.json", DirectoryChange(people=[ANI]))
    found = applied(empty)
    assert (found.applied, len(found.set_aside)) == (1, 1)
    assert found.set_aside[0].startswith("change-0.json: ")
    assert bad.with_suffix(".unusable").read_bytes() == content
    assert names(empty) == {"Ani"}
    assert applied(empty).set_aside == []


def test_half_a_file_is_none(empty: Post) -> None:
    """What a power cut left half written is not looked at."""
    put(empty, ".change-1.json.partial", b'{"people": [')
    assert applied(empty) == changes.Applied(0, [])
    assert (empty.data / "inbox" / ".change-1.json.partial").exists()


def test_an_older_directory_changes_nothing(empty: Post) -> None:
    """Version 3 after version 7 leaves what version 7 said; the same version again too."""
    newest = put(empty, "directory-7.json", central(7, ANI)).read_bytes()
    applied(empty)
    for version in (3, 7):
        put(empty, f"directory-{version}.json", central(version))
        applied(empty)
    assert names(empty) == {"Ani"}
    assert directory.state(empty.database.connection).version == 7
    assert (empty.data / "documents" / "directory.json").read_bytes() == newest


def wish(post: Post, **changed: str) -> NewEpoch:
    origin = post.database.journal.origin
    return NewEpoch(**{"after": origin.epoch, "device_id": "d2", "place_id": "hall", "reason": "enrolled"} | changed)


def test_a_new_epoch_begins_while_the_door_runs(empty: Post) -> None:
    """The agent's wish is done once: the next rows count from 1 under another epoch, the old ones stay, and the file is gone."""
    empty.database.journal.append(Event(Kind.STATION_STARTED), empty.clock.now())
    before = empty.database.journal.origin
    asked = wish(empty)
    for _ in range(2):
        put(empty, "new-epoch.json", asked)
        assert applied(empty).applied == 1
    after = empty.database.journal.origin
    assert (after.device_id, after.place_id, after.epoch == before.epoch) == ("d2", "hall", False)
    rows = [entry.record for entry in read(empty.database.connection)]
    assert [(row.epoch, row.seq, row.kind) for row in rows] == [
        (before.epoch, 1, "station.started"),
        (after.epoch, 1, "station.quarantined"),
    ]
    assert (rows[1].device_id, rows[1].place_id) == ("d2", "hall")
    assert verify(empty.database.connection).ok
    assert list((empty.data / "inbox").glob("*.json")) == []


def test_the_new_epoch_outlives_the_program(empty: Post) -> None:
    """After a restart the chain goes on where it was, under the name that the station has now."""
    put(empty, "new-epoch.json", wish(empty))
    applied(empty)
    after = empty.database.journal.origin
    again = open_kiosk_database(empty.data / "again.db", device_id="d2", place_id="hall", random_bytes=os.urandom)
    again.close()
    empty.database.close()
    found = open_kiosk_database(empty.database.path, device_id="d2", place_id="hall", random_bytes=os.urandom)
    assert found.journal.origin == after
    found.close()


def test_a_wish_for_another_epoch_changes_nothing(empty: Post) -> None:
    """A wish that comes late, about an epoch that has ended, is no reason to end another."""
    before = empty.database.journal.origin
    put(empty, "new-epoch.json", wish(empty, after="f" * 32))
    assert applied(empty).applied == 1
    assert (empty.database.journal.origin, empty.rows()) == (before, [])


def test_photos_are_taken_by_their_hash(empty: Post) -> None:
    """A photo whose bytes are not what its name says is refused; so is one with another name."""
    folder = empty.data / "inbox" / "photos"
    folder.mkdir(parents=True)
    good = hashlib.sha256(b"face").hexdigest()
    (folder / f"{good}.jpg").write_bytes(b"face")
    (folder / f"{hash_of(1)}.jpg").write_bytes(b"somebody else")
    (folder / "me.jpg").write_bytes(b"face")
    (folder / f".{good}.jpg.partial").write_bytes(b"fa")
    applied(empty)
    assert [path.name for path in (empty.data / "photos").iterdir()] == [f"{good}.jpg"]
    assert empty.station.photo(good) == empty.data / "photos" / f"{good}.jpg"


def test_a_failed_change_stays_in_the_inbox(empty: Post) -> None:
    """When the database fails nothing of a file is applied, and it is there for the next start."""
    guard = changes.NewGuard("g", "G", "guard", "h")
    path = put(empty, "change-1.json", DirectoryChange(people=[ANI], guards=[guard]))
    empty.database.connection.execute("DROP TABLE guards")
    with pytest.raises(DatabaseUnavailable, match="guards"):
        applied(empty)
    assert path.exists()
    assert (names(empty), empty.rows()) == (set(), [])


class TestHandingOver:
    """What a command does with a change."""

    def hand_over(self, data: Path, change: DirectoryChange, **photos: Path) -> Submitted:
        clock = ManualClock()

        def open_database() -> KioskDatabase:
            return open_kiosk_database(data / "kiosk.db", device_id="d", place_id="p", random_bytes=os.urandom)

        return submit(data, change, photos, name=os.urandom(4).hex(), open_database=open_database, now=clock.now)

    def known(self, data: Path) -> set[str]:
        database = open_kiosk_database(data / "kiosk.db", device_id="d", place_id="p", random_bytes=os.urandom)
        try:
            return {person.name for person in directory.people(database.connection)}
        finally:
            database.close()

    def test_without_a_kiosk_it_is_applied_at_once(self, tmp_path: Path) -> None:
        """Nothing is left in the inbox."""
        assert self.hand_over(tmp_path / "new", DirectoryChange(people=[ANI])) is Submitted.APPLIED
        assert self.known(tmp_path / "new") == {"Ani"}
        assert list((tmp_path / "new" / "inbox").glob("*.json")) == []

    def test_beside_a_kiosk_it_is_queued(self, tmp_path: Path) -> None:
        """While another program holds the lock the change waits, and is applied by the next one to hold it."""
        with station_lock(tmp_path):
            assert self.hand_over(tmp_path, DirectoryChange(people=[ANI])) is Submitted.QUEUED
        assert len(list((tmp_path / "inbox").glob("change-*.json"))) == 1
        self.hand_over(tmp_path, DirectoryChange(people=[Person(id="P2", name="Budi")]))
        assert self.known(tmp_path) == {"Ani", "Budi"}

    def test_only_one_holds_the_lock(self, tmp_path: Path) -> None:
        """The second is told which folder is in use; after the first has ended it can."""
        with station_lock(tmp_path), pytest.raises(StationBusy, match=str(tmp_path)), station_lock(tmp_path):
            pass
        with station_lock(tmp_path), (tmp_path / "kiosk.lock").open("a") as lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can be the wrong user here")
    def test_root_leaves_nothing_in_somebody_elses_folder(self, tmp_path: Path) -> None:
        """The refusal names the user, and nothing was queued to be applied after all."""
        os.chown(tmp_path, 12345, 12345)
        with pytest.raises(WrongUser, match="12345"):
            self.hand_over(tmp_path, DirectoryChange(people=[ANI]))
        with pytest.raises(WrongUser), station_lock(tmp_path):
            pass
        assert list(tmp_path.iterdir()) == []
