"""What doors say of rooms, read from payloads. Whatever is not of the form is no word at all. Pure."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from sync.protocol.events import Kind

_MANY = 10_000
"""More people than any room holds: such a figure is a fault."""

Generation = Annotated[str, Meta(pattern=r"^[0-9]{6}@", max_length=100)]
_People = Annotated[int, Meta(ge=1, le=_MANY)]
_Places = Annotated[int, Meta(ge=0, le=_MANY)]
_Rights = Annotated[int, Meta(ge=-_MANY, le=_MANY)]
_Name = Annotated[str, Meta(min_length=1, max_length=200)]
_Names = Annotated[list[_Name], Meta(max_length=_MANY)]

T = TypeVar("T", bound="Said")


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """Every word about a room says under which generation of rights it was said."""

    generation: Generation


class Entered(Said, frozen=True, kw_only=True):
    """Somebody came in, and so many rights were spent as they are people."""

    visit_id: _Name
    people: _People
    ticket_id: str | None = None
    number: str | None = None
    card: int | None = None
    pass_sha256: str | None = None


class Left(Said, frozen=True, kw_only=True):
    """Somebody left. `card_here`: their card lies in this door's box now."""

    visit_id: str | None = None
    minted: _Places
    how: str = ""
    card: int | None = None
    card_here: bool = False
    pass_sha256: str | None = None
    heard: bool = False


class Adopted(msgspec.Struct, frozen=True, kw_only=True):
    """People whom a head count found inside and whose visit began at another door, or nowhere."""

    visit_id: _Name
    people: _People
    since: str | None = None
    number: str | None = None
    card: int | None = None
    pass_sha256: str | None = None


class Counted(Said, frozen=True, kw_only=True):
    """A head count. `heard`: only that there was one elsewhere."""

    held: _Rights
    inside: _Places
    kept: _Names = []
    adopted: Annotated[list[Adopted], Meta(max_length=_MANY)] = []
    heard: bool = False


class Waiting(Said, frozen=True, kw_only=True):
    """Somebody took a number."""

    ticket_id: _Name
    people: _People
    priority: bool = False


class Skipped(Said, frozen=True, kw_only=True):
    """A number was passed over; `final`: it is out of the queue."""

    ticket_id: _Name
    final: bool = False


class Stepped(Said, frozen=True, kw_only=True):
    """Somebody went away for a while, or is back."""

    ticket_id: str | None = None


class Granted(Said, frozen=True, kw_only=True):
    """Rights came to a door. Serial 0: from the office itself."""

    serial: Annotated[int, Meta(ge=0, le=2**53)]
    amount: _Rights


class Released(Said, frozen=True, kw_only=True):
    """A door gave rights back."""

    amount: _People


FORMS: dict[str, type[Said]] = {
    Kind.VISITOR_ENTERED: Entered,
    Kind.VISITOR_LEFT: Left,
    Kind.VISITOR_WAITING: Waiting,
    Kind.VISITOR_SKIPPED: Skipped,
    Kind.VISITOR_AWAY: Stepped,
    Kind.VISITOR_BACK: Stepped,
    Kind.ROOM_COUNTED: Counted,
    Kind.RIGHTS_GRANTED: Granted,
    Kind.RIGHTS_RELEASED: Released,
}
"""The kinds that a ledger listens to. All others tell it no more than that the door was heard."""


def read(kind: str, payload: object) -> Said | None:
    """What was said; None for another kind, and for a payload that is not of its form."""
    form = FORMS.get(kind)
    return None if form is None else read_as(form, payload)


def read_as(form: type[T], payload: object) -> T | None:
    """A payload of one form, or None."""
    try:
        return msgspec.convert(payload, form)
    except (msgspec.ValidationError, ValueError, RecursionError):
        return None


def as_payload(said: Said) -> Mapping[str, Any]:
    """What `read` would read the same from."""
    found: Mapping[str, Any] = msgspec.to_builtins(said)
    return found
