"""A value that changes, and an audience that wants to know at once. The newest wins: a slow screen never holds anybody up."""

import threading
from types import TracebackType
from typing import Generic, TypeVar

V = TypeVar("V")


class Broadcast(Generic[V]):
    """A `Stream`: one publisher or many, any number of subscribers, all in threads of their own."""

    def __init__(self, first: V) -> None:
        self._value = first
        self._version = 0
        self._closed = False
        self._changed = threading.Condition()
        self._bells: list[threading.Event] = []

    def current(self) -> V:
        """The newest value."""
        with self._changed:
            return self._value

    def publish(self, value: V) -> None:
        """Make `value` the newest, and wake everybody who waits for it. Never blocks on a subscriber."""
        with self._changed:
            self._value = value
            self._version += 1
            self._ring()

    def close(self) -> None:
        """No more values: whoever waits is woken with nothing, and nobody waits again. Part of shutting down."""
        with self._changed:
            self._closed = True
            self._ring()

    def _ring(self) -> None:
        self._changed.notify_all()
        for bell in self._bells:
            bell.set()

    def subscribe(self, bell: threading.Event | None = None) -> "Ear[V]":
        """A place in the audience. Its first `next()` gives the value of this moment at once.

        `bell` is set at every change from then on, for who waits for several streams at once.
        """
        if bell is not None:
            with self._changed:
                self._bells.append(bell)
        return Ear(self, bell)

    def forget(self, bell: threading.Event) -> None:
        """Set that bell no more."""
        with self._changed:
            self._bells = [each for each in self._bells if each is not bell]

    def next_after(self, version: int, timeout_s: float, left: threading.Event) -> tuple[int, V] | None:
        """The newest value and its version, once newer than `version`; None after the timeout, or when either side has left."""
        with self._changed:
            newer = self._changed.wait_for(lambda: self._version > version or self._closed or left.is_set(), timeout_s)
            if not newer or self._version <= version or left.is_set():
                return None
            return self._version, self._value

    def wake(self) -> None:
        """Let everybody who waits look again whether they have left."""
        with self._changed:
            self._changed.notify_all()


class Ear(Generic[V]):
    """One subscriber's place. Used by one thread; `close()` may be called from another."""

    def __init__(self, broadcast: Broadcast[V], bell: threading.Event | None = None) -> None:
        self._broadcast, self._bell = broadcast, bell
        self._heard = -1
        self._left = threading.Event()

    def next(self, timeout_s: float) -> V | None:
        """The newest value once it is newer than the last one given; None after the timeout. Values in between are skipped."""
        heard = self._broadcast.next_after(self._heard, timeout_s, self._left)
        if heard is None:
            return None
        self._heard, value = heard
        return value

    def close(self) -> None:
        """Leave. A `next()` under way returns None at once; leaving twice is no error."""
        self._left.set()
        if self._bell is not None:
            self._broadcast.forget(self._bell)
        self._broadcast.wake()

    def __enter__(self) -> "Ear[V]":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
