"""The line between a kiosk and the server: it carries requests to the server's application, and does to them what networks do."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from enum import StrEnum
from io import BytesIO
from random import Random
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from sync.clock import Clock


@dataclass(frozen=True, slots=True)
class Call:
    """A request on its way: `target` is path and query as sent."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ServerDown(Exception):
    """The server's machine is off, or went off before it answered."""


class Fate(StrEnum):
    """What becomes of one request."""

    ARRIVES = "arrives"
    REQUEST_LOST = "request lost"
    REQUEST_CUT = "request cut"
    ANSWER_LOST = "answer lost"
    ANSWER_CUT = "answer cut"
    SLOW = "slow"
    TWICE = "twice"
    COPY_LATER = "copied for later"
    BUSY = "429"
    AWAY = "503"
    GATEWAY = "502"
    BROKEN = "500"
    PORTAL = "portal"
    REDIRECT = "302"
    WRONG_PAGE = "404 page"
    NO_RESULTS = "no results"
    FEWER_RESULTS = "fewer results"
    STALE = "an older answer"
    LIE = "a lie"


FAIR: dict[Fate, float] = {Fate.ARRIVES: 1}
FOUL: dict[Fate, float] = dict.fromkeys(Fate, 1.0) | {Fate.ARRIVES: 6.0}

PAUSES_S = (7, 60, 300, 600)
"""What a busy server asks for."""

_JSON = {"Content-Type": "application/json"}
_HTML = {"Content-Type": "text/html; charset=utf-8"}
_PAGE = b"<html><body>Sign in to the office network</body></html>"


@dataclass(slots=True)
class Weather:
    """How the line is now. `limit_bytes` is a proxy's limit on bodies, `dislikes` a text for which it refuses a batch."""

    up: bool = True
    fates: Mapping[Fate, float] = field(default_factory=lambda: FAIR)
    limit_bytes: int | None = None
    dislikes: bytes | None = None


