"""What the server signs: the head of a door's chain, and the documents it hands down. Pure; both ends use it."""

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync.protocol import signing
from sync.protocol.bundle import AnswerHead
from sync.protocol.digest import canonical
from sync.protocol.wire import Head, SignedDocument, SignedHead

SERVER = "central"
"""The owner in the id of the server's key."""

_HEAD, _DOCUMENT, _ANSWER = "head", "document", "answer"


def server_key_id(public: str) -> str:
    """The id of the server's key, given the key as text.

    Raises:
        SignatureRefused: it is no key.
    """
    return signing.key_id(SERVER, public)


def sign_head(key: Ed25519PrivateKey, device_id: str, head: Head) -> SignedHead:
    """The head countersigned: the server has the device's chain up to there, and can not say otherwise later."""
    name = server_key_id(signing.public_text(key.public_key()))
    content = _head_bytes(device_id, head.epoch, head.seq, head.hash, name)
    signature = signing.sign_value(key, _HEAD, content)
    return SignedHead(device_id=device_id, epoch=head.epoch, seq=head.seq, hash=head.hash, key_id=name, signature=signature)


def check_head(key: Ed25519PublicKey, head: SignedHead) -> None:
    """Nothing, if `key` signed `head` as it is.

    Raises:
        SignatureRefused
    """
    content = _head_bytes(head.device_id, head.epoch, head.seq, head.hash, head.key_id)
    signing.check_value(key, _HEAD, content, head.signature)


def sign_document(key: Ed25519PrivateKey, kind: str, version: int, text: str) -> SignedDocument:
    """A document with its signature, which also says of which kind and version it is."""
    name = server_key_id(signing.public_text(key.public_key()))
    signature = signing.sign_value(key, _DOCUMENT, _document_bytes(kind, version, text, name))
    return SignedDocument(kind=kind, version=version, text=text, key_id=name, signature=signature)


def check_document(key: Ed25519PublicKey, document: SignedDocument) -> None:
    """Nothing, if `key` signed `document` as it is.

    Raises:
        SignatureRefused
    """
    content = _document_bytes(document.kind, document.version, document.text, document.key_id)
    signing.check_value(key, _DOCUMENT, content, document.signature)


def sign_answer(key: Ed25519PrivateKey, device_id: str, epoch: str, body: bytes) -> tuple[str, str]:
    """The id of the key and its signature under an answer that does not travel over a network, given as JSON."""
    name = server_key_id(signing.public_text(key.public_key()))
    return name, signing.sign_value(key, _ANSWER, _answer_bytes(device_id, epoch, body, name))


def check_answer(key: Ed25519PublicKey, head: AnswerHead, body: bytes) -> None:
    """Nothing, if `key` signed the answer as it is.

    Raises:
        SignatureRefused
    """
    signing.check_value(key, _ANSWER, _answer_bytes(head.device_id, head.epoch, body, head.key_id), head.signature)


def _answer_bytes(device_id: str, epoch: str, body: bytes, name: str) -> bytes:
    digest = hashlib.sha256(body).hexdigest()
    return canonical({"device_id": device_id, "epoch": epoch, "sha256": digest, "key_id": name})


def _head_bytes(device_id: str, epoch: str, seq: int, chain_hash: str, name: str) -> bytes:
    return canonical({"device_id": device_id, "epoch": epoch, "seq": seq, "hash": chain_hash, "key_id": name})


def _document_bytes(kind: str, version: int, text: str, name: str) -> bytes:
    # A lone surrogate has no UTF-8; it could only come from a text that nobody signed.
    digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()
    return canonical({"kind": kind, "version": version, "sha256": digest, "key_id": name})
