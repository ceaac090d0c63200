"""What happens when somebody arrives: `advance(lane, input, policy) -> (lane, effects)`, pure and total.

* A badge is a fact before anything is asked: its tap is appended in the same `advance`, also while somebody else is measured.
  The owner then waits in line, and the go on the screen is never overwritten.
* Readings belong to the one go that was called before they were taken; see `thermometry` for what keeps them apart.
* A go always ends. Measured -> a verdict. Somebody there without a valid reading, or a sensor that is silent or lost ->
  `screening.unmeasured` and the verdict that is set for it. Nobody there for `went_away_ms` -> `screening.abandoned`, no
  verdict; the tap stays. Whoever badges again after that is measured on the same tap, so a person standing there gets an answer.
"""

from collections.abc import Iterable
from dataclasses import replace

from kiosk.core import attendance, holds, screening, second_thoughts, state, thermometry
from kiosk.core.attendance import Recent, person_id, person_key, read_key
from kiosk.core.effects import Answer, AnswerCode, Effect, Show
from kiosk.core.inputs import (
    Asking,
    BadgeRead,
    CodeHint,
    HandThermometer,
    Input,
    Reading,
    SensorBack,
    SensorLost,
    TimePassed,
    time_ms,
)
from kiosk.core.policy import Policy, TemperatureRule
from kiosk.core.state import AtSensor, Go, Hold, Lane, next_deadline_ms
from kiosk.core.thermometry import Invalid, Measurement, Trouble
from kiosk.core.turn import Turn
from kiosk.core.values import Person, Reason, Screen, ScreenKind, Standing, Tap
from kiosk.core.verdict import BY_HAND, NOT_ASKED, Advice, Verdict, judge, unmeasured
from sync.protocol.events import Kind

__all__ = ["Go", "Hold", "Lane", "Recent", "advance", "next_deadline_ms", "restart"]


HAND_THERMOMETER = "hand_thermometer"
"""`what` of the `guard.noted` that begins and ends measuring by hand."""


def advance(lane: Lane, happened: Input, policy: Policy) -> tuple[Lane, tuple[Effect, ...]]:
    """The lane after something happened, and what is to be done about it, in order. Every input in every state has an answer.

    Time never runs backwards: an input older than the newest is taken as happening now.
    """
    turn = Turn(replace(lane, now_ms=max(lane.now_ms, time_ms(happened))), policy)
    _let_time_pass(turn)
    match happened:
        case BadgeRead():
            _badge(turn, happened)
        case Reading():
            _reading(turn, happened)
        case SensorLost():
            _sensor_lost(turn)
        case SensorBack():
            turn.change(lost_at_ms=None)
        case CodeHint():
            turn.change(hint=happened.hint, hint_until_ms=turn.now_ms + policy.notice_ms)
        case TimePassed():
            pass  # done above
        case _:
            _asked(turn, happened)
    return _closed(turn)


def restart(
    now_ms: int,
    open_goes: Iterable[Go],
    open_holds: Iterable[Hold],
    recent_taps: Iterable[Recent],
    policy: Policy,
    *,
    hand_mode: bool = False,
) -> tuple[Lane, tuple[Effect, ...]]:
    """The lane after the program started again, from what the journal's projections say.

    Open goes are closed as abandoned, holds stay open, recent taps keep their repeat window; the tap of an open go should be
    among them. What was decided before cannot be undone any more. Monotonic times of another
    boot are to be converted by the caller.
    """
    recents = {recent.key: replace(recent, waiting=False) for recent in recent_taps}
    held = {hold.key: hold for hold in open_holds}
    turn = Turn(Lane(now_ms, holds=held, recents=recents, hand_mode=hand_mode), policy)
    for go in open_goes:
        _abandon(turn, go, Reason.RESTART)
    turn.change(recents=attendance.still_recent(turn.lane.recents, now_ms, policy))
    lane, effects = _closed(turn)
    return lane, (*(effect for effect in effects if not isinstance(effect, Show)), Show(lane.screen))


def _closed(turn: Turn) -> tuple[Lane, tuple[Effect, ...]]:
    """The end of every turn: call who is next, and show the screen if it is another one now."""
    lane, policy = turn.lane, turn.policy
    if lane.at_sensor is None and lane.result is None:
        if lane.results:
            turn.change(results=lane.results[1:])
            turn.show(lane.results[0])
        elif lane.line:
            turn.change(line=lane.line[1:])
            turn.call(lane.line[0])
    screen = state.screen(turn.lane, screening.shown(policy.steps), unattended=policy.unattended)
    if screen != lane.screen:
        turn.change(screen=screen, shown_line=turn.lane.line)
        turn.effects.append(Show(screen))
    return turn.lane, tuple(turn.effects)


