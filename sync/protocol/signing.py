"""Who said it: Ed25519 keys as text, signed requests (RFC 9421 with RFC 9530 digests), and signed values. Pure, and without time.

A request is signed over exactly COVERED, with the signer's key id and no `created`: a door may not know the time, what it sends
may be sent twice without harm, and so no signature grows old. Proxies may change the host and the scheme; both stay uncovered.

Everything else is signed over `gapura <what>\\n` and its bytes, so that no signature can stand under another thing.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature as WrongSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import HTTPMessageSignaturesException, HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms
from http_message_signatures.digests import ContentDigest
from http_sf.compat import InnerList

COVERED = ("@method", "@path", "@query", "content-digest")
"""What every request's signature covers, in this order, and nothing else."""

ENROLLING = "enrol"
"""The owner in the id of a key that is not enrolled yet."""

_LABEL = "gapura"
_NOWHERE = "http://gapura.invalid"
_FINGERPRINT_DIGITS = 16


class SignatureRefused(Exception):
    """A signature, or the key it needs, is missing, malformed or wrong. The message says which, for logs."""


def public_text(key: Ed25519PublicKey) -> str:
    """A public key as it is written everywhere: its 32 bytes in base64url without padding, 43 characters."""
    return base64.urlsafe_b64encode(key.public_bytes_raw()).decode().rstrip("=")


def public_key(text: str) -> Ed25519PublicKey:
    """The key that `public_text` wrote.

    Raises:
        SignatureRefused: it is none.
    """
    try:
        raw = base64.b64decode(text + "=", altchars=b"-_", validate=True)
        key = Ed25519PublicKey.from_public_bytes(raw)
    except (binascii.Error, ValueError) as exc:
        raise SignatureRefused("not an Ed25519 public key") from exc
    if public_text(key) != text:
        raise SignatureRefused("not an Ed25519 public key in its one spelling")
    return key


def key_id(owner: str, public: str) -> str:
    """A key's name: whose it is, and the beginning of its SHA-256."""
    raw = public_key(public).public_bytes_raw()
    return f"{owner}:{hashlib.sha256(raw).hexdigest()[:_FINGERPRINT_DIGITS]}"


def sign_value(key: Ed25519PrivateKey, what: str, content: bytes) -> str:
    """The signature, in base64, of `content` as a `what`."""
    return base64.b64encode(key.sign(_labelled(what, content))).decode()


def check_value(key: Ed25519PublicKey, what: str, content: bytes, signature: str) -> None:
    """Nothing, if `signature` is the key's own for this `content` as a `what`.

    Raises:
        SignatureRefused
    """
    try:
        key.verify(base64.b64decode(signature, validate=True), _labelled(what, content))
    except (WrongSignature, binascii.Error, ValueError) as exc:
        raise SignatureRefused(f"the signature of a {what} is not the key's") from exc


def _labelled(what: str, content: bytes) -> bytes:
    return f"gapura {what}\n".encode() + content


def content_digest(body: bytes) -> str:
    """The value of Content-Digest for the bytes that are sent, after any compression."""
    return ContentDigest.create(body)


def signature_base(components: list[tuple[str, str]], parameters: str) -> bytes:
    """What is signed (RFC 9421 section 2.5): a line for each component, and the parameters."""
    lines = [f'"{name}": {value}' for name, value in components]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode("ascii")


def request_headers(method: str, target: str, body: bytes, key: Ed25519PrivateKey, name: str) -> dict[str, str]:
    """The headers that sign a request: `target` is its path and query as they are sent, `name` the key's id."""
    path, question, query = target.partition("?")
    digest = content_digest(body)
    values = (method.upper(), path or "/", f"?{query}" if question else "?", digest)
    parameters = f'({" ".join(f"{chr(34)}{each}{chr(34)}" for each in COVERED)});keyid="{name}";alg="ed25519"'
    signature = key.sign(signature_base(list(zip(COVERED, values, strict=True)), parameters))
    return {
        "Content-Digest": digest,
        "Signature-Input": f"{_LABEL}={parameters}",
        "Signature": f"{_LABEL}=:{base64.b64encode(signature).decode()}:",
    }


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came: `target` is its path and query as they were sent, `headers` in any case, `body` undecoded."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def url(self) -> str:
        """An address with this target; its host is covered by nothing."""
        return _NOWHERE + self.target


def check_request(
    request: Request, key_named: Callable[[str], Ed25519PublicKey | None], covered: tuple[str, ...] = COVERED
) -> str:
    """The id of the key that signed `request`. `key_named` gives the key of an id, or None.

    Raises:
        SignatureRefused: no signature or several, another algorithm, an unknown key, a component too few or too many, a digest
            that is missing or is not the body's, or a byte that was changed.
    """
    verifier = _TimelessVerifier(signature_algorithm=algorithms.ED25519, key_resolver=_Resolver(key_named))
    try:
        (result,) = verifier.verify(request, max_age=None, require_components=covered, body=request.body)
    except HTTPMessageSignaturesException as exc:
        raise SignatureRefused(str(exc)) from exc
    if len(result.covered_components) != len(covered) + 1:
        raise SignatureRefused("the signature covers more than it may")
    return str(result.parameters["keyid"])


class _TimelessVerifier(HTTPMessageVerifier):
    require_created = False

    def validate_created_and_expires(self, sig_input: InnerList, max_age: object = None) -> None:
        """Nothing: neither end may know the time."""


class _Resolver(HTTPSignatureKeyResolver):
    def __init__(self, key_named: Callable[[str], Ed25519PublicKey | None]) -> None:
        self._key_named = key_named

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey | None:
        return self._key_named(key_id)
