"""What is on each slip that a visitor takes along: a waiting number, the pass of a visit, the receipt of a file.

Pure. `words` are the languages of the slip in their order, Indonesian first; no slip holds a name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from drivers.printers.base import Slip


class SlipWords(Protocol):
    """One language, from the catalogs."""

    def say(self, key: str, **values: object) -> str:
        """The words of a msgid with its values in them."""

    def moment(self, at: datetime, *, trusted: bool) -> str:
        """ "10 Juni 2020 07.12 WIB", or that the time is not certain."""

    def clock(self, at: datetime) -> str:
        """ "07.12 WIB"."""


@dataclass(frozen=True, slots=True)
class NumberGiven:
    """Somebody waits with `number`. `ahead` people come before; `wait_min` is an honest guess in minutes, from ... to."""

    number: str
    room: str
    ahead: int
    taken_at: datetime
    clock_trusted: bool
    wait_min: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class PassGiven:
    """Somebody is inside with the pass `code`, called by `label`; `max_minutes` is None where a stay has no limit."""

    code: str
    label: str
    room: str
    since: datetime
    clock_trusted: bool
    people: int = 1
    max_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class FileReceived:
    """A file was handed over under `receipt`; `unit` is who deals with it, "" where that is not stated."""

    receipt: str
    service: str
    received_at: datetime
    clock_trusted: bool
    unit: str = ""


def waiting_number(given: NumberGiven, words: Sequence[SlipWords]) -> Slip:
    """The number as large as fits, how many come before, when it was taken, and what to do."""
    ahead = _said(words, "slip.ahead", people=given.ahead) if given.ahead else _said(words, "slip.first")
    wait = () if given.wait_min is None else _wait(words, *given.wait_min)
    taken = words[0].moment(given.taken_at, trusted=given.clock_trusted)
    return Slip(
        title=_lines(words, "slip.number"),
        number=given.number,
        lines=(given.room, *ahead, *wait, taken),
        footer=_lines(words, "slip.number.how"),
    )


def visit_pass(given: PassGiven, words: Sequence[SlipWords]) -> Slip:
    """The code that ends the visit, whose it is by number, since when, and until when where a stay has a limit."""
    since = _said(words, "slip.since", time=words[0].moment(given.since, trusted=given.clock_trusted))
    people = _said(words, "slip.people", people=given.people) if given.people > 1 else ()
    return Slip(
        title=_lines(words, "slip.pass"),
        number=given.label,
        lines=(given.room, *people, *since, *_until(given, words)),
        qr=given.code,
        footer=_lines(words, "slip.pass.how"),
    )


def drop_off_receipt(given: FileReceived, words: Sequence[SlipWords]) -> Slip:
    """The receipt number, the service and its unit, and when the file was handed over."""
    taken = words[0].moment(given.received_at, trusted=given.clock_trusted)
    return Slip(
        title=_lines(words, "slip.receipt"),
        number=given.receipt,
        lines=tuple(line for line in (given.service, given.unit, taken) if line),
        footer=_lines(words, "slip.receipt.how"),
    )


def _wait(words: Sequence[SlipWords], from_min: int, to_min: int) -> tuple[str, ...]:
    if from_min == to_min:
        return _said(words, "slip.wait.same", to=to_min)
    return _said(words, "slip.wait", **{"from": from_min, "to": to_min})


def _until(given: PassGiven, words: Sequence[SlipWords]) -> tuple[str, ...]:
    """A time where the clock is to be believed, else a length: both are kept to by the same rule."""
    if given.max_minutes is None:
        return ()
    if not given.clock_trusted:
        return _said(words, "slip.at_most", minutes=given.max_minutes)
    return _said(words, "slip.until", time=words[0].clock(given.since + timedelta(minutes=given.max_minutes)))


def _said(words: Sequence[SlipWords], key: str, **values: object) -> tuple[str, ...]:
    """A line in each language; what is the same in two stands once."""
    return tuple(dict.fromkeys(each.say(key, **values) for each in words))


def _lines(words: Sequence[SlipWords], key: str) -> str:
    """A line in each language, as one text."""
    return "\n".join(_said(words, key))
