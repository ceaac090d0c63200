"""Numbers as words, and what is called: said rightly, and never a name, a control character or another number."""

import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kiosk.core.spoken import (
    LANGUAGES,
    MOST,
    NumberReading,
    WaitingNumber,
    call_text,
    closing_text,
    digit_words,
    minutes_left_text,
    number_words,
    parse_number,
    read_number,
)

WORDS, DIGITS = NumberReading.WORDS, NumberReading.DIGITS
ENGLISH_UNITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
UNITS = ["nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan"]

SURROUNDINGS = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PULSE_SERVER": "unix:/dev/null"}
"""espeak-ng looks for a sound server otherwise, and leaves folders for it."""

numbers = st.integers(0, MOST)
languages = st.sampled_from(LANGUAGES)


def indonesian_value(words: list[str]) -> int:
    """Number words back as a number, by another way than they were made."""
    if "seribu" in words or "ribu" in words:
        at = words.index("seribu" if "seribu" in words else "ribu")
        return (indonesian_value(words[:at]) if words[at] == "ribu" else 1) * 1000 + indonesian_value(words[at + 1 :])
    value = 0
    for word in words:
        if word in ("belas", "puluh", "ratus"):
            last = value % 10
            value += {"belas": 10, "puluh": last * 9, "ratus": last * 99}[word]
        else:
            value += {"sepuluh": 10, "sebelas": 11, "seratus": 100}.get(word) or UNITS.index(word)
    return value


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "nol"),
        (10, "sepuluh"),
        (11, "sebelas"),
        (12, "dua belas"),
        (17, "tujuh belas"),
        (19, "sembilan belas"),
        (20, "dua puluh"),
        (21, "dua puluh satu"),
        (100, "seratus"),
        (101, "seratus satu"),
        (111, "seratus sebelas"),
        (115, "seratus lima belas"),
        (200, "dua ratus"),
        (1000, "seribu"),
        (1001, "seribu satu"),
        (1100, "seribu seratus"),
        (2020, "dua ribu dua puluh"),
        (11_000, "sebelas ribu"),
        (100_000, "seratus ribu"),
        (101_000, "seratus satu ribu"),
        (201_100, "dua ratus satu ribu seratus"),
        (MOST, "sembilan ratus sembilan puluh sembilan ribu sembilan ratus sembilan puluh sembilan"),
    ],
)
def test_indonesian_number_words(number: int, words: str) -> None:
    """The vectors of the field's glossary, and every place where "se-" stands for one."""
    assert number_words(number, "id") == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (13, "thirteen"),
        (20, "twenty"),
        (21, "twenty-one"),
        (100, "one hundred"),
        (101, "one hundred and one"),
        (999, "nine hundred and ninety-nine"),
        (1000, "one thousand"),
        (1017, "one thousand and seventeen"),
        (1100, "one thousand one hundred"),
        (201_115, "two hundred and one thousand one hundred and fifteen"),
    ],
)
def test_english_number_words(number: int, words: str) -> None:
    """English as it is taught: with "and" before the last two digits."""
    assert number_words(number, "en") == words


@given(numbers)
@example(100_001)
def test_indonesian_words_mean_their_number(number: int) -> None:
    """Read back by another way, the words of any number give that number; so no two numbers sound alike."""
    assert indonesian_value(number_words(number, "id").split()) == number


@given(numbers, numbers)
def test_english_words_tell_numbers_apart(one: int, other: int) -> None:
    """Two numbers never have the same words."""
    assert (number_words(one, "en") == number_words(other, "en")) is (one == other)


@pytest.mark.parametrize("number", [-1, MOST + 1])
def test_a_number_without_words_is_refused(number: int) -> None:
    """Out of range is said, not misread."""
    with pytest.raises(ValueError, match="not between 0 and 999999"):
        number_words(number, "id")


