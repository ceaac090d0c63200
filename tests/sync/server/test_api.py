"""/v1 for doors: what is answered, and every way a request can be wrong."""

import gzip
import hashlib
import json
import tracemalloc
from urllib.parse import quote

import msgspec
import pytest

from sync.identity import DeviceKey
from sync.protocol import seals, signing
from sync.protocol.wire import MAX_BATCH_BYTES, Answer, Batch, Cursor, Documents, Problem
from sync.server.documents import read_import
from tests.sync.server.making import EPOCH, batch, directory, packed, raw, record, signed


def test_a_batch_is_answered_by_name(send, door, clock):
    """The answer names every record, the watermark, the gaps, the head, the server's time and the documents."""
    response = send(packed(batch(door.id, [1, 3])))
    answer = msgspec.json.decode(response.data, type=Answer)
    assert [(result.seq, str(result.outcome)) for result in answer.results] == [(1, "stored"), (3, "stored")]
    assert (answer.accepted_through, [(gap.first, gap.last) for gap in answer.missing]) == (1, [(2, 2)])
    assert (answer.head.seq, answer.head.hash) == (1, record(door.id, 1).hash)
    assert (answer.server_time, answer.documents, answer.max_batch) == (clock.now().claimed_at, 0, 500)


def test_a_plain_body_is_taken_too(send, door):
    """gzip is not required."""
    assert send(msgspec.json.encode(batch(door.id, [1])), coding=None).status_code == 200


def test_the_largest_batch_is_taken(send, door):
    """Five hundred records at once are five hundred rows."""
    answer = msgspec.json.decode(send(packed(batch(door.id, range(1, 501)))).data, type=Answer)
    assert answer.accepted_through == 500


