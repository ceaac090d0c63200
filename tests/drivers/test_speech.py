"""The voice over the real espeak-ng, and over programs that go wrong in each way a program can."""

import subprocess
import threading
import wave
from array import array
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from math import sqrt
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import BadFrame, DeviceTimeout, DeviceUnavailable
from drivers.speech import KEPT_UTTERANCES, MAX_TEXT, EspeakVoice, Voice, as_said, check_voice, whole_wav

CALL = "Nomor antrean A, {}, silakan masuk ke Ruang Baca."


def frames(wav: bytes) -> array:
    """The samples of a WAV, which must be 16 bits and one channel."""
    with wave.open(BytesIO(wav)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        found = array("h", file.readframes(file.getnframes()))
        assert len(found) == file.getnframes()
        return found


def seconds(wav: bytes) -> float:
    with wave.open(BytesIO(wav)) as file:
        return file.getnframes() / file.getframerate()


def loudness(wav: bytes) -> float:
    """Root mean square, 0 to 1 of full scale."""
    samples = frames(wav)
    return sqrt(sum(sample * sample for sample in samples) / len(samples)) / 32768


def espeak(*options: str, text: str) -> bytes:
    """What the program itself writes, in Indonesian."""
    call = ["espeak-ng", "-v", "id", "--stdin", *options]
    surroundings = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PULSE_SERVER": "unix:/dev/null"}
    return subprocess.run(call, input=text.encode(), capture_output=True, check=True, timeout=10, env=surroundings).stdout


def program(folder: Path, script: str) -> str:
    """A program that stands where espeak-ng should be."""
    path = folder / "espeak-ng"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def counting(folder: Path) -> tuple[str, Path]:
    """A program that says the same to all, and a file that grows by a line each time it is run."""
    runs, sound = folder / "runs", folder / "sound"
    runs.touch()
    sound.write_bytes(EspeakVoice().say("satu", "id"))
    return program(folder, f'echo run >> "{runs}"; exec cat "{sound}"'), runs


def count(runs: Path) -> int:
    return len(runs.read_text().splitlines())


def test_a_call_is_heard():
    """A call is a valid WAV of a few seconds that is clearly not silence, in either language."""
    voice: Voice = EspeakVoice()
    for text, language in ((CALL.format("tujuh belas"), "id"), ("Queue number A, seventeen, please go in.", "en")):
        wav = voice.say(text, language)
        assert 2 < seconds(wav) < 8
        assert loudness(wav) > 0.03
        assert max(abs(sample) for sample in frames(wav)) < 32767  # nothing is cut off at full scale


def test_numbers_sound_different():
    """Two numbers are two sounds, and one number is always the same."""
    voice, again = EspeakVoice(), EspeakVoice()
    told = [voice.say(CALL.format(number), "id") for number in ("tujuh belas", "delapan belas", "tujuh puluh")]
    assert len(set(told)) == 3
    assert again.say(CALL.format("tujuh belas"), "id") == told[0]


def test_speed_pitch_and_volume():
    """Slower takes longer, softer is softer, higher is another sound of about the same length."""
    text = CALL.format("tujuh belas")
    usual = EspeakVoice().say(text, "id")
    assert seconds(EspeakVoice(words_per_minute=90).say(text, "id")) > 1.2 * seconds(usual)
    assert loudness(EspeakVoice(volume_percent=30).say(text, "id")) < 0.6 * loudness(usual)
    assert EspeakVoice(pitch=80).say(text, "id") != usual


def test_nothing_is_left_behind(tmp_path):
    """Speaking asks no sound server, and leaves no folder in anybody's home for one."""
    home = tmp_path / "home"
    path = program(tmp_path, f'export HOME="{home}"; mkdir "$HOME"; exec espeak-ng "$@"')
    assert loudness(EspeakVoice(program=path).say("satu", "id")) > 0.01
    assert list(home.rglob("*")) == []


def test_what_was_said_lately_is_not_made_again(tmp_path):
    """The last texts cost nothing; the one that was not asked for longest is made anew."""
    path, runs = counting(tmp_path)
    voice = EspeakVoice(program=path)
    first = voice.say("0", "id")
    for number in range(1, KEPT_UTTERANCES):
        voice.say(str(number), "id")
    assert (voice.say("0", "id"), count(runs)) == (first, KEPT_UTTERANCES)
    voice.say("another", "id")  # in the place of "1"
    voice.say("0", "id")
    assert count(runs) == KEPT_UTTERANCES + 1
    voice.say("1", "id")
    assert count(runs) == KEPT_UTTERANCES + 2
    voice.say("0", "en")
    assert count(runs) == KEPT_UTTERANCES + 3


def test_many_displays_at_once_are_one_run(tmp_path):
    """Displays that ask for the same call in the same moment get the same sound, made once."""
    path, runs = counting(tmp_path)
    voice, together = EspeakVoice(program=path), threading.Barrier(6)

    def ask() -> bytes:
        together.wait(5)
        return voice.say(CALL.format("tujuh belas"), "id")

    with ThreadPoolExecutor(6) as pool:
        told = [asked.result(10) for asked in [pool.submit(ask) for _ in range(6)]]
    assert (len(set(told)), count(runs)) == (1, 1)


@pytest.mark.parametrize(
    "text", ["A\x00B", "$(touch x); `id` | cat", "-f /etc/passwd", "'\"\\", "<b>dua</b>", "\udc80", "[[", "é 日本"]
)
def test_any_text_is_only_text(tmp_path, text):
    """Nothing in a text is a command, an option, or a mistake: a word in front of it is still heard."""
    assert loudness(EspeakVoice().say(f"satu {text}", "id")) > 0.01


@given(st.lists(st.sampled_from(["[", "]", "[[", "]]", " ", "belas", "Enam", "b@l'as"]), max_size=12).map("".join))
def test_only_ours_is_spelled_out(text):
    """Brackets in a text never reach the program, which would take what they hold for phonemes; ours are whole."""
    assert "[" not in as_said(text, "en")
    said = as_said(text, "id")
    assert said.count("[") == said.count("]") == 2 * said.count("[[")


def test_indonesian_words_are_said_as_in_indonesia():
    """The e of belas, empat, enam and menit is the one of sepuluh; a word that only holds them stays as it is."""
    said = as_said("Enam belas atau empat ratus sebelas, loket menit semenit Belasan", "id")
    phonemes = " ".join(espeak("-q", "-x", "-b", "1", text=said).decode().split())
    assert phonemes.startswith("@n'am b@l'as ")
    assert " @mp'at R2'atus s@b@l'as l'okEt m@n'it " in phonemes
    assert said.endswith(" semenit Belasan")
    assert as_said("belas", "en") == "belas"


@pytest.mark.parametrize(
    ("text", "language"), [("satu", "jv"), ("satu", ""), ("", "id"), (" \n", "id"), ("a" * (MAX_TEXT + 1), "id")]
)
def test_what_cannot_be_asked(text, language):
    """No voice for a language, nothing to say, or far too much: the caller's mistake, and no device's."""
    with pytest.raises(ValueError, match=r"there is no voice for|a text of 1 to 500 characters can be said"):
        EspeakVoice().say(text, language)


@pytest.mark.parametrize(
    ("script", "error", "message"),
    [
        ("exit 0", BadFrame, "gave 0 bytes that are no 16-bit mono WAV; run: apt-get install espeak-ng"),
        ("echo hello", BadFrame, "gave 6 bytes that are no 16-bit mono WAV"),
        ("head -c 4000 /dev/zero", BadFrame, "gave 4000 bytes that are no 16-bit mono WAV"),
        ("exec espeak-ng -a 0 --stdin --stdout", BadFrame, "gave silence"),
        ("exec espeak-ng -v zz --stdin --stdout", BadFrame, r"failed \(Error: The specified espeak-ng voice does not exist"),
        ("exit 7", BadFrame, r"failed \(exit code 7\); run: apt-get install espeak-ng"),
        ("kill -9 $$", BadFrame, r"failed \(exit code -9\)"),
        ("exec sleep 30", DeviceTimeout, "not done after 0.3 s"),
    ],
)
def test_a_program_that_goes_wrong(tmp_path, script, error, message):
    """Each way a program can fail is one kind of error, with a sentence that says what to do."""
    with pytest.raises(error, match=message) as told:
        EspeakVoice(program=program(tmp_path, script), timeout_s=0.3 if error is DeviceTimeout else 5).say("satu", "id")
    assert "\n" not in str(told.value)


def test_a_program_that_is_not_there(tmp_path):
    """Not installed, and not allowed to run, are told apart."""
    with pytest.raises(DeviceUnavailable, match="is not installed; run: apt-get install espeak-ng"):
        EspeakVoice(program=str(tmp_path / "none")).say("satu", "id")
    with pytest.raises(DeviceUnavailable, match="cannot be run: Permission denied"):
        EspeakVoice(program=str(tmp_path)).say("satu", "id")


def test_a_program_that_hangs_holds_nobody_for_long(tmp_path):
    """While one text hangs, another caller is told so in its own time; and once the program is well, the voice speaks."""
    path = Path(
        program(tmp_path, 'read -r word; [ "$word" = hang ] && exec sleep 30; echo "$word" | exec espeak-ng --stdin --stdout')
    )
    voice = EspeakVoice(program=str(path), timeout_s=0.4)
    begun = monotonic()
    with ThreadPoolExecutor(8) as pool:
        for asked in [pool.submit(voice.say, "hang\n", "id") for _ in range(8)]:
            assert isinstance(asked.exception(5), DeviceTimeout)
    assert monotonic() - begun < 6 * 0.4  # one after the other they would take 8 * 0.4
    assert loudness(voice.say("satu\n", "id")) > 0.01


def test_a_failure_is_not_kept(tmp_path):
    """A text that failed is tried anew: installing the program is enough."""
    path = tmp_path / "espeak-ng"
    voice = EspeakVoice(program=str(path))
    with pytest.raises(DeviceUnavailable):
        voice.say("satu", "id")
    program(tmp_path, 'exec espeak-ng "$@"')
    assert loudness(voice.say("satu", "id")) > 0.01


@given(st.binary(max_size=200))
def test_any_bytes_are_a_wav_or_damaged(stream):
    """Whatever a program writes, it is a whole WAV or BadFrame."""
    with pytest.raises(BadFrame):
        whole_wav(stream)


def test_a_stream_cut_anywhere():
    """A stream that was cut short is what came of it: within the header damaged, then a whole file without half a sample."""
    stream = espeak("--stdout", text="satu")
    for length in range(44):
        with pytest.raises(BadFrame):
            whole_wav(stream[:length])
    with pytest.raises(BadFrame):
        whole_wav(stream[:24] + bytes(4) + stream[28:])  # no samples in a second
    for length in (10_000, 10_001, len(stream)):
        assert frames(whole_wav(stream[:length])).tobytes() == stream[44 : length - length % 2]


def test_the_check_says_what_is_missing(tmp_path):
    """What the doctor tells: that the voice speaks, or what is wrong with it and how to hear it."""
    well = check_voice(EspeakVoice())
    assert (well.found.startswith("the Indonesian voice speaks"), well.do) == (True, "")
    ill = check_voice(EspeakVoice(program=str(tmp_path / "none")))
    assert "is not installed; run: apt-get install espeak-ng" in ill.found
    assert ill.do.startswith("try by hand: espeak-ng -v id satu")
