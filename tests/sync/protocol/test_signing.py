"""Signatures: the RFCs' own vectors, and every way in which a request or a value can be another than the one that was signed."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol import signing
from sync.protocol.signing import COVERED, Request, SignatureRefused

# RFC 9421 B.1.4
TEST_KEY_ED25519 = b"""-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----
"""
TEST_PUBLIC_ED25519 = b"""-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----
"""
# RFC 9421 B.2, test-request
BODY = b'{"hello": "world"}'
HEADERS = {
    "Host": "example.com",
    "Date": "Tue, 20 Apr 2021 02:07:55 GMT",
    "Content-Type": "application/json",
    "Content-Digest": ("sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"),
    "Content-Length": "18",
}
# RFC 9421 B.2.6
B26_COVERED = ("date", "@method", "@path", "@authority", "content-type", "content-length")
B26_PARAMETERS = (
    '("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"'
)
B26_BASE = b"""\
"date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@authority": example.com
"content-type": application/json
"content-length": 18
"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473\
;keyid="test-key-ed25519\""""
B26_SIGNATURE = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = signing.public_text(KEY.public_key())
NAME = signing.key_id("door-1", PUBLIC)


class RfcRequest(Request):
    """The RFC's request, whose signature covers its host too."""

    @property
    def url(self):
        return f"https://example.com{self.target}"


def rfc_request(**changed):
    signed = {"Signature-Input": f"sig-b26={B26_PARAMETERS}", "Signature": f"sig-b26=:{B26_SIGNATURE}:"}
    return RfcRequest("POST", "/foo?param=Value&Pet=dog", HEADERS | signed | changed, b"")


def rfc_key(name):
    return load_pem_public_key(TEST_PUBLIC_ED25519) if name == "test-key-ed25519" else None


def test_the_rfc_key_is_the_pair_it_says():
    """RFC 9421 B.1.4: the private key has the public key that is printed beside it."""
    key = load_pem_private_key(TEST_KEY_ED25519, None)
    assert signing.public_text(key.public_key()) == signing.public_text(load_pem_public_key(TEST_PUBLIC_ED25519))


def test_rfc_9421_b_2_6_is_signed_to_the_byte():
    """RFC 9421 B.2.6: our signature base is the printed one, and Ed25519 being deterministic, so is the signature."""
    values = [HEADERS["Date"], "POST", "/foo", "example.com", "application/json", "18"]
    base = signing.signature_base(list(zip(B26_COVERED, values, strict=True)), B26_PARAMETERS)
    assert base == B26_BASE
    assert base64.b64encode(load_pem_private_key(TEST_KEY_ED25519, None).sign(base)).decode() == B26_SIGNATURE


def test_rfc_9421_b_2_6_is_accepted():
    """RFC 9421 B.2.6: the path that checks doors accepts the printed signature, whatever the year, digest aside."""
    request = rfc_request()
    del request.headers["Content-Digest"]
    assert signing.check_request(request, rfc_key, B26_COVERED) == "test-key-ed25519"


@pytest.mark.parametrize("field", ["Date", "Content-Type", "Content-Length"])
def test_rfc_9421_b_2_6_with_a_changed_field(field):
    """One changed character in a covered field of the RFC's example is noticed."""
    request = rfc_request(**{field: HEADERS[field].replace("1", "2").replace("j", "k")})
    del request.headers["Content-Digest"]
    with pytest.raises(SignatureRefused):
        signing.check_request(request, rfc_key, B26_COVERED)