BAD_BODIES = {
    "no JSON": (b"hello", None, 400),
    "half a batch": (b'{"epoch": "e", "records": [{"seq"', None, 400),
    "another shape": (b'{"records": 1}', None, 400),
    "a list": (b"[]", None, 400),
    "no bytes": (b"", None, 400),
    "deep": (b'{"epoch": "e", "records": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", None, 400),
    "empty epoch": (b'{"epoch": "", "records": []}', None, 400),
    "long epoch": (b'{"epoch": "' + b"e" * 65 + b'", "records": []}', None, 400),
    "epoch with NUL": (b'{"epoch": "a\\u0000", "records": []}', None, 400),
    "no gzip": (b"plain", "gzip", 400),
    "gzip cut short": (gzip.compress(b'{"epoch": "e", "records": []}')[:-6], "gzip", 400),
    "something behind the gzip": (gzip.compress(b'{"epoch": "e", "records": []}') + b"more", "gzip", 400),
    "gzip bomb": (gzip.compress(b" " * 50_000_000), "gzip", 413),
    "too large": (b" " * (MAX_BATCH_BYTES + 1), None, 413),
    "too many": (msgspec.json.encode(Batch("e", [msgspec.Raw(b"1")] * 501)), None, 413),
    "unknown coding": (b"{}", "br", 415),
}


@pytest.mark.parametrize(("body", "coding", "status"), BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_a_body_that_is_no_batch(send, body, coding, status):
    """It is refused with the right status and a Problem, and nothing breaks."""
    response = send(body, coding=coding)
    assert (response.status_code, response.mimetype) == (status, "application/json")
    assert msgspec.json.decode(response.data, type=Problem).message


def test_a_gzip_bomb_is_never_unpacked_whole(send):
    """Fifty megabytes that arrive as fifty kilobytes take no more memory than a batch may."""
    bomb = gzip.compress(b" " * 50_000_000)
    tracemalloc.start()
    try:
        assert send(bomb).status_code == 413
        assert tracemalloc.get_traced_memory()[1] < 8 * MAX_BATCH_BYTES
    finally:
        tracemalloc.stop()


def test_another_content_type_is_415(send):
    """Only JSON is read."""
    assert send(b"{}", coding=None, **{"Content-Type": "text/plain"}).status_code == 415


def test_an_unsigned_request_is_401(client, door):
    """Without a signature nothing is taken, and nothing is said about why."""
    for headers in ({}, {"Authorization": "Bearer " + "k" * 43}, {"Signature": "\xff", "Signature-Input": "gapura=("}):
        response = client.post(f"/v1/devices/{door.id}/batches", headers=headers)
        assert response.status_code == 401
        assert msgspec.json.decode(response.data, type=Problem).code == "unauthorized"


def test_a_key_opens_its_own_door_only(client, store, door, clock, tmp_path):
    """The key of one door is not that of another, nor of one that is not there, nor of one that must enrol anew."""
    other_key = DeviceKey.create(tmp_path / "key").public
    other = store.devices.add("B", place_id="b", time_zone="Asia/Makassar", now=clock.now().claimed_at, public_key=other_key)
    for device_id in (other.id, "nobody"):
        at = f"/v1/devices/{device_id}/cursor?epoch=e"
        for owner in (door.id, device_id):
            assert client.get(at, headers=signed(owner, "GET", at)).status_code == 401


def test_what_was_signed_is_what_is_taken(client, door, cursor_of):
    """A signed upload with another body, query, method or address than it was signed for is refused, and nothing is kept."""
    at, body = f"/v1/devices/{door.id}/batches", packed(batch(door.id, [1]))
    headers = signed(door.id, "POST", at, body) | {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert client.post(at, data=packed(batch(door.id, [2])), headers=headers).status_code == 401
    assert client.post(f"{at}?x=1", data=body, headers=headers).status_code == 401
    assert client.get(f"/v1/devices/{door.id}/cursor?epoch=e", headers=headers).status_code == 401
    assert cursor_of()[0] == 0
    assert [client.post(at, data=body, headers=headers).status_code for _ in range(2)] == [200, 200]
    assert cursor_of()[0] == 1


def test_a_revoked_door_is_403_and_its_data_stays(send, store, door, clock, cursor_of):
    """Revocation stops a door and erases nothing."""
    send(packed(batch(door.id, [1])))
    store.devices.revoke(door.id, now=clock.now().claimed_at)
    assert send(packed(batch(door.id, [2]))).status_code == 403
    assert cursor_of()[0] == 1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1", 404),
        ("GET", "/v1/", 404),
        ("GET", "/v1/nothing", 404),
        ("POST", "/v1/nothing", 404),
        ("GET", "/v1/devices/x/batches", 405),
        ("DELETE", "/v1/devices/x/cursor", 405),
        ("GET", "/v1/devices/x/cursor", 401),
    ],
)
def test_every_error_under_v1_is_a_problem(client, method, path, status):
    """Programs never have to read HTML."""
    response = client.open(path, method=method)
    assert (response.status_code, response.mimetype) == (status, "application/json")
    assert msgspec.json.decode(response.data, type=Problem)
    assert (status != 405) or response.headers["Allow"]


def test_cursor(get, send, door):
    """The cursor is the head of the epoch asked for."""
    send(packed(batch(door.id, [1, 2])))
    cursor = msgspec.json.decode(get(f"/v1/devices/{door.id}/cursor?epoch={EPOCH}").data, type=Cursor)
    assert (cursor.head.seq, cursor.head.hash, cursor.documents) == (2, record(door.id, 2).hash, 0)
    assert get(f"/v1/devices/{door.id}/cursor").status_code == 400


def test_the_answer_says_to_which_body(send, door):
    """An answer has the hash of the request's body, so that no other answer can be taken for it."""
    bodies = [packed(batch(door.id, seqs)) for seqs in ([1], [1, 2])]
    answers = [msgspec.json.decode(send(body).data, type=Answer) for body in bodies]
    assert [each.batch_sha256 for each in answers] == [hashlib.sha256(body).hexdigest() for body in bodies]


def test_the_cursor_of_a_name_of_before(get, send, store, door, clock):
    """Under the name that a device had before, its rows are found; a name that cannot be one is nobody's, and no error."""
    now = clock.now().claimed_at
    before = store.devices.add("Pintu lama", place_id="lobby", time_zone="Asia/Jakarta", now=now, public_key="")
    store.sink.take(before.id, batch(before.id, [1, 2]), now)
    found = {}
    for name in (before.id, "nobody", "", "%00", "%C3%A9", "n" * 300):
        answer = get(f"/v1/devices/{door.id}/cursor?epoch={EPOCH}&recorded_as={name}")
        found[name] = msgspec.json.decode(answer.data, type=Cursor).head
    assert (found[before.id].seq, found[before.id].hash) == (2, record(before.id, 2).hash)
    assert {head.device_id for head in found.values()} == {door.id}
    assert [head.seq for head in found.values()] == [2, 0, 0, 0, 0, 0]


def test_documents_come_down_once(get, store, door, clock):
    """A door gets the directory that is newer than its own, and 304 when it has it; fields unknown here survive."""
    at = f"/v1/devices/{door.id}/documents"
    assert get(f"{at}?after=0").status_code == 304
    file = json.loads(directory("Ana", "Budi")) | {"from_tomorrow": 1}
    store.documents.replace_directory(read_import(json.dumps(file).encode()), now=clock.now().claimed_at)
    response = get(f"{at}?after=0")
    handed = msgspec.json.decode(response.data, type=Documents)
    (document,) = handed.documents
    seals.check_document(signing.public_key(store.keys.public), document)
    found = json.loads(document.text)
    assert (handed.version, document.version, found["version"], [p["name"] for p in found["people"]]) == (
        1,
        1,
        1,
        ["Ana", "Budi"],
    )
    assert found["from_tomorrow"] == 1
    assert get(f"{at}?after=1").status_code == 304
    assert get(f"{at}?after=0", **{"If-None-Match": response.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "9" * 30, "٣"])
def test_a_version_that_is_none(get, door, after):
    """`after` is a whole number or the request is wrong."""
    assert get(f"/v1/devices/{door.id}/documents?after={quote(after)}").status_code == 400


def test_photos_by_hash(get, store, door, clock):
    """A photo is handed to a door by its hash; an unknown one is 404."""
    found = read_import(directory("Ana", photo=b"a picture"))
    store.documents.replace_directory(found, now=clock.now().claimed_at)
    (sha256,) = found.photos
    assert get(f"/v1/devices/{door.id}/photos/{sha256}").data == b"a picture"
    assert get(f"/v1/devices/{door.id}/photos/{'0' * 64}").status_code == 404


def test_asking_is_a_sign_of_life(get, store, door, clock):
    """A door with nothing to send is heard all the same."""
    clock.advance(60)
    get(f"/v1/devices/{door.id}/documents")
    assert store.devices.all()[0].last_contact_at == clock.now().claimed_at


def test_a_database_that_is_away_is_503(send, client, database, door):
    """While the database cannot be used doors are told to come again, and readiness says so; liveness does not mind."""
    with database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE documents")
    response = send(packed(Batch(EPOCH, [raw(record(door.id))])))
    assert (response.status_code, client.get("/readyz").status_code, client.get("/healthz").status_code) == (503, 503, 200)
    assert response.headers["Retry-After"]
