"""`gapura passes` as people and scripts call it, on a station's real files; the sheets are read by the door's decoder."""

import json
import shutil
import subprocess
from contextlib import closing
from pathlib import Path
from random import Random

import numpy as np
import pytest
import zxingcpp
from click.testing import CliRunner, Result
from PIL import Image

from kiosk.cli.passes import passes
from kiosk.cli.rooms import rooms
from kiosk.core.passes import CodeKind, pass_code, read_pass
from kiosk.services.changes import station_lock
from kiosk.store import pass_cards
from kiosk.store.database import KioskDatabase, open_kiosk_database, open_reader

DPI = 110


def call(*args: object) -> Result:
    return CliRunner().invoke(passes, [str(arg) for arg in args])


@pytest.fixture
def data(tmp_path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def out(tmp_path) -> Path:
    return tmp_path / "cards.pdf"


def codes(pdf: Path) -> list[str]:
    """Every code on the paper, as the door would read it."""
    if shutil.which("pdftoppm") is None:
        pytest.fail("this test looks at printed pages; run: apt-get install poppler-utils")
    subprocess.run(["pdftoppm", "-gray", "-r", str(DPI), pdf.name, "page"], cwd=pdf.parent, check=True, capture_output=True)
    found = []
    for path in sorted(pdf.parent.glob("page*.pgm")):
        with Image.open(path) as picture:
            found += [each.text for each in zxingcpp.read_barcodes(np.asarray(picture))]
        path.unlink()
    return found


def listed(data: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in call("list", "--json", "--data", data).stdout.splitlines()]


def in_force(data: Path) -> dict[object, object]:
    return {row["token_sha256"]: row["number"] for row in listed(data) if row["retired_at"] is None}


def hash_of(code: str) -> str:
    read = read_pass(code)
    assert read is not None
    assert read.kind is CodeKind.CARD
    return read.token_sha256


def test_printed_cards_are_known_here(data, out):
    """What the paper shows is what the station looks up: each number its card, for its room, and no code is kept anywhere."""
    result = call("print", "--room", "baca", "--from", 3, "--to", 13, "--out", out, "--json", "--data", data)
    assert result.exit_code == 0
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(row["number"], row["room_id"], row["replaced"]) for row in rows] == [(n, "baca", 0) for n in range(3, 14)]
    read = codes(out)
    assert {hash_of(code) for code in read} == {row["token_sha256"] for row in rows}
    assert len(read) == 11
    assert all(code == code.upper() for code in read)  # small letters would make the code larger
    with closing(open_reader(data / "kiosk.db")) as db:
        cards = [pass_cards.look_up(db, hash_of(code)) for code in read]
    assert all(card is not None and card.opens("baca") and not card.opens("arsip") for card in cards)
    for path in data.rglob("*"):
        assert path.is_dir() or not any(code.encode() in path.read_bytes() for code in read)
    assert not any(code in result.output for code in read)
    assert out.stat().st_mode & 0o777 == 0o600


def test_what_a_card_says(data, out, tmp_path):
    """Its number with the door's letter, its room, the office, and in both languages that it is to be handed in."""
    long = "Ruang Baca dan Layanan Referensi Deposit Lantai Tiga"
    call("print", "--from", 7, "--to", 7, "--letter", "B", "--name", long, "--office", "Dinas", "--out", out, "--data", data)
    subprocess.run(["pdftotext", "-layout", out, tmp_path / "words"], check=True)
    words = " ".join((tmp_path / "words").read_text().split())
    for part in ("B 07", long, "Dinas", "Mohon serahkan saat keluar", "Please hand in when leaving"):
        assert part in words


