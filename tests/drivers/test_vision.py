"""Grey pictures in, codes out."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.scanners.vision import MAX_EDGE, Code, Decoder, LiveDecoder, NotAPicture, Trouble, fitted, gray_of, texts_of
from drivers.virtual.scene import make_badge_image, still_frames
from tests.drivers.pictures import BADGE, on_white, png_of, spoiled_code


def spoil(how):
    """A code in a light or noise in which the plain pass misses it."""
    plain = on_white(make_badge_image(BADGE, module=4), gap=120) / 255
    noise = np.random.default_rng(1).normal(0, 1, plain.shape)
    y, x = np.mgrid[: plain.shape[0], : plain.shape[1]]
    spot = np.exp(-((x - 0.6 * plain.shape[1]) ** 2 + (y - 0.6 * plain.shape[0]) ** 2) / (2 * 72**2))
    pictures = {
        "dark": 5 + 8 * plain + 0.5 * noise,
        "bright": 200 + 8 * plain + 0.5 * noise,
        "noisy": 40 + 90 * plain + 16 * noise,
        "glare": 50 + 120 * plain + (200 - 120 * plain) * spot * 0.97,
    }
    return pictures[how].clip(0, 255).astype(np.uint8)


HARD = ["dark", "bright", "noisy", "glare"]


def test_a_flat_badge_is_read():
    """A clean code gives its text at the plain pass."""
    assert Decoder().one_pass(on_white(make_badge_image(BADGE))) == (Code(BADGE),)


def test_badges_held_up_to_the_virtual_camera_are_read():
    """Badges in perspective, blurred, noisy and in changing light are read, and as what they are."""
    decoder = Decoder()
    frames = list(still_frames([f"G1{number:026d}" for number in range(20)], seed=5))
    assert [texts_of(decoder.read_still(gray)) for _, gray in frames] == [(text,) for text, _ in frames]


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_badge_is_read_at_any_quarter_turn(turns):
    """A badge may hang sideways or upside down."""
    assert texts_of(Decoder().one_pass(np.rot90(on_white(make_badge_image(BADGE)), turns).copy())) == (BADGE,)


def test_two_codes_are_both_read():
    """Two codes in one picture give both texts."""
    picture = on_white(make_badge_image("FIRST"), make_badge_image("SECOND"))
    assert set(texts_of(Decoder().one_pass(picture))) == {"FIRST", "SECOND"}


@pytest.mark.parametrize("how", HARD)
def test_other_passes_read_what_the_plain_one_misses(how):
    """A badge in a light too poor for the plain pass is read all the same."""
    decoder, picture = Decoder(), spoil(how)
    assert decoder.one_pass(picture) == ()
    assert texts_of(decoder.read_still(picture)) == (BADGE,)


@pytest.mark.parametrize("how", HARD)
def test_a_live_picture_gets_every_pass_in_turn(how):
    """The badge that a single pass reads is read within as many frames as there are passes."""
    live, picture = LiveDecoder(), spoil(how)
    looks = [live.look(picture) for _ in Decoder().passes]
    assert any(look.texts == (BADGE,) for look in looks)


def test_an_empty_picture_gives_nothing():
    """No code, no candidate."""
    look = LiveDecoder().look(np.full((480, 640), 128, np.uint8))
    assert (look.codes, look.located) == ((), False)


def test_a_code_that_cannot_be_read_is_located():
    """Corner marks without content tell the person to hold the badge otherwise."""
    look = LiveDecoder().look(spoiled_code())
    assert (look.codes, look.located) == ((), True)


@pytest.mark.parametrize("payload", [bytes(range(128, 168)), b"\x00\x01\x02\xff\xfe", b"abc\x00def"])
def test_binary_codes_are_none_of_ours(payload):
    """A code that holds no text is told apart, is no usable text, and counts as located."""
    picture = on_white(make_badge_image(payload))
    assert Decoder().one_pass(picture) == (Code(None, Trouble.BINARY),)
    look = LiveDecoder().look(picture)
    assert (look.texts, look.located) == ((), True)


def test_an_oversized_text_is_none_of_ours():
    """A text longer than any badge's is read for those who want it and marked, and is no usable text."""
    picture = on_white(make_badge_image("LONG" * 200, module=4))
    (code,) = Decoder().one_pass(picture)
    assert (code.text, code.trouble) == ("LONG" * 200, Trouble.TOO_LONG)
    assert LiveDecoder().look(picture).texts == ()


