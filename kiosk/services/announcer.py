"""Calls in one line, for displays that show and speak them one at a time. Numbers are called, never names.

How a display in a browser keeps up, with `Announcer` behind it:

1. it hears on the stream `newest` that there is something new (and looks once when it starts, with `last_id` 0);
2. it asks `next(last_id)` for the one announcement to show now, None when there is nothing; `last_id` is the id it had last;
3. if that is `aloud` it plays `wav(id)` at `volume_percent`, and waits for its end; None means: only show it, for a few seconds;
4. it goes on with 2 until there is nothing.

So each display gets every announcement once, in order, also after a pause in its connection, without the door keeping a list
of displays. What is older than `stale_s` is left out: a display that is turned on later does not read out an hour of calls.
Ids grow over restarts too; a display that comes with an id from before is served as a new one if they should not.
"""

import logging
import threading
from collections import deque
from dataclasses import dataclass
from datetime import time, tzinfo
from enum import StrEnum

from drivers.errors import DeviceError
from drivers.speech import Voice
from kiosk.core.spoken import NumberReading, call_text, closing_text, minutes_left_text
from kiosk.services.broadcast import Broadcast
from sync.clock import Clock, Moment, SyncState

logger = logging.getLogger(__name__)

KEPT = 64
"""So many announcements are kept; of a longer line the oldest are left out."""

_NS = 1_000_000_000
_SPEAKING_S = 10.0
"""Seconds for a character at one word a minute, rather too short: espeak-ng takes 11 to 14."""


class Kind(StrEnum):
    """What is said, and which words a display shows with it."""

    CALL = "call"
    """`number` may go in to `where`."""
    COUNTER = "counter"
    """`number` may go to the counter `where`."""
    MINUTES_LEFT = "minutes_left"
    """`number` has `minutes` of its visit left; 0: it is over."""
    CLOSING = "closing"
    """`where`, or everything, closes in `minutes`; 0: now."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """One thing to show and to say. `text` is the sentence in words; `number` is as people hold it, such as `A 017`.

    `volume_percent` is for the player. 0: it is shown, and not spoken (quiet hours, or there is no voice).
    """

    id: int
    kind: Kind
    number: str | None
    where: str | None
    minutes: int | None
    language: str
    text: str
    volume_percent: int

    @property
    def aloud(self) -> bool:
        """Whether it is spoken."""
        return self.volume_percent > 0


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local times between which nothing is spoken, `start` included and `end` not. They may cross midnight."""

    start: time
    end: time

    def __post_init__(self) -> None:
        if self.start == self.end:
            raise ValueError("quiet hours that begin when they end are either none or all day")

    def holds(self, local: time) -> bool:
        """Whether it is quiet at this local time."""
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


@dataclass(frozen=True, slots=True)
class Manner:
    """How an office wants its calls: how numbers are read, how loud (0 to 100), at what speed, and when not at all."""

    reading: NumberReading = NumberReading.WORDS
    volume_percent: int = 80
    words_per_minute: int = 140
    quiet: QuietHours | None = None
    stale_s: float = 30.0


@dataclass(frozen=True, slots=True)
class _Turn:
    """An announcement's place in time: where only one is spoken at a time, from `due_ns` to `end_ns` (monotonic)."""

    announcement: Announcement
    what: tuple[object, ...]
    due_ns: int
    end_ns: int


