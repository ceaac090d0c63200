import hashlib
import io
from random import Random

from PIL import Image

from kiosk.core.badges import badge_token, token_sha256
from kiosk.simulation.people import UNKNOWN, make_staff, portrait
from sync.protocol.wire import BadgeState


def test_the_staff_fit_together() -> None:
    """Every badge in hand is one of the directory's, but for the one that nobody knows; exactly one is revoked."""
    staff = make_staff(Random(1).randbytes)
    by_hash = {badge.token_sha256: badge for badge in staff.directory.badges}
    names = {person.id: person.name for person in staff.directory.people}
    for name, code in staff.codes:
        token = badge_token(code)
        assert token is not None
        badge = by_hash.get(token_sha256(token))
        assert (names[badge.person_id] if badge else UNKNOWN) == name
    assert [badge.state for badge in staff.directory.badges].count(BadgeState.REVOKED) == 1
    assert len(staff.codes) == len(staff.directory.people) + 1


def test_the_portraits_are_pictures_by_their_hash() -> None:
    """Each person's photo is there under the hash they carry, no two alike, in the size cards want."""
    staff = make_staff(Random(1).randbytes)
    assert {person.photo for person in staff.directory.people} == set(staff.photos)
    assert len(staff.photos) == len(staff.directory.people)
    for sha256, content in staff.photos.items():
        assert hashlib.sha256(content).hexdigest() == sha256
        with Image.open(io.BytesIO(content)) as picture:
            assert (picture.format, picture.size) == ("JPEG", (480, 600))
    assert portrait(3) == portrait(3)


def test_two_demonstrations_share_no_badge() -> None:
    """Codes come from the given chance alone."""
    one, other = (make_staff(Random(seed).randbytes) for seed in (1, 2))
    assert not {code for _, code in one.codes} & {code for _, code in other.codes}
