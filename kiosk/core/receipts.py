"""Numbers of receipts for files that are handed over, such as "A-K7PX-0031": the kiosk's letter, its journal's mark, a count.

Letters alone do not keep kiosks apart that never heard of each other, nor an old card image from what its kiosk gave out since.
The journal does: each begins an epoch of its own, by random digits, and one that goes on from an old image begins another as soon
as it is restored or hears the server. (Two copies of one card that are both cut off are one kiosk to everybody, also here.) Pure.
"""

import hashlib

MARKS = "23456789CDFGHJKMNPQRTVWX"
"""Nothing that is taken for another when it is read aloud or copied by hand (0 O, 1 I L, 5 S, 8 B, 2 Z, V U, X Y), and no vowels,
so that a mark is no word.
"""
MARK_LENGTH = 4


def mark(epoch: str) -> str:
    """Four characters that stand for a journal's epoch, always the same ones. Two epochs share theirs once in 330,000."""
    rest, marks = int.from_bytes(hashlib.sha256(epoch.encode()).digest()), ""
    for _ in range(MARK_LENGTH):
        rest, place = divmod(rest, len(MARKS))
        marks += MARKS[place]
    return marks


def series(letter: str, epoch: str) -> str:
    """What all receipts that a kiosk gives in one epoch begin with."""
    return f"{letter}-{mark(epoch)}"


def number(series: str, count: int) -> str:
    """The receipt of that count."""
    return f"{series}-{count:04d}"
