"""Holds: opened by a verdict or a badge, measured again by badge, decided by a guard."""

from dataclasses import replace

from kiosk.core import thermometry
from kiosk.core.attendance import person_id
from kiosk.core.effects import JSON, AnswerCode, CallGuard
from kiosk.core.inputs import Decision, GuardDecision
from kiosk.core.policy import TemperatureRule
from kiosk.core.state import ClosedHold, Hold
from kiosk.core.turn import Turn
from kiosk.core.values import LetInReason, Person, Reason, Screen, ScreenKind, Tap
from kiosk.core.verdict import Advice, Verdict, judge
from sync.protocol.events import Kind

REMEMBERED_CLOSED = 256
"""So many closed holds are known by name; older ones are answered as unknown."""


def reason_list(reasons: tuple[Reason, ...]) -> list[JSON]:
    """Reasons as records carry them."""
    return [str(reason) for reason in reasons]


def open_hold(
    turn: Turn, key: str, tap: Tap, person: Person | None, reasons: tuple[Reason, ...], hold_id: str | None = None
) -> Hold:
    """Hold somebody. A hold that is already open for the same badge is used again; each verdict is recorded.

    It is named after the tap, or `hold_id` where the tap may have had one before.
    """
    hold = turn.lane.holds.get(key)
    is_new = hold is None
    if hold is None:
        expires_ms = turn.now_ms + turn.policy.hold_lasts_ms
        high = Reason.TEMPERATURE_HIGH in reasons
        hold = Hold(hold_id or tap.id, key, tap, person, reasons, turn.now_ms, expires_ms, *_recheck(turn, reasons), high)
    turn.append(Kind.VERDICT_HOLD, tap_id=tap.id, person_id=person_id(person), reasons=reason_list(reasons), hold_id=hold.id)
    if is_new:
        turn.append(
            Kind.HOLD_OPENED,
            hold_id=hold.id,
            tap_id=tap.id,
            person_id=person_id(person),
            reasons=reason_list(reasons),
            recheck_after_min=hold.recheck_minutes,
            unattended=turn.policy.unattended,
        )
        turn.put_hold(hold)
    call_guard(turn, hold)
    return hold


def call_guard(turn: Turn, hold: Hold) -> None:
    """Ask for the guard, where there is one."""
    if not turn.policy.unattended:
        turn.effects.append(CallGuard(hold.id))


def held_screen(hold: Hold) -> Screen:
    """What the held person sees: never their temperature."""
    return Screen(
        ScreenKind.HELD,
        hold.person,
        hold.tap,
        hold.reasons,
        recheck_at_ms=hold.recheck_at_ms,
        recheck_minutes=hold.recheck_minutes,
    )


def rechecked(turn: Turn, hold: Hold, verdict: Verdict) -> Hold:
    """Record another measurement on a hold. With HOLD the hold says what it found; with ADMIT the caller closes it."""
    turn.append(Kind.HOLD_RECHECKED, hold_id=hold.id, tap_id=hold.tap.id, reasons=reason_list(verdict.reasons))
    if verdict.advice is Advice.ADMIT:
        return hold
    at_ms, minutes = _recheck(turn, verdict.reasons)
    hold = replace(hold, reasons=verdict.reasons, high=True, recheck_at_ms=at_ms, recheck_minutes=minutes)
    turn.put_hold(hold)
    return hold


def close(
    turn: Turn, hold: Hold, decision: str, by: str | None = None, note: str = "", reason: LetInReason | None = None
) -> None:
    """Close a hold; a measurement going on or waiting for it is dropped."""
    turn.append(
        Kind.HOLD_CLOSED,
        hold_id=hold.id,
        tap_id=hold.tap.id,
        person_id=person_id(hold.person),
        decision=decision,
        by=by,
        note=note,
        reason=None if reason is None else str(reason),
    )
    lane = turn.lane
    turn.change(
        holds={key: other for key, other in lane.holds.items() if key != hold.key},
        closed=(*lane.closed, ClosedHold(hold, decision, by, turn.now_ms))[-REMEMBERED_CLOSED:],
        line=tuple(go for go in lane.line if go.hold_id != hold.id),
    )
    if lane.at_sensor is not None and lane.at_sensor.go.hold_id == hold.id:
        turn.leave_sensor()
    turn.mark(hold.key, waiting=False, answered=True)


