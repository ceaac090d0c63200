"""`gapura staff` as people and scripts call it, on a station's real files."""

import base64
import hashlib
import io
import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from kiosk.cli.staff import staff
from kiosk.services.changes import station_lock
from sync.protocol.wire import Directory

LIST = 'nip;nama;unit kerja;jabatan;foto\n001;Siti "Ti" Rahma;Umum;Staf;siti.jpg\n002;محمد;Setda;;\n'


@pytest.fixture
def data(tmp_path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def sheet(tmp_path) -> Path:
    path = tmp_path / "staff.csv"
    path.write_text(LIST, encoding="utf-8-sig")
    out = io.BytesIO()
    Image.new("RGB", (960, 1200), "teal").save(out, "JPEG")
    (tmp_path / "siti.jpg").write_bytes(out.getvalue())
    return path


def call(*args: object) -> Result:
    return CliRunner().invoke(staff, [str(arg) for arg in args])


def people(data: Path) -> list[dict]:
    return [json.loads(line) for line in call("list", "--json", "--data", data).stdout.splitlines()]


def test_import_list_and_import_again(data, sheet):
    """A list with a BOM and semicolons becomes people with photos; the same list again changes nothing."""
    first = call("import", sheet, "--json", "--data", data)
    assert (first.exit_code, json.loads(first.stdout)) == (
        0,
        {"new": 2, "changed": 0, "unchanged": 0, "refused": 0, "outcome": "applied"},
    )
    siti = next(person for person in people(data) if person["id"] == "001")
    assert siti["name"] == 'Siti "Ti" Rahma'
    assert hashlib.sha256((data / "photos" / f"{siti['photo']}.jpg").read_bytes()).hexdigest() == siti["photo"]
    before = (data / "kiosk.db").read_bytes()
    again = call("import", sheet, "--data", data)
    assert again.stdout == "0 new, 0 changed, 2 unchanged, 0 refused\n"
    assert (data / "kiosk.db").read_bytes() == before


def test_a_dry_run_changes_nothing(data, sheet):
    """A dry run says what would change and leaves no trace."""
    result = call("import", sheet, "--dry-run", "--json", "--data", data)
    assert json.loads(result.stdout)["outcome"] == "dry-run"
    assert not data.exists()


def test_refused_rows_are_named_and_the_others_imported(data, sheet):
    """Refused rows stand on standard error as FILE:LINE: reason, the exit code is 1, and everybody else is there."""
    sheet.write_text(LIST + "001;Again;;;\n;Nobody;;;\n003;Ani;;;gone.jpg\n004;Dewi;Umum;;\n", encoding="utf-8")
    result = call("import", sheet, "--data", data)
    assert result.exit_code == 1
    assert result.stdout == "3 new, 0 changed, 0 unchanged, 3 refused\n"
    for line in (4, 5, 6):
        assert f"{sheet}:{line}: " in result.stderr
    assert "all others are imported" in result.stderr
    assert [person["id"] for person in people(data)] == ["004", "001", "002"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"nip;nama\n1;Ani\n2;Jos\xe9\n", ":3: byte 0xE9"),
        (b"PK\x03\x04", "CSV UTF-8"),
        (b"1;Ani\n", ":1: the first row must name the columns"),
        (None, "cannot be read"),
    ],
)
def test_files_that_are_no_list(data, sheet, content, words):
    """What is no list at all is one sentence and exit code 2, and what was recorded before is still there."""
    call("import", sheet, "--data", data)
    bad = sheet.with_name("bad.csv")
    if content is not None:
        bad.write_bytes(content)
    result = call("import", bad, "--data", data)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert len(people(data)) == 2


def test_a_folder_instead_of_a_file(data, tmp_path):
    """A folder is not searched for lists."""
    result = call("import", tmp_path, "--data", data)
    assert result.exit_code == 2
    assert "folder" in result.stderr


def test_old_windows_encoding_when_it_is_named(data, sheet):
    """With --encoding the old files of the personnel office are read."""
    sheet.write_bytes("nip;nama\n1;José\n".encode("cp1252"))
    assert call("import", sheet, "--encoding", "cp1252", "--data", data).exit_code == 0
    assert people(data)[0]["name"] == "José"


def test_a_database_that_was_only_made(data, sheet):
    """A kiosk.db without a byte in it, as a start that was cut short leaves it, is a station that knows nobody yet."""
    data.mkdir()
    (data / "kiosk.db").touch()
    assert call("list", "--data", data).exit_code == 0
    assert call("import", sheet, "--data", data).exit_code == 0


def test_while_a_kiosk_runs_the_change_waits_for_it(data, sheet):
    """With the station's lock taken, the list is queued with its photos and the command says so."""
    with station_lock(data):
        result = call("import", sheet, "--data", data)
        assert result.exit_code == 0
        assert "takes this over" in result.stderr
    assert len(list((data / "inbox").glob("change-*.json"))) == 1
    assert len(list((data / "inbox" / "photos").glob("*.jpg"))) == 1


def test_a_data_folder_that_cannot_be_written(tmp_path, sheet):
    """A data folder under a file is one sentence and exit code 1."""
    (tmp_path / "file").touch()
    result = call("import", sheet, "--data", tmp_path / "file" / "data")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("Error: ")


def test_a_damaged_database_is_not_touched(data, sheet):
    """A damaged file is reported and left as it is."""
    data.mkdir()
    (data / "kiosk.db").write_bytes(b"no database" * 1000)
    result = call("import", sheet, "--data", data)
    assert result.exit_code == 1
    assert "damaged" in result.stderr
    assert (data / "kiosk.db").read_bytes().startswith(b"no database")


def test_export_is_the_servers_import(data, sheet, tmp_path):
    """The export is the wire's directory with the photos' bytes beside it, readable by its owner only."""
    call("import", sheet, "--data", data)
    out = tmp_path / "directory.json"
    assert call("export", out, "--data", data).exit_code == 0
    assert out.stat().st_mode & 0o777 == 0o600
    directory = msgspec.json.decode(out.read_bytes(), type=Directory)
    assert [person.id for person in directory.people] == ["001", "002"]
    photos = json.loads(out.read_bytes())["photos"]
    assert {hashlib.sha256(base64.b64decode(photo)).hexdigest() for photo in photos.values()} == set(photos)


def test_export_says_which_photos_are_gone(data, sheet, tmp_path):
    """A photo that is named but no longer there makes the exit code 1; the rest is exported."""
    call("import", sheet, "--data", data)
    for photo in (data / "photos").iterdir():
        photo.unlink()
    result = call("export", tmp_path / "out.json", "--data", data)
    assert result.exit_code == 1
    assert json.loads((tmp_path / "out.json").read_bytes())["photos"] == {}


def test_fifty_thousand_people(data, sheet):
    """A whole province is imported, every row in the database, in a time a person waits for."""
    sheet.write_text("id,name,unit\n" + "".join(f"{n},Nama {n},Unit {n % 40}\n" for n in range(50_000)), encoding="utf-8")
    start = time.monotonic()
    result = call("import", sheet, "--json", "--data", data)
    spent = time.monotonic() - start
    print(f"50,000 rows: {spent:.2f} s")
    assert json.loads(result.stdout)["new"] == 50_000
    with closing(sqlite3.connect(f"file:{data / 'kiosk.db'}?mode=ro", uri=True)) as db:
        assert db.execute("SELECT COUNT(*) FROM people").fetchone() == (50_000,)
