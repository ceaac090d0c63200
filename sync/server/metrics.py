"""What the server counts, for Prometheus: `/metrics` gives the sums over all workers, whichever of them answers.

Each worker adds to a place of its own in one small shared file; a worker that is started anew goes on where its forerunner was.
"""

import fcntl
import mmap
import os
import struct
import threading
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

from flask import Flask, Response, g, request

from sync.clock import Clock
from sync.protocol.wire import Batch, Head, Outcome
from sync.server.settings import is_loopback
from sync.server.sink import EventSink, Receipt

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_AREAS = ("batches", "cursor", "documents", "photos", "enrolments", "other")
_CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
_WORKERS = 64
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")
_DOUBLE = struct.Struct("=d")

_REQUESTS = [f'gapura_requests_total{{area="{area}",status="{status}"}}' for area in _AREAS for status in _CLASSES]
_RECORDS = [f'gapura_records_total{{outcome="{outcome.value}"}}' for outcome in Outcome]
_DURATION = "gapura_request_duration_seconds"
_BUCKETS = [f'{_DURATION}_bucket{{le="{edge}"}}' for edge in (*BUCKETS_S, "+Inf")]
_LIMITED, _BATCHES, _SUM = "gapura_rate_limited_total", "gapura_batches_total", f"{_DURATION}_sum"
_SERIES = [*_REQUESTS, _BATCHES, *_RECORDS, _LIMITED, *_BUCKETS, _SUM]
_PLACES = {name: place for place, name in enumerate(_SERIES)}
_WIDTH = len(_SERIES) * _DOUBLE.size


class Metrics:
    """The counters of one worker, in `file` beside those of the others; without a file, alone."""

    def __init__(self, file: Path | None = None) -> None:
        self._lock = threading.Lock()
        if file is None:
            self._slot, self._numbers = 0, mmap.mmap(-1, _WIDTH)
            return
        opened = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(opened, _WORKERS * _WIDTH)
        self._slot = _claim(opened)
        self._numbers = mmap.mmap(opened, _WORKERS * _WIDTH)

    def add(self, series: str, amount: float = 1) -> None:
        """Count."""
        at = self._slot * _WIDTH + _PLACES[series] * _DOUBLE.size
        with self._lock:
            _DOUBLE.pack_into(self._numbers, at, _DOUBLE.unpack_from(self._numbers, at)[0] + amount)

    def answered(self, area: str, status: int, seconds: float) -> None:
        """Count one request by what it asked for, what became of it, and how long it took."""
        self.add(f'gapura_requests_total{{area="{area if area in _AREAS else "other"}",status="{status // 100}xx"}}')
        edge = next((edge for edge in BUCKETS_S if seconds <= edge), "+Inf")
        self.add(f'{_DURATION}_bucket{{le="{edge}"}}', 1)
        self.add(_SUM, seconds)
        if status == 429:
            self.add(_LIMITED)

    def text(self) -> str:
        """Everything in Prometheus' text format."""
        sums = dict(zip(_SERIES, self._sums(), strict=True))
        counts = list(accumulate(sums[name] for name in _BUCKETS))
        lines = _family(
            "gapura_requests_total", "counter", "Requests by what they asked for and how they ended.", _REQUESTS, sums
        )
        lines += _family(_BATCHES, "counter", "Batches that were kept.", [_BATCHES], sums)
        lines += _family("gapura_records_total", "counter", "Records by what became of them.", _RECORDS, sums)
        lines += _family(_LIMITED, "counter", "Requests that came too soon.", [_LIMITED], sums)
        below = sums | dict(zip(_BUCKETS, counts, strict=True)) | {f"{_DURATION}_count": counts[-1]}
        lines += _family(_DURATION, "histogram", "How long answers took.", [*_BUCKETS, _SUM, f"{_DURATION}_count"], below)
        return "\n".join(lines) + "\n"

    def _sums(self) -> list[float]:
        rows = struct.iter_unpack(f"={len(_SERIES)}d", self._numbers[:])
        return [sum(column) for column in zip(*rows, strict=True)]


def _claim(opened: int) -> int:
    # The lock lasts as long as the process, so the place of a worker that is gone is free again.
    for slot in range(_WORKERS):
        try:
            fcntl.lockf(opened, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, slot)
        except OSError:
            continue
        return slot
    return _WORKERS - 1


def _family(name: str, kind: str, words: str, series: Sequence[str], values: dict[str, float]) -> list[str]:
    return [f"# HELP {name} {words}", f"# TYPE {name} {kind}", *(f"{each} {values[each]:.10g}" for each in series)]


class CountingSink:
    """A sink that counts what another keeps."""

    def __init__(self, sink: EventSink, metrics: Metrics) -> None:
        self._sink, self._metrics = sink, metrics

    def take(self, device_id: str, batch: Batch, received_at: str) -> Receipt:
        receipt = self._sink.take(device_id, batch, received_at)
        self._metrics.add(_BATCHES)
        for outcome in Outcome:
            found = sum(result.outcome is outcome for result in receipt.results)
            if found:
                self._metrics.add(f'gapura_records_total{{outcome="{outcome.value}"}}', found)
        return receipt

    def head(self, device_id: str, epoch: str, recorded_as: str = "") -> Head:
        return self._sink.head(device_id, epoch, recorded_as)


def count_requests(app: Flask, metrics: Metrics, clock: Clock) -> None:
    """Count every request of `app`, and answer /metrics to programs on this machine."""

    @app.before_request
    def began() -> None:
        g.began_ns = clock.now().mono_ns

    @app.after_request
    def ended(answer: Response) -> Response:
        if "began_ns" in g:
            seconds = (clock.now().mono_ns - g.began_ns) / 1e9
            metrics.answered((request.endpoint or "").removeprefix("api."), answer.status_code, seconds)
        return answer

    @app.get("/metrics")
    def show() -> Response:
        # A proxy on this machine makes everybody look local; what it adds gives it away.
        if any(request.headers.get(name) for name in _FORWARDED) or not is_loopback(request.remote_addr or ""):
            return Response("Ask from the server's own machine.\n", 403, content_type="text/plain")
        return Response(metrics.text(), content_type="text/plain; version=0.0.4")
