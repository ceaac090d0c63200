"""The line of calls, as displays see it: each once, in order, one at a time, and nothing that is long over."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import DeviceError, DeviceTimeout, DeviceUnavailable
from drivers.speech import EspeakVoice, Voice
from kiosk.core.spoken import NumberReading
from kiosk.services.announcer import KEPT, Announcement, Announcer, Kind, Manner, QuietHours
from sync.clock import ManualClock, SyncState

ZONE = ZoneInfo("Asia/Jakarta")
NIGHT = QuietHours(time(21), time(6))


class Reader:
    """A voice that gives the text itself, or the trouble that is set."""

    def __init__(self) -> None:
        self.trouble: DeviceError | None = None

    def say(self, text: str, language: str) -> bytes:
        if self.trouble is not None:
            raise self.trouble
        return f"{language}: {text}".encode()


def announcer(clock: ManualClock, voice: Voice | None = None, **manner) -> Announcer:
    return Announcer(clock, voice or Reader(), ZONE, Manner(**manner))


class Display:
    """What a browser does: take what is next, remember its id, take the next."""

    def __init__(self, line: Announcer, last_id: int = 0) -> None:
        self.line, self.last_id = line, last_id

    def take(self) -> str | None:
        """The number that is now shown."""
        found = self.line.next(self.last_id)
        if found is None:
            return None
        self.last_id = found.id
        return found.number

    def all(self) -> list[str | None]:
        taken = []
        while self.line.next(self.last_id):
            taken.append(self.take())
        return taken


@pytest.fixture
def clock() -> ManualClock:
    """Ten in the morning at the door."""
    return ManualClock(datetime(2020, 6, 10, 3, 0, tzinfo=UTC))


def test_each_display_takes_each_call_once_in_order(clock):
    """Two displays, one of them away for a moment: both get all of them, in order, and none again."""
    line = announcer(clock)
    hall, stairs = Display(line), Display(line)
    assert hall.take() is None
    line.call("A 001", "Ruang Baca")
    assert (hall.take(), hall.take()) == ("A 001", None)
    line.call("A 002", "Ruang Baca")
    line.call("B 001", "Ruang Arsip")
    assert hall.all() == ["A 002", "B 001"]
    assert stairs.all() == ["A 001", "A 002", "B 001"]
    assert (hall.all(), stairs.all()) == ([], [])


def test_what_is_announced(clock):
    """Everything a display needs to show and to say it, with the words of its kind."""
    line = announcer(clock, volume_percent=60)
    call = line.call("A 017", "Ruang Baca")
    assert (call.kind, call.number, call.where, call.minutes, call.language) == (Kind.CALL, "A 017", "Ruang Baca", None, "id")
    assert call.text == "Nomor antrean A, tujuh belas, silakan masuk ke Ruang Baca."
    assert (call.volume_percent, call.aloud) == (60, True)
    counter = line.call("A 017", "counter 2", language="en", counter=True)
    assert (counter.kind, counter.text) == (Kind.COUNTER, "Queue number A, seventeen, please go to counter two.")
    left = line.minutes_left("A 017", 10)
    assert (left.kind, left.minutes, "tersisa sepuluh menit" in left.text) == (Kind.MINUTES_LEFT, 10, True)
    closing = line.closing(15)
    assert (closing.kind, closing.number, closing.text[:17]) == (Kind.CLOSING, None, "Lima belas menit ")
    digits = announcer(clock, reading=NumberReading.DIGITS).call("A 017")
    assert digits.text == "Nomor antrean A, nol satu tujuh, silakan masuk."


def test_a_call_again_is_not_doubled_while_it_waits(clock):
    """Pressed again before it was spoken, the call keeps its place; afterwards it is called again."""
    line = announcer(clock)
    first, second = line.call("A 001"), line.call("A 002")
    assert line.call("A 002") == second
    clock.advance(2)
    assert (line.call("A 001"), line.call("A 002")) == (first, second)
    clock.advance(2)  # the first has been spoken, the second is being spoken
    assert line.call("A 002") == second
    again = line.call("A 001")
    assert again.id > second.id
    clock.advance(20)
    assert Display(line, last_id=second.id).all() == ["A 001"]


def test_only_the_same_call_is_the_same(clock):
    """Another room, another number, another language or another kind is news."""
    line = announcer(clock)
    told = [line.call("A 001"), line.call("A 001", "Arsip"), line.call("A 001", language="en"), line.call("A 001", counter=True)]
    told += [line.minutes_left("A 001", 5), line.minutes_left("A 001", 1), line.closing(5), line.closing(5, "Arsip")]
    assert [one.id for one in line.pending(0)] == [one.id for one in told]
    assert len({one.id for one in told}) == len(told)


def test_a_slow_display_says_a_repeated_call_once(clock):
    """A display that has not come to a call yet when it is called again takes the newer one only."""
    line = announcer(clock)
    slow = Display(line)
    line.call("A 001")
    line.call("A 002")
    clock.advance(12)
    line.call("A 001")
    assert slow.all() == ["A 002", "A 001"]


def test_a_display_that_is_turned_on_later_does_not_read_out_an_hour(clock):
    """What is older than half a minute is left out, by a new display and by one that was away."""
    line = announcer(clock)
    away = Display(line)
    for number in range(1, 61):
        line.call(f"A {number:03}")
        clock.advance(60)
    assert Display(line).all() == away.all() == []
    line.call("A 061")
    clock.advance(30)
    assert (Display(line).all(), away.all()) == (["A 061"], ["A 061"])
    clock.advance(0.001)
    assert (Display(line).all(), line.current()) == ([], None)


def test_a_long_line_is_not_stale_because_it_is_long(clock):
    """Ten numbers called at once take a minute: a display that speaks as fast as one can says all of them."""
    line = announcer(clock)
    hall, spoken = Display(line), []
    for number in range(1, 11):
        line.call(f"A {number:03}", "Ruang Baca")
    while number := hall.take():
        spoken.append(number)
        clock.advance(6.5)
    assert spoken == [f"A {number:03}" for number in range(1, 11)]


def test_the_line_is_bounded(clock):
    """Of a line that grows without end the oldest are left out."""
    line = announcer(clock)
    for number in range(KEPT + 5):
        line.call(f"A {number:03}")
    assert Display(line).all() == [f"A {number:03}" for number in range(5, KEPT + 5)]


def test_current_is_the_one_being_spoken(clock):
    """A page that is drawn in the middle shows whose turn it is, not the last in the line."""
    line = announcer(clock)
    assert line.current() is None
    first, second = line.call("A 001"), line.call("A 002")
    assert line.current() == first
    clock.advance(5)
    assert line.current() == second
    clock.advance(10)
    assert line.current() == second


def test_displays_are_told_at_once(clock):
    """A display that waits on the stream is woken by a call, and not by one that was not doubled."""
    line, ready = announcer(clock), threading.Event()

    def wait() -> Announcement | None:
        with line.newest.subscribe() as ear:
            ear.next(0)
            ready.set()
            heard = ear.next(5)
            line.call("A 001")
            assert ear.next(0.05) is None
            return heard

    with ThreadPoolExecutor(1) as pool:
        heard = pool.submit(wait)
        ready.wait(5)
        call = line.call("A 001")
        assert heard.result(5) == call


def test_closing_wakes_everybody(clock):
    """At the end no display keeps a thread."""
    line = announcer(clock)
    with line.newest.subscribe() as ear, ThreadPoolExecutor(1) as pool:
        ear.next(0)
        waiting = pool.submit(ear.next, 30)
        line.close()
        assert waiting.result(5) is None


def test_calls_from_many_threads_are_one_line(clock):
    """Desks that call at once: every call has an id of its own, and every display the same order."""
    line = announcer(clock)
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda number: line.call(f"A {number:03}"), [number // 8 for number in range(240)]))
    assert len({one.id for one in told}) == 30
    ids = [one.id for one in line.pending(0)]
    assert ids == sorted({one.id for one in told})
    newest = line.newest.current()
    assert newest is not None
    assert newest.id == ids[-1]


def test_a_restart_goes_on(clock):
    """After a restart a display that kept its last id gets the next call; also when the clock was set back meanwhile."""
    before = announcer(clock)
    hall = Display(before)
    before.call("A 001")
    hall.all()
    for seconds in (5, -86_400):
        clock.jump(seconds)
        hall.line = announcer(clock)
        assert hall.all() == []
        hall.line.call("A 002")
        assert hall.all() == ["A 002"]
        assert hall.all() == []


@pytest.mark.parametrize(
    ("quiet", "hours"),
    [
        (NIGHT, {21, 22, 23, 0, 1, 2, 3, 4, 5}),
        (QuietHours(time(12), time(13)), {12}),
        (QuietHours(time(0), time(6)), {0, 1, 2, 3, 4, 5}),
        (QuietHours(time(18), time(0)), {18, 19, 20, 21, 22, 23}),
    ],
)
def test_quiet_hours(quiet, hours):
    """In them, by the door's own time and over midnight too, calls are shown and not spoken."""
    for hour in range(24):
        clock = ManualClock(datetime(2020, 6, 10, hour, tzinfo=ZONE).astimezone(UTC))
        line = announcer(clock, quiet=quiet)
        call = line.call("A 001")
        assert call.aloud is (hour not in hours)
        assert (line.wav(call.id) is None) is (hour in hours)
        assert line.next(0) == call


