"""Staff lists brought to a station: files, photos, and what they would change."""

import io
import os

import pytest
from PIL import Image

from kiosk.services import staff
from kiosk.services.staff import Difference, difference, plan, portrait, read_sheet
from sync.protocol.people import Refusal, SheetError, parse
from sync.protocol.wire import Person

HEADER = "id,name,unit,post,photo\n"


def picture(size=(1200, 1600), kind="JPEG", mode="RGB", colour="navy", **options) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, kind, **options)
    return out.getvalue()


def test_a_photo_is_stored_small_upright_and_bare(tmp_path):
    """A phone's photo fits 480x600, stands upright, and no longer says where and when it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter
    exif[0x010F] = "SecretPhone"
    jpeg = portrait(picture((1600, 1200), exif=exif))
    with Image.open(io.BytesIO(jpeg)) as stored:
        assert stored.size == (450, 600)
        assert not stored.getexif()
    assert b"SecretPhone" not in jpeg
    assert jpeg == portrait(picture((1600, 1200), exif=exif))


@pytest.mark.parametrize(
    ("kind", "mode", "colour"),
    [
        ("PNG", "RGBA", (0, 0, 0, 0)),
        ("PNG", "P", 0),
        ("JPEG", "CMYK", 0),
        ("JPEG", "L", 9),
        ("WEBP", "RGB", "red"),
        ("PNG", "I;16", 9),
    ],
)
def test_pictures_of_every_common_sort(kind, mode, colour):
    """JPEG, PNG and WebP of any colour depth become RGB JPEGs; what is see-through becomes white."""
    with Image.open(io.BytesIO(portrait(picture((300, 300), kind, mode, colour)))) as stored:
        assert (stored.format, stored.mode, stored.size) == ("JPEG", "RGB", (300, 300))
        if mode == "RGBA":
            assert min(stored.getpixel((10, 10))) > 250


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("gone.jpg", None, Refusal.PHOTO_MISSING),
        ("text.jpg", b"this is no picture", Refusal.PHOTO_UNREADABLE),
        ("empty.jpg", b"", Refusal.PHOTO_UNREADABLE),
        ("cut.jpg", picture()[:400], Refusal.PHOTO_UNREADABLE),
        ("movie.gif", picture(kind="GIF"), Refusal.PHOTO_UNREADABLE),
        ("big.jpg", b"\xff" * (staff.MAX_PHOTO_BYTES + 1), Refusal.PHOTO_TOO_BIG),
        ("bomb.png", picture((9000, 9000), "PNG", "1", 0), Refusal.PHOTO_TOO_BIG),
        ("../outside.jpg", picture(), Refusal.PHOTO_OUTSIDE),
        ("/etc/hostname", None, Refusal.PHOTO_OUTSIDE),
        ("a\x00b.jpg".replace("\x00", "?"), None, Refusal.PHOTO_MISSING),
        ("x" * 190 + "/" * 5 + "y", None, Refusal.PHOTO_MISSING),
    ],
)
def test_photos_that_cannot_be_used(tmp_path, name, content, reason):
    """A photo that is missing, no picture, damaged, huge or elsewhere refuses its own row with its line, and no other."""
    photos, work = tmp_path / "photos", tmp_path / "work"
    photos.mkdir()
    work.mkdir()
    if content is not None:
        (photos / name).write_bytes(content)
    made = plan(parse(f"{HEADER}1,Ani,,,{name}\n2,Budi,,,\n"), photos, work)
    assert [(row.line, row.reason) for row in made.refused] == [(2, reason)]
    assert [person.id for person in made.people] == ["2"]


def test_photos_are_named_by_their_content(tmp_path):
    """Two people with the same picture share one stored file, found by its hash; Windows' slashes are understood."""
    (tmp_path / "foto").mkdir()
    (tmp_path / "foto" / "a.jpg").write_bytes(picture())
    made = plan(parse(HEADER + "1,Ani,,,foto\\a.jpg\n2,Budi,,,foto/a.jpg\n"), tmp_path, tmp_path)
    assert {person.photo for person in made.people} == set(made.photos)
    assert len(made.photos) == 1
    assert all(path.read_bytes().startswith(b"\xff\xd8") for path in made.photos.values())


def test_columns_that_are_not_there_change_nothing(tmp_path):
    """A list without photos and posts, imported later, keeps those that are known; an empty cell clears."""
    known = [Person(id="1", name="Ani", unit="Umum", post="Staf", photo="ab")]
    assert plan(parse("id,name,unit\n1,Ani,\n"), tmp_path, tmp_path, known).people == (
        Person(id="1", name="Ani", unit="", post="Staf", photo="ab"),
    )


def test_difference():
    """New, changed and unchanged people are told apart, so that importing twice changes nothing."""
    old, other = Person(id="1", name="Ani"), Person(id="2", name="Budi")
    moved, new = Person(id="2", name="Budi", unit="Setda"), Person(id="3", name="Cici")
    assert difference([old, moved, new], [old, other]) == Difference((new,), (moved,), (old,))
    assert difference([old, other], [old, other]).unchanged == (old, other)


def test_files_that_cannot_be_read(tmp_path):
    """A folder, a missing file, a dangling link and a file too large each end in one sentence."""
    huge = tmp_path / "huge.csv"
    huge.touch()
    os.truncate(huge, staff.MAX_SHEET_BYTES + 1)
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "nowhere")
    for path in (tmp_path, tmp_path / "none.csv", tmp_path / "dangling.csv", huge):
        with pytest.raises(SheetError):
            read_sheet(path)
