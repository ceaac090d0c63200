"""Copied and restored cards, end to end: real kiosk files, the real agent's parts, the real server over HTTP."""

import os
import shutil
from contextlib import ExitStack, closing

import pytest

from kiosk.services.changes import apply_inbox
from kiosk.store.database import open_kiosk_database
from sync.backlog import Backlog
from sync.client import RequestSigner, ServerClient, ServerLink
from sync.clock import ManualClock
from sync.handover import NewEpoch, ask_for_epoch
from sync.identity import DeviceKey
from sync.journal import Event, read, verify
from sync.protocol import seals, signing
from sync.protocol.events import Kind
from sync.server.app import create_app, open_store
from sync.server.database import Database
from sync.server.settings import Settings
from sync.state import Problem, SyncState, newest_head, read_link
from sync.uploader import Uploader
from tests.sync.served import serving

TAP = Event(Kind.ATTENDANCE_TAPPED, {"person_id": "P1", "direction": "in"})


class Card:
    """A station's card in a machine that is switched on: a kiosk's database, and an agent that is stepped by hand."""

    def __init__(self, data, url, who, stack):
        self.data, self.clock = data, ManualClock()
        device_id, server_key = who
        self.database = stack.enter_context(
            closing(open_kiosk_database(data / "kiosk.db", device_id=device_id, place_id="lobby", random_bytes=os.urandom))
        )
        link = ServerLink(url, RequestSigner(DeviceKey.load(data / "device.key"), device_id), self.clock)
        client = stack.enter_context(closing(ServerClient(link, device_id, server_key)))
        state = stack.enter_context(closing(SyncState(data / "sync.db", self.clock)))
        backlog = stack.enter_context(closing(Backlog(data / "kiosk.db")))

        def new_epoch(after, reason):
            ask_for_epoch(data, NewEpoch(after=after, device_id=device_id, place_id="lobby", reason=reason))

        self.uploader = Uploader(backlog, state, client, new_epoch=new_epoch, chance=lambda: 0.5, clock=self.clock)

    def taps(self, count):
        """People come in."""
        for _ in range(count):
            with self.database.transaction():
                self.database.journal.append(TAP, self.clock.now())

    def kiosk_looks(self):
        """The kiosk's inbox is looked at, as it is every second."""
        apply_inbox(self.data, self.database, self.clock.now())

    def drain(self):
        """Step the agent, and the kiosk beside it, until nothing is left to send."""
        for _ in range(50):
            if self.uploader.step() == self.uploader.step() == 0.5:
                return
            self.kiosk_looks()
        raise AssertionError("never empty")

    @property
    def epoch(self):
        return self.database.journal.origin.epoch

    @property
    def problem(self):
        return read_link(self.data / "sync.db").problem

    def hashes(self):
        return [entry.record.hash for entry in read(self.database.connection)]


@pytest.fixture
def server(tmp_path):
    with closing(Database(f"sqlite:///{tmp_path / 'central.db'}")) as database:
        database.migrate()
        store = open_store(database)
        with serving(create_app(store, ManualClock(), Settings())) as url:
            yield url, store, database


@pytest.fixture
def first(tmp_path, server):
    """An enrolled station's folder, and who it is."""
    data = tmp_path / "card"
    data.mkdir()
    key = DeviceKey.create(data / "device.key")
    store = server[1]
    now = ManualClock().now().claimed_at
    door = store.devices.add("Pintu utama", place_id="lobby", time_zone="Asia/Jakarta", now=now, public_key=key.public)
    return data, (door.id, store.keys.public)


@pytest.fixture
def insert(server):
    """Puts a card into a machine."""
    with ExitStack() as stack:
        yield lambda data, who: Card(data, server[0], who, stack)


def rows(server, sql):
    with server[2].reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


def everything(server):
    """The hashes of all that the server has, wherever it keeps it."""
    return {row[0] for row in rows(server, "SELECT hash FROM events UNION SELECT hash FROM event_conflicts")}


def copied(card_data, target):
    """The card's bytes on another card, while its machine is off."""
    shutil.copytree(card_data, target)
    return target


def chains_are_whole(server):
    """No epoch at the server mixes two histories: each row follows the one before it."""
    found = rows(server, "SELECT device_id, epoch, seq, prev_hash, hash FROM events ORDER BY device_id, epoch, seq")
    before = {}
    for device, epoch, seq, prev_hash, chain_hash in found:
        known = before.get((device, epoch))
        if known is not None and known[0] == seq - 1 and known[1] != prev_hash:
            return False
        before[device, epoch] = (seq, chain_hash)
    return True


