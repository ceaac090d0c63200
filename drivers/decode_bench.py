"""The decode benchmark: this library's passes beside the yardstick, which is one plain pass, and six in turn until one reads."""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from drivers.scanners.vision import Decoder, Gray, fitted, gray_of, texts_of
from drivers.virtual.scene import still_frames
from drivers.virtual.yardstick import Yardstick

_TIME_LIMIT = 3.5
"""The mean time may be so many times one pass's."""
_DRAWN = 60


class BadManifest(ValueError):
    """A folder of photographs cannot be read. The message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A grey picture with the texts known to be on it. `complete` is False when it holds codes that nobody could read."""

    gray: Gray
    expected: frozenset[str]
    complete: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure beside its limit."""

    figure: float
    unit: str
    limit: float
    limit_is: str
    ratio: float
    is_met: bool

    def as_json(self) -> dict[str, str | float]:
        """With the keys that scripts rely on."""
        return {
            "bench": "decode",
            "figure": round(self.figure, 4),
            "unit": self.unit,
            "limit": round(self.limit, 4),
            "limit_is": self.limit_is,
            "ratio": round(self.ratio, 4),
        }

    def as_line(self) -> str:
        """For people."""
        met = "met" if self.is_met else "NOT MET"
        return f"decode: {self.figure:.3f} {self.unit}, limit {self.limit:.3f} ({self.limit_is}), ratio {self.ratio:.2f}: {met}"


@dataclass(slots=True)
class _Tally:
    read: int = 0
    false: int = 0
    spent_s: list[float] = field(default_factory=list)

    @property
    def mean_ms(self) -> float:
        return 1000 * sum(self.spent_s) / len(self.spent_s)


def photos_in(folder: Path, edge: int) -> list[Photo]:
    """The photographs that a folder's manifest.tsv (columns `file` and `expected_json`) names, shrunk to the long edge.

    Raises:
        BadManifest
    """
    manifest = folder / "manifest.tsv"
    if not manifest.is_file():
        raise BadManifest("there is no manifest.tsv in it; give a folder of photographs that has one")
    try:
        with manifest.open(newline="", encoding="utf-8") as lines:
            photos = [_photo(folder, row, edge) for row in csv.DictReader(lines, delimiter="\t")]
    except KeyError as exc:
        raise BadManifest(f"its manifest.tsv has no column {exc}") from exc
    except (OSError, TypeError, ValueError) as exc:
        raise BadManifest(f"its manifest.tsv cannot be followed: {exc}") from exc
    if not photos:
        raise BadManifest("its manifest.tsv names no photographs")
    return photos


def _photo(folder: Path, row: dict[str, str], edge: int) -> Photo:
    expected = json.loads(row["expected_json"])
    gray = gray_of((folder / row["file"]).read_bytes())
    return Photo(fitted(gray, edge), frozenset(text for text in expected if text is not None), None not in expected)


def drawn_photos() -> list[Photo]:
    """Drawn frames of badges, for when there are no photographs."""
    texts = [f"G1BENCH{number:04d}ABCDEFGHIJKLMNO" for number in range(_DRAWN)]
    return [Photo(gray, frozenset({text}), complete=True) for text, gray in still_frames(texts, seed=7)]


def compare(photos: list[Photo], *, seconds: Callable[[], float]) -> list[Figure]:
    """Read all photographs in the three ways, in turn on each. `seconds` is a running clock."""
    decoder, yardstick = Decoder(), Yardstick()
    ways: dict[str, Callable[[Gray], tuple[str, ...]]] = {
        "one": yardstick.one_pass,
        "six": yardstick.six_passes,
        "ours": lambda gray: texts_of(decoder.read_still(gray)),
    }
    tallies = {name: _Tally() for name in ways}
    for read in ways.values():
        _measure(read, photos[0], _Tally(), seconds)
    for photo in photos:
        for name, read in ways.items():
            _measure(read, photo, tallies[name], seconds)
    return _figures(tallies["one"], tallies["six"], tallies["ours"], len(photos))


def _measure(read: Callable[[Gray], tuple[str, ...]], photo: Photo, tally: _Tally, seconds: Callable[[], float]) -> None:
    began = seconds()
    texts = set(read(photo.gray))
    tally.spent_s.append(seconds() - began)
    tally.read += bool(texts & photo.expected)
    tally.false += photo.complete and bool(texts - photo.expected)


def _figures(one: _Tally, six: _Tally, ours: _Tally, photos: int) -> list[Figure]:
    recall, limit = ours.read / photos, six.read / photos
    ratio = ours.mean_ms / one.mean_ms
    return [
        Figure(recall, "recall", limit, "six passes; at least as much", recall / limit if limit else 1.0, recall >= limit),
        Figure(ours.false, "false reads", 0, "none", float(ours.false), ours.false == 0),
        Figure(ours.mean_ms, "ms mean", one.mean_ms, "one pass; at most 3.5 times", ratio, ratio <= _TIME_LIMIT),
    ]