@given(st.text("0123456789", min_size=1, max_size=12))
def test_digits_are_read_one_by_one(digits: str) -> None:
    """Zeros in front are said too, in either language."""
    assert [UNITS.index(word) for word in digit_words(digits, "id").split()] == [int(digit) for digit in digits]
    assert [ENGLISH_UNITS.index(word) for word in digit_words(digits, "en").split()] == [int(digit) for digit in digits]


@pytest.mark.parametrize("text", ["", "1a", "-1", "1 2", "١٢"])
def test_what_is_no_digit_is_refused(text: str) -> None:
    """Only 0 to 9 are digits."""
    with pytest.raises(ValueError, match="not made of digits"):
        digit_words(text, "id")


@pytest.mark.parametrize(
    ("text", "letters", "digits", "count"),
    [
        ("A 017", "A", "017", 17),
        ("A017", "A", "017", 17),
        (" a-17 ", "A", "17", 17),
        ("AB 1", "AB", "1", 1),
        ("7", "", "7", 7),
        ("Z 999999", "Z", "999999", 999_999),
        ("A 000", "A", "000", 0),
    ],
)
def test_a_waiting_number_is_understood(text: str, letters: str, digits: str, count: int) -> None:
    """With a letter or without, as it is shown or as somebody types it."""
    assert parse_number(text) == WaitingNumber(letters, digits)
    assert parse_number(text).count == count


@pytest.mark.parametrize("text", ["", "A", "Siti", "A 1234567", "ABCD 1", "A  17", "A 17 B", "A -1", "ß 1", "ſ 1", "A ١"])
def test_what_is_no_waiting_number_is_refused(text: str) -> None:
    """A name is none: it can never be called."""
    with pytest.raises(ValueError, match="no waiting number"):
        parse_number(text)


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    """Whatever stands where a number should: a number with its digits, or ValueError, and nothing else."""
    try:
        found = parse_number(text)
    except ValueError:
        return
    assert (found.letters + found.digits).isascii()
    assert 0 <= found.count <= MOST


def test_a_number_is_read_as_the_office_chose() -> None:
    """017 in words or digit by digit; letters stand alone so that they are said as letters."""
    assert read_number("A 017", "id", WORDS) == "A, tujuh belas"
    assert read_number("A 017", "id", DIGITS) == "A, nol satu tujuh"
    assert read_number("AB 017", "en", WORDS) == "A, B, seventeen"
    assert read_number("007", "en", DIGITS) == "zero zero seven"


@pytest.mark.parametrize(
    ("where", "language", "reading", "counter", "text"),
    [
        ("Ruang Baca", "id", WORDS, False, "Nomor antrean A, tujuh belas, silakan masuk ke Ruang Baca."),
        (None, "id", DIGITS, False, "Nomor antrean A, nol satu tujuh, silakan masuk."),
        ("loket 2", "id", WORDS, True, "Nomor antrean A, tujuh belas, silakan menuju loket dua."),
        (None, "id", WORDS, True, "Nomor antrean A, tujuh belas, silakan menuju petugas."),
        ("Reading Room", "en", WORDS, False, "Queue number A, seventeen, please go in to Reading Room."),
        (None, "en", WORDS, False, "Queue number A, seventeen, please go in."),
        ("counter two", "en", WORDS, True, "Queue number A, seventeen, please go to counter two."),
        ("  ", "en", WORDS, True, "Queue number A, seventeen, please go to the officer."),
    ],
)
def test_a_call(where: str | None, language: str, reading: NumberReading, counter: bool, text: str) -> None:
    """The number and where to go, in one sentence."""
    assert call_text("A 017", where, language, reading, counter=counter) == text


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("Ruang B2", "Ruang B dua"),
        ("Ruang\x00\n Arsip\u200b 12", "Ruang Arsip dua belas"),
        ("Blok 1234567", "Blok satu dua tiga empat lima enam tujuh"),
        ("{number} {0}", "{number} { nol }"),
    ],
)
def test_a_place_is_said_on_one_line(where: str, said: str) -> None:
    """A place's numbers are words, and nothing that is not printed reaches the voice."""
    assert call_text("1", where, "id", WORDS) == f"Nomor antrean satu, silakan masuk ke {said}."


