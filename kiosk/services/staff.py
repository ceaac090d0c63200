"""Staff lists brought to a station: files to people and photos, and what they would change.

Photos are re-made, not copied: read within a limit, turned upright, freed of everything a camera wrote into them (the place,
the day), and named by their SHA-256, so that the same picture is stored and sent once.
"""

import hashlib
import io
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from sync.protocol.people import PersonRow, Refusal, RefusedRow, Sheet, SheetError, decode, parse
from sync.protocol.wire import Person

MAX_SHEET_BYTES = 50 * 1024 * 1024
MAX_PHOTO_BYTES = 5 * 1024 * 1024
MAX_PHOTO_PIXELS = 50_000_000
PHOTO_SIZE = (480, 600)
"""Width and height that a stored photo fits into, in pixels."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sheet gives: people ready for the directory, rows refused, and the files of their photos by SHA-256."""

    people: tuple[Person, ...]
    refused: tuple[RefusedRow, ...]
    photos: dict[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """A plan against a directory. People whom the plan does not name stay as they are."""

    new: tuple[Person, ...]
    changed: tuple[Person, ...]
    unchanged: tuple[Person, ...]


class PhotoRefused(Exception):
    """A picture that cannot stand for a person; the sentence says what to do."""

    def __init__(self, reason: Refusal, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def read_sheet(path: Path, fallback_encoding: str | None = None) -> Sheet:
    """The people in a CSV file.

    Raises:
        SheetError: the file cannot be read, or is no list of people.
    """
    if path.is_dir():
        raise SheetError("this is a folder; name the CSV file in it")
    try:
        if path.stat().st_size > MAX_SHEET_BYTES:
            raise SheetError(f"the file is larger than {MAX_SHEET_BYTES // 1024**2} MB; split it")
        data = path.read_bytes()
    except OSError as exc:
        raise SheetError(f"the file cannot be read: {exc.strerror}") from exc
    return parse(decode(data, fallback_encoding))


def plan(
    sheet: Sheet,
    photos: Path,
    work: Path,
    known: Iterable[Person] = (),
    progress: Callable[[Sequence[PersonRow]], Iterable[PersonRow]] = iter,
) -> Plan:
    """People and photos for `sheet`; photo files are looked for in `photos`, the made ones are written to `work`.

    A field whose column the sheet lacks keeps the value the person has in `known`. A row whose photo cannot be used is refused.
    """
    before = {person.id: person for person in known}
    people: list[Person] = []
    refused = list(sheet.refused)
    made: dict[str, Path] = {}
    for row in progress(sheet.rows):
        try:
            photo = _stored_photo(row.photo, photos, work, made)
        except PhotoRefused as exc:
            refused.append(RefusedRow(row.line, exc.reason, str(exc)))
        else:
            people.append(_person(row, photo, before.get(row.id), sheet.columns))
    return Plan(tuple(people), tuple(sorted(refused, key=lambda row: row.line)), made)


def _person(row: PersonRow, photo: str | None, before: Person | None, columns: frozenset[str]) -> Person:
    kept = before or Person(id=row.id, name=row.name)
    return Person(
        id=row.id,
        name=row.name,
        unit=row.unit if "unit" in columns else kept.unit,
        post=row.post if "post" in columns else kept.post,
        photo=photo if "photo" in columns else kept.photo,
    )


def difference(people: Iterable[Person], known: Iterable[Person]) -> Difference:
    """Who is new, who would change and who would not."""
    before = {person.id: person for person in known}
    new: list[Person] = []
    changed: list[Person] = []
    unchanged: list[Person] = []
    for person in people:
        found = before.get(person.id)
        (new if found is None else unchanged if found == person else changed).append(person)
    return Difference(tuple(new), tuple(changed), tuple(unchanged))


def _stored_photo(name: str, folder: Path, work: Path, made: dict[str, Path]) -> str | None:
    if not name:
        return None
    jpeg = portrait(_photo_bytes(name, folder), name)
    digest = hashlib.sha256(jpeg).hexdigest()
    if digest not in made:
        made[digest] = work / f"{digest}.jpg"
        made[digest].write_bytes(jpeg)
    return digest


def _photo_bytes(name: str, folder: Path) -> bytes:
    try:
        path = (folder / name.replace("\\", "/")).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise PhotoRefused(Refusal.PHOTO_OUTSIDE, f"photo {name!r} lies outside {folder}; copy it there or use --photos")
        if not path.is_file():
            raise PhotoRefused(Refusal.PHOTO_MISSING, f"photo {name!r} is not in {folder}; copy it there or use --photos")
        if path.stat().st_size > MAX_PHOTO_BYTES:
            raise PhotoRefused(Refusal.PHOTO_TOO_BIG, f"photo {name!r} is larger than {MAX_PHOTO_BYTES // 1024**2} MB; shrink it")
        return path.read_bytes()
    except OSError as exc:
        raise PhotoRefused(Refusal.PHOTO_UNREADABLE, f"photo {name!r} cannot be read: {exc.strerror}") from exc


def portrait(data: bytes, name: str = "") -> bytes:
    """The picture as a JPEG within PHOTO_SIZE, upright and without metadata; equal input gives equal output.

    Raises:
        PhotoRefused: no picture, damaged, or too large.
    """
    with _picture_errors(name), Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as picture:
        if picture.width * picture.height > MAX_PHOTO_PIXELS:
            raise PhotoRefused(Refusal.PHOTO_TOO_BIG, f"photo {name!r} has more than {MAX_PHOTO_PIXELS // 10**6} million pixels")
        picture.draft("RGB", (2 * PHOTO_SIZE[0], 2 * PHOTO_SIZE[1]))
        upright = _on_white(ImageOps.exif_transpose(picture))
    upright.thumbnail(PHOTO_SIZE, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    upright.save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue()


def _on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layer = picture.convert("RGBA")
    card = Image.new("RGB", layer.size, "white")
    card.paste(layer, mask=layer.getchannel("A"))
    return card


@contextmanager
def _picture_errors(name: str) -> Iterator[None]:
    """Raise what Pillow says of bad pictures as a refusal."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what cameras wrote beside the picture is dropped anyway
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        raise PhotoRefused(
            Refusal.PHOTO_TOO_BIG, f"photo {name!r} has more than {MAX_PHOTO_PIXELS // 10**6} million pixels"
        ) from exc
    except UnidentifiedImageError as exc:
        raise PhotoRefused(Refusal.PHOTO_UNREADABLE, f"photo {name!r} is no JPEG, PNG or WebP picture") from exc
    except (OSError, SyntaxError, ValueError, EOFError) as exc:
        raise PhotoRefused(Refusal.PHOTO_UNREADABLE, f"photo {name!r} is damaged; save it again as JPEG") from exc
