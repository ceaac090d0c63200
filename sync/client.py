"""The sync agent's HTTP: requests to the central server, and what can come back instead of an answer.

LinkError
├── Unreachable   try later by itself: no connection, a timeout, a busy or failing server
└── Refused       never by itself: the request, the key or the address is wrong, or this is no Gapura server
"""

import gzip
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec
import requests
import urllib3
from requests.adapters import BaseAdapter
from requests.auth import AuthBase

from sync.backoff import Course, course, retry_after_s
from sync.clock import Clock, Moment
from sync.identity import DeviceKey
from sync.protocol import seals, signing, wire
from sync.protocol.signing import SignatureRefused
from sync.state import Problem

T = TypeVar("T")

_JSON = "application/json"
_CHUNK_BYTES = 64 * 1024
_MAX_ANSWER_BYTES = 1024 * 1024
_MAX_DOCUMENTS_BYTES = 64 * 1024 * 1024
MAX_PHOTO_BYTES = 8 * 1024 * 1024

_TOLD = {"revoked": Problem.REVOKED, "code_refused": Problem.CODE_REFUSED}
_PROBLEMS = {401: Problem.UNAUTHORISED, 403: Problem.UNAUTHORISED, 410: Problem.REVOKED, 429: Problem.BUSY, 503: Problem.BUSY}


