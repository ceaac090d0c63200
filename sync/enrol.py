"""Joining a server: the key is made here, the code is spent, and what the server says is kept, its own key pinned."""

from pathlib import Path

from sync.client import LinkError, RequestSigner, ServerLink
from sync.clock import Clock
from sync.identity import KEY_NAME, DeviceKey, Identity, IdentityError, read_identity, write_identity
from sync.protocol import signing
from sync.protocol.signing import SignatureRefused
from sync.protocol.wire import Enrolled, Enrolment
from sync.state import Problem

_SENTENCES: dict[Problem, str] = {
    Problem.BUSY: "too many wrong codes were tried, or the server is busy; wait ten minutes and try again",
    Problem.CODE_REFUSED: "the server does not take the code: it was used, revoked, mistyped or is too old; ask for a new one",
    Problem.UNREACHABLE: "there is no answer; check the address and the network, then run the same command again",
    Problem.UNTRUSTED: "the server's certificate is not accepted; if the office has its own authority, name it with --ca-file",
    Problem.NOT_A_SERVER: "there is no Gapura server at this address; check it, and whether a sign-in page stands in between",
}


class EnrolmentRefused(Exception):
    """This station was not enrolled. The message says why and what to do."""


def enrol(data: Path, url: str, code: str, clock: Clock, *, ca_file: str | None = None, again: bool = False) -> Identity:
    """Make the station in `data` a device of the server at `url`. When this returns, key and identity are durable.

    Run again with the same code after a lost answer, it ends as if the answer had come. `again` enrols a station anew that is
    enrolled already: its entries stay, and it goes on under another name.

    Raises:
        EnrolmentRefused: refused, no answer, or enrolled already.
        OSError: `data` cannot be written.
    """
    try:
        known = read_identity(data)
        if known is not None and not again:
            raise EnrolmentRefused(f"this station is enrolled already, as {known.name}; to enrol it anew, add --again")
        key = _key(data)
        answer = _ask(url, code, key, clock, ca_file)
        signing.public_key(answer.server_key)
    except IdentityError as exc:
        raise EnrolmentRefused(str(exc)) from exc
    except SignatureRefused as exc:
        raise EnrolmentRefused(f"{url}: the server has sent a key that is none; update it") from exc
    identity = Identity(
        device_id=answer.device_id,
        name=answer.name,
        place_id=answer.place_id,
        site=answer.site,
        time_zone=answer.time_zone,
        server_url=url,
        server_key=answer.server_key,
        ca_file=ca_file,
    )
    write_identity(data, identity)
    return identity


def _key(data: Path) -> DeviceKey:
    """The station's key, made if there is none: one that is there may be of a try whose answer was lost."""
    path = data / KEY_NAME
    data.mkdir(parents=True, exist_ok=True)
    return DeviceKey.load(path) if path.exists() else DeviceKey.create(path)


def _ask(url: str, code: str, key: DeviceKey, clock: Clock, ca_file: str | None) -> Enrolled:
    link = ServerLink(url, RequestSigner(key, signing.ENROLLING), clock, ca_file=ca_file)
    try:
        return link.enrol(Enrolment(code, key.public))
    except LinkError as exc:
        raise EnrolmentRefused(f"{url}: {_SENTENCES.get(exc.problem, 'the server has refused')} ({exc})") from exc
    finally:
        link.close()
