"""What a pass in front of the camera means: somebody leaves, or the one at the panel has taken a card. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from kiosk.core import visits
from kiosk.core.passes import CodeKind
from kiosk.core.presence_rule import age_s
from kiosk.core.room_book import Visit
from kiosk.core.room_codes import Said
from kiosk.core.room_here import Decided, Here, Pass
from kiosk.services.pass_reading import Awaiting
from kiosk.store.pass_cards import KnownCard
from sync.clock import utc_datetime

JUST_ENTERED_S = 15
"""Whoever shows a pass again so soon after coming in is unsure whether it was seen, or held it up through a glare."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The decision, in the room it is about (None: in none). `uses_up_awaited`: nobody is awaited at the panel any more."""

    here: Here | None
    decided: Decided
    uses_up_awaited: bool = False
    in_use_since: datetime | None = None


def decide(heres: Sequence[Here], token: str, kind: CodeKind, card: KnownCard | None, awaiting: Awaiting | None) -> Shown:
    """An open visit with this pass ends, unless it has just begun or its people are back from stepping away.

    Else the card begins the visit of whoever is awaited; else it is nobody's.

    A pass that is in use ends its visit also while a card is awaited: whoever shows it then is more likely to be leaving.
    """
    carried = Pass(token, None if card is None else card.number)
    inside = next((here for here in heres if visits.visit_of(here, token) is not None), None)
    if inside is not None:
        return Shown(inside, _by_somebody_inside(inside, carried), in_use_since=_since(inside, token))
    if kind is CodeKind.CARD and card is None:
        return _left_somewhere(heres, carried, None) if _shared(heres) else Shown(None, Decided(Said.UNKNOWN_PASS))
    if awaiting is not None and card is not None:
        return _awaited(heres, carried, card, awaiting)
    if card is not None and card.retired_at is not None:
        return Shown(None, Decided(Said.CARD_RETIRED))
    return _left_somewhere(heres, carried, card)


def _by_somebody_inside(here: Here, carried: Pass) -> Decided:
    visit = visits.visit_of(here, carried.token_sha256)
    if isinstance(visit, Visit) and visit.away is not None:
        return visits.come_back(here, visit.id)
    entered_s = age_s(visit.since, here.now) if isinstance(visit, Visit) else None
    if entered_s is not None and entered_s < JUST_ENTERED_S:
        return Decided(Said.JUST_ENTERED)
    return visits.leave(here, carried)


def _awaited(heres: Sequence[Here], carried: Pass, card: KnownCard, awaiting: Awaiting) -> Shown:
    here = next((each for each in heres if each.room.id == awaiting.room_id), None)
    if here is None:
        return Shown(None, Decided(Said.NO_SUCH_ROOM), uses_up_awaited=True)
    is_promised, here = here.promised > 0, replace(here, promised=0)
    if card.retired_at is not None:
        return Shown(here, Decided(Said.CARD_RETIRED))
    if not card.opens(here.room.id):
        return Shown(here, Decided(Said.CARD_OTHER_ROOM))
    return Shown(here, _comes_in(here, awaiting, carried, is_promised=is_promised), uses_up_awaited=True)


def _comes_in(here: Here, awaiting: Awaiting, carried: Pass, *, is_promised: bool) -> Decided:
    """Whoever was promised a place comes before all who took a number since."""
    if awaiting.ticket_id is not None:
        return visits.enter(here, awaiting.guest, carried, ticket_id=awaiting.ticket_id)
    kept = visits.enter(here, awaiting.guest, carried) if is_promised else Decided(Said.FULL)
    return kept if kept.said is Said.ENTERED else visits.arrive(here, awaiting.guest, carried)


def _left_somewhere(heres: Sequence[Here], carried: Pass, card: KnownCard | None) -> Shown:
    """Nobody known here has this pass: it was used here before, or at another door that was not heard yet."""
    for here in heres:
        if any(each.pass_sha256 == carried.token_sha256 for each in here.book.ended):
            return Shown(here, visits.leave(here, carried))
    meant = [each for each in heres if card is None or card.room_id in (None, each.room.id)]
    here_ = next((each for each in meant if not each.is_lone), meant[0] if meant else None)
    if here_ is None:
        return Shown(None, Decided(Said.CARD_OTHER_ROOM if card is not None else Said.UNKNOWN_PASS))
    if card is None and here_.is_lone:
        return Shown(None, Decided(Said.UNKNOWN_PASS))
    return Shown(here_, visits.leave(here_, carried))


def _shared(heres: Sequence[Here]) -> bool:
    return any(not each.is_lone for each in heres)


def _since(here: Here, token: str) -> datetime | None:
    visit = visits.visit_of(here, token)
    if visit is None:
        return None
    return visit.since.wall if isinstance(visit, Visit) else utc_datetime(visit.since)
