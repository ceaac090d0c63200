"""What the issue calls bad input, brought to a door that already holds taps: a clear answer each, and nothing recorded is lost.

Two codes in a frame are in tests/drivers/test_presence.py, a server that answers HTML in tests/sync/test_uploader.py.
"""

import socket
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from drivers.base import Sighting
from kiosk.core.badges import badge_token
from kiosk.core.values import ScreenKind
from sync import journal
from tests.kiosk.cli.programs import BENCH, gapura
from tests.kiosk.services.post import Post, code_of, read_rows, staff

FEW = staff(2)
HEADER = "id,name,unit,post"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "https://example.org/menu",
        "G1",
        "G1" + "A" * 25,
        "G1" + "A" * 27,
        code_of(1)[:-1] + "1",
        "G2" + code_of(1)[2:],
        "\x00\x01\x02",
        "x" * 4296,
        "'; DROP TABLE journal; --",
        "ﾊﾞｯｼﾞ 🦊",
        "\udcff\udc80",
        code_of(1) + "\r\n" + code_of(2),
    ],
)
def test_a_code_that_is_no_badge(tmp_path: Path, text: str) -> None:
    """It is told so on the panel, a row says that it was shown and nothing of what it said, and the next badge is a tap."""
    with closing(Post(tmp_path, people=FEW)) as post:
        post.code(text)
        assert post.screen.kind is ScreenKind.UNREADABLE_CODE
        [refused] = post.of("badge.refused")
        assert (refused["reason"], refused["token_sha256"], refused["person_id"]) == ("code_unreadable", None, None)
        post.badge(1)
        assert post.kinds() == ["badge.refused", "attendance.tapped"]
        assert journal.verify(post.database.connection).ok


def test_a_badge_read_in_another_hand(tmp_path: Path) -> None:
    """Keyboard scanners that send small letters or a line end read the same badge."""
    with closing(Post(tmp_path, people=FEW)) as post:
        post.code(code_of(1).lower() + "\r\n")
        assert post.of("attendance.tapped")[0]["person_id"] == "P1"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(st.characters(), max_size=60).filter(lambda text: badge_token(text) is None), max_size=8))
@example(["\ud800"])
def test_whatever_is_held_up_the_lane_goes_on(texts: list[str]) -> None:
    """Any texts at all, then a badge: it is measured."""
    with tempfile.TemporaryDirectory() as folder, closing(Post(Path(folder), people=FEW)) as post:
        for text in texts:
            post.offer(Sighting(text, 0))
        post.badge(1)
        assert post.of("attendance.tapped")
        assert journal.verify(post.database.connection).ok


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A station with a tap in its journal."""
    (tmp_path / "door").mkdir()
    with closing(Post(tmp_path / "door", people=FEW)) as post:
        post.badge(1)
    (tmp_path / "door" / "kiosk.toml").write_text(BENCH + "[station]\ndevice_id = 'door-1'\n")
    return tmp_path / "door"


def taken_port() -> tuple[socket.socket, str]:
    """A port that somebody listens on, and settings that ask for it."""
    listener = socket.create_server(("127.0.0.1", 0))
    return listener, BENCH.replace("port = 0", f"port = {listener.getsockname()[1]}") + "[station]\ndevice_id = 'door-1'\n"


def test_a_start_that_fails_keeps_every_row(kept: Path) -> None:
    """A wrong key, a wrong type and a taken port: each one sentence with its exit code, and the journal as it was."""
    before = read_rows(kept / "kiosk.db")
    listener, busy = taken_port()
    with listener:
        for text, code, sentence in (
            (BENCH + "colour = 1\n", 2, "clock.colour: no such setting"),
            (BENCH.replace("port = 0", "port = true"), 2, "web.port: expected `int`, got `bool`"),
            (busy, 1, "cannot be used"),
        ):
            (kept / "kiosk.toml").write_text(text)
            done = gapura("kiosk", "--data", str(kept))
            assert (done.returncode, done.stdout) == (code, "")
            assert sentence in done.stderr
            assert "Traceback" not in done.stderr
    assert [row for row in read_rows(kept / "kiosk.db") if row["kind"] == "attendance.tapped"] == [
        row for row in before if row["kind"] == "attendance.tapped"
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (f"\ufeff{HEADER}\nP1,Ani,Arsip,Staf\n".encode(), 0),
        (f"{HEADER}\nP1,Ani,Arsip,Staf\n".replace(",", ";").encode(), 0),
        (f"{HEADER}\nP1,Ani,Arsip,Staf\nP1,Budi,Arsip,Staf\n".encode(), 1),
        (b"\x89PNG\r\n\x1a\n\x00\x00", 2),
        (b"", 2),
    ],
    ids=["a BOM", "semicolons", "duplicate ids", "a picture", "nothing"],
)
def test_lists_as_offices_keep_them(kept: Path, content: bytes, code: int) -> None:
    """What can be read is taken, what cannot is named; the journal goes on either way."""
    (kept.parent / "staff.csv").write_bytes(content)
    done = gapura("staff", "import", str(kept.parent / "staff.csv"), "--data", str(kept))
    assert (done.returncode, "Traceback" in done.stderr, bool(done.stderr.strip())) == (code, False, True)
    rows = read_rows(kept / "kiosk.db")
    assert rows[0]["kind"] == "attendance.tapped"
