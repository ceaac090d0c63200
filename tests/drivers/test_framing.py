"""Bytes to frames: the same frames however the stream is cut, and a way back after every damage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.framing import FrameFormat, FrameParser, LineParser, counted, fixed, sum8
from drivers.thermometers.gy_mcu90614 import FORMAT

FRAME = bytes.fromhex("5A5A45040C780D19A7")
OTHER = bytes.fromhex("5A5A45040E4409E941")
BROKEN = bytes.fromhex("5A5A45040C780D19A8")
DATA = st.binary(max_size=11)


def framed(data: bytes) -> bytes:
    """A sound frame of the family around `data`."""
    head = b"\x5a\x5a\x45" + bytes([len(data)]) + data
    return head + bytes([sum(head) & 0xFF])


def cut(stream: bytes, step: int) -> list[bytes]:
    return [stream[at : at + step] for at in range(0, len(stream), step)]


def frames_of(parser: FrameParser | LineParser, pieces: list[bytes]) -> list[bytes]:
    return [frame for piece in pieces for frame in parser.feed(piece).frames]


STREAMS = {
    "one": (FRAME, [FRAME]),
    "three together": (FRAME + OTHER + FRAME, [FRAME, OTHER, FRAME]),
    "noise in front": (b"\x00\xff\x13" + FRAME, [FRAME]),
    "half a header in front": (b"\x5a" + FRAME, [FRAME]),
    "cut short": (FRAME[:5] + OTHER + FRAME, [OTHER, FRAME]),
    "bad checksum first": (BROKEN + FRAME, [FRAME]),
    "joined halfway": (FRAME[4:] + OTHER, [OTHER]),
    "a byte lost inside": (FRAME[:6] + FRAME[7:] + OTHER + FRAME, [OTHER, FRAME]),
    "length damaged": (b"\x5a\x5a\x45\xff" + FRAME[4:] + OTHER, [OTHER]),
    "ten bytes a frame": ((FRAME + b"\x01") * 2, [FRAME, FRAME]),
    "ten bytes, the last like a header": ((FRAME + b"\x5a") * 2 + OTHER, [FRAME, FRAME, OTHER]),
}


@pytest.mark.parametrize("step", [1, 2, 5, 1000])
@pytest.mark.parametrize(("stream", "expected"), STREAMS.values(), ids=STREAMS)
def test_streams(stream: bytes, expected: list[bytes], step: int) -> None:
    """The same bytes give the same frames, however they are cut up."""
    assert frames_of(FrameParser(FORMAT), cut(stream, step)) == expected


@given(datas=st.lists(DATA, max_size=8), cuts=st.lists(st.integers(1, 9), min_size=1))
def test_any_data_in_any_cuts_comes_back_whole(datas: list[bytes], cuts: list[int]) -> None:
    """Whatever the frames carry and however they are cut, all come back and nothing is called noise."""
    parser = FrameParser(FORMAT)
    rest = b"".join(framed(data) for data in datas)
    found: list[bytes] = []
    noise = 0
    while rest:
        piece, rest = rest[: cuts[0]], rest[cuts[0] :]
        cuts = [*cuts[1:], cuts[0]]
        parsed = parser.feed(piece)
        found += parsed.frames
        noise += parsed.noise_bytes
    assert (found, noise) == ([framed(data) for data in datas], 0)


@given(noise=st.binary(max_size=300), step=st.integers(1, 50))
def test_after_any_noise_the_next_frames_are_found(noise: bytes, step: int) -> None:
    """No noise stops the parser for longer than one frame's greatest size."""
    stream = noise + FRAME * 3
    assert frames_of(FrameParser(FORMAT), cut(stream, step))[-1] == FRAME


@given(stream=st.binary(max_size=400), step=st.integers(1, 50))
def test_no_byte_is_lost_from_the_count(stream: bytes, step: int) -> None:
    """Every byte is in a sound frame, noise, allowed filling, or held back; and little is held back."""
    parser = FrameParser(FORMAT)
    parsed = [parser.feed(piece) for piece in cut(stream, step)]
    framed_bytes = sum(len(frame) for each in parsed for frame in each.frames)
    frames = sum(len(each.frames) for each in parsed)
    rest = len(stream) - framed_bytes - sum(each.noise_bytes for each in parsed)
    assert 0 <= rest < FORMAT.most_bytes + frames * FORMAT.trailing_bytes


