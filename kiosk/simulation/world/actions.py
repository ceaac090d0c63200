"""What may happen in a world, and how often: the walk is weighted towards what has broken such systems before."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from kiosk.simulation.disk_files import Operation
from kiosk.simulation.world.network import FAIR, FOUL, Call, ServerDown, Weather
from kiosk.simulation.world.station import Identity, Station
from sync import progress
from sync.journal import Event
from sync.protocol.digest import record_hash
from sync.protocol.events import Kind

if TYPE_CHECKING:
    from kiosk.simulation.world.world import World

_YEARS_20_S = 20 * 365.25 * 24 * 3600
_EARLIEST, _LATEST = 1981, 2090
_POISON = "tidak untuk perantara"
_OVERSIZE = 600_000
_KEPT = 6
_REPAIRED = 0.4


def choose(world: "World") -> None:
    """Let one thing happen."""
    action = world.rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
    station = world.rng.choice(world.stations)
    if not world.central.is_up and world.rng.random() < _REPAIRED:
        world.central.start()
    world.note(f"{station.name} {action.__name__}")
    action(world, station)


def tap(world: "World", station: Station) -> None:
    """Somebody comes through the door: a few facts in one transaction."""
    about = {"tap_id": world.name("tap"), "person_id": f"P{world.rng.randrange(90)}", "direction": "in"}
    kinds = [Kind.ATTENDANCE_TAPPED, Kind.SCREENING_MEASURED, Kind.VERDICT_ADMIT][: world.rng.randint(1, 3)]
    _commit(world, station, [Event(kind, about, id=world.name("event")) for kind in kinds])


def rush(world: "World", station: Station) -> None:
    """Many come at once."""
    for _ in range(world.rng.randint(5, 25)):
        tap(world, station)


def poison(world: "World", station: Station) -> None:
    """A record that the server or something before it does not take."""
    event = world.rng.choice(
        (
            Event(Kind.GUARD_NOTED, {"text": _POISON}, id=world.name("event")),
            Event(Kind.GUARD_NOTED, {"text": "n" * _OVERSIZE}, id=world.name("event")),
            Event(Kind.GUARD_NOTED, {"text": "x"}, id=world.name("event") + "x" * 300),
            Event(Kind.GUARD_NOTED, {"text": "x"}, id=world.name("event") + "\x00"),
        )
    )
    _commit(world, station, [event])
    tap(world, station)


def nonsense(world: "World", station: Station) -> None:
    """A fact that cannot be written comes with one that can: neither is recorded, and the next one is."""
    good = Event(Kind.GUARD_NOTED, {"text": "x"}, id=world.name("event"))
    with suppress(ValueError):
        _commit(world, station, [good, Event(Kind.GUARD_NOTED, {"number": float("nan")}, id=world.name("event"))])
    tap(world, station)


def cut_power(world: "World", station: Station) -> None:
    """The power goes: now, or in the middle of what comes next."""
    if world.rng.random() < 0.3:
        world.restart(station)
        return
    station.disk.cut_at(world.rng.randint(1, 12))
    tap(world, station)


def fail_disk(world: "World", station: Station) -> None:
    """A write or a sync of the card fails once."""
    station.disk.fail_at(world.rng.randint(1, 6), frozenset({Operation.WRITE, Operation.SYNC}))
    tap(world, station)


def restart_agent(world: "World", station: Station) -> None:
    """The sync agent ends and is started again."""
    with world.survived(station):
        station.start_agent()


def cut_line(_world: "World", station: Station) -> None:
    """The cable is pulled."""
    station.line.weather.up = False


def mend_line(_world: "World", station: Station) -> None:
    """The line is as it should be."""
    station.line.weather = Weather(fates=FAIR)


def storm(_world: "World", station: Station) -> None:
    """The line does whatever lines do."""
    station.line.weather = Weather(fates=FOUL)


def small_proxy(world: "World", station: Station) -> None:
    """A proxy takes small bodies only."""
    station.line.weather.limit_bytes = world.rng.choice((200, 700, 1500, 4000))


def picky_proxy(world: "World", station: Station) -> None:
    """A proxy refuses what has a certain text in it, and somebody writes that text."""
    station.line.weather = Weather(dislikes=_POISON.encode())
    _commit(world, station, [Event(Kind.GUARD_NOTED, {"text": _POISON}, id=world.name("event"))])
    tap(world, station)


def jump_clock(world: "World", station: Station) -> None:
    """Somebody, or something, sets a clock."""
    clock = world.rng.choice((station.clock, station.clock, world.central.clock))
    by_s = world.rng.choice((_YEARS_20_S, -_YEARS_20_S, 3600.0, -3600.0, world.rng.uniform(-90, 90)))
    if _EARLIEST < (clock.wall + timedelta(seconds=by_s)).year < _LATEST:
        clock.jump(by_s)


def late_copy(world: "World", station: Station) -> None:
    """A copy of an old request arrives now."""
    if station.line.later:
        call = station.line.later.pop(world.rng.randrange(len(station.line.later)))
        _deliver(world, call)


def forge(world: "World", station: Station) -> None:
    """Somebody without the kiosk's key sends a record in its name."""
    if not station.confirmed:
        return
    last = station.confirmed[-1]
    forged = msgspec.structs.replace(last, seq=last.seq + 1, id="forged", prev_hash=last.hash)
    forged = msgspec.structs.replace(forged, hash=record_hash(forged))
    forger = Identity.make(station.identity.device_id, world.rng)
    body = b'{"epoch":"%b","records":[%b]}' % (forged.epoch.encode(), msgspec.json.encode(forged))
    target = f"/v1/devices/{forger.device_id}/batches"
    headers = forger.key.request_headers(forger.device_id, "POST", target, body)
    _deliver(world, Call("POST", target, {"Content-Type": "application/json", **headers}, body))


