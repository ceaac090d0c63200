"""sync.db: what was confirmed survives, and the link's state is written when it changes."""

from contextlib import closing

import pytest

from sync.database import DatabaseUnavailable
from sync.state import Channel, Problem, SyncState, newest_head, read_link
from tests.sync.making import EPOCH, played_head


@pytest.fixture
def state(tmp_path, manual_clock):
    with closing(SyncState(tmp_path / "sync.db", manual_clock)) as made:
        yield made


@pytest.fixture
def link(tmp_path):
    return lambda: read_link(tmp_path / "sync.db")


def test_marks_with_holes(state, link):
    """Ranges with holes are kept as they are; the watermark ends before the first hole."""
    state.set_acked(EPOCH, ((1, 5), (8, 9)))
    assert state.acked(EPOCH) == ((1, 5), (8, 9))
    assert state.acked("other") == ()
    assert link().acked == {EPOCH: 5}


def test_the_highest_head_is_kept(state, tmp_path):
    """A head is evidence: a lower one does not replace it, and the newest epoch's is shown."""
    for seq in (3, 7, 5):
        state.set_acked(EPOCH, ((1, seq),), played_head(seq=seq))
    assert newest_head(tmp_path).seq == 7
    state.set_acked("ff" * 16, ((1, 1),), played_head(epoch="ff" * 16, seq=1))
    assert newest_head(tmp_path).seq == 1


def test_documents_belong_to_an_epoch(state):
    """A station that begins anew asks for its documents from the start."""
    state.set_documents_version(EPOCH, 4)
    assert (state.documents_version(EPOCH), state.documents_version("other")) == (4, 0)


def test_an_outage_is_said_once(state, link, caplog, manual_clock):
    """The first failure and the first success after it are logged and written, and nothing between."""
    caplog.set_level("INFO")
    for _ in range(5):
        state.report(Channel.UPLOAD, Problem.UNREACHABLE, "gone")
        manual_clock.advance(1)
    assert (link().online, link().problem) == (False, "unreachable")
    for _ in range(5):
        state.report(Channel.UPLOAD, None, server_time="2020-06-10T00:12:00.000000Z")
    assert (link().online, link().problem, link().server_time) == (True, None, "2020-06-10T00:12:00.000000Z")
    assert len(caplog.messages) == 2


def test_one_channels_trouble_is_not_hidden_by_the_other(state, link):
    """While documents cannot be had, a good upload does not say that all is well."""
    state.report(Channel.DOCUMENTS, Problem.UNTRUSTED)
    state.report(Channel.UPLOAD, None)
    assert link().problem == "untrusted"
    state.report(Channel.DOCUMENTS, None)
    assert link().problem is None


def test_a_link_that_stays_is_written_rarely(state, link, manual_clock):
    """Good news that is no news costs the card a write a minute at most."""
    state.report(Channel.UPLOAD, None)
    first = link().server_seen_at
    manual_clock.advance(59)
    state.report(Channel.UPLOAD, None)
    assert link().server_seen_at == first
    manual_clock.advance(2)
    state.report(Channel.UPLOAD, None)
    assert link().server_seen_at > first


def test_nobody_keeps_the_link_after_the_end(tmp_path, manual_clock):
    """A stopped agent leaves no "online" behind, and neither does one that was killed, once the next starts."""
    path = tmp_path / "sync.db"
    with closing(SyncState(path, manual_clock)) as state:
        state.report(Channel.UPLOAD, None)
        assert read_link(path).online
    assert not read_link(path).online


def test_without_a_file(tmp_path, manual_clock):
    """No file is no link; a folder that is gone is said."""
    assert read_link(tmp_path / "sync.db") is None
    assert newest_head(tmp_path) is None
    (tmp_path / "empty.db").touch()
    assert read_link(tmp_path / "empty.db") is None
    with pytest.raises(DatabaseUnavailable):
        SyncState(tmp_path / "away" / "sync.db", manual_clock)
