"""`gapura journal` as people and scripts call it."""

import csv
import io
import json

import msgspec
import pytest
from click.testing import CliRunner

from sync.cli import commands, sync
from sync.identity import write_identity
from sync.protocol.events import Kind
from tests.sync.making import KEY, PLAYED_PUBLIC, hashes, identity, played_head


@pytest.fixture
def run(station):
    """Runs `journal` on the station's folder."""
    journal = next(command for command in commands if command.name == "journal")
    return lambda *words: CliRunner().invoke(journal, [*words, "--data", str(station.data)])


def test_verify_says_all_is_well(station, run):
    """A sound journal verifies, with its head."""
    station.taps(3)
    found = run("verify", "--json")
    assert found.exit_code == 0
    assert json.loads(found.stdout) == {"rows": 3, "ok": True, "first_bad": None, "head": hashes(station.db)[-1]}


def test_verify_names_the_first_bad_row(station, run):
    """A changed row is named with the reason, and the exit status says so."""
    station.taps(3)
    station.change("UPDATE journal SET payload = '{}' WHERE seq = 2")
    found = run("verify", "--json")
    assert (found.exit_code, json.loads(found.stdout)["first_bad"]) == (1, 2)
    assert "the row's payload was changed" in found.stderr


def signed_head(path, station, **changed):
    head = played_head(seq=3, chain_hash=hashes(station.db)[-1])
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(head, **changed)))
    return str(path)


def test_verify_against_a_head(station, run, tmp_path):
    """A journal that was cut short verifies alone, and not against a head that it no longer holds; the number is named."""
    station.taps(3)
    head = signed_head(tmp_path / "head.json", station)
    assert run("verify", "--head", head, "--server-key", PLAYED_PUBLIC).exit_code == 0
    station.change("DELETE FROM journal WHERE seq = 3")
    assert run("verify").exit_code == 0
    found = run("verify", "--head", head, "--server-key", PLAYED_PUBLIC, "--json")
    assert (found.exit_code, json.loads(found.stdout)["first_bad"]) == (1, 3)


def test_verify_against_a_rewritten_journal(station, run, tmp_path):
    """A journal made anew, whole and sound, is found out by the head that the server signed."""
    station.taps(3)
    head = signed_head(tmp_path / "head.json", station)
    station.change("DELETE FROM journal")
    station.taps(3, note="another history")
    assert run("verify").exit_code == 0
    assert run("verify", "--head", head, "--server-key", PLAYED_PUBLIC).exit_code == 1


@pytest.mark.parametrize("change", [{"seq": 2}, {"device_id": "door-2"}, {"epoch": "e"}, {"hash": "0" * 64}, {"signature": ""}])
def test_verify_against_a_head_that_was_changed(station, run, tmp_path, change):
    """A head is believed as the server signed it, and not otherwise."""
    station.taps(3)
    head = signed_head(tmp_path / "head.json", station, **change)
    found = run("verify", "--head", head, "--server-key", PLAYED_PUBLIC)
    assert found.exit_code == 1
    assert "has not signed" in found.stderr


def test_verify_asks_whose_signature(station, run, tmp_path):
    """Without the server's key a signature says nothing: a station that is not enrolled must be told it."""
    station.taps(3)
    head = signed_head(tmp_path / "head.json", station)
    assert run("verify", "--head", head).exit_code == 2
    write_identity(station.data, identity(PLAYED_PUBLIC))
    assert run("verify", "--head", head).exit_code == 0
    write_identity(station.data, identity(KEY.public))
    assert run("verify", "--head", head).exit_code == 1
    (tmp_path / "head.json").write_text('{"epoch": "e", "seq": 3, "hash": "h"}')
    assert run("verify", "--head", head).exit_code == 2


def test_export_leaves_health_out_unless_asked(station, run):
    """Every row is exported under the fixed keys; health payloads only on request; tokens never."""
    station.taps(1, token="secret-token")
    station.taps(1, kind=Kind.SCREENING_MEASURED, skin_temperature_c=36.5)
    found = run("export", "--json")
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    assert list(rows[0]) == ["device_id", "epoch", "seq", "id", "kind", "claimed_at", "payload", "hash"]
    assert rows[1]["payload"] is None
    assert "secret-token" not in found.output
    assert json.loads(run("export", "--json", "--health").stdout.splitlines()[1])["payload"]["skin_temperature_c"] == 36.5
    assert len(list(csv.reader(io.StringIO(run("export").stdout)))) == 3


