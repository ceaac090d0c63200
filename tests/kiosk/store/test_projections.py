from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers.base import Channel, Sample
from kiosk.core import inputs
from kiosk.core.inputs import Decision
from kiosk.core.policy import OnUnmeasured, Policy, TemperatureRule
from kiosk.core.values import At
from kiosk.services.lane import Asked, Happened, SensorState
from kiosk.store import projections
from kiosk.store.arrivals import forget_before, newest_arrivals, open_holds
from sync import journal
from sync.journal import Event
from sync.protocol.events import Kind
from tests.kiosk.services.post import Post, hash_of, staff, tables

PEOPLE = staff(4)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("badge"), st.sampled_from([1, 2, 3, 4, 77])),
        st.tuples(st.just("forehead"), st.sampled_from([36.5, 38.3])),
        st.tuples(st.just("wait"), st.sampled_from([1, 9, 70, 400, 50_000])),
        st.tuples(st.just("sensor"), st.sampled_from(["lost", None])),
        st.tuples(st.just("decide"), st.sampled_from(list(Decision))),
        st.tuples(st.just("attempt"), st.sampled_from([Kind.GUARD_ATTEMPTED, Kind.GUARD_SIGNED_IN])),
        st.tuples(st.just("restart"), st.none()),
    ),
    max_size=14,
)


def do(post: Post, what: str, value: object) -> Post:
    """One thing that happens at a door."""
    match what:
        case "badge":
            post.badge(int(str(value)))
        case "forehead":
            post.forehead(float(str(value)))
        case "wait":
            post.wait(float(str(value)))
        case "sensor":
            post.offer(SensorState(None if value is None else str(value)))
        case "attempt":
            post.offer(Happened((Event(Kind(str(value)), {"guard_id": "budi"}),), Future()))
        case "decide":
            with post.database.reading() as db:
                holds = open_holds(db)
            hold_id = holds[0].hold_id if holds else "none"
            at = At(post.clock.now().mono_ns // 1_000_000, post.clock.now().wall)
            post.offer(Asked(inputs.GuardDecision(at, "ask", hold_id, Decision(str(value)), "budi", "", 36.9), Future()))
        case _:
            return post.restart()
    return post


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS, on_unmeasured=st.sampled_from(OnUnmeasured))
def test_made_anew_they_are_the_same(steps: list[tuple[str, object]], on_unmeasured: OnUnmeasured) -> None:
    """Whatever happened at the door, projections rebuilt from the journal equal those it kept, and the chain verifies."""
    policy = Policy(temperature=TemperatureRule(), on_unmeasured=on_unmeasured)
    with TemporaryDirectory() as folder:
        post = Post(Path(folder), policy=policy, people=PEOPLE)
        with post.database.transaction() as db:
            db.execute("UPDATE badges SET state = 'revoked' WHERE token_sha256 = ?", (hash_of(4),))
        for what, value in steps:
            post = do(post, what, value)
        kept = tables(post.database.connection)
        with post.database.transaction() as db:
            rows = projections.rebuild(db)
        try:
            assert tables(post.database.connection) == kept
            assert rows == len(post.rows())
            assert journal.verify(post.database.connection).ok
        finally:
            post.close()


def test_a_rebuild_that_fails_leaves_the_old_ones(post: Post) -> None:
    """Half a rebuild is none."""
    post.badge(1)
    kept = tables(post.database.connection)
    with suppress(ZeroDivisionError), post.database.transaction() as db:
        projections.rebuild(db)
        raise ZeroDivisionError
    assert tables(post.database.connection) == kept


def test_an_erased_payload_is_passed_over(post: Post) -> None:
    """A rebuild over rows whose payload was erased makes what can be made of the rest."""
    post.badge(1)
    post.badge(2)
    with post.database.transaction() as db:
        db.execute("UPDATE journal SET payload = NULL, salt = NULL WHERE position = 1")
        assert projections.rebuild(db) == 2
    assert [each.person_id for each in newest_arrivals(post.database.connection, 9)] == ["P2"]


def test_body_temperature_is_shown_to_guards_too(post: Post) -> None:
    """A device that states body temperature fills the same place on the guard's feed."""
    post.badge(1)
    for n in range(10):
        post.clock.advance(0.07)
        at_ns = post.clock.now().mono_ns
        post.offer(Sample(Channel.BODY, at_ns, object_c=34.0 + n % 3 / 100, ambient_c=25.0, body_c=36.6 + n % 3 / 100))
    assert newest_arrivals(post.database.connection, 1)[0].shown_temperature_c == 36.6


def test_a_walk_away_from_the_second_reading_keeps_the_reasons(post: Post) -> None:
    """Somebody who is held and does not come to be measured again is held for what was found."""
    post.badge(1)
    post.forehead(38.2)
    post.wait(301)
    post.badge(1)
    for n in range(120):
        post.sample(25.0 + n % 4 / 100)
    [arrival] = newest_arrivals(post.database.connection, 9)
    assert (arrival.verdict, arrival.reasons) == ("hold", ("temperature_high",))
    assert post.of("screening.abandoned")


def test_what_no_screen_shows_is_forgotten_and_the_journal_is_not(post: Post) -> None:
    """Old arrivals and closed holds go; open holds and every fact stay."""
    post.badge(1)
    post.forehead(38.2)
    post.clock.advance(4 * 24 * 3600)
    rows = len(post.rows())
    with post.database.transaction() as db:
        forget_before(db, post.clock.now().wall, 3)
    db = post.database.connection
    assert (newest_arrivals(db, 9), len(open_holds(db)), len(post.rows())) == ([], 1, rows)
