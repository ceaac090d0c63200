"""A door that reports to a real server what happens in its rooms."""

from sync.protocol.wire import Batch
from tests.sync.server.making import KEY, raw, record

DAY = "2020-06-10T00:12:00.000000Z"


class Doorway:
    """A door that reports what happens in its rooms: each call one record, in one batch of its own unless it is kept."""

    def __init__(self, store, clock, name, site=""):
        self.device = store.devices.add(
            name, place_id="lobby", site=site, time_zone="Asia/Jakarta", now=clock.now().claimed_at, public_key=KEY.public
        )
        self.id, self.store, self.clock = self.device.id, store, clock
        self.begins("e1")

    def begins(self, epoch):
        self.epoch, self.seq, self.kept, self.last = epoch, 0, [], None
        return self

    def keeps(self, kind="station.started", **payload):
        """Journal something and report it later."""
        self.seq += 1
        chain = {} if self.last is None else {"prev_hash": self.last.hash}
        told = {"room_id": "baca", "generation": "000001@"} | payload
        now = self.clock.now().claimed_at
        self.last = record(self.id, self.seq, epoch=self.epoch, kind=kind, payload=told, claimed_at=now, **chain)
        self.kept.append(self.last)
        return self

    def sends(self, only=None):
        batch = Batch(self.epoch, [raw(each) for each in self.kept if only is None or each.seq in only])
        self.kept = []
        return self.store.sink.take(self.id, batch, self.clock.now().claimed_at)

    def says(self, kind="station.started", **payload):
        return self.keeps(kind, **payload).sends()

    def asks(self, after=0):
        """What it is told, and the version."""
        self.store.devices.touch(self.id, now=self.clock.now().claimed_at)
        (device,) = (each for each in self.store.devices.all() if each.id == self.id)
        version, document = self.store.rooms.ask(device, after, now=self.clock.now().claimed_at)
        self.told = document or getattr(self, "told", None)
        return version, document

    def state(self, room="baca"):
        self.asks()
        return next(state for state in self.told.states if state.room_id == room)

    def applies(self):
        """Journal and report every grant on its way."""
        for grant in self.state().grants:
            self.says("rights.granted", serial=grant.serial, amount=grant.amount, epoch=grant.epoch, generation=grant.generation)
        return self