def admit(turn: Turn, tap: Tap, person: Person | None, reasons: tuple[Reason, ...]) -> None:
    """Record that somebody may go in."""
    turn.append(Kind.VERDICT_ADMIT, tap_id=tap.id, person_id=person_id(person), reasons=reason_list(reasons))


def decide(turn: Turn, asked: GuardDecision) -> AnswerCode:
    """Do what a guard decided about a hold, if it is still open."""
    hold = next((hold for hold in turn.lane.holds.values() if hold.id == asked.hold_id), None)
    if hold is None:
        closed = any(each.hold.id == asked.hold_id for each in turn.lane.closed)
        return AnswerCode.ALREADY_CLOSED if closed else AnswerCode.UNKNOWN_HOLD
    if asked.decision is Decision.TYPED_TEMPERATURE:
        return _typed(turn, hold, asked)
    return _overridden(turn, hold, asked)


def _overridden(turn: Turn, hold: Hold, asked: GuardDecision) -> AnswerCode:
    decision = str(asked.decision)
    turn.append(Kind.VERDICT_OVERRIDE, tap_id=hold.tap.id, hold_id=hold.id, by=asked.by, decision=decision)
    if asked.decision is Decision.LET_IN:
        _let_in(turn, hold, (Reason.GUARD_LET_IN,), asked)
    else:
        close(turn, hold, decision, asked.by, asked.note, asked.reason)
    return AnswerCode.OK


def _typed(turn: Turn, hold: Hold, asked: GuardDecision) -> AnswerCode:
    rule = turn.policy.temperature or TemperatureRule()
    typed_c = asked.typed_temperature_c
    if typed_c is None or not 0 < typed_c < 100 or thermometry.implausible(thermometry.shown(typed_c), rule):
        return AnswerCode.IMPLAUSIBLE_TEMPERATURE
    shown_c = thermometry.shown(typed_c)
    turn.append(
        Kind.SCREENING_MEASURED,
        tap_id=hold.tap.id,
        person_id=person_id(hold.person),
        source="guard",
        channel="skin",
        object_c=None,
        body_c=None,
        ambient_c=None,
        offset_c=0.0,
        offset_name="none",
        skin_temperature_c=shown_c,
        body_temperature_c=None,
        samples=1,
        spread_c=None,
        **rule_fields(rule),
    )
    verdict = judge(rule, shown_c, previous_high=hold.high)
    verdict = Verdict(verdict.advice, (*verdict.reasons, Reason.GUARD_MEASURED))
    if not hold.about_temperature:
        # The badge is what this hold is about; a temperature in order does not make it a good one.
        turn.append(Kind.HOLD_RECHECKED, hold_id=hold.id, tap_id=hold.tap.id, reasons=reason_list(verdict.reasons))
        return AnswerCode.OK
    hold = rechecked(turn, hold, verdict)
    if verdict.advice is Advice.ADMIT:
        _let_in(turn, hold, verdict.reasons, asked)
    return AnswerCode.OK


def _let_in(turn: Turn, hold: Hold, reasons: tuple[Reason, ...], asked: GuardDecision) -> None:
    admit(turn, hold.tap, hold.person, reasons)
    close(turn, hold, str(asked.decision), asked.by, asked.note, asked.reason)
    if hold.person is not None:
        turn.show(Screen(ScreenKind.ADMITTED, hold.person, hold.tap, reasons))


def rule_fields(rule: TemperatureRule) -> dict[str, JSON]:
    """What a measurement was judged by."""
    return {"limit_c": rule.limit_c, "comparison": str(rule.comparison), "limit_set_by": rule.limit_set_by}


def _recheck(turn: Turn, reasons: tuple[Reason, ...]) -> tuple[int | None, int | None]:
    """From when the badge may start another measurement, and after how many minutes; None where only an officer decides."""
    if Reason.TEMPERATURE_HIGH in reasons:
        minutes = (turn.policy.temperature or TemperatureRule()).wait_min
        return turn.now_ms + minutes * 60_000, minutes
    return (turn.now_ms, None) if Reason.TEMPERATURE_UNMEASURED in reasons else (None, None)


def expire(turn: Turn) -> None:
    """Close the holds that nobody decided in time."""
    for hold in [hold for hold in turn.lane.holds.values() if hold.expires_ms <= turn.now_ms]:
        close(turn, hold, "expired")
