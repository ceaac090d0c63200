from contextlib import closing
from pathlib import Path

from click.testing import CliRunner

from kiosk.cli.journal import journal
from kiosk.store.database import open_reader
from tests.kiosk.services.post import Post, tables


def test_what_was_derived_is_made_anew(tmp_path: Path) -> None:
    """After somebody has spoilt the tables, one command makes them what they were."""
    post = Post(tmp_path)
    post.badge(1)
    post.forehead(38.2)
    kept = tables(post.database.connection)
    with post.database.transaction() as db:
        db.execute("UPDATE arrivals SET person_id = 'P9'")
        db.execute("DELETE FROM holds")
    rows = len(post.rows())
    post.close()
    settings = tmp_path / "kiosk.toml"
    settings.write_text("[station]\ndevice_id = 'door-1'\n")
    done = CliRunner().invoke(journal, ["rebuild", "--data", str(tmp_path)])
    assert (done.exit_code, done.stderr) == (0, f"Rebuilt from {rows} journal rows.\n")
    with closing(open_reader(tmp_path / "kiosk.db")) as db:
        assert tables(db) == kept


def test_no_journal_there(tmp_path: Path) -> None:
    """A wrong folder is told, and no empty station is made there."""
    done = CliRunner().invoke(journal, ["rebuild", "--data", str(tmp_path / "typo")])
    assert done.exit_code == 1
    assert "no journal here" in done.stderr
    assert not (tmp_path / "typo").exists()
