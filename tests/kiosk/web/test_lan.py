"""The door on the network: what TLS lets in, which hosts and origins, and what a cookie is worth where."""

import hashlib
import http.client
import socket
import ssl
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kiosk.services.certificates import make_certificate
from kiosk.services.changes import DirectoryChange, NewGuard
from kiosk.services.lan import LanProblem
from kiosk.services.pins import hash_pin
from kiosk.store import guards
from kiosk.web.serve import SPARE_THREADS, KioskServer, Tls
from kiosk.web.sessions import MOST_A_GUARD, Client, GuardSessions
from sync.clock import ManualClock
from tests.kiosk.services.post import PEPPER, PIN
from tests.kiosk.web.doors import PEOPLE, WholeDoor, base_of, whole_door
from tests.kiosk.web.test_access_table import token_of as token

FLAVOURS = ("loopback", "lan")
FOREIGN_HOSTS = ["evil.example", "evil.example:8443", "localhost.evil.example", "127.0.0.1.evil.example", "[::2]", "x y"]
FOREIGN_ORIGINS = ["https://evil.example", "http://evil.example", "null", "https://127.0.0.1:1", "http://[", ""]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeDoor]:
    with whole_door(tmp_path_factory.mktemp("door")) as door:
        yield door


@dataclass(frozen=True)
class Served:
    """Both servers on free ports; `certificate` is the one that the second shows."""

    loopback: int
    lan: int
    certificate: Path
    fingerprint: str

    def base(self, flavour: str) -> str:
        return f"https://127.0.0.1:{self.lan}" if flavour == "lan" else f"http://127.0.0.1:{self.loopback}"


@pytest.fixture(scope="module")
def served(door: WholeDoor) -> Iterator[Served]:
    data = door.post.data
    made = make_certificate(["127.0.0.1", "gapura.kantor.local"], door.post.clock.now().wall, data / "lan.crt", data / "lan.key")
    here = KioskServer(door.apps["loopback"], "127.0.0.1", 0, SPARE_THREADS)
    lan = KioskServer(door.apps["lan"], "127.0.0.1", 0, SPARE_THREADS, Tls(data / "lan.crt", data / "lan.key"))
    here.start()
    lan.start()
    yield Served(here.port, lan.port, data / "lan.crt", made.fingerprint)
    here.stop()
    lan.stop()


def curl(served: Served, *arguments: str) -> tuple[int, str]:
    """Status and body, as curl gets them. The certificate's dates are those of the test's clock, so only its key is looked at."""
    command = ["curl", "--silent", "--insecure", "--max-time", "5", "--write-out", "\n%{http_code}", *arguments]
    found = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    body, _, code = found.stdout.rpartition("\n")
    return int(code), body


def posted(served: Served, flavour: str, header: str) -> tuple[int, str]:
    return curl(served, "--header", header, "--data", "guard=guard", f"{served.base(flavour)}/guard/sign-in")


