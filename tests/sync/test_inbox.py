"""Documents come down whole, photos first, and are remembered only once they are there."""

import hashlib
import json

import msgspec
import pytest

from sync.protocol import seals
from sync.protocol.wire import Directory, Documents, Person, SignedDocument
from sync.state import Problem
from tests.sync.making import EPOCH, PLAYED_KEY
from tests.sync.served import Reply, playing

PHOTO = b"\xff\xd8 a face"
SHA = hashlib.sha256(PHOTO).hexdigest()
DIRECTORY = Directory(version=4, people=[Person(id="P1", name="Ayu", photo=SHA)])
TEXT = msgspec.json.encode(DIRECTORY).decode().replace("{", '{"of_tomorrow": "\\u00e9",  ', 1)
SIGNED = seals.sign_document(PLAYED_KEY, "directory", 4, TEXT)
DOCUMENTS = Documents(version=4, documents=[seals.sign_document(PLAYED_KEY, "horoscope", 3, "{}"), SIGNED])
NEWS = Reply(body=msgspec.json.encode(DOCUMENTS))
PICTURE = Reply(body=PHOTO, kind="application/octet-stream")
OLD = Reply(304, kind=None)


def files(station):
    folder = station.data / "inbox"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_directory_comes_down(station, make_rig):
    """Photos and the directory as it was signed are in the inbox, unknown kinds are not; the version is remembered."""
    station.taps(1)
    with playing(NEWS, PICTURE, OLD) as server:
        rig = make_rig(station, server)
        assert [rig.inbox.step(), rig.inbox.step()] == [30, 30]
        assert [path.rpartition("/")[2] for _, path, *_ in server.asked] == ["documents?after=0", SHA, "documents?after=4"]
    assert files(station) == ["directory-4.json", f"photos/{SHA}.jpg"]
    found = msgspec.json.decode((station.data / "inbox/directory-4.json").read_bytes(), type=SignedDocument)
    assert (found, found.text) == (SIGNED, TEXT)
    assert (rig.link.documents_version, rig.link.problem) == (4, None)


@pytest.mark.parametrize("cut", range(len(PHOTO)))
def test_a_cut_photo_is_never_there(station, make_rig, cut):
    """Whatever is cut short is not in the inbox, and comes whole the next time."""
    station.taps(1)
    with playing(NEWS, Reply(body=PHOTO, kind=PICTURE.kind, cut_after=cut), NEWS, PICTURE, OLD) as server:
        rig = make_rig(station, server)
        assert rig.inbox.step() == 0.5
        assert (files(station), rig.link.documents_version, rig.link.problem) == ([], 0, Problem.UNREACHABLE)
        rig.inbox.step()
    assert files(station) == ["directory-4.json", f"photos/{SHA}.jpg"]


@pytest.mark.parametrize("reply", [Reply(404, b"{}"), Reply(body=b"another face", kind="image/jpeg")], ids=["gone", "wrong"])
def test_a_photo_that_cannot_be_had_stops_no_badge(station, make_rig, reply):
    """The directory comes without it, and it is asked for again."""
    station.taps(1)
    with playing(NEWS, reply, OLD, PICTURE, OLD) as server:
        rig = make_rig(station, server)
        rig.inbox.step()
        assert files(station) == ["directory-4.json"]
        rig.inbox.step()
    assert files(station) == ["directory-4.json", f"photos/{SHA}.jpg"]


def test_a_fresh_journal_gets_the_documents_again(station, make_rig):
    """A station that began anew has lost its directory with the old file, so it is handed down again."""
    station.taps(1)
    with playing(NEWS, PICTURE, NEWS, OLD) as server:
        rig = make_rig(station, server)
        rig.inbox.step()
        station.new_epoch("cd" * 16)
        station.taps(1)
        rig.inbox.step()
        assert server.asked[-1][1].endswith("after=0")
    assert rig.state.documents_version(EPOCH) == 0


def test_a_portal_changes_nothing(station, make_rig):
    """A page instead of documents is an alarm; the inbox stays as it is."""
    station.taps(1)
    with playing(Reply(body=b"<html>", kind="text/html")) as server:
        rig = make_rig(station, server)
        assert rig.inbox.step() == 7.5
    assert (rig.link.problem, files(station)) == (Problem.NOT_A_SERVER, [])


OTHERS = {
    "text": {"text": TEXT + " "},
    "version": {"version": 5},
    "kind": {"kind": "horoscope"},
    "key id": {"key_id": "central:0000000000000000"},
    "signature": {"signature": seals.sign_document(PLAYED_KEY, "directory", 4, TEXT + " ").signature},
    "no signature": {"signature": ""},
    "half a pair": {"text": "\ud800"},
}


@pytest.mark.parametrize("change", OTHERS.values(), ids=OTHERS.keys())
def test_a_document_that_the_server_did_not_sign(station, make_rig, change):
    """Whatever of a document was changed on the way, nothing of it comes in, and the station says that it trusts nobody there."""
    station.taps(1)
    changed = msgspec.to_builtins(Documents(version=4, documents=[SIGNED]))
    changed["documents"][0] |= change
    body = json.dumps(changed).encode()
    with playing(Reply(body=body), NEWS, PICTURE, OLD) as server:
        rig = make_rig(station, server)
        rig.inbox.step()
        assert (files(station), rig.link.documents_version) == ([], 0)
        assert rig.link.problem in (Problem.UNTRUSTED, Problem.UNREADABLE_ANSWER)
        rig.inbox.step()
    assert files(station) == ["directory-4.json", f"photos/{SHA}.jpg"]
