import random
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from drivers.base import Channel, Sample, Sighting
from drivers.thermometers.gy_mcu90614 import GyMcu90614Decoder
from drivers.virtual.thermometer import gy_mcu90614_bytes
from drivers.virtual.warmth import Warmth
from kiosk.services.lane import SensorState
from sync import journal
from sync.clock import utc_datetime
from tests.kiosk.services.post import Post, code_of, hash_of, staff

PEOPLE, RUSH_S, SAMPLES_A_SECOND = 120, 600, 14
FAILS_AT_S = 300
_NS = 1_000_000_000


class Hall:
    """A thermometer's bytes over simulated time, and who stands before it: whoever the panel calls, a moment later."""

    def __init__(self, post: Post) -> None:
        self.post = post
        self.warmth = Warmth(rng=random.Random(7))
        self.decoder = GyMcu90614Decoder()
        self.called: str | None = None

    def look_at_the_panel(self) -> None:
        screen = self.post.screen
        called = screen.person.id if screen.kind == "measuring" and screen.person else None
        if called != self.called:
            self.called = called
            self.warmth.present(36.4 if called else None, 27.0, 4.0, self.post.clock.now().mono_ns + _NS // 2)

    def speak(self) -> None:
        now_ns = self.post.clock.now().mono_ns
        for reading in self.decoder.feed(gy_mcu90614_bytes(*self.warmth.at(now_ns))).readings:
            self.post.offer(Sample(Channel.OBJECT, now_ns, reading.object_c, reading.ambient_c))


def test_a_rush_with_a_sensor_that_fails_halfway(tmp_path: Path) -> None:
    """120 badges in ten minutes, the sensor gone after five: every tap at its own time, and everybody is answered."""
    with closing(Post(tmp_path, people=staff(PEOPLE))) as post:
        presented = rush(post)
        check(post, presented)


def rush(post: Post) -> dict[str, datetime]:
    """Ten minutes at the door. Gives when each badge, by its hash, was held up."""
    hall, chance = Hall(post), random.Random(20)
    arrivals = sorted((chance.uniform(0, RUSH_S - 1), number) for number in range(1, PEOPLE + 1))
    presented: dict[str, datetime] = {}
    start = post.clock.now().wall
    failed = False
    for tick in range(RUSH_S * SAMPLES_A_SECOND):
        post.clock.advance(1 / SAMPLES_A_SECOND)
        now_s = (post.clock.now().wall - start).total_seconds()
        while arrivals and arrivals[0][0] <= now_s:
            _, number = arrivals.pop(0)
            presented[hash_of(number)] = post.clock.now().wall
            post.offer(Sighting(code_of(number), post.clock.now().mono_ns))
        if now_s >= FAILS_AT_S and not failed:
            failed = True
            post.offer(SensorState("lost"))
        if not failed:
            hall.look_at_the_panel()
            hall.speak()
        elif tick % SAMPLES_A_SECOND == 0:
            post.lane.step()
    post.wait(60)
    return presented


def check(post: Post, presented: dict[str, datetime]) -> None:
    """What the journal must say of it."""
    taps = [row for row in post.rows() if row["kind"] == "attendance.tapped"]
    assert [row["payload"]["token_sha256"] for row in taps] == list(presented)
    late = [utc_datetime(row["claimed_at"]) - presented[row["payload"]["token_sha256"]] for row in taps]
    assert len(taps) == PEOPLE
    assert max(late) <= timedelta(seconds=0.2)
    verdicts = [row["tap_id"] for row in post.of("verdict.admit") + post.of("verdict.hold")]
    abandoned = [row["tap_id"] for row in post.of("screening.abandoned")]
    assert sorted(verdicts) == sorted(row["id"] for row in taps)
    assert abandoned == []
    measured = {row["tap_id"] for row in post.of("screening.measured")}
    unmeasured = {row["tap_id"] for row in post.of("screening.unmeasured")}
    assert measured | unmeasured == set(verdicts)
    assert not measured & unmeasured
    assert len(measured) > PEOPLE / 4
    assert {row["skin_temperature_c"] for row in post.of("screening.measured")} <= {36.2, 36.3, 36.4, 36.5, 36.6}
    assert journal.verify(post.database.connection).ok