def _let_time_pass(turn: Turn) -> None:
    now_ms, lane = turn.now_ms, turn.lane
    if turn.policy.temperature is None:
        _settle_all(turn, None)
    elif lane.at_sensor is not None and lane.at_sensor.deadline_ms <= now_ms:
        _out_of_time(turn, lane.at_sensor)
    if lane.result is not None and lane.result_until_ms <= now_ms:
        turn.change(result=None)
    if lane.notice is not None and lane.notice_until_ms <= now_ms:
        turn.change(notice=None)
    if lane.hint is not None and lane.hint_until_ms <= now_ms:
        turn.change(hint=None)
    holds.expire(turn)


# A badge was read


def _badge(turn: Turn, read: BadgeRead) -> None:
    turn.change(hint=None, recents=attendance.still_recent(turn.lane.recents, turn.now_ms, turn.policy))
    if read.person is not None and read.standing is Standing.KNOWN:
        _known(turn, read, read.person)
        return
    recent = turn.lane.recents.get(read_key(read))
    if recent is not None:
        turn.effects.append(attendance.repeated(read, recent))
        turn.show(state.badge_screen(read.standing, recent.tap))
        return
    tap = _remember(turn, read)
    unknown = read.standing is Standing.UNKNOWN
    turn.effects.append(attendance.unmatched(read, turn.policy) if unknown else attendance.refused(read, turn.policy))
    if read.standing is not Standing.NOT_A_BADGE:
        reason = Reason.BADGE_UNKNOWN if unknown else attendance.REFUSALS[read.standing]
        holds.open_hold(turn, read_key(read), tap, read.person, (reason,))
    turn.show(state.badge_screen(read.standing, tap))


def _remember(turn: Turn, read: BadgeRead) -> Tap:
    tap = Tap(read.id, read.at, turn.policy.direction)
    recent = Recent(tap, turn.now_ms, read.standing, read.person, read.token_sha256)
    if read.standing is not Standing.NOT_A_BADGE:
        turn.change(recents={**turn.lane.recents, recent.key: recent})
    return tap


def _known(turn: Turn, read: BadgeRead, person: Person) -> None:
    key = read_key(read)
    recent, hold = turn.lane.recents.get(key), turn.lane.holds.get(key)
    if recent is not None and recent.waiting:
        _waiting_again(turn, person, recent)
    elif hold is not None and turn.now_ms - hold.opened_ms < turn.policy.recheck_within_ms:
        _held_again(turn, person, hold)
    elif recent is not None:
        turn.effects.append(attendance.repeated(read, recent))
        if recent.answered:
            turn.show(Screen(ScreenKind.REPEATED, person, recent.tap))
        else:
            _start(turn, Go(person, recent.tap))
    else:
        turn.effects.append(attendance.tapped(read, turn.policy))
        if hold is not None:
            holds.close(turn, hold, "superseded")
        _start(turn, Go(person, _remember(turn, read)))


def _waiting_again(turn: Turn, person: Person, recent: Recent) -> None:
    """Somebody in line shows where they stand; whoever is on the screen is on it already."""
    at_sensor = turn.lane.at_sensor
    if at_sensor is None or at_sensor.go.person.id != person.id:
        turn.note(ScreenKind.TAPPED, person, recent.tap)


def _held_again(turn: Turn, person: Person, hold: Hold) -> None:
    able = turn.policy.temperature is not None and turn.lane.lost_at_ms is None
    ready = hold.recheck_at_ms is not None and hold.recheck_at_ms <= turn.now_ms
    if able and ready:
        _start(turn, Go(person, hold.tap, hold.id))
    else:
        turn.show(holds.held_screen(hold))


def _start(turn: Turn, go: Go) -> None:
    """Measure somebody now, or put them in line; where nothing is measured, say so at once."""
    lane = turn.lane
    if turn.policy.temperature is None:
        turn.show(_not_asked(turn, go))
    elif lane.hand_mode:
        turn.show(_by_hand(turn, go))
    elif lane.lost_at_ms is not None:
        turn.show(_unmeasured(turn, go, Reason.SENSOR_LOST, None))
    else:
        _mark(turn, go, waiting=True, answered=False)
        if lane.at_sensor is None and not lane.line:
            turn.call(go)
        else:
            turn.change(line=(*lane.line, go))
            turn.note(ScreenKind.TAPPED, go.person, go.tap)


