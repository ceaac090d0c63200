"""New badges: what is kept, where, and what the door is told."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.badges import badge_token, token_sha256
from kiosk.services.badge_issue import CODES_NAME, CodesError, active_badges, change, file_stem, issue, read_codes, save
from sync.protocol.wire import BadgeEntry, BadgeState, Person

ANI, BUDI = Person(id="1", name="Ani"), Person(id="../2", name="Budi")
OLD = [BadgeEntry(token_sha256="aa", person_id="1"), BadgeEntry(token_sha256="bb", person_id="1", state=BadgeState.REVOKED)]


def test_a_new_badge_replaces_the_old_in_one_change():
    """The new hash and the end of the old one travel together; what was revoked before is not named again."""
    made = issue([ANI, BUDI], OLD, random.Random(7).randbytes)
    told = change(made)
    assert told.revoke == ["aa"]
    assert [badge.person_id for badge in told.badges] == ["1", "../2"]
    for each in made:
        token = badge_token(each.code)
        assert token is not None
        assert token_sha256(token) == each.entry.token_sha256
    assert active_badges(OLD) == {"1": ("aa",)}


def test_files_are_for_their_owner_only_and_stay_in_the_folder(tmp_path):
    """Folder 0700, files 0600, and an id with slashes writes nowhere else."""
    out = tmp_path / "out"
    save(out, issue([ANI, BUDI], [], random.Random(7).randbytes))
    assert out.stat().st_mode & 0o777 == 0o700
    assert len(list(out.iterdir())) == 5
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in out.iterdir())
    assert list(tmp_path.iterdir()) == [out]


def test_codes_of_earlier_calls_are_kept(tmp_path):
    """A second call adds to the folder; a person's newest code is the one kept."""
    rng = random.Random(7)
    first, second, third = issue([ANI], [], rng.randbytes), issue([BUDI], [], rng.randbytes), issue([ANI], [], rng.randbytes)
    for made in (first, second, third):
        save(tmp_path, made)
    assert read_codes(tmp_path) == {"1": third[0].code, "../2": second[0].code}


@pytest.mark.parametrize("content", [b"", b"[]", b'{"1": 2}', b"\xff"])
def test_damaged_codes_are_not_overwritten(tmp_path, content):
    """A code file that cannot be read is left for a person to look at."""
    (tmp_path / CODES_NAME).write_bytes(content)
    with pytest.raises(CodesError):
        save(tmp_path, issue([ANI], [], random.Random(7).randbytes))
    assert (tmp_path / CODES_NAME).read_bytes() == content
    with pytest.raises(CodesError):
        read_codes(tmp_path / "none")


@given(st.text(min_size=1, max_size=64), st.text(min_size=1, max_size=64))
def test_every_id_has_its_own_plain_file_name(one, other):
    """Whatever an id is made of, its file name is plain, and two ids never share one."""
    for stem in (file_stem(one), file_stem(other)):
        assert stem.isascii()
        assert not set(stem) & set('/\\:*?"<>| \x00')
        assert not stem.startswith((".", "-"))
    assert (file_stem(one) == file_stem(other)) == (one == other)
