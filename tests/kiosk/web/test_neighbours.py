import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import pytest

from kiosk.services.neighbours import (
    PATH,
    SECRET_BYTES,
    Answer,
    NeighbourError,
    Neighbours,
    SiteKey,
    read_secret,
)
from kiosk.services.tools import StationTools
from kiosk.web.serve import SPARE_THREADS, KioskServer
from sync import peer_client
from sync.clock import ManualClock, SystemClock
from sync.protocol.events import Kind
from tests.kiosk.services.post import staff
from tests.kiosk.web.duty_door import DutyDoor, duty_door

SECRET = bytes(range(SECRET_BYTES))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def asking(*ports: int, secret: bytes = SECRET) -> Callable[[StationTools], Neighbours]:
    """A door's view of the doors on these ports, over real HTTP."""

    def build(tools: StationTools) -> Neighbours:
        def fetch(address: str, headers: dict[str, str]) -> bytes:
            return peer_client.get(address, PATH, headers, SystemClock())

        return Neighbours(tools.data, tools.clock, SiteKey(secret), [f"http://127.0.0.1:{port}" for port in ports], fetch)

    return build


@contextmanager
def listening(door: DutyDoor, port: int) -> Iterator[None]:
    """The door answers on that port until the block ends."""
    server = KioskServer(door.app, "127.0.0.1", port, 2 + SPARE_THREADS)
    server.start()
    try:
        yield
    finally:
        server.stop()


@pytest.fixture
def ports() -> tuple[int, int]:
    return free_port(), free_port()


@pytest.fixture
def doors(tmp_path: Path, ports: tuple[int, int]) -> Iterator[tuple[DutyDoor, DutyDoor]]:
    """Two doors of a site with no server, whose clocks are hours apart."""
    late = ManualClock()
    late.jump(-5 * 3600)
    with ExitStack() as stack:
        west = stack.enter_context(duty_door(tmp_path / "west", place="Pintu Barat", neighbours=asking(ports[1])))
        east = stack.enter_context(duty_door(tmp_path / "east", place="Pintu Timur", neighbours=asking(ports[0]), clock=late))
        stack.enter_context(listening(west, ports[0]))
        yield west, east


def names(door: DutyDoor) -> list[tuple[str, str]]:
    return [(each.name, each.door) for each in door.duties.evacuation.now().people]


def test_each_door_shows_the_others_people(doors: tuple[DutyDoor, DutyDoor], ports: tuple[int, int]):
    """With no server both lists hold both doors' people; times are by the reader's own clock though the other's is hours off."""
    west, east = doors
    west.tap("P1")
    east.tap("P2")
    east.post.clock.advance(600)
    west.post.clock.advance(600)
    with listening(east, ports[1]):
        west.duties.neighbours.ask()
        east.duties.neighbours.ask()
    assert names(west) == [("Orang 1", ""), ("Orang 2", "Pintu Timur")]
    assert names(east) == [("Orang 1", "Pintu Barat"), ("Orang 2", "")]
    text = west.client().get("/guard/evacuation").text
    assert "Pintu Timur: 1 orang, per 07.22 WIB (baru saja)" in text
    assert "tap masuk 07.12 WIB · Pintu Timur" in text


def test_a_door_that_is_cut_off_stays_on_the_list_and_grows_old(
    doors: tuple[DutyDoor, DutyDoor], ports: tuple[int, int], caplog: pytest.LogCaptureFixture
):
    """What it said last stays with its age, over restarts too; the outage is logged once when it begins and once when it ends."""
    west, east = doors
    caplog.set_level(logging.INFO, logger="kiosk.services.neighbours")
    east.tap("P2")
    with listening(east, ports[1]):
        west.duties.neighbours.ask()
    for _ in range(3):
        west.post.clock.advance(240)
        west.duties.neighbours.ask()
    west.post.clock.jump(86_400 * 365)  # ages are counted, whatever happens to the wall clock
    found = west.duties.neighbours.doors()[0]
    assert (found.age_s, found.is_answering, len(found.answer.people)) == (720, False, 1)
    again = Neighbours(west.post.data, west.post.clock, SiteKey(SECRET), [f"http://127.0.0.1:{ports[1]}"], lambda *_: b"")
    assert [(door.name, door.age_s) for door in again.doors()] == [("Pintu Timur", 720)]
    west.post.clock.jump(-86_400 * 365)
    text = west.client().get("/guard/evacuation").text
    assert "per 07.12 WIB (12 menit lalu)" in text
    assert "tidak terhubung" in text
    with listening(east, ports[1]):
        west.duties.neighbours.ask()
    assert [record.message.split(":")[0].split(" at ")[0] for record in caplog.records] == ["the door", "the door"]
    assert "answers again" in caplog.messages[-1]


