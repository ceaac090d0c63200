from collections.abc import Iterator
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.core.presence_rule import Entry, how_inside
from kiosk.services.lane import Happened
from kiosk.store import duty_log, inside, projections
from sync.journal import Event
from sync.protocol.events import Kind
from tests.kiosk.services.post import UNMEASURED, Post

TABLES = ("inside", "evacuations", "evacuation_marks", "duty_log")


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    post = Post(tmp_path, policy=UNMEASURED)
    yield post
    post.close()


def happened(post: Post, kind: Kind, **payload: object) -> None:
    reply: Future[None] = Future()
    post.offer(Happened((Event(kind, dict(payload)),), reply))
    reply.result(0)


def entries(post: Post) -> dict[str, Entry]:
    found = inside.newest(post.database.connection, post.clock.now().wall - timedelta(days=1))
    return {each.key: each for each in found}


def test_the_newest_entry_counts(post: Post):
    """Of each person there is one entry, the last."""
    happened(post, Kind.ATTENDANCE_TAPPED, person_id="P1", direction="in")
    happened(post, Kind.ATTENDANCE_TAPPED, person_id="P1", direction="out")
    assert {key: each.direction for key, each in entries(post).items()} == {"P1": "out"}


def test_a_typed_time_does_not_undo_what_was_seen_since(post: Post):
    """Typing that somebody came at seven does not bring back who tapped out at nine; typing a later exit takes them off."""
    happened(post, Kind.ATTENDANCE_TAPPED, person_id="P1", direction="out")
    post.clock.advance(3600)
    earlier, later = (post.clock.now().wall - timedelta(minutes=minutes) for minutes in (90, 10))
    happened(post, Kind.ATTENDANCE_MANUAL, person_id="P1", direction="in", by="tri", typed_time=earlier.isoformat())
    assert how_inside(entries(post)["P1"]) is None
    happened(post, Kind.ATTENDANCE_MANUAL, person_id="P1", direction="in", by="tri", typed_time=later.isoformat())
    found = entries(post)["P1"]
    assert (found.at.wall, post.clock.now().mono_ns - found.at.mono_ns) == (later, 600 * 10**9)


def test_an_unknown_badge_that_becomes_known_is_counted_once(post: Post):
    """An unknown badge counts until its owner is known by it."""
    for token in ("a" * 64, "b" * 64, "a" * 64):
        happened(post, Kind.BADGE_UNMATCHED, token_sha256=token, direction="in")
    assert sorted(entries(post)) == [f"#{'a' * 64}", f"#{'b' * 64}"]
    happened(post, Kind.ATTENDANCE_TAPPED, person_id="P1", token_sha256="a" * 64, direction="in")
    assert sorted(entries(post)) == [f"#{'b' * 64}", "P1"]


def test_a_refused_badge_takes_nobody_off(post: Post):
    """Somebody inside whose badge is refused later stays inside by the entry before."""
    happened(post, Kind.ATTENDANCE_TAPPED, person_id="P1", direction="in")
    happened(post, Kind.BADGE_REFUSED, person_id="P1", reason="badge_revoked", direction="in")
    assert {key: each.is_admission for key, each in entries(post).items()} == {"P1": True, "!P1": False}


def test_made_anew_they_are_the_same_and_rows_are_forgotten(post: Post):
    """A rebuild gives the same tables; erased rows leave nothing behind, and a file of an older program is passed over."""
    happened(post, Kind.ATTENDANCE_TAPPED, person_id="P1", direction="in")
    happened(post, Kind.EVACUATION_STARTED, evacuation_id="e1", by="budi")
    happened(post, Kind.EVACUATION_MARKED, evacuation_id="e1", person_id="P1", state="safe", by="tri")
    happened(post, Kind.GUARD_NOTED, note_id="n1", text="Hujan", by="budi", follows=None)
    happened(post, Kind.GUARD_HANDED_OVER, **{"from": "budi", "to": "tri", "note": "Kunci"})
    db = post.database.connection
    kept = {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}
    assert all(kept.values())
    with post.database.transaction():
        projections.rebuild(db)
    assert {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES} == kept
    assert [row.text for row in duty_log.log_rows(db)] == ["Kunci", "Hujan"]
    epoch = post.rows()[0]["epoch"]
    with post.database.transaction():
        projections.forget_rows(db, epoch, len(post.rows()))
        assert not any(db.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES)
        db.execute("DROP TABLE duty_log")
        projections.forget_rows(db, epoch, 99)


def test_old_entries_go(post: Post):
    """Entries that no list can show any more are dropped now and then."""
    happened(post, Kind.ATTENDANCE_TAPPED, person_id="P1", direction="in")
    post.clock.advance(4 * 86_400)
    for _ in range(300):
        happened(post, Kind.ATTENDANCE_TAPPED, person_id="P2", direction="in")
    assert post.database.connection.execute("SELECT key FROM inside").fetchall() == [("P2",)]