@pytest.mark.parametrize("command", ["export", "tail"])
@pytest.mark.parametrize("kind", [Kind.VISITOR_NAMED, Kind.DROPOFF_RECEIVED])
def test_visitors_are_not_named_unless_asked(station, run, command, kind):
    """Who a visitor is does not leave the door by the way: the row says that it was left out, and --names shows it."""
    station.taps(1)
    station.taps(1, kind=kind, name="Siti Rahayu")
    tap, named = (json.loads(line) for line in run(command, "--json", "--health").stdout.splitlines())
    assert (named["payload"], named["left_out"]) == (None, "names")
    assert "left_out" not in tap
    asked = json.loads(run(command, "--json", "--names").stdout.splitlines()[1])
    assert (asked["payload"]["name"], "left_out" in asked) == ("Siti Rahayu", False)


def test_a_table_says_what_was_left_out(station, run):
    """In CSV too: what was not asked for is told from what has been erased."""
    station.taps(2, kind=Kind.VISITOR_NAMED, name="Siti Rahayu")
    station.taps(1, kind=Kind.SCREENING_MEASURED, skin_temperature_c=36.5)
    station.change("UPDATE journal SET payload = NULL, salt = NULL WHERE seq = 2")
    rows = list(csv.DictReader(io.StringIO(run("export").stdout)))
    assert [(row["payload"], row["left_out"]) for row in rows] == [("", "names"), ("", ""), ("", "health")]
    assert "Siti Rahayu" in run("export", "--names").stdout
    assert "Siti Rahayu" not in run("export", "--health").stdout


def test_exported_words_begin_no_cell(station, run):
    """A spreadsheet that parts cells at semicolons finds none in what visitors typed, and the payload reads as it was."""
    station.taps(1, note="Budi;=cmd|' /C calc'!A0")
    _, row = csv.reader(io.StringIO(run("export").stdout))
    assert ";" not in row[6]
    assert json.loads(row[6])["note"] == "Budi;=cmd|' /C calc'!A0"


def test_an_export_is_its_owners_and_whole(station, run, tmp_path):
    """The file says what standard output would, and nobody else may read it; one that fails leaves the one before as it was."""
    station.taps(3)
    out = tmp_path / "journal.csv"
    assert run("export", "--out", str(out)).exit_code == 0
    assert out.read_text() == run("export").stdout
    assert out.stat().st_mode & 0o777 == 0o600
    station.change("ALTER TABLE journal RENAME COLUMN claimed_at TO gone")
    failed = run("export", "--out", str(out))
    assert failed.exit_code == 1
    assert len(out.read_text().splitlines()) == 4
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".partial")] == []
    nowhere = run("export", "--out", "/nowhere/journal.csv")
    assert (nowhere.exit_code, nowhere.stderr.splitlines()[-1]) == (
        1,
        "Error: /nowhere/journal.csv: cannot be written (No such file or directory)",
    )


def test_tail_gives_the_last_rows(station, run):
    """The last rows come oldest first."""
    station.taps(5)
    assert [json.loads(line)["seq"] for line in run("tail", "-n", "2", "--json").stdout.splitlines()] == [4, 5]


@pytest.mark.parametrize("name", ["tail", "export", "verify"])
def test_no_journal_is_one_sentence(tmp_path, name):
    """A folder without a journal, or no folder at all, is said in one sentence."""
    journal = commands[1]
    found = CliRunner().invoke(journal, [name, "--data", str(tmp_path)])
    assert (found.exit_code, found.stdout, found.stderr.count("\n")) == (1, "", 1)
    assert CliRunner().invoke(journal, [name]).exit_code == 2


@pytest.mark.parametrize(
    ("text", "path"),
    [("[server]\nurl = 5\nkey_file = 'k'", "sync.toml: server.url: "), ("dta = 'x'", "sync.toml: "), ("x", "not TOML")],
)
def test_a_wrong_setting_is_named(tmp_path, text, path):
    """A wrong key or type stops the agent with its path."""
    config = tmp_path / "sync.toml"
    config.write_text(text)
    found = CliRunner().invoke(sync, ["--config", str(config)])
    assert found.exit_code == 2
    assert path in found.stderr
