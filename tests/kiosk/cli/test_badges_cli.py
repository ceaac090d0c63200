"""`gapura badges` as people and scripts call it, on a station's real files."""

import hashlib
import io
import json
from pathlib import Path

import pytest
import zxingcpp
from click.testing import CliRunner, Result
from PIL import Image

from kiosk.cli.badges import badges
from kiosk.cli.staff import staff
from kiosk.core.badges import badge_token, token_sha256
from kiosk.services.changes import station_lock


def call(*args: object) -> Result:
    return CliRunner().invoke(badges, [str(arg) for arg in args])


@pytest.fixture
def data(tmp_path) -> Path:
    """A station that knows Ani, Budi and Cici; Ani has a photo."""
    out = io.BytesIO()
    Image.new("RGB", (480, 600), "teal").save(out, "JPEG")
    (tmp_path / "ani.jpg").write_bytes(out.getvalue())
    (tmp_path / "staff.csv").write_text("id,name,unit,photo\n1,Ani,Umum,ani.jpg\n2,Budi,Setda,\n3,Cici,Umum,\n")
    CliRunner().invoke(staff, ["import", str(tmp_path / "staff.csv"), "--data", str(tmp_path / "data")])
    return tmp_path / "data"


@pytest.fixture
def out(tmp_path) -> Path:
    return tmp_path / "badges"


def codes(out: Path) -> dict[str, str]:
    return json.loads((out / "badges.json").read_bytes())


def standing(data: Path) -> dict[str, str]:
    rows = [json.loads(line) for line in call("list", "--json", "--data", data).stdout.splitlines()]
    return {row["token_sha256"]: row["state"] for row in rows}


def hash_of(code: str) -> str:
    token = badge_token(code)
    assert token is not None
    return token_sha256(token)


def test_issue_for_all(data, out):
    """Everybody gets a badge whose picture is read as its code; the station keeps hashes only."""
    result = call("issue", "--all", "--out", out, "--json", "--data", data)
    assert result.exit_code == 0
    assert [json.loads(line)["person_id"] for line in result.stdout.splitlines()] == ["1", "2", "3"]
    for person, code in codes(out).items():
        with Image.open(out / f"{person}.png") as picture:
            assert zxingcpp.read_barcode(picture).text == code
        assert standing(data)[hash_of(code)] == "active"
        token = badge_token(code)
        for path in data.rglob("*"):
            assert path.is_dir() or (code.encode() not in path.read_bytes() and token not in path.read_bytes())
        assert code not in result.output


def test_a_second_badge_must_be_asked_for(data, out):
    """Who has a badge gets another only with --replace, which ends the old one; --all gives badges to newcomers only."""
    call("issue", "--person", "1", "--out", out, "--data", data)
    old = codes(out)["1"]
    refused = call("issue", "--person", "1", "--person", "2", "--out", out, "--data", data)
    assert refused.exit_code == 1
    assert "--replace" in refused.stderr
    assert codes(out) == {"1": old}
    newcomers = call("issue", "--all", "--out", out, "--data", data)
    assert newcomers.exit_code == 0
    assert "2 badges made" in newcomers.stderr
    assert codes(out)["1"] == old
    replaced = call("issue", "--person", "1", "--replace", "--out", out, "--json", "--data", data)
    assert json.loads(replaced.stdout)["replaced"] == 1
    assert standing(data)[hash_of(old)] == "revoked"
    assert standing(data)[hash_of(codes(out)["1"])] == "active"


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        ([], 2, "--person"),
        (["--all", "--person", "1"], 2, "either"),
        (["--person", "9"], 1, "nobody here has the id 9"),
    ],
)
def test_issue_called_wrongly(data, out, args, code, words):
    """A wrong call makes nothing, and says what is wrong in one sentence."""
    result = call("issue", *args, "--out", out, "--data", data)
    assert (result.exit_code, result.stdout) == (code, "")
    assert words in result.stderr
    assert not out.exists()


def test_issue_into_a_place_that_cannot_be_written(data, tmp_path):
    """If the codes cannot be kept, the door is told nothing."""
    result = call("issue", "--all", "--out", tmp_path / "ani.jpg" / "x", "--data", data)
    assert result.exit_code != 0
    assert standing(data) == {}


def test_print_sheets(data, out, tmp_path):
    """A folder of badges becomes a PDF for the owner's eyes only; revoked badges and strangers are left out and named."""
    call("issue", "--all", "--out", out, "--data", data)
    pdf = tmp_path / "cards.pdf"
    result = call("print", "--from", out, "--out", pdf, "--office", "Pemerintah Kota", "--data", data)
    assert result.exit_code == 0
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert pdf.stat().st_mode & 0o777 == 0o600
    call("revoke", "--person", "2", "--data", data)
    result = call("print", "--from", out, "--out", pdf, "--data", data)
    assert result.exit_code == 1
    assert "2 cards are in" in result.stderr
    assert "2: not printed, this badge was revoked" in result.stderr
    assert call("print", "--from", out, "--out", pdf, "--person", "2", "--data", data).exit_code == 1
    assert call("print", "--from", out, "--out", pdf, "--person", "1", "--data", data).exit_code == 0
    assert call("print", "--from", out, "--out", pdf, "--person", "7", "--data", data).exit_code == 1
    assert call("print", "--from", tmp_path, "--out", pdf, "--data", data).exit_code == 2


def test_print_without_the_photo(data, out, tmp_path):
    """A photo that has not come yet costs the photo, not the card, and is said."""
    call("issue", "--person", "1", "--out", out, "--data", data)
    for photo in (data / "photos").iterdir():
        photo.unlink()
    result = call("print", "--from", out, "--out", tmp_path / "cards.pdf", "--data", data)
    assert result.exit_code == 1
    assert "printed without photo" in result.stderr
    assert (tmp_path / "cards.pdf").exists()


@pytest.mark.parametrize("by", ["person", "code", "token-hash"])
def test_revoke(data, out, by):
    """A badge is found by its owner, its code or its hash, and stops working; the others go on."""
    call("issue", "--all", "--out", out, "--data", data)
    code = codes(out)["2"]
    value = {"person": "2", "code": code.lower(), "token-hash": hash_of(code).upper()}[by]
    result = call("revoke", f"--{by}", value, "--json", "--data", data)
    assert (result.exit_code, json.loads(result.stdout)) == (0, {"token_sha256": hash_of(code), "state": "revoked"})
    assert sorted(standing(data).values()) == ["active", "active", "revoked"]
    assert call("revoke", f"--{by}", value, "--data", data).exit_code == 1


def test_revoke_called_wrongly(data):
    """One of the three must be given, and a code must be one."""
    assert call("revoke", "--data", data).exit_code == 2
    assert call("revoke", "--person", "1", "--code", "x", "--data", data).exit_code == 2
    assert call("revoke", "--code", "https://example.org", "--data", data).exit_code == 2
    assert call("revoke", "--token-hash", hashlib.sha256().hexdigest(), "--data", data).exit_code == 1


def test_while_a_kiosk_runs(data, out):
    """With the station's lock taken the new badges wait in the inbox, as hashes, and can be printed at once."""
    with station_lock(data):
        result = call("issue", "--all", "--out", out, "--data", data)
        assert result.exit_code == 0
        assert "takes this over" in result.stderr
        assert call("print", "--from", out, "--out", out / "cards.pdf", "--data", data).exit_code == 0
    (change,) = (data / "inbox").glob("change-*.json")
    told = json.loads(change.read_bytes())["badges"]
    assert {badge["token_sha256"] for badge in told} == {hash_of(code) for code in codes(out).values()}