class Announcer:
    """The line of announcements. Every method may be called from any thread; nothing here waits for a display.

    `voice` None: announcements are shown and not spoken. `zone` is the door's, for the quiet hours.
    """

    def __init__(self, clock: Clock, voice: Voice | None, zone: tzinfo, manner: Manner | None = None) -> None:
        self._clock, self._voice, self._zone = clock, voice, zone
        self._manner = manner or Manner()
        self._lock = threading.Lock()
        self._turns: deque[_Turn] = deque(maxlen=KEPT)
        self._newest_id = int(clock.now().wall.timestamp() * 1000)
        self._voice_lost = False
        self.newest: Broadcast[Announcement | None] = Broadcast(None)
        """Tells of each new announcement. The newest wins, so ask `next()` for all of them in order."""

    def call(self, number: str, where: str | None = None, *, language: str = "id", counter: bool = False) -> Announcement:
        """Call a number in to a room (None: the only one), or to a counter. Called again while it is still waiting or being
        spoken it is not doubled: the announcement that waits is given back.

        Raises:
            ValueError: no waiting number, or a language that is not spoken.
        """
        text = call_text(number, where, language, self._manner.reading, counter=counter)
        return self._announce(Kind.COUNTER if counter else Kind.CALL, number, where, None, language, text)

    def minutes_left(self, number: str, minutes: int, *, language: str = "id") -> Announcement:
        """Remind one visitor of the time; 0: the visit is over. Not doubled, and raises, as `call`."""
        text = minutes_left_text(number, minutes, language, self._manner.reading)
        return self._announce(Kind.MINUTES_LEFT, number, None, minutes, language, text)

    def closing(self, minutes: int, where: str | None = None, *, language: str = "id") -> Announcement:
        """Tell everybody that a room (None: the service) closes; 0: now. Not doubled, and raises, as `call`."""
        return self._announce(Kind.CLOSING, None, where, minutes, language, closing_text(minutes, where, language))

    def pending(self, last_id: int) -> tuple[Announcement, ...]:
        """What a display whose last was `last_id` has still to show, in order. Called twice meanwhile is once, at its newest."""
        with self._lock:
            now_ns = self._clock.now().mono_ns
            known = last_id if last_id <= self._newest_id else 0
            fresh = [turn for turn in self._turns if turn.announcement.id > known and not self._is_stale(turn, now_ns)]
        last_of = {turn.what: turn.announcement.id for turn in fresh}
        return tuple(turn.announcement for turn in fresh if last_of[turn.what] == turn.announcement.id)

    def next(self, last_id: int) -> Announcement | None:
        """The first of `pending`, or None."""
        return next(iter(self.pending(last_id)), None)

    def current(self) -> Announcement | None:
        """The one whose turn it is, or was last; None once that is stale. For a page that is drawn without having heard any."""
        with self._lock:
            now_ns = self._clock.now().mono_ns
            begun = [turn for turn in self._turns if turn.due_ns <= now_ns and not self._is_stale(turn, now_ns)]
        return begun[-1].announcement if begun else None

    def wav(self, announcement_id: int) -> bytes | None:
        """The sound of one of the last `KEPT` announcements, made when it is first asked for, quiet ones apart; blocks meanwhile.

        None when there is nothing to hear: an unknown id, quiet hours, no voice, or a voice that fails (said once in the log).
        """
        with self._lock:
            found = next((turn.announcement for turn in self._turns if turn.announcement.id == announcement_id), None)
        if found is None or self._voice is None or not found.aloud:
            return None
        try:
            wav = self._voice.say(found.text, found.language)
        except DeviceError as exc:
            self._say_once(exc)
            return None
        self._say_once(None)
        return wav

    def close(self) -> None:
        """No more news: whoever waits on `newest` is woken. Part of shutting down."""
        self.newest.close()

    def _announce(
        self, kind: Kind, number: str | None, where: str | None, minutes: int | None, language: str, text: str
    ) -> Announcement:
        what = (kind, number, where, minutes, language)
        with self._lock:
            moment = self._clock.now()
            waiting = next((turn for turn in self._turns if turn.what == what and moment.mono_ns < turn.end_ns), None)
            if waiting is not None:
                return waiting.announcement
            self._newest_id += 1
            new = Announcement(self._newest_id, kind, number, where, minutes, language, text, self._volume(moment))
            due_ns = max([moment.mono_ns, *(turn.end_ns for turn in self._turns)])
            end_ns = due_ns + int(len(text) * _SPEAKING_S / self._manner.words_per_minute * _NS)
            self._turns.append(_Turn(new, what, due_ns, end_ns))
            self.newest.publish(new)  # within the lock, so that the last published is the newest
        return new

    def _is_stale(self, turn: _Turn, now_ns: int) -> bool:
        """Counted from its turn: what waits behind nine others is not stale because of them."""
        return now_ns - turn.due_ns > self._manner.stale_s * _NS

    def _volume(self, moment: Moment) -> int:
        """A clock that was never set does not know when it is night: better a call too many than a hall that waits in vain."""
        quiet = self._manner.quiet
        knows_the_hour = moment.sync_state is not SyncState.NEVER
        is_quiet = quiet is not None and knows_the_hour and quiet.holds(moment.wall.astimezone(self._zone).time())
        return 0 if self._voice is None or is_quiet else self._manner.volume_percent

    def _say_once(self, trouble: DeviceError | None) -> None:
        with self._lock:
            changed, self._voice_lost = self._voice_lost != (trouble is not None), trouble is not None
        if changed and trouble is not None:
            logger.warning("the voice is lost, calls are only shown: %s", trouble)
        elif changed:
            logger.info("the voice is back")