@given(st.times(), st.times(), st.times())
def test_quiet_or_not(start, end, now):
    """Exactly one of a span and the rest of the day holds any time; a span without length is refused."""
    if start == end:
        with pytest.raises(ValueError, match="none or all day"):
            QuietHours(start, end)
    else:
        assert QuietHours(start, end).holds(now) is not QuietHours(end, start).holds(now)


@pytest.mark.parametrize(("state", "aloud"), [(SyncState.SYNCED, False), (SyncState.UNSYNCED, False), (SyncState.NEVER, True)])
def test_a_clock_that_was_never_set_keeps_nobody_quiet(state, aloud):
    """At an hour that nobody knows, calls are spoken."""
    clock = ManualClock(datetime(2020, 6, 10, 16, tzinfo=UTC), sync_state=state)
    assert announcer(clock, quiet=NIGHT).call("A 001").aloud is aloud


def test_without_a_voice_calls_are_shown(clock):
    """No voice, or no loudness: the call is there, and there is nothing to hear."""
    for line in (Announcer(clock, None, ZONE), announcer(clock, volume_percent=0)):
        call = line.call("A 001")
        assert (call.aloud, line.next(0), line.wav(call.id)) == (False, call, None)


def test_the_sound_of_a_call(clock):
    """By its id, also a little after it is stale; nothing for an id that nobody announced, or that is long over."""
    line = announcer(clock)
    call = line.call("A 017", language="en")
    assert line.wav(call.id) == b"en: Queue number A, seventeen, please go in."
    clock.advance(40)
    assert line.wav(call.id) is not None
    assert (line.wav(call.id + 1), line.wav(0), line.wav(-1)) == (None, None, None)
    for number in range(KEPT):
        line.call(f"B {number}")
    assert line.wav(call.id) is None