def test_a_room_that_is_set_up_here(data, out, tmp_path):
    """The card has the name of its room and the letter of its door without being told; a room that is none is refused."""
    (tmp_path / "rooms.toml").write_text('letter = "C"\n[[room]]\nid = "baca"\nname = "Ruang Baca Umum"\nmax_people = 10\n')
    assert CliRunner().invoke(rooms, ["import", str(tmp_path / "rooms.toml"), "--data", str(data)]).exit_code == 0
    call("print", "--room", "baca", "--from", 7, "--to", 7, "--out", out, "--data", data)
    subprocess.run(["pdftotext", "-layout", out, tmp_path / "words"], check=True)
    words = " ".join((tmp_path / "words").read_text().split())
    assert "C 07" in words
    assert "Ruang Baca Umum" in words
    refused = call("print", "--room", "bacaa", "--from", 8, "--to", 8, "--out", out, "--data", data)
    assert refused.exit_code == 1
    assert "there is no room bacaa here; there are: baca" in refused.stderr
    assert list(in_force(data).values()) == [7]


def test_pictures_that_cannot_be_written(data, out, tmp_path):
    """No sheet is left that looks like cards and is none: the file is named, and that nothing was registered."""
    bad = tmp_path / "pictures"
    (bad / "001.png").mkdir(parents=True)
    failed = call("print", "--from", 1, "--to", 2, "--out", out, "--pictures", bad, "--data", data)
    assert failed.exit_code == 1
    assert f"Error: {bad / '001.png'}: is there and is no regular file" in failed.stderr
    assert "nothing was registered" in failed.stderr
    assert not out.exists()
    assert in_force(data) == {}


def test_pictures_of_the_codes(data, out, tmp_path):
    """For an office that has its own cards printed, each code is there as PNG and SVG, for its owner's eyes only."""
    folder = tmp_path / "pictures"
    call("print", "--from", 1, "--to", 2, "--out", out, "--pictures", folder, "--data", data)
    assert sorted(path.name for path in folder.iterdir()) == ["001.png", "001.svg", "002.png", "002.svg"]
    with Image.open(folder / "002.png") as picture:
        assert in_force(data)[hash_of(zxingcpp.read_barcode(picture).text)] == 2
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_number_is_printed_again(data, out):
    """It must be asked for; then the new card works, the old one no longer does, and other numbers stay as they are."""
    call("print", "--from", 1, "--to", 4, "--out", out, "--data", data)
    old = in_force(data)
    paper = out.read_bytes()
    refused = call("print", "--from", 2, "--to", 6, "--out", out, "--data", data)
    assert refused.exit_code == 1
    assert "already with a card: 2-4; with --replace" in refused.stderr
    dry = call("print", "--from", 2, "--to", 6, "--out", out, "--dry-run", "--data", data)
    assert dry.exit_code == 0
    assert "5 cards would be made, and 3 old ones retired (2-4); nothing was changed" in dry.stderr
    assert (in_force(data), out.read_bytes()) == (old, paper)
    again = call("print", "--from", 2, "--to", 6, "--replace", "--out", out, "--data", data)
    assert again.exit_code == 0
    assert "3 old cards stop working (2-4): take them out of the box" in again.stderr
    assert sorted(in_force(data).values()) == [1, 2, 3, 4, 5, 6]
    assert [number for token, number in in_force(data).items() if token in old] == [1]
    assert {in_force(data)[hash_of(code)] for code in codes(out)} == {2, 3, 4, 5, 6}


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--from", 5, "--to", 4], "--to must not be below --from"),
        (["--from", 0, "--to", 4], "--from"),
        (["--from", 1, "--to", 1000], "--to"),
        (["--from", 1, "--to", 1, "--room", ""], "--room needs"),
        (["--to", 1], "--from"),
    ],
)
def test_print_called_wrongly(data, out, args, words):
    """A wrong call makes nothing, and says what is wrong in one sentence."""
    result = call("print", *args, "--out", out, "--data", data)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert not out.exists()
    assert listed(data) == []