@pytest.mark.parametrize(
    ("body", "digest"),
    [
        (b'{"hello": "world"}\n', "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"),
        (b'{"hello": "world"}', "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"),
        (b"", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"),
    ],
)
def test_rfc_9530_digests(body, digest):
    """RFC 9530 appendix B and RFC 9421: the digests that are printed there."""
    assert signing.content_digest(body) == digest


def signed(method="POST", target="/v1/devices/door-1/batches?a=b", body=b"rows", **changed):
    headers = signing.request_headers(method, target, body, KEY, NAME)
    return Request(method, target, headers | changed, body)


def key_named(name):
    return KEY.public_key() if name == NAME else None


@pytest.mark.parametrize("target", ["/", "/v1/x", "/v1/x?", "/v1/x?after=1", "/v1/x?a=%20b&a=c", "/v1/x?a=b?c"])
@pytest.mark.parametrize("body", [b"", b"rows"])
def test_what_is_signed_is_accepted(target, body):
    """Any request that a door sends, with a body or without, is known by its key's id."""
    assert signing.check_request(signed("GET", target, body), key_named) == NAME


def test_header_names_have_no_case():
    """Proxies write header names as they like."""
    request = signed()
    shouted = {name.upper(): value for name, value in request.headers.items()}
    assert signing.check_request(Request("POST", request.target, shouted, request.body), key_named) == NAME


def test_an_empty_query_and_none_are_the_same():
    """A question mark with nothing behind it may get lost on the way (RFC 9421 2.2.7 signs both alike)."""
    headers = signed("GET", "/v1/x", b"").headers
    assert signing.check_request(Request("GET", "/v1/x?", headers, b""), key_named) == NAME


OTHERS = {
    "method": lambda r: Request("PUT", r.target, r.headers, r.body),
    "path": lambda r: Request(r.method, r.target.replace("door-1", "door-2"), r.headers, r.body),
    "query": lambda r: Request(r.method, r.target + "c", r.headers, r.body),
    "no query": lambda r: Request(r.method, r.target.partition("?")[0], r.headers, r.body),
    "body": lambda r: Request(r.method, r.target, r.headers, r.body + b" "),
    "no body": lambda r: Request(r.method, r.target, r.headers, b""),
    "digest of another body": lambda r: Request(
        r.method, r.target, dict(r.headers) | {"Content-Digest": signing.content_digest(b"x")}, b"x"
    ),
}


@pytest.mark.parametrize("change", OTHERS.values(), ids=OTHERS.keys())
def test_another_request_is_refused(change):
    """A signature is good for the one request it was made for."""
    with pytest.raises(SignatureRefused):
        signing.check_request(change(signed()), key_named)


@pytest.mark.parametrize("header", ["Content-Digest", "Signature", "Signature-Input"])
def test_a_missing_header_is_refused(header):
    """Without digest, signature or its description nothing is proved, even for an empty body."""
    for request in (signed(), signed("GET", "/v1/x", b"")):
        headers = {name: value for name, value in request.headers.items() if name != header}
        with pytest.raises(SignatureRefused):
            signing.check_request(Request(request.method, request.target, headers, request.body), key_named)


@given(st.sampled_from(["Content-Digest", "Signature", "Signature-Input"]), st.data())
def test_a_byte_changed_anywhere_is_refused(header, data):
    """Whatever character of whatever signed header changes, the request is refused, and nothing else is raised."""
    request = signed()
    value = request.headers[header]
    idle = value.index("==:") - 1 if header == "Signature" else -1  # base64's last digit has bits that say nothing
    place = data.draw(st.integers(0, len(value) - 1).filter(lambda n: n != idle))
    char = data.draw(st.characters(min_codepoint=0x20, max_codepoint=0x7E).filter(lambda c: c != value[place]))
    changed = value[:place] + char + value[place + 1 :]
    with pytest.raises(SignatureRefused):
        signing.check_request(signed(**{header: changed}), key_named)


def resigned(parameters, components=None):
    """A request with signature parameters of one's own, rightly signed."""
    request = signed()
    values = ["POST", "/v1/devices/door-1/batches", "?a=b", request.headers["Content-Digest"]]
    base = signing.signature_base(components or list(zip(COVERED, values, strict=True)), parameters)
    signature = base64.b64encode(KEY.sign(base)).decode()
    return signed(**{"Signature-Input": f"gapura={parameters}", "Signature": f"gapura=:{signature}:"})


ALL = '("@method" "@path" "@query" "content-digest")'


@pytest.mark.parametrize(
    "parameters",
    [
        f'{ALL};keyid="{NAME}";alg="rsa-v1_5-sha256"',
        f'{ALL};keyid="{NAME}";alg="hmac-sha256"',
        f'{ALL};keyid="door-2:0000000000000000";alg="ed25519"',
        f'{ALL};alg="ed25519"',
        f'{ALL};keyid="{NAME}";surprise=1',
    ],
)
def test_another_algorithm_or_key_is_refused(parameters):
    """Only Ed25519, and only a key that is known by the name it gives itself."""
    with pytest.raises(SignatureRefused):
        signing.check_request(resigned(parameters), key_named)


@pytest.mark.parametrize("left_out", range(4))
def test_a_component_too_few_is_refused(left_out):
    """A signature that leaves one of the four out is refused, however right it is."""
    values = ["POST", "/v1/devices/door-1/batches", "?a=b", signed().headers["Content-Digest"]]
    kept = [pair for n, pair in enumerate(zip(COVERED, values, strict=True)) if n != left_out]
    parameters = f'({" ".join(chr(34) + name + chr(34) for name, _ in kept)});keyid="{NAME}";alg="ed25519"'
    with pytest.raises(SignatureRefused):
        signing.check_request(resigned(parameters, kept), key_named)


@pytest.mark.parametrize("created", [1, 1618884473, 4102444800])
@pytest.mark.parametrize("times", ["created={}", "created={};expires={}"])
def test_time_means_nothing(created, times):
    """A signature of 1970, of 2021 or of 2100 is as good as any: no clock is asked."""
    parameters = f'{ALL};{times.format(created, created)};keyid="{NAME}";alg="ed25519"'
    assert signing.check_request(resigned(parameters), key_named) == NAME


@given(st.binary(max_size=40), st.integers(0, 63), st.integers(1, 255))
def test_a_value_is_itself_and_nothing_else(content, place, flip):
    """A signed value is refused with another byte, under another name, and with another signature."""
    signature = signing.sign_value(KEY, "head", content)
    signing.check_value(KEY.public_key(), "head", content, signature)
    raw = bytearray(base64.b64decode(signature))
    raw[place] ^= flip
    wrong = [
        ("head", content + b"x", signature),
        ("document", content, signature),
        ("head", content, base64.b64encode(raw).decode()),
        ("head", content, signature + "é"),
        ("head", content, ""),
    ]
    for what, value, text in wrong:
        with pytest.raises(SignatureRefused):
            signing.check_value(KEY.public_key(), what, value, text)


@pytest.mark.parametrize("text", ["", "x", "A" * 42, "A" * 44, PUBLIC + "=", PUBLIC[:-1] + "é", PUBLIC.replace("-", "+") + " "])
def test_what_is_no_public_key(text):
    """A key has one spelling; everything else is refused."""
    with pytest.raises(SignatureRefused):
        signing.public_key(text)


def test_a_public_key_comes_back():
    """A key written as text is the same key when read."""
    assert signing.public_text(signing.public_key(PUBLIC)) == PUBLIC
    assert len(PUBLIC) == 43
