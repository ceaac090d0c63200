"""What a visitor's pass says: `V1C` for a numbered card or `V1P` for a pass of one visit, and a 128-bit token in base32.

Opaque as a badge's code is, and never to be taken for one: a badge has 28 characters and begins with `G1`, a pass has 29 and
begins with `V1`. Upper-case alphanumeric, it fits QR version 2.
"""

import base64
import binascii
from dataclasses import dataclass
from enum import StrEnum

from kiosk.core.badges import token_sha256

TOKEN_BYTES = 16
CODE_LENGTH = 29


class CodeKind(StrEnum):
    """A numbered card is handed in and used again; a pass of one visit, on a screen or a slip, ends with the visit."""

    CARD = "card"
    SINGLE = "single"


_PREFIXES = {CodeKind.CARD: "V1C", CodeKind.SINGLE: "V1P"}


@dataclass(frozen=True, slots=True)
class PassRead:
    """A pass as a kiosk keeps it: never the token, only its SHA-256 as lower-case hex."""

    kind: CodeKind
    token_sha256: str


def pass_code(kind: CodeKind, token: bytes) -> str:
    """The text of the QR code for a 16-byte token.

    Raises:
        ValueError: the token is not 16 bytes long.
    """
    if len(token) != TOKEN_BYTES:
        raise ValueError(f"the token of a pass has {TOKEN_BYTES} bytes, not {len(token)}")
    return _PREFIXES[kind] + base64.b32encode(token).decode("ascii").rstrip("=")


def read_pass(text: str) -> PassRead | None:
    """The pass in a scanned text, or None if the text is none. Lower case and spaces around it are forgiven.

    Every pass has exactly one text: stray bits in the last character are refused.
    """
    code = text.strip().upper()
    kind = next((kind for kind, prefix in _PREFIXES.items() if code.startswith(prefix)), None)
    if kind is None or len(code) != CODE_LENGTH or not text.isascii():
        return None
    try:
        token = base64.b32decode(code[len(_PREFIXES[kind]) :] + "======")
    except binascii.Error:
        return None
    return PassRead(kind, token_sha256(token)) if pass_code(kind, token) == code else None