def test_paper_that_cannot_be_written(data, tmp_path):
    """If the sheets cannot be kept, the door is told nothing."""
    (tmp_path / "file").touch()
    result = call("print", "--from", 1, "--to", 2, "--out", tmp_path / "file" / "cards.pdf", "--data", data)
    assert result.exit_code == 1
    assert listed(data) == []


def test_letters_that_cannot_be_printed(data, out):
    """A room's name that the fonts here lack is said and ends with 1; the cards are there all the same."""
    result = call("print", "--from", 1, "--to", 1, "--name", "Ruang \U0010fffd", "--out", out, "--data", data)
    assert result.exit_code == 1
    assert "is printed without" in result.stderr
    assert len(codes(out)) == len(in_force(data)) == 1


@pytest.mark.parametrize("by", ["number", "code", "token-hash"])
def test_retire(data, out, by):
    """A lost card is found by its number, its code or its hash, and stops working; the others go on."""
    call("print", "--from", 1, "--to", 3, "--out", out, "--data", data)
    code = next(code for code in codes(out) if in_force(data)[hash_of(code)] == 2)
    value = {"number": 2, "code": code.lower(), "token-hash": hash_of(code).upper()}[by]
    result = call("retire", f"--{by}", value, "--json", "--data", data)
    assert (result.exit_code, json.loads(result.stdout)["token_sha256"]) == (0, hash_of(code))
    assert sorted(in_force(data).values()) == [1, 3]
    assert [row["number"] for row in listed(data) if row["retired_at"]] == [2]
    assert call("retire", f"--{by}", value, "--data", data).exit_code == 1


def test_retire_called_wrongly(data):
    """One of the three must be given, and a code must be a card's."""
    assert call("retire", "--data", data).exit_code == 2
    assert call("retire", "--number", 1, "--token-hash", "x", "--data", data).exit_code == 2
    assert call("retire", "--code", pass_code(CodeKind.SINGLE, bytes(16)), "--data", data).exit_code == 2
    assert call("retire", "--number", 1, "--data", data).exit_code == 1


def test_a_number_of_several_doors(data, out):
    """Where the server names another door's card of the same number, the number alone is not enough to retire one."""
    call("print", "--from", 7, "--to", 7, "--out", out, "--data", data)
    (own,) = in_force(data)
    with closing(pass_cards_writer(data)) as db, db.transaction() as connection:
        pass_cards.replace_central(connection, [pass_cards.PassCard(7, "f" * 64, "baca")])
    refused = call("retire", "--number", 7, "--data", data)
    assert refused.exit_code == 1
    assert "--token-hash" in refused.stderr
    assert call("print", "--from", 7, "--to", 7, "--replace", "--out", out, "--data", data).exit_code == 0
    assert "f" * 64 in in_force(data)
    assert own not in in_force(data)


def pass_cards_writer(data: Path) -> KioskDatabase:
    return open_kiosk_database(data / "kiosk.db", device_id="kiosk-1", place_id="p", random_bytes=Random(1).randbytes)


def test_list_for_people(data, out):
    """One line a card that can be read, and a hint where there is none."""
    assert "no cards yet" in call("list", "--data", data).stderr
    call("print", "--from", 1, "--to", 1, "--out", out, "--data", data)
    assert call("list", "--data", data).stdout.split("\t")[:4] == ["1", "any room", "in force", "local"]


def test_while_a_kiosk_runs(data, out):
    """With the station's lock taken the new cards wait in the inbox, as hashes."""
    call("print", "--from", 1, "--to", 1, "--out", out, "--data", data)
    with station_lock(data):
        result = call("print", "--from", 1, "--to", 2, "--replace", "--out", out, "--data", data)
        assert result.exit_code == 0
        assert "takes this over" in result.stderr
    (change,) = (data / "inbox").glob("change-*.json")
    told = json.loads(change.read_bytes())
    assert {card["token_sha256"] for card in told["cards"]} == {hash_of(code) for code in codes(out)}
    assert len(told["retire_cards"]) == 1
