"""What guards take back, and what they see that no machine does: undo, and a face that is not the photo's."""

from dataclasses import replace

from kiosk.core.attendance import person_id
from kiosk.core.effects import AnswerCode
from kiosk.core.holds import call_guard, decide, open_hold, reason_list
from kiosk.core.inputs import Decision, GuardDecision, NotThePerson, Undo
from kiosk.core.state import ClosedHold, Hold
from kiosk.core.turn import Turn
from kiosk.core.values import Reason, ScreenKind, Tap
from sync.protocol.events import Kind

UNDO_WITHIN_MS = 60_000
NOT_THE_PERSON = "not_the_person"
"""`what` of the `badge.reported` that says so."""
_GUARDS_WORDS = frozenset(Decision)


def answer(turn: Turn, asked: GuardDecision | Undo | NotThePerson) -> AnswerCode:
    """Do what a guard asks about a hold or a tap."""
    match asked:
        case Undo():
            return undo(turn, asked)
        case NotThePerson():
            return not_the_person(turn, asked)
        case _:
            return decide(turn, asked)


def undo(turn: Turn, asked: Undo) -> AnswerCode:
    """Open a hold again as it was before a guard closed it, within `UNDO_WITHIN_MS`. What was journaled of it stays."""
    closed = next((each for each in reversed(turn.lane.closed) if each.hold.id == asked.hold_id), None)
    is_open = any(hold.id == asked.hold_id for hold in turn.lane.holds.values())
    if closed is None and not is_open:
        return AnswerCode.UNKNOWN_HOLD
    if closed is None or closed.decision not in _GUARDS_WORDS:
        return AnswerCode.NOT_DECIDED
    if turn.now_ms - closed.at_ms > UNDO_WITHIN_MS:
        turn.append(Kind.GUARD_REFUSED, guard_id=asked.by, reason="too_late", what="undo", hold_id=asked.hold_id)
        return AnswerCode.UNDO_TOO_LATE
    if closed.hold.key in turn.lane.holds:
        return AnswerCode.NEWER_HOLD
    _reopen(turn, closed, asked.by)
    return AnswerCode.OK


def _reopen(turn: Turn, closed: ClosedHold, by: str) -> None:
    hold = replace(closed.hold, expires_ms=turn.now_ms + turn.policy.hold_lasts_ms)
    turn.append(
        Kind.HOLD_REOPENED,
        hold_id=hold.id,
        tap_id=hold.tap.id,
        person_id=person_id(hold.person),
        reasons=reason_list(hold.reasons),
        by=by,
        undone=closed.decision,
    )
    turn.change(closed=tuple(each for each in turn.lane.closed if each is not closed))
    turn.put_hold(hold)
    result = turn.lane.result
    if result is not None and result.kind is ScreenKind.ADMITTED and result.tap == hold.tap:
        turn.change(result=None)
    call_guard(turn, hold)


def not_the_person(turn: Turn, asked: NotThePerson) -> AnswerCode:
    """Hold whoever came with that tap, or mark the hold they are in: from then on only an officer decides.

    A new hold is not that of the badge's owner: who comes with their own badge later has a tap of their own.
    """
    hold = next((hold for hold in turn.lane.holds.values() if hold.tap.id == asked.tap.id), None)
    if hold is not None and Reason.NOT_THE_PERSON in hold.reasons:
        return AnswerCode.OK
    turn.append(
        Kind.BADGE_REPORTED,
        what=NOT_THE_PERSON,
        tap_id=asked.tap.id,
        person_id=person_id(asked.person),
        by=asked.by,
        note=asked.note,
    )
    _send_from_sensor(turn, asked.tap)
    if hold is None:
        open_hold(turn, reported_key(asked.tap.id), asked.tap, asked.person, (Reason.NOT_THE_PERSON,), asked.id)
    else:
        _mark(turn, hold)
    return AnswerCode.OK


def reported_key(tap_id: str) -> str:
    """The key of a hold that is about one tap, and about no badge."""
    return f"reported:{tap_id}"


def _mark(turn: Turn, hold: Hold) -> None:
    reasons = (*hold.reasons, Reason.NOT_THE_PERSON)
    turn.put_hold(replace(hold, reasons=reasons, recheck_at_ms=None, recheck_minutes=None))


def _send_from_sensor(turn: Turn, tap: Tap) -> None:
    """Whoever is being measured or in line on that tap is so no longer."""
    lane = turn.lane
    if lane.at_sensor is not None and lane.at_sensor.go.tap.id == tap.id:
        turn.leave_sensor()
    turn.change(line=tuple(go for go in lane.line if go.tap.id != tap.id))
    for key, recent in lane.recents.items():
        if recent.tap.id == tap.id:
            turn.mark(key, waiting=False, answered=True)
