"""The guest book from rows that a door really journals: who it was stands beside each visit, for whoever asks for names."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from kiosk.cli.visits import visits
from kiosk.services.visit_statistics import Report, VisitStatistics
from tests.kiosk.services.guest_book import erase_names, guest_book
from tests.kiosk.services.room_post import RoomPost
from tests.kiosk.services.toolbox import tools_of

DAY = date(2020, 6, 10)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[RoomPost]:
    door = guest_book(tmp_path)
    yield door
    door.close()


def report(door: RoomPost) -> Report:
    return VisitStatistics(tools_of(door.post)).of(DAY, DAY)


def export(door: RoomPost, *words: str) -> list[dict[str, str]]:
    days = ("--from", "2020-06-10", "--to", "2020-06-10", "--data", str(door.post.data))
    body = CliRunner().invoke(visits, ["export", *words, *days]).stdout_bytes
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def test_each_visit_has_what_was_said_of_it(book: RoomPost) -> None:
    """Said at the entry or with the number that was taken; whoever moved on is the same person in the other room."""
    found = [(each.room_id, each.number, each.name, each.purpose, each.institution) for each in report(book).found.visits]
    assert found == [
        ("baca", "", "Tuti", "Membaca", "SMP 1"),
        ("baca", "", "", "", ""),
        ("baca", "A 001", "Dian", "", "SMP 2"),
        ("anak", "", "Tuti", "Membaca", "SMP 1"),
    ]


def test_the_guest_book_is_written_when_it_is_asked_for(book: RoomPost) -> None:
    """`--names` has every name, institution and number; without it the file has none of them, not even as columns."""
    named = export(book, "--names")
    assert [(each["number"], each["name"], each["institution"]) for each in named] == [
        ("", "Tuti", "SMP 1"),
        ("", "", ""),
        ("A 001", "Dian", "SMP 2"),
        ("", "Tuti", "SMP 1"),
    ]
    plain = str(export(book))
    assert all(word not in plain for word in ("name", "institution", "Tuti", "SMP", "A 001"))


def test_slims_gets_name_and_institution(book: RoomPost) -> None:
    """A row a person with what they said, the office's word where they said nothing; whoever moved on stands there once."""
    found = [(each["member_name"], each["institution"]) for each in export(book, "--names", "--format", "slims")]
    assert found == [("Tuti", "SMP 1"), ("Tamu", "Umum"), ("Tamu", "Umum"), ("Dian", "SMP 2")]
    unasked = export(book, "--format", "slims")
    assert {(each["member_name"], each["institution"]) for each in unasked} == {("Tamu", "Umum")}


def test_erased_names_stay_absent_and_the_day_stays_whole(book: RoomPost) -> None:
    """What is gone is gone from every file; people are counted as before, and no day is said to be incomplete."""
    before = report(book).found.total
    erase_names(book)
    after = report(book)
    assert {(each.name, each.purpose, each.institution) for each in after.found.visits} == {("", "", "")}
    assert (after.found.total, after.complete_from) == (before, None)
    assert "Tuti" not in str(export(book, "--names"))
