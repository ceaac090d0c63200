"""One call of `advance` while it runs: the state so far and the effects so far."""

from dataclasses import replace
from typing import Any

from kiosk.core import thermometry
from kiosk.core.effects import JSON, Append, Effect, Play
from kiosk.core.policy import Policy
from kiosk.core.state import AtSensor, Go, Hold, Lane
from kiosk.core.values import Notice, Person, Screen, ScreenKind, Sound, Tap
from sync.protocol.events import Kind

SOUNDS = {
    ScreenKind.ADMITTED: Sound.ACCEPTED,
    ScreenKind.REPEATED: Sound.ACCEPTED,
    ScreenKind.HELD: Sound.ATTENTION,
    ScreenKind.UNKNOWN_BADGE: Sound.ATTENTION,
    ScreenKind.REFUSED_BADGE: Sound.ATTENTION,
    ScreenKind.UNREADABLE_CODE: Sound.ATTENTION,
}


class Turn:
    """Gathers what one input leads to. Lives for one `advance` only; `lane` is replaced, never changed."""

    def __init__(self, lane: Lane, policy: Policy) -> None:
        self.lane, self.policy = lane, policy
        self.effects: list[Effect] = []

    @property
    def now_ms(self) -> int:
        """The time of this turn."""
        return self.lane.now_ms

    def change(self, **fields: Any) -> None:
        """Replace fields of the lane."""
        self.lane = replace(self.lane, **fields)

    def append(self, kind: Kind, **payload: JSON) -> None:
        """Journal a record that gets its id from the lane."""
        self.effects.append(Append(kind, payload))

    def note(self, kind: ScreenKind, person: Person | None, tap: Tap | None) -> None:
        """Say something small beside the screen."""
        self.change(notice=Notice(person, tap, kind), notice_until_ms=self.now_ms + self.policy.notice_ms)

    def show(self, screen: Screen) -> None:
        """Show a result, or only note it: the go on the screen is never overwritten, and the line never waits for a second."""
        sound = SOUNDS[screen.kind]
        if self.lane.at_sensor is not None or (self.lane.result is not None and self.lane.line):
            self.note(screen.kind, screen.person, screen.tap)
            if sound is Sound.ACCEPTED:
                return  # whoever is being measured would take it for theirs
        else:
            self.change(result=screen, result_until_ms=self.now_ms + self.policy.result_ms)
        self.effects.append(Play(sound))

    def mark(self, key: str, *, waiting: bool, answered: bool) -> None:
        """Remember how far the go of a recent tap is."""
        recent = self.lane.recents.get(key)
        if recent is not None:
            self.change(recents={**self.lane.recents, key: replace(recent, waiting=waiting, answered=answered)})

    def put_hold(self, hold: Hold) -> None:
        """Add a hold, or replace it by how it is now."""
        self.change(holds={**self.lane.holds, hold.key: hold})

    def call(self, go: Go) -> None:
        """Call somebody to the sensor: from here on samples are theirs."""
        silent_ms, away_ms = self.now_ms + self.policy.measure_timeout_ms, self.now_ms + self.policy.went_away_ms
        sensor = thermometry.begin(self.lane.sensor, self.now_ms)
        self.change(at_sensor=AtSensor(go, silent_ms, away_ms), sensor=sensor, result=None)
        if self.lane.notice is not None and self.lane.notice.person == go.person:
            self.change(notice=None)

    def leave_sensor(self) -> None:
        """The go at the sensor is over."""
        self.change(at_sensor=None, sensor=thermometry.end(self.lane.sensor))
