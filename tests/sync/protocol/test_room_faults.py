"""What a document about rooms may not say: days that are not, and rooms that count one badge twice."""

import pytest

from sync.protocol.room_faults import faults
from sync.protocol.rooms import Counts, Room, RoomsDocument, Service


def of_dates(begins: str | None, ends: str | None) -> list[str]:
    return list(faults(RoomsDocument(services=[Service(id="uji", name="Uji", from_date=begins, until=ends)])))


@pytest.mark.parametrize(
    "day", ["2020-04-31", "2021-02-29", "2020-13-01", "20200409", "2020-W15-4", "\u0662\u0660\u0662\u0660-04-09", "besok", ""]
)
def test_a_day_that_is_none(day: str):
    """Only days of the calendar, written so that they sort, begin or end what holds of a service; the service is named."""
    assert of_dates(None, day) == [f'service uji: until "{day}" must be a date of the calendar such as "2020-04-09"']
    assert of_dates(day, "2020-04-09") == [f'service uji: from "{day}" must be a date of the calendar such as "2020-04-09"']


def test_a_service_that_would_end_before_it_begins():
    """It would never hold, and is refused by name; one day, a leap day and open ends are in order."""
    (told,) = of_dates("2020-04-10", "2020-04-09")
    assert told == 'service uji: from "2020-04-10" is after until "2020-04-09", so it would never hold'
    for begins, ends in (("2020-04-09", "2020-04-09"), ("2020-02-29", None), (None, "2020-02-29"), (None, None)):
        assert of_dates(begins, ends) == []


def rooms_at(*doors: list[str], counts: Counts = Counts.EVERYONE) -> RoomsDocument:
    found = [Room(id=f"r{n}", name="R", max_people=1, doors=at, counts=counts) for n, at in enumerate(doors)]
    return RoomsDocument(rooms=found)


@pytest.mark.parametrize("doors", [(["a", "b"], ["b"]), ([], []), ([], ["a"]), (["a"], [])])
def test_two_rooms_that_count_one_badge(doors: tuple[list[str], list[str]]):
    """Rooms that share a door do not both count everyone: both are named, with what to do. No doors: those of one kiosk."""
    (told,) = faults(rooms_at(*doors))
    assert told.startswith("rooms r0 and r1 both count everyone at the same door")
    assert 'set counts = "visitors" for one of them' in told


def test_rooms_that_count_a_badge_once():
    """Doors of their own, or rooms that count visitors only, are in order."""
    assert list(faults(rooms_at(["a"], ["b"]))) == []
    assert list(faults(rooms_at(["a"], ["a"], counts=Counts.VISITORS))) == []
