import io
import runpy
import wave
from pathlib import Path

import pytest

from kiosk.core.values import Sound
from kiosk.web.paths import templates_folder

MADE = runpy.run_path(str(Path(__file__).parents[3] / "tools" / "make_sounds.py"))
FOLDER = templates_folder() / "static" / "sounds"


@pytest.mark.parametrize("sound", Sound)
def test_every_sound_is_what_the_tool_makes(sound: Sound):
    """The committed sounds are our own: the script makes them again, near enough to the last bit, at most a second long."""
    committed = (FOLDER / f"{sound}.wav").read_bytes()
    with wave.open(io.BytesIO(committed)) as ours, wave.open(io.BytesIO(MADE["wav"](MADE["SOUNDS"][sound]))) as made:
        assert ours.getparams() == made.getparams()
        assert ours.getnframes() / ours.getframerate() <= 1
        assert ours.readframes(1 << 20) == made.readframes(1 << 20)


def test_sounds_are_small():
    """All sounds together stay under 60 KB."""
    assert sum(path.stat().st_size for path in FOLDER.glob("*.wav")) < 60_000