def crash_server(world: "World", _station: Station) -> None:
    """The server's machine loses power; it comes back after a while."""
    world.central.crash()


def trip_server(world: "World", _station: Station) -> None:
    """The server's power goes, or its disk fails, in the middle of a request to come."""
    world.central.trip(world.rng.randint(1, 10), power=world.rng.random() < 0.5)


def back_up_server(world: "World", _station: Station) -> None:
    """A copy of the server's database is made."""
    if world.central.is_up:
        world.backups = [*world.backups[-_KEPT:], world.central.backup()]


def restore_server(world: "World", _station: Station) -> None:
    """The server goes on with an older copy."""
    if world.backups:
        world.restore_server(world.rng.choice(world.backups))


def copy_card(world: "World", station: Station) -> None:
    """A copy of a kiosk's card is made."""
    world.cards = [*world.cards[-_KEPT:], station.card()]


def restore_card(world: "World", station: Station) -> None:
    """A kiosk goes on with an older copy of its own card."""
    own = [card for card in world.cards if card.identity == station.identity]
    if own:
        world.insert_card(station, world.rng.choice(own))


def clone_card(world: "World", station: Station) -> None:
    """A copy of one kiosk's card is put into another, and both go on."""
    if world.cards:
        world.insert_card(station, world.rng.choice(world.cards))


def revoke(world: "World", station: Station) -> None:
    """The office revokes a kiosk."""
    if world.central.is_up:
        world.central.revoke(station.identity.device_id)


def enrol_if_revoked(world: "World", station: Station) -> None:
    """A kiosk that the server refuses is enrolled anew."""
    if world.central.is_up and not world.central.knows(station.identity.device_id):
        world.note(f"{station.name} enrolled anew")
        with world.survived(station):
            world.admit(station.enrol(world.name("door")))


def erase(world: "World", station: Station) -> None:
    """Payloads that the server has confirmed are erased at the kiosk."""
    with world.survived(station):
        if station.agent is not None:
            station.erase(station.epoch, progress.through(station.agent.state.acked(station.epoch)))


def _commit(world: "World", station: Station, events: list[Event]) -> None:
    with world.survived(station):
        station.tap(events)


def _deliver(world: "World", call: Call) -> None:
    try:
        answer = world.central.handle(call)
    except ServerDown:
        return
    world.note(f"delivered: {answer.status}")


_WEIGHTS: dict[Callable[["World", Station], None], int] = {
    tap: 40,
    rush: 6,
    poison: 5,
    nonsense: 2,
    cut_power: 6,
    fail_disk: 3,
    restart_agent: 4,
    cut_line: 5,
    mend_line: 7,
    storm: 8,
    small_proxy: 3,
    picky_proxy: 3,
    jump_clock: 5,
    late_copy: 4,
    forge: 2,
    crash_server: 2,
    trip_server: 5,
    back_up_server: 4,
    restore_server: 2,
    copy_card: 4,
    restore_card: 2,
    clone_card: 1,
    revoke: 1,
    enrol_if_revoked: 4,
    erase: 3,
}