# A guard asks


def _asked(turn: Turn, asked: Asking) -> None:
    """Every one gets exactly one answer."""
    code = _hand_mode(turn, asked) if isinstance(asked, HandThermometer) else second_thoughts.answer(turn, asked)
    turn.effects.append(Answer(asked.id, code is AnswerCode.OK, code))


def _hand_mode(turn: Turn, asked: HandThermometer) -> AnswerCode:
    """Saying it a second time changes nothing. Whoever is measured or in line when it begins waits for the guard."""
    if asked.on != turn.lane.hand_mode:
        turn.append(Kind.GUARD_NOTED, what=HAND_THERMOMETER, on=asked.on, by=asked.by)
        turn.change(hand_mode=asked.on)
        if asked.on:
            _settle_all(turn, Reason.HAND_THERMOMETER)
    return AnswerCode.OK


# The sensor


def _reading(turn: Turn, sample: Reading) -> None:
    lane, rule = turn.lane, turn.policy.temperature
    if lane.lost_at_ms is not None and sample.at_ms <= lane.lost_at_ms:
        return
    if rule is None:
        turn.change(lost_at_ms=None)
        return
    sensor, outcome = thermometry.observe(lane.sensor, sample, rule)
    turn.change(lost_at_ms=None, sensor=sensor)
    at_sensor = lane.at_sensor
    if at_sensor is None:
        return
    at_sensor = replace(at_sensor, silent_ms=turn.now_ms + turn.policy.measure_timeout_ms)
    if sensor.seen and at_sensor.try_ends_ms is None:
        at_sensor = replace(at_sensor, try_ends_ms=turn.now_ms + turn.policy.measure_timeout_ms)
    turn.change(at_sensor=at_sensor)
    if isinstance(outcome, Measurement):
        turn.leave_sensor()
        turn.show(_measured(turn, at_sensor.go, outcome, rule))
    elif isinstance(outcome, Invalid):
        _try_failed(turn, at_sensor, Reason.NO_VALID_READING, outcome.reason)


def _sensor_lost(turn: Turn) -> None:
    turn.change(lost_at_ms=turn.now_ms, sensor=thermometry.lost(turn.lane.sensor))
    _settle_all(turn, Reason.SENSOR_LOST)


def _settle_all(turn: Turn, why: Reason | None) -> None:
    """Everybody at the sensor and in line gets an answer now; the screen shows them one after another.

    `why` None: not asked; HAND_THERMOMETER: a guard measures.
    """
    lane = turn.lane
    goes = lane.line if lane.at_sensor is None else (lane.at_sensor.go, *lane.line)
    if not goes:
        return
    if lane.at_sensor is not None:
        turn.leave_sensor()
    turn.change(line=())
    turn.change(results=(*lane.results, *(_settled(turn, go, why) for go in goes)))


def _settled(turn: Turn, go: Go, why: Reason | None) -> Screen:
    if why is Reason.HAND_THERMOMETER:
        return _by_hand(turn, go)
    return _not_asked(turn, go) if why is None else _unmeasured(turn, go, why, None)


def _out_of_time(turn: Turn, at_sensor: AtSensor) -> None:
    sensor = turn.lane.sensor
    if at_sensor.silent_ms <= turn.now_ms:
        turn.leave_sensor()
        turn.show(_unmeasured(turn, at_sensor.go, Reason.MEASURE_TIMEOUT, Trouble.SILENT))
    elif at_sensor.try_ends_ms is not None:
        _try_failed(turn, at_sensor, Reason.MEASURE_TIMEOUT, Trouble.UNSTEADY)
    elif sensor.lingering or sensor.bad:
        turn.leave_sensor()
        trouble = Trouble.NOT_LEFT if sensor.lingering else Trouble.UNSTEADY
        turn.show(_unmeasured(turn, at_sensor.go, Reason.NO_VALID_READING, trouble))
    else:
        turn.leave_sensor()
        _abandon(turn, at_sensor.go, Reason.WENT_AWAY)


def _try_failed(turn: Turn, at_sensor: AtSensor, why: Reason, trouble: Trouble) -> None:
    tries = at_sensor.tries + 1
    if tries >= turn.policy.max_invalid_tries:
        turn.leave_sensor()
        turn.show(_unmeasured(turn, at_sensor.go, why, trouble))
        return
    again = replace(at_sensor, tries=tries, try_ends_ms=turn.now_ms + turn.policy.measure_timeout_ms)
    turn.change(at_sensor=again, sensor=thermometry.begin(turn.lane.sensor, turn.now_ms))


