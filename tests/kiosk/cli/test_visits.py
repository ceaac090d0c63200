"""`gapura visits` as people and scripts call it, on a station's real journal."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kiosk.cli.visits import visits
from kiosk.store import room_documents
from sync.protocol.rooms import Room, RoomsDocument
from tests.kiosk.cli.programs import gapura
from tests.kiosk.services.post import Post
from tests.kiosk.services.visit_rows import busy_week, enter, introduce, leave, rate, write_rows

WEEK = ("--from", "2020-06-08", "--to", "2020-06-12")


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    post = Post(tmp_path)
    yield post
    post.close()


def call(post: Post, *words: object) -> Result:
    return CliRunner().invoke(visits, [*(str(each) for each in words), "--data", str(post.data)])


def rows(result: Result) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(result.stdout_bytes.decode("utf-8-sig"), newline="")))


def test_figures_for_people_and_for_machines(post: Post):
    """A line for each day, room and all of them; with --json one object a line and nothing else, while the kiosk runs."""
    write_rows(post, busy_week(30))
    shown = call(post, "stats", *WEEK)
    assert shown.exit_code == 0
    assert [line.split()[0] for line in shown.stdout.splitlines()[1:]] == [
        "2020-06-08",
        "2020-06-09",
        "2020-06-10",
        "reading",
        "2020-06-08..2020-06-12",
    ]
    told = [json.loads(line) for line in call(post, "stats", *WEEK, "--json").stdout.splitlines()]
    assert [each["what"] for each in told] == ["day", "day", "day", "room", "total", "hours", "unsure"]
    total = next(each for each in told if each["what"] == "total")
    assert (total["visits"], total["entered"]) == (30, sum(told[-2]["entered"]))
    assert "the journal begins on 2020-06-08" not in shown.stderr


def test_how_those_who_left_found_it(post: Post):
    """A line for each room of which anybody said so, under the figures."""
    write_rows(post, [enter("2020-06-10 08:00", "a"), leave("2020-06-10 09:00", "a"), rate("2020-06-10 09:00", "poor")])
    assert call(post, "stats", *WEEK).stdout.splitlines()[-1].split() == ["reading", "0", "0", "1", "0", "1", "1"]
    (told,) = [json.loads(line) for line in call(post, "stats", *WEEK, "--json").stdout.splitlines() if "satisfaction" in line]
    assert (told["name"], told["poor"], told["answered"], told["left"]) == ("reading", 1, 1, 1)


def test_one_room(post: Post):
    """Only the room that was named is counted."""
    write_rows(post, [enter("2020-06-10 08:00", "a"), enter("2020-06-10 08:00", "b", room_id="archive")])
    told = call(post, "stats", *WEEK, "--room", "archive", "--json").stdout.splitlines()
    assert [json.loads(line)["visits"] for line in told if '"total"' in line] == [1]


def test_a_room_without_visits(post: Post):
    """One that is set up has an empty file; one that is not is refused, and those there are are named."""
    with post.database.transaction() as db:
        there = [Room(id=name, name=name, max_people=5) for name in ("baca", "anak")]
        room_documents.put(db, RoomsDocument(rooms=there), room_documents.LOCAL)
    assert rows(call(post, "export", *WEEK, "--room", "baca")) == []
    refused = call(post, "export", *WEEK, "--room", "bacaa")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "there is no room bacaa here, and no visit of one on these days; there are: anak, baca" in refused.stderr


def test_csv_to_standard_output_without_names(post: Post):
    """One row a visit; names only if they are asked for."""
    write_rows(post, [enter("2020-06-10 08:00", "a", 2), introduce("2020-06-10 08:00", "a", name="Siti")])
    write_rows(post, [leave("2020-06-10 08:30", "a")])
    (row,) = rows(call(post, "export", *WEEK))
    assert (row["entered_at"], row["minutes"], row["people"]) == ("2020-06-10 08:00:00", "30.0", "2")
    assert "name" not in row
    assert rows(call(post, "export", *WEEK, "--names"))[0]["name"] == "Siti"


def test_a_workbook_and_slims(post: Post, tmp_path: Path):
    """A workbook is written to a file; SLiMS gets a row a person with the office's institution."""
    write_rows(post, [enter("2020-06-10 08:00", "a", 2)])
    out = tmp_path / "visits.xlsx"
    done = call(post, "export", *WEEK, "--format", "xlsx", "--out", out)
    assert (done.exit_code, done.stdout) == (0, "")
    assert f"1 visits are in {out}" in done.stderr
    assert zipfile.is_zipfile(out)
    assert out.stat().st_mode & 0o777 == 0o600
    found = rows(call(post, "export", *WEEK, "--format", "slims", "--institution", "Perpustakaan"))
    assert [(each["member_name"], each["institution"], each["room_code"]) for each in found] == [
        ("Tamu", "Perpustakaan", "readi")
    ] * 2


