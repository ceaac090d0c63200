"""The agent's HTTP over real sockets and real TLS: whom it believes, where it goes, and how much it takes."""

import gzip
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import msgspec
import pytest
from cheroot.ssl.builtin import BuiltinSSLAdapter
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from sync import client
from sync.backoff import Course
from sync.client import Refused, RequestSigner, ServerClient, ServerLink, Timeouts, Unreachable
from sync.clock import SystemClock
from sync.identity import DeviceKey, IdentityError
from sync.protocol import seals
from sync.protocol.wire import Cursor, DocumentKind, Documents, Head
from sync.state import Problem
from tests.sync.making import EPOCH, KEY, PLAYED_KEY, PLAYED_PUBLIC, played_head
from tests.sync.served import Reply, playing, serving

CURSOR = Reply(body=msgspec.json.encode(Cursor(played_head(), 0)))


@pytest.fixture
def ask():
    """A client of an address; closed in the end."""
    made = []

    def client_of(url, **more):
        link = ServerLink(url, RequestSigner(KEY, "door-1"), SystemClock(), timeouts=Timeouts(2.0, 1.0, 3.0), **more)
        made.append(ServerClient(link, "door-1", PLAYED_PUBLIC))
        return made[-1]

    yield client_of
    for each in made:
        each.close()


class Authority:
    """An office's own certificate authority, and a server's certificate by it."""

    def __init__(self, folder, name):
        self.key, self.name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.folder = folder / name
        self.folder.mkdir()
        root = self._made(self.name, self.key, x509.BasicConstraints(ca=True, path_length=0))
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pusat")])
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        leaf = self._made(subject, key, x509.BasicConstraints(ca=False, path_length=None), names)
        self.file = self._write("ca.pem", root.public_bytes(serialization.Encoding.PEM))
        self.certificate = self._write("server.pem", leaf.public_bytes(serialization.Encoding.PEM))
        plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        self.server_key = self._write("server.key", key.private_bytes(*plain))

    def _made(self, subject, key, *extensions):
        now = datetime.now(UTC)
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key.public_key())
        made = made.serial_number(x509.random_serial_number())
        made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        usage = x509.KeyUsage(True, False, False, False, False, key is self.key, key is self.key, False, False)
        for extension in (
            *extensions,
            usage,
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
        ):
            made = made.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints | x509.KeyUsage))
        return made.sign(self.key, hashes.SHA256())

    def _write(self, name, content):
        (self.folder / name).write_bytes(content)
        return str(self.folder / name)


def answering(environ, start_response):
    """A server that knows nothing of us but that our chain is empty."""
    start_response("200 OK", [("Content-Type", "application/json")])
    return [CURSOR.body]


@pytest.fixture
def ours(tmp_path):
    return Authority(tmp_path, "ours")


@pytest.fixture
def secure(ours):
    """The address of a server with a certificate by our authority."""
    with serving(answering, BuiltinSSLAdapter(ours.certificate, ours.server_key)) as url:
        yield url


def test_our_own_authority_is_believed(ask, ours, secure):
    """With the office's authority named, its server is believed."""
    assert ask(secure, ca_file=ours.file).cursor(EPOCH).head.seq == 0


@pytest.mark.parametrize("named", ["another's", "none"])
def test_another_authority_is_not(ask, secure, tmp_path, named):
    """A server whose certificate is by somebody else is an alarm: nothing is sent to it, and nobody retries quickly."""
    ca_file = Authority(tmp_path, "another").file if named == "another's" else None
    with pytest.raises(Refused) as refused:
        ask(secure, ca_file=ca_file).cursor(EPOCH)
    assert (refused.value.problem, refused.value.course) == (Problem.UNTRUSTED, Course.KEEP_AND_ALARM)


