"""The station's key and identity: made once, for its owner alone, and refused with a sentence when they cannot be used."""

import os

import pytest

from sync.identity import DeviceKey, Identity, IdentityError, read_identity, write_identity
from sync.protocol import signing
from sync.protocol.signing import Request

IDENTITY = Identity(
    device_id="a1",
    name="Pintu utama",
    place_id="lobby",
    site="s",
    time_zone="Asia/Makassar",
    server_url="https://central.example",
    server_key="k" * 43,
)


def test_a_key_is_made_once_and_found_again(tmp_path):
    """The key on the disk is the key that signs, and only its owner can read it."""
    made = DeviceKey.create(tmp_path / "device.key")
    found = DeviceKey.load(tmp_path / "device.key")
    assert found.public == made.public
    assert (tmp_path / "device.key").stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [tmp_path / "device.key"]
    headers = found.request_headers("a1", "GET", "/v1/x?y", b"")
    key = signing.public_key(made.public)
    assert signing.check_request(Request("GET", "/v1/x?y", headers, b""), lambda _: key) == signing.key_id("a1", made.public)


def test_two_keys_differ(tmp_path):
    """Every station has a key of its own."""
    assert DeviceKey.create(tmp_path / "a").public != DeviceKey.create(tmp_path / "b").public


def test_the_key_is_not_shown(tmp_path):
    """No log or traceback can hold the key."""
    key = DeviceKey.create(tmp_path / "device.key")
    assert repr(key) == str(key) == "DeviceKey(...)"


def test_a_key_that_others_can_read_is_not_used(tmp_path):
    """A key file that was opened to others is refused, and the sentence says how to close it."""
    path = tmp_path / "device.key"
    DeviceKey.create(path)
    path.chmod(0o640)
    with pytest.raises(IdentityError, match="chmod 600"):
        DeviceKey.load(path)


RSA = (
    b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END PRIVATE KEY-----\n"
)


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff\xfe", RSA, RSA[:60]])
def test_what_is_no_key(tmp_path, content):
    """A damaged key, or one of another kind, is refused with what to do."""
    path = tmp_path / "device.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(IdentityError, match="enrol this station again"):
        DeviceKey.load(path)


def test_no_key(tmp_path):
    """A missing key is said so."""
    with pytest.raises(IdentityError, match="No such file"):
        DeviceKey.load(tmp_path / "device.key")


def test_the_identity_comes_back(tmp_path):
    """What was written is read, also over an older one; before enrolment there is none."""
    assert read_identity(tmp_path) is None
    old = os.umask(0o077)
    try:
        write_identity(tmp_path, IDENTITY)
        write_identity(tmp_path, IDENTITY)
    finally:
        os.umask(old)
    assert read_identity(tmp_path) == IDENTITY


@pytest.mark.parametrize("content", [b"", b"{}", b'{"device_id": 1}', b"\xff"])
def test_a_damaged_identity(tmp_path, content):
    """It is refused with what to do."""
    (tmp_path / "identity.json").write_bytes(content)
    with pytest.raises(IdentityError, match="enrol"):
        read_identity(tmp_path)
