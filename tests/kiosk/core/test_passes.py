"""The code on a visitor's pass: one text for a token, never a badge, and nothing else is a pass."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.badges import badge_code, badge_token
from kiosk.core.passes import CodeKind, PassRead, pass_code, read_pass
from kiosk.services.badge_cards import encode

TOKEN = bytes(range(16))
CODE = pass_code(CodeKind.CARD, TOKEN)

tokens = st.binary(min_size=16, max_size=16)
kinds = st.sampled_from(CodeKind)


@given(kinds, tokens)
def test_there_and_back(kind, token):
    """Every pass is read as what it is, also in small letters and with spaces around it, and only its hash comes back."""
    code = pass_code(kind, token)
    read = PassRead(kind, hashlib.sha256(token).hexdigest())
    assert (len(code), read_pass(code), read_pass(f" {code.lower()}\r\n")) == (29, read, read)


@given(kinds, tokens)
def test_no_pass_is_a_badge_and_no_badge_a_pass(kind, token):
    """A visitor's pass never passes for a member of staff, nor the other way round, even with the same token."""
    assert badge_token(pass_code(kind, token)) is None
    assert read_pass(badge_code(token)) is None


@given(st.text() | st.from_regex(r"\A[vVgG]1[cpCP]?[A-Za-z2-7=]{20,30}\Z"))
def test_any_text_has_an_answer(text):
    """Whatever is scanned, it is a pass, or a badge, or neither, and never both."""
    found = read_pass(text)
    assert found is None or badge_token(text) is None
    assert found is None or text.strip().upper().startswith(("V1C", "V1P"))


@given(kinds, kinds, tokens, tokens)
def test_two_passes_are_told_apart(kind, other_kind, token, other):
    """Two texts are read alike only if they are the same pass."""
    same = (kind, token) == (other_kind, other)
    assert (read_pass(pass_code(kind, token)) == read_pass(pass_code(other_kind, other))) is same


@pytest.mark.parametrize(
    "text",
    [
        "",
        CODE[:-1],
        CODE + "A",
        "V2C" + CODE[3:],
        "V1X" + CODE[3:],
        CODE[:-1] + "1",
        CODE[:-1] + "B",
        CODE[:-1] + "Ä",
        pass_code(CodeKind.CARD, b"\x90" * 16).replace("S", "ſ"),
        "https://example.org/V1CAAAAAAAAAA",
    ],
)
def test_what_is_no_pass(text):
    """Too short, too long, another prefix, another letter, stray bits: no pass."""
    assert read_pass(text) is None


@pytest.mark.parametrize("kind", CodeKind)
def test_the_code_stays_small(kind):
    """It is printed as QR version 2 with strong correction: cheap cameras read it off a worn card."""
    assert (encode(pass_code(kind, TOKEN)).version, encode(pass_code(kind, TOKEN)).level) == (2, "Q")


def test_a_token_of_another_length_is_none():
    """A token must have 128 bits."""
    with pytest.raises(ValueError, match="16 bytes"):
        pass_code(CodeKind.SINGLE, b"short")
