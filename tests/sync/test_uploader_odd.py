"""The uploader against servers that answer oddly: a real HTTP server plays each answer of the protocol's table."""

import base64
import gc
import gzip
import hashlib
import tracemalloc

import msgspec
import pytest

from sync.protocol import signing
from sync.protocol.signing import Request
from sync.state import Problem
from sync.uploader import IDLE_S
from tests.sync.making import EPOCH, KEY, hashes, played_head
from tests.sync.served import Reply, playing

CURSOR = Reply(body=msgspec.json.encode({"head": played_head(), "documents": 0}))
HTML = b"<!doctype html><title>Selamat datang di Wi-Fi</title>"


def sent(body):
    """The records of a request."""
    return msgspec.json.decode(gzip.decompress(body))["records"]


def answer(seqs, **more):
    return msgspec.json.encode(
        {
            "accepted_through": max(seqs, default=0),
            "results": [{"seq": seq, "outcome": "stored"} for seq in seqs],
            "missing": [],
            "head": played_head(),
            "server_time": "2020-06-10T00:12:00.000000Z",
            "documents": 0,
        }
        | more
    )


def name_all(body):
    """What an honest server says."""
    return answer([record["seq"] for record in sent(body)])


HONEST = Reply(body=name_all)
NONE_NAMED = Reply(body=answer([]))


def problem(status, code="x", **headers):
    return Reply(status, msgspec.json.encode({"code": code, "message": "no"}), headers)


def html(status, **headers):
    return Reply(status, HTML, headers, kind="text/html; charset=utf-8")


DATES = {"Date": "Wed, 10 Jun 2020 00:12:00 GMT", "Retry-After": "Wed, 10 Jun 2020 00:12:20 GMT"}