def trusting_nobody() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class TestTls:
    """The port that other machines reach."""

    def test_the_certificate_is_the_one_on_the_page(self, served: Served):
        """What a browser shows as SHA-256 fingerprint is what the pairing page says."""
        with (
            socket.create_connection(("127.0.0.1", served.lan), 5) as plain,
            trusting_nobody().wrap_socket(plain) as secure,
        ):
            shown = secure.getpeercert(binary_form=True)
            assert shown
            assert hashlib.sha256(shown).hexdigest().upper() == served.fingerprint
            assert secure.version() in ("TLSv1.2", "TLSv1.3")

    def test_a_client_that_knows_the_certificate_trusts_it(self, tmp_path: Path, door: WholeDoor):
        """Put among the trusted ones, it passes every check of names and dates."""
        today = datetime.fromtimestamp(tmp_path.stat().st_mtime, UTC)
        make_certificate(["127.0.0.1"], today, tmp_path / "a.crt", tmp_path / "a.key")
        server = KioskServer(door.apps["lan"], "127.0.0.1", 0, 4, Tls(tmp_path / "a.crt", tmp_path / "a.key"))
        server.start()
        context = ssl.create_default_context(cafile=str(tmp_path / "a.crt"))
        with closing(http.client.HTTPSConnection("127.0.0.1", server.port, timeout=5, context=context)) as asked:
            asked.request("GET", "/guard")
            assert asked.getresponse().status == 200
        server.stop()

    @pytest.mark.parametrize(
        "said",
        [b"GET /guard HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"\x00" * 64, b"\x16\x03\x01\xff\xff"],
        ids=["plain HTTP", "zeros", "half a greeting"],
    )
    def test_what_is_not_tls_gets_no_answer(self, served: Served, said: bytes):
        """Plain HTTP on this port is not even told that it is wrong."""
        heard = b""
        with (
            socket.create_connection(("127.0.0.1", served.lan), 15) as plain,
            suppress(OSError),  # the door may hang up before it has read all
        ):
            plain.sendall(said)
            plain.shutdown(socket.SHUT_WR)
            heard = plain.recv(1000)
        assert b"HTTP" not in heard
        assert len(heard) <= 7  # at most a TLS alert

    def test_old_tls_is_refused(self, served: Served):
        """TLS 1.1 and older get no connection."""
        context = trusting_nobody()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        with socket.create_connection(("127.0.0.1", served.lan), 5) as plain, pytest.raises(ssl.SSLError):
            context.wrap_socket(plain)

    def test_a_silent_client_keeps_nobody_out(self, served: Served):
        """Whoever connects and never begins the handshake holds one thread, not the port."""
        with (
            closing(socket.create_connection(("127.0.0.1", served.lan))),
            closing(socket.create_connection(("127.0.0.1", served.lan))),
        ):
            assert curl(served, f"{served.base('lan')}/guard")[0] == 200

    @pytest.mark.parametrize("key", ["missing.key", "other.key"])
    def test_files_that_do_not_belong_together(self, served: Served, tmp_path: Path, door: WholeDoor, key: str):
        """A missing key, or another certificate's, is an error when the port is opened, and not at the first visitor."""
        make_certificate(["a.local"], door.post.clock.now().wall, tmp_path / "other.crt", tmp_path / "other.key")
        with pytest.raises(OSError, match=r"No such file|KEY_VALUES_MISMATCH|mismatch"):
            Tls(served.certificate, tmp_path / key)


@pytest.mark.parametrize("flavour", FLAVOURS)
class TestHostsAndOrigins:
    """By curl, over real sockets, at both ports."""

    @pytest.mark.parametrize(
        "host", ["evil.example", "evil.example:8443", "localhost.evil.example", "127.0.0.1.evil.example", "[::2]", "x y"]
    )
    def test_a_foreign_host_is_refused(self, served: Served, flavour: str, host: str):
        """A name that was rebound to this machine gets 400 and nothing of a page, for reading and for writing."""
        for more in ((), ("--data", "guard=guard")):
            address = f"{served.base(flavour)}/guard{'/sign-in' if more else ''}"
            code, body = curl(served, "--header", f"Host: {host}", *more, address)
            assert (code, "<form" in body) == (400, False)

    def test_other_headers_name_no_host(self, served: Served, flavour: str):
        """What a proxy would add is not believed."""
        headers = ("--header", "X-Forwarded-Host: evil.example", "--header", "Forwarded: host=evil.example")
        code, body = curl(served, *headers, f"{served.base(flavour)}/guard")
        assert (code, "evil.example" in body) == (200, False)

    @pytest.mark.parametrize(
        "origin", ["https://evil.example", "http://evil.example", "null", "https://127.0.0.1:1", "http://[", ""]
    )
    def test_a_foreign_origin_is_refused(self, served: Served, flavour: str, origin: str):
        """Another site's page cannot post anything, and is told so in a sentence."""
        code, body = posted(served, flavour, f"Origin: {origin}" if origin else "Origin;")
        assert code == 403
        assert "situs lain" in body

    def test_the_other_ports_origin_is_foreign(self, served: Served, flavour: str):
        """The panel's own address is another site to the network's port, and the other way round."""
        other = "loopback" if flavour == "lan" else "lan"
        assert posted(served, flavour, f"Origin: {served.base(other)}")[0] == 403

    def test_a_post_without_a_token_is_refused(self, served: Served, flavour: str):
        """The right origin alone is not enough."""
        assert posted(served, flavour, f"Origin: {served.base(flavour)}")[0] == 403


class TestCookies:
    """What a cookie says, and what it is worth."""

    def test_the_networks_cookie_is_for_tls_and_this_host_alone(self, door: WholeDoor):
        """__Host-, Secure, HttpOnly, SameSite=Strict, for the whole site, for no other host."""
        said = door.client("lan", "nobody").get("/guard", base_url=base_of("lan")).headers["Set-Cookie"]
        assert said.startswith("__Host-gapura=")
        parts = {part.strip() for part in said.split(";")[1:]}
        assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= parts
        assert "Domain" not in said

    def test_signing_in_gives_another_session(self, door: WholeDoor):
        """An id and a form token that somebody had put into the browser before are worth nothing after the PIN."""
        client = door.client("lan", "guard")
        token(client, base_of("lan"))
        before = _session(client)
        assert _sign_in(client, "head") == 303
        token(client, base_of("lan"))
        after = _session(client)
        assert after["sid"] != before["sid"]
        assert after["csrf_token"] != before["csrf_token"]
        assert door.sessions.guard(before["sid"]) is None
        assert door.sessions.guard(after["sid"]) == PEOPLE["head"]

    @pytest.mark.parametrize(
        ("flavour", "agent", "address"),
        [
            ("lan", "another browser", "127.0.0.1"),
            ("lan", "a tablet", "192.168.1.77"),
            ("loopback", "a tablet", "127.0.0.1"),
        ],
    )
    def test_a_cookie_is_worth_nothing_elsewhere(self, door: WholeDoor, flavour: str, agent: str, address: str):
        """From another browser, another address or the other port it is refused in words, journaled, and forgotten there."""
        owner = door.client("lan", "guard")
        session = _session(owner)
        door.post.clock.advance(3601)
        before = len(door.post.rows())
        thief = door.client(flavour, "nobody")
        thief.environ_base.update(HTTP_USER_AGENT=agent, REMOTE_ADDR=address)
        with thief.session_transaction(base_url=base_of(flavour)) as stolen:
            stolen.update(session)
        answer = thief.get("/guard", base_url=base_of(flavour))
        assert answer.status_code == 403
        assert "milik perangkat lain" in answer.text
        rows = [row["payload"] for row in door.post.rows()[before:] if row["payload"].get("reason") == "session_elsewhere"]
        assert [(row["guard_id"], row["screen"]) for row in rows] == [("guard", flavour)]
        assert "Tuan" not in thief.get("/guard", base_url=base_of(flavour)).text
        assert owner.get("/guard/shift", base_url=base_of("lan")).status_code == 200

    def test_a_guard_who_is_removed_is_out(self, door: WholeDoor):
        """A session ends when its owner may no longer sign in here, or has another role."""
        pin_hash = hash_pin(PIN, PEPPER)
        gone = NewGuard("gone", "Gone", "guard", pin_hash)
        with door.post.database.transaction() as db:
            guards.put(db, [(gone.id, gone.name, gone.role, gone.pin_hash)])
        client = door.client("lan", "nobody")
        assert _sign_in(client, "gone") == 303
        assert client.get("/guard/shift", base_url=base_of("lan")).status_code == 200
        with door.post.database.transaction() as db:
            guards.remove(db, DirectoryChange(remove_guards=["gone"]).remove_guards)
        assert client.get("/guard/shift", base_url=base_of("lan")).status_code == 303


class TestOpenSessions:
    """Who is signed in where."""

    def test_four_screens_a_guard(self):
        """A fifth ends the one that rested longest, and nobody else's."""
        clock = ManualClock()
        sessions = GuardSessions(clock)
        other = sessions.open(PEOPLE["desk"], Client())
        ids = []
        for _ in range(MOST_A_GUARD + 1):
            clock.advance(1)
            ids.append(sessions.open(PEOPLE["guard"], Client()))
            sessions.touch(ids[0])
        assert [sessions.guard(one) is not None for one in ids] == [True, False, True, True, True]
        assert sessions.guard(other) == PEOPLE["desk"]

    def test_an_administrator_ends_a_session(self, door: WholeDoor):
        """The page lists it with its address; ended, its cookie opens the sign-in page; the journal says by whom."""
        victim, boss = door.client("lan", "desk"), door.client("loopback", "administrator")
        page = boss.get("/guard/screens").text
        assert "Dari 127.0.0.1" in page
        handle = next(one.handle for one in door.sessions.everyone() if one.guard.id == "desk" and one.client.on_lan)
        assert _session(victim)["sid"] not in page
        data = {"csrf_token": token(boss, base_of("loopback")), "handle": handle}
        headers = {"Origin": "http://localhost"}
        assert "sudah diakhiri" in boss.post("/guard/screens/end", data=data, headers=headers, follow_redirects=True).text
        assert victim.get("/guard/log", base_url=base_of("lan")).status_code == 303
        assert door.post.of("guard.signed_out")[-1] == {"guard_id": "desk", "by": "administrator"}
        assert "berakhir sebelumnya" in boss.post("/guard/screens/end", data=data, headers=headers, follow_redirects=True).text

    @pytest.mark.parametrize("problem", LanProblem)
    def test_the_page_says_why_nothing_can_be_opened(self, door: WholeDoor, problem: LanProblem):
        """Off, without a certificate, or unable to listen: each in words, and the last two on every page of an administrator."""
        boss = door.client("loopback", "administrator")
        state = boss.application.extensions["gapura"].lan
        before, state.problem = state.problem, problem
        text = boss.get("/guard/screens").text
        assert "lan.problem" not in text
        assert "Layar lain" in text
        assert ("tidak dapat dibuka" in boss.get("/guard").text) is (problem is not LanProblem.OFF)
        assert "tidak dapat dibuka" not in door.client("loopback", "guard").get("/guard").text
        state.problem = before


def _session(client: FlaskClient) -> dict[str, str]:
    with client.session_transaction(base_url=base_of("lan")) as session:
        return dict(session)


def _sign_in(client: FlaskClient, guard_id: str) -> int:
    base = base_of("lan")
    data = {"csrf_token": token(client, base), "guard": guard_id, "pin": PIN}
    return client.post(
        "/guard/sign-in", base_url=base, data=data, headers={"Origin": base, "Referer": f"{base}/guard"}
    ).status_code
