"""A badge that a guard reported is worth nothing at any door after sync."""

import msgspec
import pytest

from sync.protocol.wire import Batch
from sync.server.documents import read_import
from tests.sync.server.making import EPOCH, TOKEN, directory, packed, raw, record

OTHER = "b" * 64


def reported(door, what="lost", tokens=(TOKEN,), **more):
    """A batch that reports badges."""
    payload = {"what": what, "person_id": "P1", "token_sha256": list(tokens), "by": "budi", "note": ""}
    return packed(Batch(EPOCH, [raw(record(door.id, 1, kind="badge.reported", payload=payload | more))]))


def states(store):
    """The directory that goes down to the doors: states by hash, and its version."""
    version, text = store.documents.newest()
    found = msgspec.json.decode(text)
    assert found["version"] == version
    return {badge["token_sha256"]: badge.get("state", "active") for badge in found["badges"]}, version


@pytest.fixture
def listed(store):
    store.documents.replace_directory(read_import(directory("Siti")), now="2020-06-10T00:00:00.000000Z")


@pytest.mark.parametrize("what", ["lost", "shared"])
def test_reported_badges_are_revoked(listed, store, send, get, door, what):
    """The answer names a new version already, and every door gets the badge as revoked in it."""
    answer = send(reported(door, what))
    assert (answer.status_code, answer.json["documents"]) == (200, 2)
    [document] = get(f"/v1/devices/{door.id}/documents?after=1").json["documents"]
    assert '"state":"revoked"' in document["text"]
    assert states(store) == ({TOKEN: "revoked"}, 2)


def test_once_is_enough(listed, store, send, door):
    """Sending the report again, or another of the same badge, makes no new version."""
    for _ in range(2):
        assert send(reported(door)).json["documents"] == 2
    assert states(store)[1] == 2


def test_a_report_whose_end_was_cut_off(listed, store, send, door, database):
    """Where the server went down between keeping the report and revoking, the door's second sending makes it good."""
    send(reported(door))
    store.documents.replace_directory(read_import(directory("Siti")), now="2020-06-10T00:00:00.000000Z")
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE badges SET state = 'active'")
    assert send(reported(door)).json["documents"] == 4
    assert states(store)[0] == {TOKEN: "revoked"}


def test_an_import_brings_no_reported_badge_back(listed, store, send, door):
    """A directory made before the report was known of does not make the badge good again; nor one that comes first after it."""
    send(reported(door, tokens=(TOKEN, OTHER)))
    file = msgspec.json.decode(directory("Siti"))
    file["badges"].append({"token_sha256": OTHER, "person_id": "P1"})
    store.documents.replace_directory(read_import(msgspec.json.encode(file)), now="2020-06-11T00:00:00.000000Z")
    assert states(store)[0] == {TOKEN: "revoked", OTHER: "revoked"}


def test_only_enrolled_doors_report(listed, store, send, door):
    """A report of somebody else is refused, and changes nothing."""
    body = reported(door)
    assert send(body, device_id="0" * 16).status_code == 401
    store.devices.revoke(door.id, now="2020-06-10T00:00:00.000000Z")
    assert send(body).status_code == 403
    assert states(store) == ({TOKEN: "active"}, 1)


@pytest.mark.parametrize(
    "changed",
    [
        {"what": "not_the_person"},
        {"what": 7},
        {"token_sha256": "all"},
        {"token_sha256": [TOKEN[:63]]},
        {"token_sha256": [TOKEN.upper()]},
    ],
)
def test_what_reports_no_badge(listed, store, send, door, changed):
    """It is kept as an event, like all of them, and no badge is revoked."""
    assert send(reported(door, **changed)).json["results"][0]["outcome"] == "stored"
    assert states(store) == ({TOKEN: "active"}, 1)


def test_before_any_directory(store, send, door):
    """A report may come first: it counts for the directory that comes later."""
    assert send(reported(door)).json["documents"] == 0
    store.documents.replace_directory(read_import(directory("Siti")), now="2020-06-11T00:00:00.000000Z")
    assert states(store) == ({TOKEN: "revoked"}, 1)