def test_a_flood_of_header_bytes_is_noise_at_once() -> None:
    """A flood that never becomes a frame is not hoarded."""
    parser = FrameParser(FORMAT)
    assert parser.feed(b"\x5a" * 4096).noise_bytes > 4096 - FORMAT.most_bytes
    assert parser.feed(FRAME).frames == (FRAME,)


@pytest.mark.parametrize("step", [1, 2, 1000])
@pytest.mark.parametrize(
    ("stream", "noise_bytes"),
    [(BROKEN + FRAME, len(BROKEN)), ((FRAME + b"\x01") * 3, 0), (FRAME + b"\x01\x02" + FRAME, 1), (FRAME + b"\x01\x02\x03", 2)],
)
def test_noise_is_counted_and_filling_is_not(stream: bytes, noise_bytes: int, step: int) -> None:
    """Damage is told from the one byte that some boards add after each frame."""
    parser = FrameParser(FORMAT)
    assert sum(parser.feed(piece).noise_bytes for piece in cut(stream, step)) == noise_bytes


def test_reset_forgets_a_beginning() -> None:
    """After a reset a rest that belongs to an older beginning completes nothing."""
    parser = FrameParser(FORMAT)
    parser.feed(FRAME[:6])
    assert parser.pending
    parser.reset()
    assert not parser.pending
    assert parser.feed(FRAME[6:]).frames == ()


OTHER_FAMILIES = {
    "gy-614v": (FrameFormat(b"\xa4", fixed(12), sum8(), 12), "A4030707 5F 0D54 0A5F 0E4A 36", 5, 34.12),
    "cjmcu-90614": (FrameFormat(b"\x66\x66", counted(at=3, extra_bytes=5), sum8(start=4), 9), "66660104 0A83 0A83 1A", 4, 26.91),
    "hm-32x32": (FrameFormat(b"\xa5", fixed(7), sum8(), 7, byteorder="little"), "A555 440E 10 0C 68", 2, 36.52),
}


@pytest.mark.parametrize(("frame_format", "hexed", "at", "value"), OTHER_FAMILIES.values(), ids=OTHER_FAMILIES)
def test_the_parser_covers_the_other_families(frame_format: FrameFormat, hexed: str, at: int, value: float) -> None:
    """Another family of frames is another set of parameters, not another parser."""
    frame = bytes.fromhex(hexed)
    parsed = FrameParser(frame_format).feed(b"\x00" + frame + frame)
    assert parsed.frames == (frame, frame)
    assert frame_format.number(frame, at) == value


LINES = st.lists(st.binary(min_size=1, max_size=20).filter(lambda line: not set(line) & {10, 13}), max_size=6)


@given(lines=LINES, end=st.sampled_from([b"\r", b"\n", b"\r\n"]), step=st.integers(1, 30))
def test_lines_come_back_whole(lines: list[bytes], end: bytes, step: int) -> None:
    """Lines come back without their ends, whichever end the device uses and however they are cut."""
    stream = b"".join(line + end for line in lines)
    assert frames_of(LineParser(most_bytes=20), cut(stream, step)) == lines


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_an_overlong_line_is_noise_as_a_whole(step: int) -> None:
    """A line without an end is dropped while it comes, and its tail is not taken for a line."""
    parser = LineParser(most_bytes=10)
    parsed = [parser.feed(piece) for piece in cut(b"x" * 25 + b"tail\nok\n", step)]
    assert [frame for each in parsed for frame in each.frames] == [b"ok"]
    assert sum(each.noise_bytes for each in parsed) == 29


def test_a_line_is_pending_until_its_end() -> None:
    """A line's beginning is held back, and known to be."""
    parser = LineParser(most_bytes=10)
    parser.feed(b"half")
    assert parser.pending
    assert parser.feed(b" way\r").frames == (b"half way",)
    assert not parser.pending