def test_a_certificate_for_another_name(ask, ours, secure):
    """The right authority is not enough: the certificate must be for the address that was asked for."""
    with pytest.raises(Refused) as refused:
        ask(secure.replace("127.0.0.1", "localhost"), ca_file=ours.file).cursor(EPOCH)
    assert refused.value.problem == Problem.UNTRUSTED


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(ask, status):
    """Nothing is sent where a redirect points: a captive portal's page gets no signature and no entry."""
    with playing(CURSOR) as elsewhere, playing(Reply(status, headers={"Location": elsewhere.url})) as server:
        with pytest.raises(Refused) as refused:
            ask(server.url).cursor(EPOCH)
        assert elsewhere.asked == []
    assert refused.value.course == Course.KEEP_AND_ALARM


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}], ids=["plain", "a bomb"])
def test_an_answer_has_a_size(ask, headers):
    """An answer that is too large, before or after it is unpacked, is refused without being kept."""
    body = b" " * 20_000_000
    reply = Reply(body=gzip.compress(body) if headers else body, headers=headers)
    with playing(reply) as server, pytest.raises(Refused, match="larger than") as refused:
        ask(server.url).cursor(EPOCH)
    assert refused.value.problem == Problem.UNREADABLE_ANSWER


def test_a_server_that_says_nothing(ask):
    """A server that takes the request and is silent is given up after the time that was set."""

    def silent(environ, start_response):
        threading.Event().wait(1.5)
        return answering(environ, start_response)

    with serving(silent) as url, pytest.raises(Unreachable) as gone:
        ask(url).cursor(EPOCH)
    assert gone.value.problem == Problem.UNREACHABLE


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://"])
def test_nobody_there(ask, url):
    """An address without a server, or that is none, is an error of ours and not a library's."""
    with pytest.raises(client.LinkError):
        ask(url).cursor(EPOCH)


def test_the_environment_is_not_asked(ask, monkeypatch, tmp_path):
    """Neither proxies nor a password file of the environment change who is asked and who asks."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login x password y")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    with playing(CURSOR) as server:
        ask(server.url).cursor(EPOCH)
        (_, _, headers, _) = server.asked[0]
    assert "Authorization" not in headers
    assert "Signature" in headers


def test_only_the_pinned_server_is_believed(ask):
    """A head or a document by another key, or for another chain, is not taken, whatever TLS says."""
    stranger = Ed25519PrivateKey.generate()
    forged = seals.sign_head(stranger, "door-1", Head(EPOCH, 0, "0" * 64))
    other = seals.sign_head(PLAYED_KEY, "door-2", Head(EPOCH, 0, "0" * 64))
    letter = seals.sign_document(stranger, DocumentKind.DIRECTORY, 1, '{"version":1,"people":[]}')
    for head in (forged, other):
        with playing(Reply(body=msgspec.json.encode(Cursor(head, 0)))) as server, pytest.raises(Refused) as refused:
            ask(server.url).cursor(EPOCH)
        assert refused.value.problem == Problem.UNTRUSTED
    with playing(Reply(body=msgspec.json.encode(Documents(version=1, documents=[letter])))) as server, pytest.raises(Refused):
        ask(server.url).documents(0)


def test_an_upload_says_when_it_was_sent(ask):
    """A batch carries the boot and the monotonic time of its sending."""
    with playing(Reply(500)) as server:
        with pytest.raises(client.LinkError):
            ask(server.url).upload(EPOCH, [b'{"seq":1}'])
        sent = msgspec.json.decode(gzip.decompress(server.asked[0][3]))
    now = SystemClock().now()
    assert sent["boot_id"] == now.boot_id
    assert 0 <= now.mono_ns - sent["mono_ns"] < 60 * 1_000_000_000
    assert sent["records"] == [{"seq": 1}]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_that_others_can_read_is_not_used(tmp_path, mode):
    """A key is its user's alone; otherwise the sentence says which command mends it."""
    DeviceKey.create(tmp_path / "device.key")
    assert (tmp_path / "device.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "device.key").chmod(mode)
    with pytest.raises(IdentityError, match="chmod 600"):
        DeviceKey.load(tmp_path / "device.key")
