"""What the voice says: numbers as words, and the sentences that are called. Numbers are called, never names.

Indonesian ("id") and English ("en"). Every sentence is plain text for a speech program; a letter stands alone between spaces
or commas, so that it is said as a letter.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

MOST = 999_999
"""The largest number that has words here."""

_MOST_OF_A_PLACE = 120
_MOST_DIGITS = len(str(MOST))
_NUMBER = re.compile(r"([A-Z]{0,3})[ -]?([0-9]{1,6})", re.ASCII | re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]+")

_ID = ("nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan", "sepuluh", "sebelas")
_EN = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_EN_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


class NumberReading(StrEnum):
    """How an office reads `017`: as "tujuh belas", or as "nol satu tujuh"."""

    WORDS = "words"
    DIGITS = "digits"


@dataclass(frozen=True, slots=True)
class WaitingNumber:
    """A number as people hold it: `letters` of the kiosk that gave it ("" on a plain card), `digits` with their zeros."""

    letters: str
    digits: str

    @property
    def count(self) -> int:
        """The digits' value."""
        return int(self.digits)


def parse_number(text: str) -> WaitingNumber:
    """The number of `A 017`, `A017`, `a-17`, or of a card's `7`: up to three letters, up to six digits.

    Raises:
        ValueError: the text is no such number.
    """
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no waiting number, such as A 017")
    return WaitingNumber(found[1].upper(), found[2])


def number_words(number: int, language: str) -> str:
    """A whole number from 0 to `MOST` in words: 115 is "seratus lima belas", or "one hundred and fifteen".

    Raises:
        ValueError: out of this range, or a language that is not spoken here.
    """
    if not 0 <= number <= MOST:
        raise ValueError(f"{number} is not between 0 and {MOST}")
    return _tongue(language).count(number)


def digit_words(digits: str, language: str) -> str:
    """Digits one by one: "017" is "nol satu tujuh".

    Raises:
        ValueError: something that is no digit, or a language that is not spoken here.
    """
    if not _DIGITS.fullmatch(digits):
        raise ValueError(f"{digits!r} is not made of digits")
    return " ".join(_tongue(language).count(int(digit)) for digit in digits)


def read_number(number: str, language: str, reading: NumberReading) -> str:
    """A waiting number as it is called: "A, tujuh belas" or "A, nol satu tujuh"; without a letter only the words.

    Raises:
        ValueError: no waiting number, or a language that is not spoken here.
    """
    parsed = parse_number(number)
    in_words = reading is NumberReading.WORDS
    words = number_words(parsed.count, language) if in_words else digit_words(parsed.digits, language)
    return ", ".join((*parsed.letters, words))


def call_text(number: str, where: str | None, language: str, reading: NumberReading, *, counter: bool = False) -> str:
    """Calls a number in: "Nomor antrean A, tujuh belas, silakan masuk ke Ruang Baca."

    `where` is a room, None for the only one there is; with `counter` it is where to go and be served ("Loket 2"), which may be
    None too. Raises ValueError as `read_number`.
    """
    tongue = _tongue(language)
    place = _place(where, language)
    bare, to = (tongue.serve, tongue.serve_at) if counter else (tongue.enter, tongue.enter_room)
    return (to if place else bare).format(number=read_number(number, language, reading), where=place)


def minutes_left_text(number: str, minutes: int, language: str, reading: NumberReading) -> str:
    """Tells one visitor how long the visit may still last; from 0 on, that it is over and what to do.

    A number without a letter ("7") is that of a pass card, and called so. Raises ValueError as `read_number`, and for more
    minutes than `MOST`.
    """
    tongue = _tongue(language)
    kind = tongue.number if parse_number(number).letters else tongue.card
    who = kind.format(number=read_number(number, language, reading))
    if minutes <= 0:
        return tongue.over.format(who=who)
    return _sentence(tongue.left.format(who=who, span=_span(minutes, tongue, language)))


def closing_text(minutes: int, where: str | None, language: str) -> str:
    """Tells everybody that `where` (None: the whole service) closes in so many minutes; from 0 on, that it closes now.

    Raises:
        ValueError: more minutes than `MOST`, or a language that is not spoken here.
    """
    tongue = _tongue(language)
    place = _place(where, language)
    what = tongue.service_of.format(where=place) if place else tongue.service
    if minutes <= 0:
        return tongue.closed.format(what=what)
    return _sentence(tongue.closing.format(what=what, span=_span(minutes, tongue, language)))


