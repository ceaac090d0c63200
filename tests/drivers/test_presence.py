"""One badge held up is one sighting."""

from hypothesis import given
from hypothesis import strategies as st

from drivers.base import Hint, Sighting
from drivers.scanners.presence import Presence
from drivers.scanners.vision import Code, Look

MS = 1_000_000
LOCATED = Look((), located=True)
EMPTY = Look()


def look(*texts):
    return Look(tuple(Code(text) for text in texts))


def presence():
    return Presence(lambda text: text.startswith("G1"))


def walk(steps, of=None):
    """What comes of looks at their milliseconds."""
    of = of or presence()
    return [sighting for ms, seen in steps if (sighting := of.update(seen, ms * MS))]


def test_a_code_held_in_view_is_one_sighting():
    """Thirty frames of one badge are one sighting, at its first frame's time."""
    assert walk([(33 * n, look("G1A")) for n in range(1, 60)]) == [Sighting("G1A", 33 * MS)]


def test_a_code_is_seen_anew_after_it_was_gone():
    """Gone for the set time and shown again is a second sighting; gone for less is not."""
    steps = [(0, look("G1A")), (1400, look("G1A")), (2900, EMPTY), (2901, look("G1A"))]
    assert [sighting.at_ns for sighting in walk(steps)] == [0, 2901 * MS]


def test_the_next_badge_is_seen_at_once():
    """Another badge needs no pause after the first."""
    assert [sighting.text for sighting in walk([(0, look("G1A")), (33, look("G1B"))])] == ["G1A", "G1B"]


def test_a_badge_beside_other_codes_is_taken():
    """A poster's code in the background costs nobody a tap, and a text that is no badge is not reported beside one."""
    assert walk([(0, look("https://poster", "G1A"))]) == [Sighting("G1A", 0)]


def test_two_badges_at_once_are_a_hint():
    """Nobody can say whose badge is meant: one hint, no text, and each is seen once it is alone."""
    both = [(33 * n, look("G1A", "G1B")) for n in range(30)]
    assert walk([*both, (1000, look("G1B"))]) == [Sighting(None, 0, Hint.SEVERAL_CODES), Sighting("G1B", 1000 * MS)]


def test_two_foreign_codes_at_once_are_a_hint():
    """Without a badge among them, two codes are as unclear."""
    assert walk([(0, look("one", "two"))]) == [Sighting(None, 0, Hint.SEVERAL_CODES)]


def test_a_located_code_gives_a_hint_after_a_while():
    """A code that stays unread for 0.7 s gives the hint, then at most every 3 s, also with single frames in which it is lost."""
    steps = [(100 * n, EMPTY if n % 3 == 2 else LOCATED) for n in range(60)]
    sightings = walk(steps)
    assert [(sighting.hint, sighting.at_ns // MS) for sighting in sightings] == [
        (Hint.LOCATED_NOT_READ, 900),
        (Hint.LOCATED_NOT_READ, 3900),
    ]


def test_a_badge_on_its_way_gives_no_hint():
    """Located for a moment, then read: no hint, also not while it is drawn back."""
    steps = [(0, LOCATED), (300, LOCATED), (580, LOCATED), (600, look("G1A")), (620, LOCATED), (720, LOCATED), (900, LOCATED)]
    assert [sighting.text for sighting in walk(steps)] == ["G1A"]


def test_still_pictures_keep_what_is_in_view():
    """While nothing moves, the badge in view stays the same sighting, however long."""
    kept = presence()
    assert kept.update(look("G1A"), 0) is not None
    for ms in range(100, 60_000, 100):
        kept.nothing_moved(ms * MS)
    assert kept.update(look("G1A"), 60_000 * MS) is None


STEPS = st.lists(
    st.tuples(st.integers(1, 900), st.sets(st.sampled_from(["G1A", "G1B", "x", "y"]), max_size=3), st.booleans()), max_size=60
)


@given(STEPS)
def test_any_looks_keep_the_promises(steps):
    """Whatever comes: only a lone code or a lone badge is sighted, never twice without a gap; hints keep their distance."""
    of, ms, seen_ms, hinted_ms = presence(), 0, {}, {}
    for passed, texts, located in steps:
        ms += passed
        sighting = of.update(Look(tuple(Code(text) for text in sorted(texts)), located), ms * MS)
        if sighting and sighting.text:
            assert texts == {sighting.text} or {text for text in texts if text.startswith("G1")} == {sighting.text}
            assert ms - seen_ms.get(sighting.text, -9999) >= 1500
            seen_ms[sighting.text] = ms
        if sighting and sighting.hint:
            assert ms - hinted_ms.get(sighting.hint, -9999) >= 3000
            hinted_ms[sighting.hint] = ms
        seen_ms |= {text: ms for text in texts if text in seen_ms and ms - seen_ms[text] < 1500}


@given(st.lists(st.integers(1, 1499), min_size=1, max_size=50))
def test_no_gap_below_the_limit_makes_a_second_sighting(gaps):
    """Missed frames never turn one badge into two taps."""
    of, ms, count = presence(), 0, 0
    for gap in gaps:
        count += of.update(look("G1A"), ms * MS) is not None
        of.update(EMPTY, (ms + gap // 2) * MS)
        ms += gap
    assert count == 1
