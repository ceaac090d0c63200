"""The badge code: one text for a token, one token for a text, and nothing else."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.badges import badge_code, badge_token, token_sha256

TOKEN = bytes(range(16))
CODE = badge_code(TOKEN)


@given(st.binary(min_size=16, max_size=16))
def test_there_and_back(token):
    """Every token has a code that gives it back, also in small letters and with spaces around it."""
    code = badge_code(token)
    assert (len(code), badge_token(code), badge_token(f" {code.lower()}\r\n")) == (28, token, token)


@given(st.text())
def test_no_other_text_is_a_badge(text):
    """A text is a badge only if it is exactly what its token's code is."""
    token = badge_token(text)
    assert token is None or badge_code(token) == text.strip().upper()


@pytest.mark.parametrize(
    "text",
    ["", CODE[:-1], CODE + "A", "G2" + CODE[2:], CODE[:-1] + "1", CODE[:-1] + "B", CODE[:-1] + "Ä", CODE[:-2] + "ßA"],
)
def test_what_is_no_badge(text):
    """Too short, too long, another prefix, another letter, stray bits: no badge."""
    assert badge_token(text) is None


def test_what_is_kept_of_a_token():
    """Its SHA-256, and a token of another length is no token."""
    assert token_sha256(TOKEN) == hashlib.sha256(TOKEN).hexdigest()
    with pytest.raises(ValueError, match="16 bytes"):
        badge_code(b"short")
