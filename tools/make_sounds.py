"""Makes the sounds of a door: accepted, attention, full, and the chime before a call. The committed files are exactly these.

Each is a few soft bell tones: a rising pair, a falling pair, three level ones, three rising ones; told apart by ear alone.
"""

import array
import io
import math
import sys
import wave
from pathlib import Path

RATE = 11025
PEAK = 0.5
SOUNDS = {
    "accepted": ((659.3, 0.12), (987.8, 0.36)),
    "attention": ((622.3, 0.24), (466.2, 0.46)),
    "full": ((440.0, 0.2), (440.0, 0.2), (440.0, 0.34)),
    "chime": ((523.3, 0.16), (659.3, 0.16), (784.0, 0.42)),
}
FOLDER = Path(__file__).resolve().parent.parent / "templates" / "static" / "sounds"


def tone(frequency_hz: float, seconds: float) -> list[float]:
    """A bell of that pitch: two overtones, a soft start, and an end at silence, so that nothing clicks."""
    count = int(seconds * RATE)
    samples = []
    for index in range(count):
        at_s = index / RATE
        envelope = min(1.0, at_s / 0.008) * math.exp(-4.0 * at_s / seconds) * min(1.0, (count - index) / (0.02 * RATE))
        partials = ((1, 0.7), (2, 0.2), (3, 0.1))
        samples.append(envelope * sum(share * math.sin(2 * math.pi * frequency_hz * n * at_s) for n, share in partials))
    return samples


def wav(tones: tuple[tuple[float, float], ...]) -> bytes:
    """The tones one after the other, as a mono 16-bit WAV file."""
    samples = array.array("h", (round(value * PEAK * 32767) for pitch in tones for value in tone(*pitch)))
    if sys.byteorder == "big":
        samples.byteswap()
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return target.getvalue()


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, tones in SOUNDS.items():
        (FOLDER / f"{name}.wav").write_bytes(wav(tones))