class LinkError(Exception):
    """No answer that could be used. `course` says what to do, `problem` why, the message what exactly; `status` is None
    where no answer came.
    """

    def __init__(
        self, problem: Problem, course: Course, message: str, *, status: int | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.problem, self.course, self.status, self.retry_after_s = problem, course, status, retry_after_s


class Unreachable(LinkError):
    """Try later: it may well work by itself."""


class Refused(LinkError):
    """Trying again changes nothing until a person, or another batch, does."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, without a byte, and for a whole answer."""

    connect_s: float = 5.0
    read_s: float = 30.0
    total_s: float = 300.0


class RequestSigner(AuthBase):
    """Signs every request with the station's key, in the name of `owner`: see `sync.protocol.signing`."""

    def __init__(self, key: DeviceKey, owner: str) -> None:
        self._key, self._owner = key, owner

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        sent = body.encode() if isinstance(body, str) else body
        request.headers.update(self._key.request_headers(self._owner, request.method or "GET", request.path_url, sent))
        return request


class ServerLink:
    """Signed requests to one server. For one thread at a time; raises Unreachable or Refused.

    `adapter` carries the requests in place of a socket, as a simulated network does.
    """

    def __init__(
        self,
        base_url: str,
        auth: AuthBase,
        clock: Clock,
        *,
        ca_file: str | None = None,
        timeouts: Timeouts | None = None,
        adapter: BaseAdapter | None = None,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._clock, self._timeouts = clock, timeouts or Timeouts()
        self._session = requests.Session()
        # The environment may name proxies, certificates and a .netrc whose password would replace the device's signature.
        self._session.trust_env = False
        self._session.auth = auth
        self._session.verify = ca_file or True
        if adapter is not None:
            for scheme in ("http://", "https://"):
                self._session.mount(scheme, adapter)
        self._session.headers["User-Agent"] = "gapura-sync"

    def enrol(self, enrolment: wire.Enrolment) -> wire.Enrolled:
        """Ask to join."""
        body, headers = msgspec.json.encode(enrolment), {"Content-Type": _JSON}
        return _decoded(self.exchange("POST", "/v1/enrolments", _CHUNK_BYTES, data=body, headers=headers), wire.Enrolled)

    def now(self) -> Moment:
        """The time at this end."""
        return self._clock.now()

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()

    def exchange(self, method: str, path: str, limit: int, *, accept: tuple[str, ...] = (_JSON,), **request: Any) -> bytes | None:
        """The body of a 200 of an accepted content type; None for a 304."""
        deadline_ns = self._clock.now().mono_ns + int(self._timeouts.total_s * 1e9)
        timeout = (self._timeouts.connect_s, self._timeouts.read_s)
        with (
            _foreign_errors(),
            self._session.request(
                method, self._base + path, timeout=timeout, stream=True, allow_redirects=False, **request
            ) as response,
        ):
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            is_json = kind == _JSON
            how = course(response.status_code, is_ours=response.status_code == 304 or is_json or kind.startswith(accept))
            if how is not Course.DONE:
                said = self._read(response, _CHUNK_BYTES, deadline_ns, whole=False) if is_json else b""
                raise _refusal(response, how, said, is_json=is_json)
            return None if response.status_code == 304 else self._read(response, limit, deadline_ns)

    def _read(self, response: requests.Response, limit: int, deadline_ns: int, *, whole: bool = True) -> bytes:
        # read1 gives what is there, so that a server that drips bytes meets the deadline and not only the pause between two.
        body = bytearray()
        while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
            body += chunk
            if len(body) > limit:
                if not whole:
                    break
                raise Refused(Problem.UNREADABLE_ANSWER, Course.KEEP_AND_ALARM, f"the answer is larger than {limit} bytes")
            if self._clock.now().mono_ns > deadline_ns:
                raise Unreachable(Problem.UNREACHABLE, Course.RETRY, "the answer took too long")
        return bytes(body)


class ServerClient:
    """One device's conversation with the server whose key it has pinned. For one thread at a time.

    Every method raises Unreachable or Refused; heads and documents that the pinned key did not sign are refused.
    """

    def __init__(self, link: ServerLink, device_id: str, server_key: str) -> None:
        self.device_id = device_id
        self._link, self._path = link, f"/v1/devices/{quote(device_id, safe='')}"
        self._server_key = signing.public_key(server_key)

    def upload(self, epoch: str, records: list[bytes]) -> wire.Answer:
        """Send encoded records of `epoch`, with the time of sending by this boot's monotonic clock."""
        now = self._link.now()
        body = gzip.compress(wire.batch_bytes(epoch, records, now.boot_id, now.mono_ns), compresslevel=1, mtime=0)
        headers = {"Content-Type": _JSON, "Content-Encoding": "gzip"}
        answer = _decoded(
            self._link.exchange("POST", f"{self._path}/batches", _MAX_ANSWER_BYTES, data=body, headers=headers), wire.Answer
        )
        if answer.batch_sha256 not in ("", hashlib.sha256(body).hexdigest()):
            raise Unreachable(Problem.UNREADABLE_ANSWER, Course.RETRY_SLOWLY, "the answer is to another batch")
        self._check_head(answer.head, epoch)
        return answer

    def cursor(self, epoch: str, recorded_as: str = "") -> wire.Cursor:
        """Where the server stands in `epoch`, which this device may have recorded under another name."""
        params = {"epoch": epoch} | ({"recorded_as": recorded_as} if recorded_as not in ("", self.device_id) else {})
        body = self._link.exchange("GET", f"{self._path}/cursor", _MAX_ANSWER_BYTES, params=params)
        cursor = _decoded(body, wire.Cursor)
        self._check_head(cursor.head, epoch)
        return cursor

    def documents(self, after: int) -> wire.Documents | None:
        """The documents behind version `after`; None when there are none."""
        return self._documents("documents", after)

    def rooms(self, after: int) -> wire.Documents | None:
        """What this device should know of rooms; None where version `after` is the newest."""
        return self._documents("rooms", after)

    def _documents(self, what: str, after: int) -> wire.Documents | None:
        body = self._link.exchange("GET", f"{self._path}/{what}", _MAX_DOCUMENTS_BYTES, params={"after": str(after)})
        if body is None:
            return None
        documents = _decoded(body, wire.Documents)
        with _pinned(f"{what} of version {documents.version}"):
            for document in documents.documents:
                seals.check_document(self._server_key, document)
        return documents

    def photo(self, sha256: str) -> bytes:
        """A photo's bytes, unchecked."""
        accept = ("application/octet-stream", "image/")
        return self._link.exchange("GET", f"{self._path}/photos/{sha256}", MAX_PHOTO_BYTES, accept=accept) or b""

    def close(self) -> None:
        """Let go of the connection."""
        self._link.close()

    def _check_head(self, head: wire.SignedHead, epoch: str) -> None:
        with _pinned("the head of our chain"):
            seals.check_head(self._server_key, head)
            if (head.device_id, head.epoch) != (self.device_id, epoch):
                raise SignatureRefused("it is signed for another chain")


@contextmanager
def _pinned(what: str) -> Iterator[None]:
    try:
        yield
    except SignatureRefused as exc:
        message = f"{what}: not signed by the server that this station was enrolled at ({exc})"
        raise Refused(Problem.UNTRUSTED, Course.KEEP_AND_ALARM, message) from exc


def _refusal(response: requests.Response, how: Course, said: bytes, *, is_json: bool) -> LinkError:
    status = response.status_code
    try:
        told = msgspec.json.decode(said, type=wire.Problem) if said else None
    except (msgspec.DecodeError, ValueError):
        told = None
    pause = retry_after_s(response.headers.get("Retry-After"), response.headers.get("Date"))
    kind = Unreachable if how in (Course.RETRY, Course.RETRY_SLOWLY) else Refused
    message = f"HTTP {status}" + (f" {told.code}" if told else "")
    return kind(_problem(status, told, is_json=is_json), how, message, status=status, retry_after_s=pause)


def _problem(status: int, told: wire.Problem | None, *, is_json: bool) -> Problem:
    if told is not None and told.code in _TOLD:
        return _TOLD[told.code]
    if status in (408, 502, 504):
        return Problem.UNREACHABLE
    if status in _PROBLEMS and (is_json or status >= 429):
        return _PROBLEMS[status]
    if status >= 500:
        return Problem.SERVER_ERROR
    return Problem.REFUSED if is_json or status == 413 else Problem.NOT_A_SERVER


def _decoded(body: bytes | None, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body or b"", type=kind)
    except (msgspec.DecodeError, ValueError, RecursionError) as exc:
        raise Unreachable(Problem.UNREADABLE_ANSWER, Course.RETRY_SLOWLY, f"not {kind.__name__}: {exc}") from exc


@contextmanager
def _foreign_errors() -> Iterator[None]:
    """Raise the HTTP libraries' and the OS's errors as ours."""
    try:
        yield
    except (requests.exceptions.SSLError, urllib3.exceptions.SSLError) as exc:
        raise Refused(
            Problem.UNTRUSTED, Course.KEEP_AND_ALARM, f"the server's certificate is not accepted ({_short(exc)})"
        ) from exc
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.InvalidHeader) as exc:
        raise Refused(
            Problem.NOT_A_SERVER, Course.KEEP_AND_ALARM, f"the server's address cannot be used ({_short(exc)})"
        ) from exc
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as exc:
        raise Unreachable(Problem.UNREACHABLE, Course.RETRY, _short(exc)) from exc


def _short(exc: BaseException) -> str:
    """What lies at the bottom of a chain of wrapped errors, in one line."""
    inner: Any = exc
    while inner.args and isinstance(reason := getattr(inner.args[0], "reason", inner.args[0]), BaseException):
        inner = reason
    return f"{type(inner).__name__}: {inner}"[:200].replace("\n", " ")
