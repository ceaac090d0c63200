"""The badge code: `G1` and a 128-bit token in base32. Opaque: it says nothing about the person, and only its hash is kept.

Upper-case alphanumeric, 28 characters: it fits QR version 2 and survives a keyboard-wedge scanner of any layout with A-Z, 2-7.
"""

import base64
import binascii
import hashlib

PREFIX = "G1"
TOKEN_BYTES = 16
CODE_LENGTH = len(PREFIX) + 26


def badge_code(token: bytes) -> str:
    """The text of the QR code for a 16-byte token.

    Raises:
        ValueError: the token is not 16 bytes long.
    """
    if len(token) != TOKEN_BYTES:
        raise ValueError(f"a badge token has {TOKEN_BYTES} bytes, not {len(token)}")
    return PREFIX + base64.b32encode(token).decode("ascii").rstrip("=")


def badge_token(code: str) -> bytes | None:
    """The token in a scanned text, or None if the text is no badge code. Lower case and spaces around it are forgiven.

    Every text has at most one token and every token exactly one text: stray bits in the last character are refused.
    """
    text = code.strip().upper()
    if len(text) != CODE_LENGTH or not text.startswith(PREFIX) or not text.isascii():
        return None
    try:
        token = base64.b32decode(text[len(PREFIX) :] + "======")
    except binascii.Error:
        return None
    return token if badge_code(token) == text else None


def token_sha256(token: bytes) -> str:
    """What a kiosk and the server keep of a token: lower-case hex."""
    return hashlib.sha256(token).hexdigest()
