"""A door for tests: a lane, its policy and a clock that is moved by hand. Everything goes through `advance`."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from kiosk.core.effects import Answer, Append, CallGuard, Effect, Play, Show
from kiosk.core.inputs import (
    Asking,
    BadgeRead,
    Decision,
    GuardDecision,
    HandThermometer,
    Input,
    NotThePerson,
    Reading,
    SensorBack,
    SensorLost,
    TimePassed,
    Undo,
)
from kiosk.core.policy import Policy, TemperatureRule
from kiosk.core.session import Lane, advance
from kiosk.core.values import At, Direction, Person, Screen, Standing, Tap
from sync.protocol.events import Kind

SEVEN_TWELVE = datetime(2020, 6, 10, 0, 12, tzinfo=UTC)
NOISE_C = (0.0, 0.03, -0.02, 0.01, 0.02, -0.01)
SAMPLE_MS = 70
RULE = TemperatureRule()


def at(ms: int) -> At:
    """The moment `ms` after 07.12 in Jakarta."""
    return At(ms, SEVEN_TWELVE + timedelta(milliseconds=ms))


def staff(name: str) -> Person:
    """A member of staff whose id is their name in small letters."""
    return Person(name.lower(), name)


class Door:
    """Does one thing after another, and remembers every effect."""

    def __init__(self, policy: Policy | None = None, **settings: Any) -> None:
        self.policy = policy or Policy(**{"direction": Direction.IN, "temperature": RULE, **settings})
        self.lane, self.now_ms = Lane(), 1000
        self.effects: list[Effect] = []
        self._ids, self._noise = count(1), count()

    def do(self, happened: Input) -> tuple[Effect, ...]:
        self.lane, effects = advance(self.lane, happened, self.policy)
        self.effects.extend(effects)
        return effects

    def badge(self, name: str, standing: Standing = Standing.KNOWN) -> str:
        """Show a badge; the id of the read."""
        read_id = f"read-{next(self._ids)}"
        token = None if standing is Standing.NOT_A_BADGE else f"sha-{name}"
        person = None if standing in (Standing.UNKNOWN, Standing.NOT_A_BADGE) else staff(name)
        self.do(BadgeRead(at(self.now_ms), read_id, standing, token, person))
        return read_id

    def wait(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1000)
        self.do(TimePassed(at(self.now_ms)))

    def sample(self, object_c: float | None, ambient_c: float | None = 25.0, **more: Any) -> tuple[Effect, ...]:
        self.now_ms += SAMPLE_MS
        return self.do(Reading(self.now_ms, object_c, ambient_c, **more))

    def samples(self, values: Iterable[float | None], ambient_c: float | None = 25.0, **more: Any) -> None:
        for value in values:
            self.sample(value, ambient_c, **more)

    def forehead(self, object_c: float, seconds: float = 0.7, ambient_c: float | None = 25.0) -> None:
        """Hold a forehead to the sensor: real ones always vary a little."""
        times = round(seconds * 1000 / SAMPLE_MS)
        self.samples((object_c + NOISE_C[next(self._noise) % len(NOISE_C)] for _ in range(times)), ambient_c)

    def nobody(self, seconds: float = 0.3) -> None:
        self.forehead(25.4, seconds)

    def measure(self, object_c: float) -> None:
        """Come to the sensor and go away again."""
        self.forehead(object_c)
        self.nobody()

    def lose_sensor(self) -> None:
        self.do(SensorLost(at(self.now_ms), "gone"))

    def find_sensor(self) -> None:
        self.do(SensorBack(at(self.now_ms)))

    def guard(self, hold_id: str, decision: Decision, typed_c: float | None = None) -> Answer:
        return self.ask(GuardDecision(at(self.now_ms), "ask", hold_id, decision, "guard-1", "seen", typed_c))

    def undo(self, hold_id: str, by: str = "guard-2") -> Answer:
        return self.ask(Undo(at(self.now_ms), "ask", hold_id, by))

    def not_the_person(self, read_id: str, name: str | None, ask: str = "ask") -> Answer:
        """Say that of the tap with that id, made now."""
        tap = Tap(read_id, at(self.now_ms), self.policy.direction)
        return self.ask(NotThePerson(at(self.now_ms), ask, tap, None if name is None else staff(name), "guard-1", "beard"))

    def by_hand(self, on: bool = True) -> Answer:
        return self.ask(HandThermometer(at(self.now_ms), "ask", on, "guard-1"))

    def ask(self, asked: Asking) -> Answer:
        effects = self.do(asked)
        [answer] = [effect for effect in effects if isinstance(effect, Answer)]
        return answer

    @property
    def screen(self) -> Screen:
        return self.lane.screen

    @property
    def records(self) -> list[Append]:
        return [effect for effect in self.effects if isinstance(effect, Append)]

    @property
    def kinds(self) -> list[str]:
        """The kinds of everything journaled, in order."""
        return [str(record.kind) for record in self.records]

    def of(self, kind: Kind) -> list[dict[str, Any]]:
        """The payloads of a kind."""
        return [record.payload for record in self.records if record.kind is kind]

    def forget(self) -> None:
        """Start the list of effects anew."""
        self.effects.clear()

    @property
    def calls(self) -> list[str]:
        return [effect.hold_id for effect in self.effects if isinstance(effect, CallGuard)]

    @property
    def sounds(self) -> list[str]:
        return [str(effect.sound) for effect in self.effects if isinstance(effect, Play)]

    @property
    def shown(self) -> list[Screen]:
        return [effect.screen for effect in self.effects if isinstance(effect, Show)]