# How a go ends


def _mark(turn: Turn, go: Go, *, waiting: bool, answered: bool) -> None:
    key = person_key(go.person)
    if key not in turn.lane.recents:
        # A go on an old hold: its tap's window is long over, but its place in line must be known.
        long_ago_ms = turn.now_ms - turn.policy.repeat_window_ms
        recent = Recent(go.tap, long_ago_ms, Standing.KNOWN, go.person)
        turn.change(recents={**turn.lane.recents, key: recent})
    turn.mark(key, waiting=waiting, answered=answered)


def _measured(turn: Turn, go: Go, found: Measurement, rule: TemperatureRule) -> Screen:
    body = found.channel == "body"
    turn.append(
        Kind.SCREENING_MEASURED,
        tap_id=go.tap.id,
        person_id=go.person.id,
        source="sensor",
        channel=found.channel,
        object_c=found.object_c,
        body_c=found.body_c,
        ambient_c=found.ambient_c,
        offset_c=found.offset_c,
        offset_name=found.offset_name,
        skin_temperature_c=None if body else found.shown_c,
        body_temperature_c=found.shown_c if body else None,
        samples=found.samples,
        spread_c=found.spread_c,
        **holds.rule_fields(rule),
    )
    hold = _hold_of(turn, go)
    verdict = judge(rule, found.shown_c, previous_high=hold is not None and hold.high)
    if hold is None:
        return _judged(turn, go, verdict, found.shown_c)
    hold = holds.rechecked(turn, hold, verdict)
    if verdict.advice is Advice.ADMIT:
        screen = _judged(turn, go, verdict, found.shown_c)
        holds.close(turn, hold, "remeasured")
        return screen
    return _still_held(turn, go, hold)


def _unmeasured(turn: Turn, go: Go, why: Reason, trouble: Trouble | None) -> Screen:
    detail = str(trouble) if trouble is not None else None
    turn.append(Kind.SCREENING_UNMEASURED, tap_id=go.tap.id, person_id=person_id(go.person), reason=str(why), detail=detail)
    hold = _hold_of(turn, go)
    if hold is None:
        return _judged(turn, go, unmeasured(turn.policy.on_unmeasured, why), None)
    # Whoever was held is not let in because the second measurement failed: that takes an officer.
    return _still_held(turn, go, hold)


def _not_asked(turn: Turn, go: Go) -> Screen:
    hold = _hold_of(turn, go)
    return _judged(turn, go, NOT_ASKED, None) if hold is None else _still_held(turn, go, hold)


def _by_hand(turn: Turn, go: Go) -> Screen:
    """The sensor is not asked: whoever came waits for a guard's thermometer."""
    if _hold_of(turn, go) is not None:
        return _still_held(turn, go, turn.lane.holds[person_key(go.person)])
    return _judged(turn, go, BY_HAND, None)


def _judged(turn: Turn, go: Go, verdict: Verdict, shown_c: float | None) -> Screen:
    _mark(turn, go, waiting=False, answered=True)
    if verdict.advice is Advice.ADMIT:
        holds.admit(turn, go.tap, go.person, verdict.reasons)
        steps = screening.shown(turn.policy.steps)
        return Screen(ScreenKind.ADMITTED, go.person, go.tap, verdict.reasons, shown_c, steps=steps)
    return holds.held_screen(holds.open_hold(turn, person_key(go.person), go.tap, go.person, verdict.reasons))


def _still_held(turn: Turn, go: Go, hold: Hold) -> Screen:
    _mark(turn, go, waiting=False, answered=True)
    if go.tap.id == hold.tap.id:
        holds.call_guard(turn, hold)
    else:
        # A guard opened the hold of an earlier tap again while this one was measured: this tap needs its end too.
        holds.open_hold(turn, hold.key, go.tap, go.person, hold.reasons)
    return holds.held_screen(hold)


def _abandon(turn: Turn, go: Go, why: Reason) -> None:
    turn.append(Kind.SCREENING_ABANDONED, tap_id=go.tap.id, person_id=go.person.id, reason=str(why))
    _mark(turn, go, waiting=False, answered=False)


def _hold_of(turn: Turn, go: Go) -> Hold | None:
    """The hold a go is another measurement on. A first go has none: a new tap closes what was open."""
    return turn.lane.holds.get(person_key(go.person))