def test_a_located_code_gets_all_passes_at_once():
    """Where the plain pass finds a code that it cannot read, the same frame is tried with every pass."""
    rng = np.random.default_rng(4)
    plain = on_white(make_badge_image(BADGE, module=4), gap=120) / 255
    y, x = np.mgrid[: plain.shape[0], : plain.shape[1]]
    middle_x, middle_y = rng.uniform(0.35, 0.65, 2) * plain.shape[::-1]
    spot = np.exp(-((x - middle_x) ** 2 + (y - middle_y) ** 2) / (2 * rng.uniform(8, 50) ** 2))
    glare = 50 + 120 * plain + (200 - 120 * plain) * spot * 0.99 + rng.normal(0, rng.uniform(0, 12), plain.shape)
    picture = glare.clip(0, 255).astype(np.uint8)
    live = LiveDecoder()
    assert not Decoder().one_pass(picture)
    assert not texts_of(Decoder().one_pass(Decoder().passes[0](picture)))
    assert live.look(picture).texts == (BADGE,)


def test_text_of_several_lines_is_text():
    """A contact card is somebody's text, not binary."""
    assert Decoder().one_pass(on_white(make_badge_image("BEGIN:VCARD\r\nN:Sari\r\nEND:VCARD"))) == (
        Code("BEGIN:VCARD\r\nN:Sari\r\nEND:VCARD"),
    )


def test_a_blank_code_is_no_text():
    """A code of spaces is nobody's badge."""
    assert Decoder().one_pass(on_white(make_badge_image("   "))) == (Code(None, Trouble.BINARY),)


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=1, max_size=80))
def test_no_payload_makes_the_decoder_raise(payload):
    """Whatever a stranger's code holds, the answer is a value."""
    for code in LiveDecoder().look(make_badge_image(payload, module=4)).codes:
        assert (code.text is not None) or code.trouble is Trouble.BINARY


@settings(max_examples=40, deadline=None)
@given(height=st.integers(1, 90), width=st.integers(1, 90), seed=st.integers(0, 2**32 - 1), levels=st.sampled_from([2, 16, 256]))
def test_no_picture_makes_the_decoder_raise(height, width, seed, levels):
    """Noise of any shape is read as no code, by every pass."""
    noise = np.random.default_rng(seed).integers(0, levels, (height, width)) * (255 // (levels - 1))
    assert Decoder().read_still(noise.astype(np.uint8)) == ()


def test_large_pictures_are_shrunk():
    """The long edge never exceeds what reading profits from, however odd the shape."""
    assert fitted(np.zeros((3000, 4000), np.uint8)).shape == (960, MAX_EDGE)
    assert fitted(np.zeros((1, 9000), np.uint8)).shape == (1, MAX_EDGE)


def test_a_badge_on_a_large_photograph_is_read():
    """A photograph of many megapixels is shrunk and read."""
    large = cv2.resize(on_white(make_badge_image(BADGE)), (3000, 3000))
    assert texts_of(Decoder().read_still(large)) == (BADGE,)


@pytest.mark.parametrize("data", [b"", b"no picture", png_of(spoiled_code())[:40]])
def test_what_is_no_picture_is_said_to_be_none(data):
    """Empty, foreign and cut-off files have one error."""
    with pytest.raises(NotAPicture):
        gray_of(data)