def test_a_lost_voice_is_said_once_and_its_return_once(clock, caplog):
    """Calls go on being shown; the log has one line for the outage and one for its end, and no number."""
    voice = Reader()
    line = announcer(clock, voice)
    with caplog.at_level(logging.INFO):
        call = line.call("A 017")
        for trouble in (None, DeviceUnavailable("gone"), DeviceTimeout("slow"), DeviceUnavailable("gone"), None, None):
            voice.trouble = trouble
            assert (line.wav(call.id) is None) is (trouble is not None)
    assert caplog.messages == ["the voice is lost, calls are only shown: gone", "the voice is back"]
    assert line.next(0) == call


@pytest.mark.parametrize("number", ["Siti Aminah", "", "017 A"])
def test_only_numbers_are_called(clock, number):
    """A name cannot be announced."""
    line = announcer(clock)
    for say in (line.call, lambda number: line.minutes_left(number, 5)):
        with pytest.raises(ValueError, match="no waiting number"):
            say(number)
    assert line.pending(0) == ()


@pytest.mark.parametrize("words_per_minute", [100, 140, 200])
@pytest.mark.parametrize(
    "announce",
    [
        lambda line: line.call("A 017", "Ruang Baca"),
        lambda line: line.call("B 999", language="en"),
        lambda line: line.minutes_left("C 020", 10),
        lambda line: line.closing(15),
    ],
    ids=["call", "english", "minutes", "closing"],
)
def test_the_line_keeps_time_with_the_voice(clock, words_per_minute, announce):
    """Called again while espeak-ng is in the middle of it, it is not doubled; once it has been heard, it is called again."""
    line = announcer(clock, EspeakVoice(words_per_minute=words_per_minute), words_per_minute=words_per_minute)
    told = announce(line)
    wav = line.wav(told.id)
    assert wav is not None
    spoken_s = (len(wav) - 44) / 44100
    clock.advance(spoken_s * 0.6)
    assert announce(line) == told
    clock.advance(spoken_s * 0.4)
    assert announce(line).id > told.id
