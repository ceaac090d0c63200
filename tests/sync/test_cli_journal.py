"""`gapura journal` as people and scripts call it."""

import csv
import io
import json

import pytest
from click.testing import CliRunner

from sync.cli import commands, sync
from sync.protocol.events import Kind
from tests.sync.making import EPOCH, hashes


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


def test_verify_against_a_head(station, run, tmp_path):
    """A journal that was cut short verifies alone, and not against a head that it no longer holds."""
    station.taps(3)
    head = tmp_path / "head.json"
    head.write_text(json.dumps({"epoch": EPOCH, "seq": 3, "hash": hashes(station.db)[-1]}))
    assert run("verify", "--head", str(head)).exit_code == 0
    station.change("DELETE FROM journal WHERE seq = 3")
    assert run("verify").exit_code == 0
    assert run("verify", "--head", str(head)).exit_code == 1


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