class Line(HTTPAdapter):
    """One kiosk's line. `serve` hands a request to the server, `pass_time` lets seconds go by, `note` keeps the trace.

    `refusals` counts what a proxy refused. `quiet_until_ns` is how long, by the kiosk's own monotonic time, the server wanted to
    hear nothing; `broke_quiet` says that it was asked all the same. `delivered` is the newest answer that came through whole.
    """

    def __init__(
        self,
        rng: Random,
        clock: Clock,
        *,
        serve: Callable[[Call], Answer],
        pass_time: Callable[[float], None],
        note: Callable[[str], None],
    ) -> None:
        super().__init__()
        self.weather = Weather()
        self.later: list[Call] = []
        self.asked = 0
        self.quiet_until_ns = 0
        self.broke_quiet = False
        self.delivered: Answer | None = None
        self._older: list[Answer] = []
        self._rng, self._clock = rng, clock
        self._serve, self._pass_time, self._note = serve, pass_time, note

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Carry one request.

        Raises:
            requests.RequestException: as a socket's troubles are raised.
        """
        self.asked += 1
        self.delivered = None
        self.broke_quiet = self.broke_quiet or self._clock.now().mono_ns < self.quiet_until_ns
        body = request.body or b""
        sent = body.encode() if isinstance(body, str) else body
        call = Call(request.method or "GET", request.path_url, dict(request.headers), sent)
        if not self.weather.up:
            self._note(f"{call.method} cut off")
            raise requests.exceptions.ConnectionError("the line is cut")
        refused = self._proxy(call)
        if refused is not None:
            self._note(f"{call.method} refused {refused.status}")
            return _response(request, refused)
        fates = self.weather.fates
        fate = self._rng.choices(list(fates), list(fates.values()))[0]
        answer, length = self._meet(fate, call)
        self._note(f"{call.method} {fate}: {answer.status}")
        if length is None:
            self.delivered = answer
        return _response(request, answer, length)

    def forget_quiet(self) -> None:
        """A program that was started anew knows of no pause."""
        self.quiet_until_ns, self.broke_quiet = 0, False

    def _proxy(self, call: Call) -> Answer | None:
        limit, dislikes = self.weather.limit_bytes, self.weather.dislikes
        if limit is not None and len(call.body) > limit:
            return Answer(413, _HTML, _PAGE)
        if dislikes is not None and call.method == "POST" and dislikes in _plain(call.body):
            return Answer(422, _JSON, json.dumps({"code": "unprocessable", "message": "no"}).encode())
        return None

    def _meet(self, fate: Fate, call: Call) -> tuple[Answer, int | None]:
        """The answer, and after how many bytes of its body the line breaks, if it does."""
        if fate in _PLAYED:
            return self._played(fate), None
        if fate is Fate.REQUEST_LOST:
            self._lose(5)
        if fate is Fate.REQUEST_CUT:
            self._ask(Call(call.method, call.target, call.headers, call.body[: self._rng.randrange(max(1, len(call.body)))]))
            self._lose(1)
        if fate in (Fate.STALE, Fate.LIE) and call.method == "POST" and self._older:
            older = self._rng.choice(self._older)
            return (older if fate is Fate.STALE else _all_taken(older, call)), None
        return self._arrive(fate, call)

    def _arrive(self, fate: Fate, call: Call) -> tuple[Answer, int | None]:
        answer = self._ask(call)
        if fate is Fate.TWICE:
            answer = self._ask(call)
        if fate is Fate.COPY_LATER:
            self.later.append(call)
        if fate is Fate.SLOW:
            self._pass_time(self._rng.choice((1, 8, 25)))
        if fate is Fate.ANSWER_LOST:
            self._lose(30)
        return self._changed(fate, call, answer)

    def _changed(self, fate: Fate, call: Call, answer: Answer) -> tuple[Answer, int | None]:
        if call.method != "POST" or answer.status != 200:
            return answer, None
        self._older = [*self._older[-4:], answer]
        if fate is Fate.ANSWER_CUT:
            return answer, self._rng.randrange(len(answer.body))
        if fate is Fate.FEWER_RESULTS:
            said = json.loads(answer.body)
            said["results"] = [each for each in said["results"] if self._rng.random() < 0.5]
            return Answer(200, _JSON, json.dumps(said).encode()), None
        return answer, None

    def _played(self, fate: Fate) -> Answer:
        if fate in (Fate.BUSY, Fate.AWAY):
            return self._wait_please(429 if fate is Fate.BUSY else 503)
        if fate is Fate.NO_RESULTS:
            return Answer(200, _JSON, b"{}")
        status = {Fate.GATEWAY: 502, Fate.BROKEN: 500, Fate.PORTAL: 200, Fate.REDIRECT: 302, Fate.WRONG_PAGE: 404}[fate]
        return Answer(status, _HTML | ({"Location": "http://portal.invalid/"} if status == 302 else {}), _PAGE)

    def _wait_please(self, status: int) -> Answer:
        if self._rng.random() < 0.3:
            return Answer(status, _HTML, _PAGE)
        pause_s, now = self._rng.choice(PAUSES_S), self._clock.now()
        self.quiet_until_ns = now.mono_ns + pause_s * 1_000_000_000
        if self._rng.random() < 0.5:
            return Answer(status, {**_HTML, "Retry-After": str(pause_s)}, _PAGE)
        # By the server's own clock, which has nothing to do with the kiosk's.
        theirs = now.wall.replace(year=2020, month=6, day=10, microsecond=0)
        until = theirs.fromtimestamp(theirs.timestamp() + pause_s, theirs.tzinfo)
        dates = {"Date": format_datetime(theirs, usegmt=True), "Retry-After": format_datetime(until, usegmt=True)}
        return Answer(status, _HTML | dates, _PAGE)

    def _ask(self, call: Call) -> Answer:
        try:
            return self._serve(call)
        except ServerDown as exc:
            self._note(f"{call.method} server down")
            raise requests.exceptions.ConnectionError("the server is gone") from exc

    def _lose(self, seconds: float) -> None:
        self._note("lost")
        self._pass_time(seconds)
        raise requests.exceptions.ReadTimeout("no answer")


_PLAYED = frozenset(
    {Fate.BUSY, Fate.AWAY, Fate.GATEWAY, Fate.BROKEN, Fate.PORTAL, Fate.REDIRECT, Fate.WRONG_PAGE, Fate.NO_RESULTS}
)


def _plain(body: bytes) -> bytes:
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        return body


def _all_taken(older: Answer, call: Call) -> Answer:
    """An answer that names every record as stored, from somebody who has no key: its head is an older one, moved on."""
    said, batch = json.loads(older.body), json.loads(_plain(call.body))
    last = max(batch["records"], key=lambda record: int(record["seq"]))
    said["results"] = [{"seq": record["seq"], "outcome": "stored"} for record in batch["records"]]
    said["accepted_through"] = last["seq"]
    said["head"] |= {"epoch": batch["epoch"], "seq": last["seq"], "hash": last.get("hash", said["head"]["hash"])}
    said["batch_sha256"] = hashlib.sha256(call.body).hexdigest()
    return Answer(200, _JSON, json.dumps(said).encode())


def _response(request: requests.PreparedRequest, answer: Answer, length: int | None = None) -> requests.Response:
    headers = {"Content-Length": str(len(answer.body)), **answer.headers}
    raw = urllib3.HTTPResponse(
        body=BytesIO(answer.body[:length]),
        headers=headers,
        status=answer.status,
        preload_content=False,
        enforce_content_length=True,
        request_method=request.method,
    )
    return HTTPAdapter().build_response(request, raw)