@given(numbers, st.text(max_size=80), languages, st.sampled_from(NumberReading), st.booleans())
@example(MOST, "9999999 " * 10, "id", NumberReading.WORDS, False)
def test_any_call_is_one_printable_line(number: int, where: str, language: str, reading: NumberReading, counter: bool) -> None:
    """Any number in any place is called in one line of bounded length that can be printed and holds no figures."""
    text = call_text(f"A {number:03}", where, language, reading, counter=counter)
    assert text.isprintable()
    assert len(text) < 300
    assert read_number(f"A {number:03}", language, reading) in text
    assert not any(char in "0123456789" for char in text)


def test_time_left() -> None:
    """Minutes in words, one minute as one, and at the end a sorry and what to do; a number without a letter is a card's."""
    assert minutes_left_text("A 017", 10, "id", WORDS) == "Nomor A, tujuh belas, waktu kunjungan Anda tersisa sepuluh menit."
    assert minutes_left_text("A 017", 1, "en", WORDS) == "Number A, seventeen, you have one minute of your visit left."
    assert minutes_left_text("A 017", 0, "id", WORDS).startswith("Mohon maaf, nomor A, tujuh belas, waktu kunjungan Anda sudah")
    assert minutes_left_text("7", -3, "en", DIGITS).startswith("We are sorry, card number seven, your visit is over.")
    assert minutes_left_text("12", 5, "id", WORDS) == "Kartu nomor dua belas, waktu kunjungan Anda tersisa lima menit."


def test_closing_time() -> None:
    """A warning before it and a sorry at it, for one room or for everybody."""
    assert closing_text(15, None, "id").startswith("Lima belas menit lagi layanan ditutup. Mohon selesaikan")
    assert closing_text(5, "Ruang Baca", "id").startswith("Lima menit lagi layanan Ruang Baca ditutup.")
    assert closing_text(1, None, "en").startswith("This service closes in one minute.")
    assert closing_text(0, "Ruang Baca", "id").startswith("Mohon maaf, layanan Ruang Baca sudah ditutup.")
    assert closing_text(0, "Ruang Baca", "en").startswith("We are sorry, Ruang Baca is closed now.")


@pytest.mark.parametrize("language", ["jv", "ID", ""])
def test_another_language_is_refused(language: str) -> None:
    """A language without words here is named, together with those that have them."""
    for say in (
        lambda: number_words(1, language),
        lambda: call_text("A 1", None, language, WORDS),
        lambda: minutes_left_text("A 1", 3, language, WORDS),
        lambda: closing_text(3, None, language),
    ):
        with pytest.raises(ValueError, match=f"{language!r} is not spoken here; id or en is"):
            say()


@pytest.mark.parametrize("language", LANGUAGES)
def test_letters_are_said_as_letters(language: str) -> None:
    """In a call, each of the 26 letters sounds as it does alone: "A" is no article, and "I" is nobody."""
    letters = [chr(code) for code in range(ord("A"), ord("Z") + 1)]
    in_calls = clauses("\n".join(f"{read_number(f'{letter} 1', language, WORDS)}." for letter in letters), language)
    alone = clauses("\n".join(f"{letter}." for letter in letters), language)
    assert in_calls[::2] == alone
    assert len(set(alone)) == len(letters)


def clauses(text: str, language: str) -> list[str]:
    """How espeak-ng says each clause of a text, in its letters for sounds."""
    call = ["espeak-ng", "-v", language, "-q", "-x", "-b", "1", "--stdin"]
    done = subprocess.run(call, input=text, capture_output=True, text=True, check=True, timeout=10, env=SURROUNDINGS)
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]