@dataclass(frozen=True, slots=True)
class _Tongue:
    """A language: `count` gives a number from 0 to `MOST` in words. `enter_room` and `serve_at` name the place."""

    count: Callable[[int], str]
    one_minute: str
    some_minutes: str
    enter: str
    enter_room: str
    serve: str
    serve_at: str
    number: str
    card: str
    left: str
    over: str
    service: str
    service_of: str
    closing: str
    closed: str


def _tongue(language: str) -> _Tongue:
    try:
        return _TONGUES[language]
    except KeyError as exc:
        raise ValueError(f"{language!r} is not spoken here; {' or '.join(LANGUAGES)} is") from exc


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _span(minutes: int, tongue: _Tongue, language: str) -> str:
    return tongue.one_minute if minutes == 1 else tongue.some_minutes.format(count=number_words(minutes, language))


def _place(where: str | None, language: str) -> str:
    """A place as it is said: on one line, not long, nothing that is not printed, its numbers as words. "" where none is named."""
    if where is None:
        return ""
    printed = "".join(char if char.isprintable() else " " for char in where)
    said = " ".join(_DIGITS.sub(lambda found: f" {_number_in_a_name(found[0], language)} ", printed).split())
    return said[:_MOST_OF_A_PLACE].rstrip()


def _number_in_a_name(digits: str, language: str) -> str:
    """The 12 of "Loket 12" in words; a row of digits that is longer is a code, and read as one."""
    return number_words(int(digits), language) if len(digits) <= _MOST_DIGITS else digit_words(digits, language)


def _indonesian(number: int) -> str:
    if number < len(_ID):
        return _ID[number]
    if number < 20:
        return f"{_ID[number - 10]} belas"
    for value, name in ((1000, "ribu"), (100, "ratus")):
        if number >= value:
            many, rest = divmod(number, value)
            head = f"se{name}" if many == 1 else f"{_indonesian(many)} {name}"
            return f"{head} {_indonesian(rest)}" if rest else head
    tens, rest = divmod(number, 10)
    return f"{_ID[tens]} puluh {_ID[rest]}" if rest else f"{_ID[tens]} puluh"


def _english(number: int) -> str:
    if number < len(_EN):
        return _EN[number]
    if number < 100:
        tens, rest = divmod(number, 10)
        return f"{_EN_TENS[tens]}-{_EN[rest]}" if rest else _EN_TENS[tens]
    value, name = (1000, "thousand") if number >= 1000 else (100, "hundred")
    many, rest = divmod(number, value)
    link = " and " if 0 < rest < 100 else " "
    return f"{_english(many)} {name}{link}{_english(rest)}" if rest else f"{_english(many)} {name}"


_TONGUES = {
    "id": _Tongue(
        count=_indonesian,
        one_minute="satu menit",
        some_minutes="{count} menit",
        enter="Nomor antrean {number}, silakan masuk.",
        enter_room="Nomor antrean {number}, silakan masuk ke {where}.",
        serve="Nomor antrean {number}, silakan menuju petugas.",
        serve_at="Nomor antrean {number}, silakan menuju {where}.",
        number="nomor {number}",
        card="kartu nomor {number}",
        left="{who}, waktu kunjungan Anda tersisa {span}.",
        over="Mohon maaf, {who}, waktu kunjungan Anda sudah selesai. Jangan lupa lapor keluar. Terima kasih.",
        service="layanan",
        service_of="layanan {where}",
        closing="{span} lagi {what} ditutup. Mohon selesaikan keperluan Anda, dan jangan lupa lapor keluar.",
        closed="Mohon maaf, {what} sudah ditutup. Jangan lupa lapor keluar. Terima kasih.",
    ),
    "en": _Tongue(
        count=_english,
        one_minute="one minute",
        some_minutes="{count} minutes",
        enter="Queue number {number}, please go in.",
        enter_room="Queue number {number}, please go in to {where}.",
        serve="Queue number {number}, please go to the officer.",
        serve_at="Queue number {number}, please go to {where}.",
        number="number {number}",
        card="card number {number}",
        left="{who}, you have {span} of your visit left.",
        over="We are sorry, {who}, your visit is over. Please remember to check out. Thank you.",
        service="this service",
        service_of="{where}",
        closing="{what} closes in {span}. Please finish what you came for, and remember to check out.",
        closed="We are sorry, {what} is closed now. Please remember to check out. Thank you.",
    ),
}

LANGUAGES = tuple(_TONGUES)
"""The languages that are spoken here."""
