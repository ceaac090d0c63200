"""Staff in a room that counts everyone: they are counted, and their visit does not say who they are."""

import msgspec
import pytest

from kiosk.core import staff_visits, visits
from kiosk.core.room_book import Row, after
from kiosk.core.values import Direction
from kiosk.core.visits import Said
from sync.protocol.events import Kind
from tests.kiosk.core.room import LONE, Desk

THERE = msgspec.structs.replace(LONE, id="arsip", name="Arsip")
PERSON = "198703142010012007"


@pytest.fixture
def desk():
    """A door of a room, where nobody is inside."""
    return Desk(LONE).opens()


def passes(desk, direction=Direction.UNSTATED):
    return desk.does(staff_visits.admitted(desk.here(), PERSON, direction)).said


def test_what_is_kept_for_good_does_not_name_them(desk):
    """Rows that rooms are rebuilt from are never erased, so the person's id is in none of them, coming, moved or leaving."""
    told = []
    assert passes(desk) is Said.ENTERED
    told += desk.drafts
    (visit_id,) = desk.book.visits
    told += visits.move(desk.here(), Desk(THERE).opens().here(), visit_id, by="g").drafts
    assert passes(desk) is Said.LEFT
    told += desk.drafts
    assert {Kind.VISITOR_ENTERED, Kind.VISITOR_MOVED, Kind.VISITOR_LEFT} <= {draft.kind for draft in told}
    assert PERSON not in repr(told)


def test_a_visit_of_an_older_version_goes_on(desk):
    """A journal that holds the id is folded as before: its owner is inside, and their badge ends the visit."""
    (entered,) = (each for each in staff_visits.admitted(desk.here(), PERSON, Direction.IN).drafts)
    older = Row(entered.kind, {**entered.payload, "person_id": PERSON}, desk.instant(), "door-1", desk.epoch)
    desk.book = after(desk.book, older)
    assert passes(desk, Direction.IN) is Said.CHECKED
    told = visits.move(desk.here(), Desk(THERE).opens().here(), *desk.book.visits, by="g").drafts
    assert PERSON not in repr(told)
    assert passes(desk) is Said.LEFT
    assert (desk.book.inside, desk.held) == (0, 4)