def test_an_exit_at_another_door_counts(doors: tuple[DutyDoor, DutyDoor], ports: tuple[int, int]):
    """Somebody who came in here and went out there since is on no list; who came in again after that is."""
    west, east = doors
    for door in doors:
        door.tap("P1") if door is west else None
    west.post.clock.advance(60)
    east.post.clock.advance(60)
    east.tap("P1", "out")
    west.post.clock.advance(60)
    east.post.clock.advance(60)
    with listening(east, ports[1]):
        west.duties.neighbours.ask()
        east.duties.neighbours.ask()
        assert (names(west), names(east)) == ([], [])
        west.tap("P1")
        east.duties.neighbours.ask()
    assert (names(west), names(east)) == ([("Orang 1", "")], [("Orang 1", "Pintu Barat")])


def test_only_doors_with_the_secret_are_answered_and_believed(tmp_path: Path):
    """No proof, another site's secret, or an answer made for another question: nothing is learnt and nothing believed."""
    port = free_port()
    with (
        duty_door(tmp_path / "west", neighbours=asking(port)) as west,
        duty_door(tmp_path / "thief", neighbours=asking(port, secret=b"t" * 32)) as thief,
        listening(west, port),
    ):
        west.tap("P1")
        client = west.app.test_client()
        assert client.get(PATH).status_code == 403
        thief.duties.neighbours.ask()
        assert thief.duties.neighbours.doors()[0].answer is None
        key = SiteKey(SECRET)
        nonce, headers = key.request()
        assert client.get(PATH, headers=SiteKey(b"t" * 32).request()[1]).status_code == 403
        assert client.get(PATH, headers={**headers, "X-Gapura-Nonce": "é" * 32}).status_code == 403
        body = client.get(PATH, headers=headers).data
        assert b"Orang" not in body
        assert [each.name for each in key.open(nonce, body).people] == ["Orang 1"]
        for other, sealed in (("0" * 32, body), (nonce, body[:-1] + b"x"), (nonce, b"")):
            with pytest.raises(NeighbourError):
                key.open(other, sealed)


def test_a_door_without_a_site_answers_nobody(tmp_path: Path):
    """Where no secret is set there is no such address."""
    with duty_door(tmp_path / "door") as door:
        assert door.app.test_client().get(PATH).status_code == 404


def test_as_little_as_a_list_needs_travels(tmp_path: Path):
    """No badge, temperature, photo, verdict or reason leaves a door."""
    with duty_door(tmp_path / "door") as door:
        door.tap("P1", kind=Kind.ATTENDANCE_MANUAL, by="tri", reason="forgot_badge", note="rahasia", token_sha256="a" * 64)
        told = msgspec.json.decode(msgspec.json.encode(door.duties.evacuation.answer()))
    assert told["people"] == [
        {"person_id": "P1", "name": "Orang 1", "unit": "Bagian Umum", "how": "manual", "age_s": 0.0, "by": "Tri", "remark": None}
    ]
    assert told.keys() == {"device_id", "door", "people", "left", "unknown_badges", "visitors"}


@pytest.mark.parametrize(("mode", "size"), [(0o644, 32), (0o600, 31)])
def test_secrets_that_are_refused(tmp_path: Path, mode: int, size: int):
    """A secret that others may read, or that is none, is not used."""
    path = tmp_path / "site.key"
    path.write_bytes(b"s" * size)
    path.chmod(mode)
    with pytest.raises(OSError, match="chmod 600" if mode == 0o644 else "32 bytes"):
        read_secret(path)


def test_a_damaged_memory_is_only_forgotten(tmp_path: Path):
    """Nonsense in the file of what the others said does not keep a door from starting."""
    (tmp_path / "neighbours.json").write_text('{"x": 3')
    found = Neighbours(tmp_path, ManualClock(), SiteKey(SECRET), ["http://127.0.0.1:9"], lambda *_: b"").doors()
    assert [(door.name, door.answer, door.age_s) for door in found] == [("127.0.0.1:9", None, None)]


def test_thousands_fit(tmp_path: Path):
    """The answer of a door with 5,000 people inside is sealed, sent and read."""
    with duty_door(tmp_path / "door", people=staff(1)) as door:
        answer = door.duties.evacuation.answer()
        key = SiteKey(SECRET)
        many = msgspec.structs.replace(answer, left=tuple((f"P{n}", 1.0) for n in range(5000)))
        assert isinstance(key.open("0" * 32, key.seal("0" * 32, many)), Answer)
