"""The sync agent's settings: checked whole, every wrong key named."""

from pathlib import Path

import pytest

from sync.settings import Server, Settings, SettingsError, data_dir, load


def toml(folder, text):
    path = folder / "sync.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults():
    """Without a file everything has a value."""
    assert load(None, Path("/x")) == Settings(data="/x")


def test_a_file(tmp_path):
    """What a file says holds; --data goes before it, and a folder's own file is found."""
    path = toml(tmp_path, 'data = "/a"\n[server]\nurl = "https://pusat.example"\n[intervals]\ndocuments_s = 5\n')
    assert load(path, None).data_dir == Path("/a")
    found = load(None, tmp_path)
    assert (found.data_dir, found.server, found.intervals.documents_s) == (tmp_path, Server(url="https://pusat.example"), 5)
    assert data_dir(path) == Path("/a")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[server]\nurl = "pusat"', "server.url"),
        ("[intervals]\ndocuments_s = 0", "intervals.documents_s"),
        ("[intervals]\nretry_cap_s = 3601", "intervals.retry_cap_s"),
        ('[server]\nkey = "x"', "key"),
        ("datta = 1", "datta"),
        ('data = ""', "data"),
        ("data = [", "not TOML"),
        ("\xff", "sync.toml"),
    ],
)
def test_a_wrong_key_is_named(tmp_path, text, named):
    """The message says which key of which file, and never a value."""
    with pytest.raises(SettingsError, match=named) as said:
        load(toml(tmp_path, text), None)
    assert "sync.toml" in str(said.value)


def test_no_file(tmp_path):
    """A file that was named and is not there is a mistake."""
    with pytest.raises(SettingsError, match=r"away\.toml"):
        load(tmp_path / "away.toml", None)
