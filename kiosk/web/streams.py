"""Server-sent events that carry rendered fragments, and how many of them may be open at a time."""

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Generic, TypeVar

from flask import Response, request, stream_with_context

from kiosk.services.views import Stream, Subscription

V = TypeVar("V")
Fragment = tuple[str, str]
"""An event's name (the `data-fragment` it replaces) and the HTML."""

_GLANCE_S = 0.25
_GLANCES_A_BEAT = 4  # the clock on the screen is never more than a second behind, and a closed browser is noticed as soon
_RETRY_S = 5
_RECONNECT_MS = 1000
_LINE_END = re.compile(r"\r\n|\r|\n")


class Together(Generic[V]):
    """Several streams as one: the newest value of the first, given again at once whenever any of them changes."""

    def __init__(self, first: Stream[V], *others: Stream[object]) -> None:
        self._first, self._others = first, others

    def current(self) -> V:
        """The newest value of the first."""
        return self._first.current()

    def subscribe(self, bell: threading.Event | None = None) -> "_AllPlaces[V]":
        """Join every audience."""
        return _AllPlaces(self._first, self._others, bell or threading.Event())


class _AllPlaces(Generic[V]):
    def __init__(self, first: Stream[V], others: tuple[Stream[object], ...], bell: threading.Event) -> None:
        self._first, self._bell = first, bell
        self._places: list[Subscription[object]] = [each.subscribe(bell) for each in (first, *others)]
        bell.set()  # the value of this moment is news

    def next(self, timeout_s: float) -> V | None:
        """The first stream's newest value, once any of the streams has changed; None after the timeout."""
        if not self._bell.wait(timeout_s):
            return None
        self._bell.clear()  # before the look: what changes after it rings again
        return self._first.current()

    def close(self) -> None:
        """Leave every audience."""
        for each in self._places:
            each.close()


@dataclass(frozen=True, slots=True)
class Audience:
    """How streams are opened: at most `cap` at once, until `stopping` is set."""

    cap: int
    stopping: threading.Event
    _seats: threading.BoundedSemaphore = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_seats", threading.BoundedSemaphore(self.cap))

    def answer(
        self, stream: Stream[V], drawn: Callable[[V], Iterator[Fragment]], beat: Callable[[], Iterator[Fragment]]
    ) -> Response:
        """Stream what `drawn` makes of each new value, and `beat` about once a second. Over the cap: 503 with Retry-After."""
        if request.method == "HEAD":  # its body is never iterated, so a seat taken here would never be given back
            return Response(mimetype="text/event-stream")
        if self.stopping.is_set() or not self._seats.acquire(blocking=False):
            return Response("too many screens are open\n", 503, {"Retry-After": str(_RETRY_S)}, mimetype="text/plain")
        subscription = stream.subscribe()
        response = Response(
            stream_with_context(self._events(subscription, drawn, beat)),
            mimetype="text/event-stream",
            headers={"X-Accel-Buffering": "no"},
        )

        def leave() -> None:
            subscription.close()
            self._seats.release()

        response.call_on_close(leave)
        return response

    def _events(
        self, subscription: Subscription[V], drawn: Callable[[V], Iterator[Fragment]], beat: Callable[[], Iterator[Fragment]]
    ) -> Iterator[str]:
        yield f"retry: {_RECONNECT_MS}\n\n"
        for glance in count():
            if self.stopping.is_set():
                return
            if glance % _GLANCES_A_BEAT == 0:
                yield "".join(map(event_text, beat()))
            value = subscription.next(_GLANCE_S)
            if value is not None:
                yield "".join(map(event_text, drawn(value)))


def event_text(fragment: Fragment) -> str:
    """One event on the wire. Every line of the HTML is a `data:` line, so that none of them can end the event early."""
    name, html = fragment
    return "".join([f"event: {name}\n", *(f"data: {line}\n" for line in _LINE_END.split(html.strip())), "\n"])