def test_a_copied_card_is_found_out_within_one_batch(server, first, insert, tmp_path):
    """Two machines with one card's bytes, both running: the second to report is told at once, by the server's page and at its
    own door; nothing of either is lost, and both go on, each in its own epoch.
    """
    data, who = first
    with ExitStack() as stack:
        card = Card(data, server[0], who, stack)
        card.taps(3)
        card.drain()
    one = insert(data, who)
    other = insert(copied(data, tmp_path / "copy"), who)
    one.taps(1)
    one.drain()
    assert (one.problem, server[1].reports.trouble_counts()) == (None, (0, 0))
    shared = other.epoch
    other.taps(2)
    other.uploader.step()
    assert other.problem == Problem.DIVERGED
    other.kiosk_looks()
    assert other.epoch != shared == one.epoch
    other.taps(2)
    other.drain()
    assert other.problem == Problem.DIVERGED
    assert server[1].reports.trouble_counts()[0] >= 1
    one.taps(2)
    one.drain()
    assert set(one.hashes()) | set(other.hashes()) <= everything(server)
    assert chains_are_whole(server)
    assert all(verify(card.database.connection).ok for card in (one, other))


def test_two_that_run_already_conflict_in_one_batch(server, first, insert, tmp_path):
    """Where both had compared notes with the server before they parted, the answer to the very batch says so."""
    data, who = first
    with ExitStack() as stack:
        Card(data, server[0], who, stack).taps(2)
    one, other = insert(data, who), insert(copied(data, tmp_path / "copy"), who)
    one.drain()
    other.drain()
    assert (one.problem, other.problem) == (None, None)
    one.taps(1)
    one.drain()
    other.taps(3)
    assert other.uploader.step() == 0
    assert other.problem == Problem.DIVERGED
    assert server[1].reports.trouble_counts()[0] == 3
    other.kiosk_looks()
    other.taps(1)
    other.drain()
    one.taps(2)
    one.drain()
    assert one.problem is None
    assert set(one.hashes()) | set(other.hashes()) <= everything(server)
    assert chains_are_whole(server)


def test_a_restored_card_begins_a_new_epoch_before_it_sends_anything(server, first, insert, tmp_path):
    """A card put back to an old copy is behind the server: nothing goes up until a new epoch has begun, and then all does."""
    data, who = first
    with ExitStack() as stack:
        card = Card(data, server[0], who, stack)
        card.taps(5)
        card.drain()
    old = copied(data, tmp_path / "old")
    with ExitStack() as stack:
        card = Card(data, server[0], who, stack)
        card.taps(5)
        card.drain()
        kept = set(card.hashes())
    restored = insert(old, who)
    restored.taps(2)
    before = everything(server)
    epoch = restored.epoch
    assert restored.uploader.step() > 1
    assert (restored.problem, everything(server)) == (Problem.DIVERGED, before)
    assert restored.uploader.step() > 1
    assert everything(server) == before
    restored.kiosk_looks()
    assert restored.epoch != epoch
    restored.taps(3)
    restored.drain()
    assert kept | set(restored.hashes()) <= everything(server)
    assert chains_are_whole(server)
    assert verify(restored.database.connection).ok
    (begun,) = [entry for entry in read(restored.database.connection) if entry.record.kind == "station.quarantined"]
    assert begun.payload == {"reason": "diverged", "after_epoch": epoch}


def test_a_station_enrolled_while_it_runs(server, first, insert, tmp_path):
    """Rows of before the enrolment stay as they were; those after it are the device's own."""
    data, who = first
    card = insert(data, ("kiosk-1", who[1]))
    card.taps(2)
    ask_for_epoch(data, NewEpoch(after=card.epoch, device_id=who[0], place_id="hall", reason="enrolled"))
    card.kiosk_looks()
    card.taps(2)
    assert [entry.record.device_id for entry in read(card.database.connection)] == ["kiosk-1"] * 2 + [who[0]] * 3


def test_the_signed_head_is_kept(server, first, insert):
    """The station has the server's word for how far its chain was taken, and it holds against the station's own journal."""
    data, who = first
    card = insert(data, who)
    card.taps(4)
    card.drain()
    head = newest_head(data)
    seals.check_head(signing.public_key(who[1]), head)
    assert (head.device_id, head.epoch, head.seq, head.hash) == (who[0], card.epoch, 4, card.hashes()[-1])


def test_another_server_is_not_believed(server, first, insert, tmp_path):
    """A server that has other keys than the one of the enrolment marks nothing as sent."""
    data, who = first
    stranger = DeviceKey.create(tmp_path / "other.key").public
    card = insert(data, (who[0], stranger))
    card.taps(1)
    assert card.uploader.step() > 1
    link = read_link(data / "sync.db")
    assert (link.problem, link.online, link.acked) == (Problem.UNTRUSTED, False, {})


def test_a_revoked_station_keeps_everything_and_says_so(server, first, insert):
    """After a revocation nothing goes up and nothing is lost; the door says why."""
    data, who = first
    card = insert(data, who)
    card.taps(1)
    card.drain()
    server[1].devices.revoke(who[0], now=ManualClock().now().claimed_at)
    card.taps(2)
    assert card.uploader.step() > 1
    assert (card.problem, len(card.hashes())) == (Problem.REVOKED, 3)
    assert len(everything(server)) == 1
