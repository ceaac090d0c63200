"""The other doors of a site: who they believe inside, asked over the LAN, with no server between.

Doors of a site share one secret of 32 bytes. A request proves that its sender has it (HMAC over method, path and a nonce), and
the answer is sealed with it for that nonce: whoever only listens learns no name, and an old answer played again is not believed.
TLS may be around it and need not. Ages travel, not times: the clocks of two doors may differ.
"""

import hmac
import logging
import os
import stat
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kiosk.core.presence_rule import How, Instant, Present, Remark, age_s
from kiosk.services.private_files import write_private
from sync.clock import Clock, Moment, SyncState, utc_datetime, utc_text
from sync.ids import RandomBytes

logger = logging.getLogger(__name__)

PATH = "/v1/site/presence"
EVERY_S = 20.0
SECRET_BYTES = 32
_NONCE_BYTES = 16
_IV_BYTES = 12
_KEPT_S = 24 * 3600.0


class NeighbourError(Exception):
    """A door that gave no answer that can be believed."""


class Inside(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody believed inside, as little as a list needs."""

    person_id: str
    name: str
    unit: str
    how: str
    age_s: float | None
    by: str = ""
    remark: str | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What one door says of now. `left` are ids, and how long ago (seconds) they went out there."""

    device_id: str
    door: str
    people: tuple[Inside, ...]
    left: tuple[tuple[str, float], ...] = ()
    unknown_badges: int = 0
    visitors: int = 0


class _Kept(msgspec.Struct, frozen=True):
    """An answer, and when it came by our own clocks."""

    answer: Answer
    wall: str
    mono_ns: int
    boot_id: str
    trusted: bool


@dataclass(frozen=True, slots=True)
class OtherDoor:
    """The newest that another door said. `age_s` is None if it cannot be known; `answer` is None if it never answered."""

    name: str
    age_s: float | None
    answer: Answer | None
    is_answering: bool


Fetch = Callable[[str, dict[str, str]], bytes]
"""GETs `PATH` of a door (its address, headers) and gives the body. Raises ConnectionError, in words, whatever went wrong."""


def read_secret(path: Path) -> bytes:
    """The site's secret.

    Raises:
        OSError: it cannot be read, others than its owner may read it, or it is not 32 bytes.
    """
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise PermissionError(1, "others may read the site's secret; run: chmod 600", str(path))
    secret = path.read_bytes()
    if len(secret) != SECRET_BYTES:
        raise OSError(22, f"the site's secret is {SECRET_BYTES} bytes; make one with: head -c 32 /dev/urandom", str(path))
    return secret


class SiteKey:
    """Signs requests and seals answers with a site's secret."""

    def __init__(self, secret: bytes, random_bytes: RandomBytes = os.urandom) -> None:
        self._mac_key = hmac.digest(secret, b"gapura site request", "sha256")
        self._box = AESGCM(hmac.digest(secret, b"gapura site answer", "sha256"))
        self._random = random_bytes

    def request(self) -> tuple[str, dict[str, str]]:
        """A nonce, and the headers of a request with it."""
        nonce = self._random(_NONCE_BYTES).hex()
        return nonce, {"X-Gapura-Nonce": nonce, "X-Gapura-Mac": self._mac(nonce)}

    def is_ours(self, nonce: str, mac: str) -> bool:
        """True for a request of somebody who has the secret."""
        return len(nonce) == 2 * _NONCE_BYTES and nonce.isascii() and hmac.compare_digest(self._mac(nonce).encode(), mac.encode())

    def seal(self, nonce: str, answer: Answer) -> bytes:
        """The answer to the request with that nonce, for nobody else."""
        iv = self._random(_IV_BYTES)
        return iv + self._box.encrypt(iv, msgspec.json.encode(answer), nonce.encode())

    def open(self, nonce: str, body: bytes) -> Answer:
        """The answer in `body`.

        Raises:
            NeighbourError
        """
        try:
            return msgspec.json.decode(self._box.decrypt(body[:_IV_BYTES], body[_IV_BYTES:], nonce.encode()), type=Answer)
        except (InvalidTag, ValueError) as exc:
            raise NeighbourError("its answer is not sealed with this site's secret, or not for this question") from exc

    def _mac(self, nonce: str) -> str:
        return hmac.digest(self._mac_key, f"GET\n{PATH}\n{nonce}\n".encode(), "sha256").hex()


class Neighbours:
    """What the other doors said last, kept over restarts. One thread asks; any may read."""

    def __init__(self, data: Path, clock: Clock, key: SiteKey | None, doors: Sequence[str], fetch: Fetch) -> None:
        self.key = key
        self._path, self._clock, self._doors, self._fetch = data / "neighbours.json", clock, tuple(doors), fetch
        self._kept = _read(self._path)
        self._silent: set[str] = set()
        self._heard: set[str] = set()
        self._strangers: set[str] = set()
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._wanted = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Ask every `EVERY_S`, and when somebody looks at the list, until `stop` is set."""
        while self._doors and not stop.is_set():
            self._wanted.clear()
            self.ask()
            for _ in range(int(EVERY_S)):
                if stop.wait(1.0) or self._wanted.is_set():
                    break

    def want(self) -> None:
        """Somebody looks: the doors are asked within a second, not waited for."""
        self._wanted.set()

    def ask(self) -> None:
        """Ask every door now, one after the other. Whoever finds somebody else asking leaves it at that."""
        if self.key is None or not self._asking.acquire(blocking=False):
            return
        try:
            for address in self._doors:
                self._ask(self.key, address)
        finally:
            self._asking.release()

    def refused(self, address: str) -> None:
        """Somebody at that address asked without the site's secret: said once an address."""
        if address not in self._strangers:
            self._strangers.add(address)
            logger.warning("refused: %s asks who is inside and does not have this site's secret", address)

    def doors(self) -> list[OtherDoor]:
        """Each door as it was last heard of."""
        now = instant(self._clock.now())
        with self._lock:
            found = [(address, self._kept.get(address), address in self._heard) for address in self._doors]
        return [_door(address, kept, now, heard) for address, kept, heard in found]

    def _ask(self, key: SiteKey, address: str) -> None:
        nonce, headers = key.request()
        try:
            answer = key.open(nonce, self._fetch(address, headers))
        except (ConnectionError, NeighbourError) as exc:
            with self._lock:
                self._heard.discard(address)
            if address not in self._silent:
                self._silent.add(address)
                logger.warning("the door at %s does not answer: %s", address, exc)
            return
        if address in self._silent:
            self._silent.discard(address)
            logger.info("the door at %s answers again", address)
        now = instant(self._clock.now())
        with self._lock:
            self._heard.add(address)
            self._kept[address] = _Kept(answer, utc_text(now.wall), now.mono_ns, now.boot_id, now.trusted)
            kept = dict(self._kept)
        try:
            write_private(self._path, msgspec.json.encode(kept))
        except OSError as exc:
            logger.warning("what the other doors said is not kept over a restart: %s", exc)


def instant(moment: Moment) -> Instant:
    """A moment as the rule of presence takes it."""
    return Instant(moment.wall, moment.mono_ns, moment.boot_id, moment.sync_state is SyncState.SYNCED)


def present(answer: Answer, since_s: float | None) -> list[Present]:
    """The people of an answer that came `since_s` ago, as they are now."""
    return [
        Present(
            person_id=each.person_id,
            name=each.name,
            unit=each.unit,
            how=How(each.how) if each.how in set(How) else How.TAP_UNSTATED,
            age_s=None if each.age_s is None or since_s is None else each.age_s + since_s,
            by=each.by,
            remark=Remark(each.remark) if each.remark in set(Remark) else None,
            door=answer.door,
        )
        for each in answer.people
    ]


def _door(address: str, kept: _Kept | None, now: Instant, is_answering: bool) -> OtherDoor:
    host = address.split("://", 1)[-1].split("/", 1)[0]
    if kept is None:
        return OtherDoor(host, None, None, is_answering)
    since_s = age_s(Instant(utc_datetime(kept.wall), kept.mono_ns, kept.boot_id, kept.trusted), now)
    if since_s is not None and since_s > _KEPT_S:
        return OtherDoor(kept.answer.door, since_s, None, is_answering)
    return OtherDoor(kept.answer.door, since_s, kept.answer, is_answering)


def _read(path: Path) -> dict[str, _Kept]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, _Kept])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as exc:
        logger.warning("what the other doors said before is lost: %s", exc)
        return {}