ODD = {
    "reset": (Reply(reset=True), Problem.UNREACHABLE, 1),
    "cut in the body": (Reply(body=name_all, cut_after=40), Problem.UNREACHABLE, 1),
    "nothing of the body": (Reply(body=name_all, cut_after=0), Problem.UNREACHABLE, 1),
    "408": (problem(408), Problem.UNREACHABLE, 1),
    "429": (problem(429), Problem.BUSY, 1),
    "429 in seconds": (problem(429, **{"Retry-After": "7"}), Problem.BUSY, 8),
    "429 until a date": (problem(429, **DATES), Problem.BUSY, 21),
    "502": (html(502), Problem.UNREACHABLE, 1),
    "503": (html(503, **{"Retry-After": "3"}), Problem.BUSY, 4),
    "504": (html(504), Problem.UNREACHABLE, 1),
    "500": (problem(500), Problem.SERVER_ERROR, 5),
    "500 page": (html(500), Problem.SERVER_ERROR, 5),
    "401": (problem(401), Problem.UNAUTHORISED, 15),
    "403": (problem(403), Problem.UNAUTHORISED, 15),
    "403 revoked": (problem(403, "revoked"), Problem.REVOKED, 15),
    "404": (problem(404), Problem.REFUSED, 15),
    "404 page": (html(404), Problem.NOT_A_SERVER, 15),
    "410": (problem(410), Problem.REVOKED, 15),
    "captive portal": (html(200), Problem.NOT_A_SERVER, 15),
    "captive portal 400": (html(400), Problem.NOT_A_SERVER, 15),
    "captive portal 401": (html(401), Problem.NOT_A_SERVER, 15),
    "no content type": (Reply(body=b"{}", kind=None), Problem.NOT_A_SERVER, 15),
    "redirect": (html(302, Location="http://portal.example/"), Problem.NOT_A_SERVER, 15),
    "not JSON": (Reply(body=b"{"), Problem.UNREADABLE_ANSWER, 5),
    "another JSON": (Reply(body=b"{}"), Problem.UNREADABLE_ANSWER, 5),
    "empty": (Reply(), Problem.UNREADABLE_ANSWER, 5),
    "none named": (NONE_NAMED, Problem.UNREADABLE_ANSWER, 5),
    "others named": (Reply(body=answer([77, 78])), Problem.UNREADABLE_ANSWER, 5),
    "not gzip": (Reply(body=b"{}", headers={"Content-Encoding": "gzip"}), Problem.UNREACHABLE, 1),
    "too large": (Reply(body=b" " * 1_100_000), Problem.UNREADABLE_ANSWER, 15),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_answer_keeps_everything_and_waits(station, make_rig, name):
    """No odd answer marks or loses a row; each has its reason and its pause, and then the rows go up."""
    reply, reason, pause = ODD[name]
    station.taps(3)
    with playing(CURSOR, reply, HONEST) as server:
        rig = make_rig(station, server)
        assert rig.uploader.step() == pause
        assert (rig.link.problem, rig.link.acked) == (reason, {})
        rig.drain()
    assert (rig.link.problem, rig.link.acked) == (None, {EPOCH: 3})
    assert len(hashes(station.db)) == 3


@pytest.mark.parametrize("name", ["reset", "500", "401", "captive portal", "not JSON"])
def test_an_odd_cursor_sends_nothing(station, make_rig, name):
    """While the server cannot say where it stands, nothing is sent to it."""
    reply, reason, pause = ODD[name]
    station.taps(3)
    with playing(reply, reply, CURSOR, HONEST) as server:
        rig = make_rig(station, server)
        assert [rig.uploader.step(), rig.uploader.step()] == [pause, 2 * pause]
        assert rig.link.problem == reason
        assert {method for method, *_ in server.asked} == {"GET"}
        rig.drain()
    assert rig.link.acked == {EPOCH: 3}


def test_cut_after_every_byte(station, make_rig):
    """Wherever an answer is cut, nothing is marked, and the batch goes again."""
    station.taps(1)
    whole = len(answer([1]))
    with playing(CURSOR, *(Reply(body=name_all, cut_after=n) for n in range(whole)), HONEST) as server:
        rig = make_rig(station, server)
        assert all(rig.uploader.step() > 0 for _ in range(whole))
        assert rig.link.acked == {}
        rig.drain()
        bodies = {body for _, _, _, body in server.asked if body}
    assert len(bodies) == 1


def test_only_what_is_named_is_marked(station, make_rig):
    """A row the answer leaves out is sent again, without holding up the others."""
    station.taps(5)
    with playing(CURSOR, Reply(body=answer([1, 2, 4])), HONEST) as server:
        rig = make_rig(station, server)
        rig.uploader.step()
        assert rig.link.acked == {EPOCH: 2}
        assert rig.link.problem == Problem.SET_ASIDE
        station.taps(1)
        rig.drain()
        assert [[r["seq"] for r in sent(body)] for _, _, _, body in server.asked[2:]] == [[6], [3, 5]]
    assert (rig.link.acked, rig.link.problem) == ({EPOCH: 6}, None)


def test_413_halves_and_grows_again(station, make_rig):
    """A batch that is too large is halved until it fits, and later batches are larger again."""
    station.taps(300)

    def at_most(count):
        return lambda body: name_all(body) if len(sent(body)) <= count else b"{}"

    with playing(CURSOR, problem(413), html(413), Reply(body=at_most(75)), HONEST) as server:
        rig = make_rig(station, server)
        assert [rig.uploader.step() for _ in range(3)] == [0, 0, 0]
        rig.drain()
        sizes = [len(sent(body)) for method, _, _, body in server.asked if method == "POST"]
    assert sizes == [300, 150, 75, 93, 116, 16]
    assert rig.link.acked == {EPOCH: 300}


@pytest.mark.parametrize("status", [400, 415, 422])
@pytest.mark.parametrize("place", [1, 2, 4, 7])
def test_a_refused_row_is_found_and_goes_in_an_envelope(station, make_rig, status, place):
    """The one row that a server refuses is found by halving, goes up in an envelope, and all others as they are."""
    station.taps(7)
    refusing = _Refusing(status, lambda record: record["seq"] == place and "unreadable" not in record)
    with refusing.server() as server:
        rig = make_rig(station, server)
        assert set(rig.drain()) == {0.0, IDLE_S}
    assert rig.link.acked == {EPOCH: 7}
    assert [record["seq"] for record in refusing.taken] == list(range(1, 8))
    envelope = refusing.taken[place - 1]
    assert msgspec.json.decode(base64.b64decode(envelope["unreadable"]))["hash"] == hashes(station.db)[place - 1]


def test_a_row_refused_even_in_its_envelope_is_kept_and_tried_again(station, make_rig):
    """A row that the server takes in no form holds up no other, is never given up, and says so."""
    station.taps(7)
    refusing = _Refusing(422, lambda record: record["seq"] == 3)
    with refusing.server() as server:
        rig = make_rig(station, server)
        pauses = [rig.uploader.step() for _ in range(20)]
        assert sorted(record["seq"] for record in refusing.taken) == [1, 2, 4, 5, 6, 7]
        assert max(pauses) >= 5
        assert (rig.link.problem, rig.link.acked) == (Problem.SET_ASIDE, {EPOCH: 2})
        refusing.refuses = lambda record: False
        rig.drain()
    assert (rig.link.problem, rig.link.acked) == (None, {EPOCH: 7})


def test_a_server_that_refuses_everything_is_not_stormed(station, make_rig):
    """When no row is taken in any form, pauses grow to minutes, and nothing is lost."""
    station.taps(40)
    refusing = _Refusing(400, lambda record: True)
    with refusing.server() as server:
        rig = make_rig(station, server)
        waited = sum(rig.uploader.step() for _ in range(60))
        assert waited > 3600
        refusing.refuses = lambda record: False
        rig.drain(400)
    assert rig.link.acked == {EPOCH: 40}


class _Refusing:
    """A server that refuses a batch when it refuses one of its records; `taken` has the others."""

    def __init__(self, status, refuses):
        self.status, self.refuses, self.taken = status, refuses, []

    def server(self):
        def judge(body):
            records = sent(body)
            if any(self.refuses(record) for record in records):
                reply.status = self.status
                return msgspec.json.encode({"code": "bad", "message": "no"})
            reply.status = 200
            self.taken += records
            return name_all(body)

        reply = Reply(body=judge)
        return playing(CURSOR, reply)


def test_a_server_that_asks_for_a_pause_gets_it(station, make_rig):
    """The pause that an answer asks for is kept, and its largest batch as well."""
    station.taps(4)
    with playing(CURSOR, Reply(body=lambda body: answer([1, 2, 3, 4], retry_after_s=9, max_batch=2)), HONEST) as server:
        rig = make_rig(station, server)
        assert rig.uploader.step() == 9
        station.taps(5)
        rig.uploader.step()
        assert len(sent(server.asked[-1][3])) == 2


def test_conflicts_are_marked_and_said(station, make_rig):
    """A row that the server holds under another hash is with it now; a person is told."""
    station.taps(1)
    body = answer([1], results=[{"seq": 1, "outcome": "conflict"}])
    with playing(CURSOR, Reply(body=body)) as server:
        rig = make_rig(station, server)
        rig.drain()
    assert (rig.link.problem, rig.link.acked) == (Problem.DIVERGED, {EPOCH: 1})


def test_an_older_answer_marks_nothing(station, make_rig):
    """An answer to another batch is not taken for this one's, even where it names the very rows that were sent."""
    station.taps(3)
    older = Reply(body=lambda body: answer([1, 2, 3], batch_sha256=hashlib.sha256(body[:-1]).hexdigest()))
    own = Reply(body=lambda body: answer([1, 2, 3], batch_sha256=hashlib.sha256(body).hexdigest()))
    with playing(CURSOR, older, own) as server:
        rig = make_rig(station, server)
        assert rig.uploader.step() > 1
        assert (rig.link.problem, rig.link.acked) == (Problem.UNREADABLE_ANSWER, {})
        rig.drain()
    assert rig.link.acked == {EPOCH: 3}


@pytest.mark.parametrize("outcome", ["stored", "duplicate"])
def test_an_answer_about_other_rows_marks_nothing(station, make_rig, outcome):
    """Where the head, at a row that the answer says is there, is of another row, the answer is about another history."""
    entries = station.taps(2)
    said = [{"seq": seq, "outcome": outcome} for seq in (1, 2)]
    others = Reply(body=answer([1, 2], results=said, head=played_head(seq=2, chain_hash="0" * 64)))
    ours = Reply(body=answer([1, 2], results=said, head=played_head(seq=2, chain_hash=entries[1].record.hash)))
    with playing(CURSOR, others, ours) as server:
        rig = make_rig(station, server)
        assert rig.uploader.step() > 1
        assert (rig.link.problem, rig.link.acked) == (Problem.UNREADABLE_ANSWER, {})
        rig.drain()
    assert rig.link.acked == {EPOCH: 2}


def test_a_server_that_denies_what_it_named_is_not_stormed(station, make_rig):
    """A watermark that never moves costs one more sending, not an endless one."""
    station.taps(10)
    liar = Reply(body=lambda body: answer([record["seq"] for record in sent(body)], accepted_through=0))
    with playing(CURSOR, liar) as server:
        rig = make_rig(station, server)
        rig.drain()
        station.taps(1)
        rig.drain()
        station.taps(1)
        rig.drain()
        assert len(server.asked) <= 6


def test_an_outage_and_its_end_are_each_said_once(station, make_rig, caplog):
    """An outage is logged when it begins and when it ends, and not in between."""
    caplog.set_level("INFO")
    station.taps(5)
    gone = Reply(reset=True)
    with playing(gone, gone, gone, gone, gone, CURSOR, HONEST) as server:
        rig = make_rig(station, server)
        assert [rig.uploader.step() for _ in range(5)] == [1, 2, 4, 8, 16]
        assert (rig.link.problem, rig.link.online) == (Problem.UNREACHABLE, False)
        rig.drain()
    said = [record.getMessage() for record in caplog.records if record.name == "sync.state"]
    assert len(said) == 2
    assert said[0].startswith("server link: unreachable")
    assert said[1] == "server link: back to normal after unreachable"


def test_an_idle_uploader_asks_nothing(station, make_rig):
    """While nothing is new, the server is left alone."""
    station.taps(1)
    with playing(CURSOR, HONEST) as server:
        rig = make_rig(station, server)
        rig.drain()
        asked = len(server.asked)
        assert [rig.uploader.step() for _ in range(5)] == [IDLE_S] * 5
        assert len(server.asked) == asked == 2


def test_what_is_sent_can_be_checked_on_the_way(station, make_rig):
    """A batch is JSON in gzip with the digest of RFC 9530, signed by the station's key."""
    station.taps(1)
    with playing(CURSOR, HONEST) as server:
        make_rig(station, server).drain()
        _, path, headers, body = server.asked[1]
    assert path == "/v1/devices/door-1/batches"
    assert (headers["Content-Type"], headers["Content-Encoding"]) == ("application/json", "gzip")
    assert headers["Content-Digest"] == f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    request, name = Request("POST", path, headers, body), signing.key_id("door-1", KEY.public)
    assert signing.check_request(request, lambda _: signing.public_key(KEY.public)) == name


def test_a_long_backlog_takes_no_memory(station, make_rig):
    """Memory is that of a batch, however many rows wait."""
    for _ in range(20):
        station.taps(1000)
    with playing(CURSOR, HONEST) as server:
        rig = make_rig(station, server)
        rig.uploader.step()
        gc.collect()
        tracemalloc.start()
        try:
            assert [rig.uploader.step() for _ in range(2)] == [0, 0]
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 8_000_000