def test_figures_for_iplm(post: Post):
    """A row a month and room, and one for all; with the population also visits of a day for a hundred inhabitants."""
    write_rows(post, [enter("2020-06-09 08:00", "a", 3), enter("2020-06-10 08:00", "b", 2)])
    iplm = ("export", *WEEK, "--format", "iplm")
    assert [tuple(each.values()) for each in rows(call(post, *iplm, "--population", 1000))] == [
        ("2020-06", "reading", "2", "5", "2.50", "1000", "0.2500"),
        ("2020-06", "all_rooms", "2", "5", "2.50", "1000", "0.2500"),
    ]
    assert {(each["population"], each["percent_of_population"]) for each in rows(call(post, *iplm))} == {("", "")}
    assert "without the official form" in " ".join(call(post, "export", "--help").stdout.split())


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("export", "--format", "iplm", "--population", 0), 2, "--population: 0 inhabitants: the population must be"),
        (("export", "--format", "iplm", "--population=-3"), 2, "-3 inhabitants: the population must be a whole number from 1"),
        (("export", "--format", "iplm", "--population", "2.5"), 2, "'2.5' is not a valid integer"),
        (("export", "--format", "slims", "--population", 5), 2, "--population goes with --format iplm"),
        (("export", "--format", "iplm", "--names"), 2, "--names: nobody is named in iplm"),
        (("export", "--format", "xlsx"), 2, "--out"),
        (("export", "--format", "pdf"), 2, "'pdf' is not one of"),
        (("stats", "--from", "2020-06-31"), 2, "does not match"),
        (("stats", "--from", "2020-06-12", "--to", "2020-06-10"), 2, "--from 2020-06-12 is after --to 2020-06-10"),
        (("stats", "--from", "0001-01-01"), 2, "days from 2000 to 2999"),
        (("export", *WEEK, "--format", "slims"), 1, "both become 'ruang'; export one room at a time (--room ID)"),
        (
            ("export", *WEEK, "--room", "ruang-c"),
            1,
            "there is no room ruang-c here, and no visit of one on these days; no room",
        ),
        (("stats", *WEEK, "--room", "ruang-c"), 1, "there is no room ruang-c here"),
        (("export", *WEEK, "--out", "/nowhere/visits.csv"), 1, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(post: Post, words: tuple[str, ...], code: int, said: str):
    """A wrong call exits with 2, work that cannot be done with 1, and both say what to do."""
    write_rows(post, [enter("2020-06-10 08:00", "a", room_id="ruang-a"), enter("2020-06-10 08:00", "b", room_id="ruang-b")])
    found = call(post, *words)
    assert (found.exit_code, said in found.stderr) == (code, True), found.stderr


def test_a_folder_without_a_journal_or_with_a_damaged_one(tmp_path: Path):
    """Neither is made, and neither is a crash."""
    found = CliRunner().invoke(visits, ["stats", "--data", str(tmp_path)])
    assert (found.exit_code, "no journal here" in found.stderr) == (1, True)
    (tmp_path / "kiosk.db").write_bytes(b"no database" * 1000)
    found = CliRunner().invoke(visits, ["stats", "--data", str(tmp_path)])
    assert (found.exit_code, "is damaged" in found.stderr) == (1, True)


def test_what_is_missing_is_said(post: Post):
    """Erased days, a journal that began later, and uncertain times: each on standard error."""
    from sync.clock import SyncState

    write_rows(post, [enter("2020-06-09 08:00", "a"), enter("2020-06-10 08:00", "b"), leave("2020-06-10 08:00", "nobody")])
    write_rows(post, [enter("2020-06-10 09:00", "c")], SyncState.NEVER)
    with post.database.transaction() as db:
        db.execute("UPDATE journal SET payload = NULL WHERE position = 1")
    said = call(post, "stats", *WEEK).stderr
    assert "figures are whole from that day on" in said
    assert "the journal begins on 2020-06-09" in said
    assert "1 visits (1 people) of an uncertain time" in said
    assert "1 exits belong to no known visit" in said


def test_it_is_a_command_of_gapura(post: Post):
    """`gapura visits` is there, this week by default."""
    found = gapura("visits", "stats", "--json", "--data", str(post.data))
    assert (found.returncode, json.loads(found.stdout.splitlines()[0])["visits"]) == (0, 0)
