"""Text in, speech out: a port for voices, and the one over espeak-ng, which needs no network."""

import re
import subprocess
import threading
from array import array
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Protocol
from wave import open as open_wave

from drivers.errors import BadFrame, DeviceError, DeviceTimeout, DeviceUnavailable

PROGRAM = "espeak-ng"
VOICES = {"id": "id", "en": "en"}
"""The program's voice for each language."""

MAX_TEXT = 500
"""Longer texts, in characters, are no announcement."""

KEPT_UTTERANCES = 64
_PROBE = "satu"
_HEADER_BYTES = 44
_ADVICE = "run: apt-get install espeak-ng"

# It looks for a sound server even when it only writes a file, and leaves folders in the home folder and in /tmp for it.
_SURROUNDINGS = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LC_ALL": "C.UTF-8",
    "HOME": "/nonexistent",
    "PULSE_SERVER": "unix:/dev/null",
}

# espeak-ng's Indonesian has one rule for the letter e, and these common words have the other.
_SAID = {
    "belas": "b@l'as",
    "empat": "@mp'at",
    "enam": "@n'am",
    "loket": "l'okEt",
    "menit": "m@n'it",
    "sebelas": "s@b@l'as",
}
_WORD = re.compile(rf"\b({'|'.join(_SAID)})\b", re.IGNORECASE)


class Voice(Protocol):
    """Something that speaks."""

    def say(self, text: str, language: str) -> bytes:
        """`text` as a whole WAV file: 16 bits, one channel, never silent. Safe from several threads.

        Raises:
            ValueError: a language that it has no voice for, or a text that is empty or longer than `MAX_TEXT`.
            DeviceUnavailable: what speaks is not installed. DeviceTimeout: it does not come to an end.
            BadFrame: what it gave is no speech. After each of them the next call tries anew.
        """


class EspeakVoice:
    """espeak-ng as a `Voice`, one program run for each new text; the last `KEPT_UTTERANCES` are kept and cost nothing.

    `words_per_minute` 80 to 450, `pitch` 0 to 99, `volume_percent` 0 to 100 of full loudness: what is quieter is better done
    where it is played. `program` is a name in the system's folders, or a path.
    """

    def __init__(
        self,
        *,
        words_per_minute: int = 140,
        pitch: int = 50,
        volume_percent: int = 100,
        timeout_s: float = 5.0,
        program: str = PROGRAM,
    ) -> None:
        self._manner = ("-s", str(words_per_minute), "-p", str(pitch), "-a", str(volume_percent))
        self._program, self._timeout_s = program, timeout_s
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._speaking = threading.Lock()

    def say(self, text: str, language: str) -> bytes:
        if language not in VOICES:
            raise ValueError(f"there is no voice for {language!r}; there is one for {' and '.join(VOICES)}")
        if not text.strip() or len(text) > MAX_TEXT:
            raise ValueError(f"a text of 1 to {MAX_TEXT} characters can be said, not one of {len(text.strip())}")
        # One run at a time: a hall of displays asks for the same call at once, and the door has better use for its cores.
        if not self._speaking.acquire(timeout=self._timeout_s):
            raise DeviceTimeout(f"{self._program}: still busy with another text after {self._timeout_s:g} s")
        try:
            return self._kept_or_new(text, language)
        finally:
            self._speaking.release()

    def _kept_or_new(self, text: str, language: str) -> bytes:
        key = (text, language)
        if key not in self._kept:
            self._kept[key] = self._spoken(text, language)
        self._kept.move_to_end(key)
        if len(self._kept) > KEPT_UTTERANCES:
            self._kept.popitem(last=False)
        return self._kept[key]

    def _spoken(self, text: str, language: str) -> bytes:
        arguments = [self._program, "-v", VOICES[language], *self._manner, "-b", "1", "--stdin", "--stdout"]
        with program_errors(self._program, self._timeout_s):
            done = subprocess.run(
                arguments,
                input=as_said(text, language).encode(errors="replace"),
                capture_output=True,
                timeout=self._timeout_s,
                check=True,
                env=_SURROUNDINGS,
            )
        return whole_wav(done.stdout, self._program)


@contextmanager
def program_errors(program: str, timeout_s: float) -> Iterator[None]:
    """Raise what can happen with the program as one of ours; the message says what to do."""
    try:
        yield
    except FileNotFoundError as exc:
        raise DeviceUnavailable(f"{program} is not installed; {_ADVICE}") from exc
    except OSError as exc:
        raise DeviceUnavailable(f"{program} cannot be run: {exc.strerror}; see its permissions") from exc
    except subprocess.TimeoutExpired as exc:
        raise DeviceTimeout(f"{program}: not done after {timeout_s:g} s; the machine may be too busy") from exc
    except subprocess.CalledProcessError as exc:
        said = exc.stderr.decode(errors="replace").strip().splitlines()
        raise BadFrame(f"{program} failed ({said[-1] if said else f'exit code {exc.returncode}'}); {_ADVICE}") from exc


def as_said(text: str, language: str) -> str:
    """`text` as espeak-ng gets it: nothing in it is taken as a command, and words it would say wrongly are spelled out."""
    plain = text.replace("[", " ").replace("]", " ")
    return _WORD.sub(lambda found: f"[[{_SAID[found[0].lower()]}]]", plain) if language == "id" else plain


def whole_wav(stream: bytes, program: str = PROGRAM) -> bytes:
    """A WAV file with its true length, from one that was written to a pipe and could not know it.

    Raises:
        BadFrame: it is not 16-bit mono PCM, or holds nothing but silence.
    """
    rate_hz = int.from_bytes(stream[24:28], "little")
    plain = stream[:4] + stream[8:24] + stream[34:40]
    if len(stream) < _HEADER_BYTES or plain != b"RIFFWAVEfmt \x10\0\0\0\x01\0\x01\0\x10\0data" or not rate_hz:
        raise BadFrame(f"{program} gave {len(stream)} bytes that are no 16-bit mono WAV; {_ADVICE}")
    frames = stream[_HEADER_BYTES : len(stream) - len(stream) % 2]
    if not any(array("h", frames)):
        raise BadFrame(f"{program} gave silence; see whether its volume is 0")
    file = BytesIO()
    with open_wave(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(rate_hz)
        wav.writeframes(frames)
    return file.getvalue()


@dataclass(frozen=True, slots=True)
class VoiceCheck:
    """What a try found, and what to do about it: empty when the voice speaks."""

    found: str
    do: str = ""


def check_voice(voice: Voice) -> VoiceCheck:
    """Let the voice say one word, unheard, and tell what came of it. For `gapura doctor`; raises nothing."""
    try:
        wav = voice.say(_PROBE, "id")
    except DeviceError as exc:
        return VoiceCheck(str(exc), f"try by hand: {PROGRAM} -v id {_PROBE}; until it speaks, calls are shown and not spoken")
    return VoiceCheck(f"the Indonesian voice speaks ({len(wav) // 1024} KiB for one word)")
