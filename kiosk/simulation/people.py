"""Demonstration staff: made-up people with drawn portraits, and badges made for this demonstration alone."""

import hashlib
import io
from dataclasses import dataclass

from PIL import Image, ImageDraw

from kiosk.core.badges import TOKEN_BYTES, badge_code, token_sha256
from sync.ids import RandomBytes
from sync.protocol.wire import BadgeEntry, BadgeState, Directory, Person

_STAFF = (
    ("P001", "Siti Rahmawati", "Dinas Arsip dan Perpustakaan", "Pustakawan"),
    ("P002", "Bambang Wicaksono", "Bagian Organisasi", "Kepala Bagian"),
    ("P003", "I Gusti Ayu Made Wulandari Kusumaningtyas, S.Sos., M.A.P.", "Badan Kepegawaian dan Pengembangan SDM", "Analis"),
    ("P004", "Yohanes Maria Tukan", "Dinas Perhubungan", "Penguji Kendaraan"),
    ("P005", "Nur Hidayah binti Abdurrahman", "Dinas Kependudukan dan Catatan Sipil", "Operator"),
    ("P006", "Agus", "Satpol PP", "Anggota"),
    ("P007", "Maria Simanjuntak", "Inspektorat", "Auditor"),
    ("P008", "Joko Prasetyo", "Sekretariat Daerah", "Pengelola Kepegawaian"),
)
_REVOKED = ("P009", "Dewi Lestari", "Dinas Kesehatan", "Perawat")
UNKNOWN = "Kartu tidak dikenal"
_BACKGROUNDS = ("#2f5d62", "#5e548e", "#9c6644", "#386641", "#1d3557", "#7f4f24", "#6d597a", "#3d5a80", "#5f0f40")
_SKINS = ("#c68e6b", "#a86f4d", "#d8a384", "#8d5a3b")


@dataclass(frozen=True, slots=True)
class Staff:
    """The directory, the photos in it by SHA-256, and what badge each name holds up."""

    directory: Directory
    photos: dict[str, bytes]
    codes: list[tuple[str, str]]


def make_staff(random_bytes: RandomBytes) -> Staff:
    """Eight people with badges, one whose badge is revoked, and one badge that nobody knows."""
    photos: dict[str, bytes] = {}
    people, badges, codes = [], [], []
    for number, (person_id, name, unit, post) in enumerate((*_STAFF, _REVOKED)):
        picture = portrait(number)
        sha256 = hashlib.sha256(picture).hexdigest()
        photos[sha256] = picture
        token = random_bytes(TOKEN_BYTES)
        state = BadgeState.REVOKED if person_id == _REVOKED[0] else BadgeState.ACTIVE
        people.append(Person(id=person_id, name=name, unit=unit, post=post, photo=sha256))
        badges.append(BadgeEntry(token_sha256=token_sha256(token), person_id=person_id, state=state))
        codes.append((name, badge_code(token)))
    codes.append((UNKNOWN, badge_code(random_bytes(TOKEN_BYTES))))
    return Staff(Directory(version=0, people=people, badges=badges), photos, codes)


def portrait(number: int) -> bytes:
    """A drawn head and shoulders, 480x600, as JPEG. The same number gives the same picture."""
    image = Image.new("RGB", (480, 600), _BACKGROUNDS[number % len(_BACKGROUNDS)])
    draw = ImageDraw.Draw(image)
    skin, dark = _SKINS[number % len(_SKINS)], "#22181c"
    draw.ellipse((60, 430, 420, 900), fill="#f1efe7")
    draw.rectangle((205, 370, 275, 470), fill=skin)
    if number % 2 == 0:
        draw.ellipse((125, 110, 355, 470), fill=_BACKGROUNDS[(number + 3) % len(_BACKGROUNDS)])
    draw.ellipse((150, 150, 330, 400), fill=skin)
    if number % 2 == 1:
        draw.pieslice((145, 120, 335, 350), 180, 360, fill=dark)
    for x in (200, 265):
        draw.ellipse((x, 255, x + 16, 271), fill=dark)
    draw.arc((200, 290, 280, 350), 20, 160, fill=dark, width=5)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=82)
    return out.getvalue()
