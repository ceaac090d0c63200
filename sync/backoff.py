"""What an answer asks the agent to do, and how long to wait before the next try. Pure; the caller brings chance and time."""

from email.utils import parsedate_to_datetime
from enum import StrEnum

RETRY_AFTER_CAP_S = 3600.0
"""A server or proxy may ask for a longer pause; it gets this one, so that no answer can silence a door for days."""

_FLOOR_S = 0.2
_MAX_DOUBLINGS = 20


class Course(StrEnum):
    """What to do after an answer. Nothing is deleted on any of them."""

    DONE = "done"
    RETRY = "retry"
    RETRY_SLOWLY = "retry slowly"
    HALVE = "halve"
    BISECT = "bisect"
    KEEP_AND_ALARM = "keep and alarm"


_RETRY = frozenset({408, 429, 502, 503, 504})
_BISECT = frozenset({400, 415, 422})
_DONE = frozenset({200, 304})
_BASE_S = {Course.RETRY: 1.0, Course.RETRY_SLOWLY: 5.0, Course.KEEP_AND_ALARM: 15.0}
_CAP_S = {Course.RETRY: 60.0, Course.RETRY_SLOWLY: 300.0, Course.KEEP_AND_ALARM: 300.0}


def course(status: int, *, is_ours: bool) -> Course:
    """What an answer with this status asks for. `is_ours`: its content type is one that our server would send.

    400, 415 and 422 count against a record only when our own server says them; a captive portal's do not.
    """
    if status in _RETRY:
        return Course.RETRY
    if status == 413:
        return Course.HALVE
    if status >= 500:
        return Course.RETRY_SLOWLY
    if status in _BISECT and is_ours:
        return Course.BISECT
    if status in _DONE and is_ours:
        return Course.DONE
    return Course.KEEP_AND_ALARM


def delay_s(
    failures: int, how: Course, chance: float, *, cap_s: float | None = None, retry_after_s: float | None = None
) -> float:
    """Seconds to wait after the `failures`-th failure in a row (1 for the first), with full jitter.

    `chance` is even over [0, 1). `cap_s` lowers the course's own cap. A pause the server asked for is kept in full, up to
    RETRY_AFTER_CAP_S, with the jitter on top so that a fleet does not come back in one moment.
    """
    doublings = min(max(failures - 1, 0), _MAX_DOUBLINGS)
    cap = _CAP_S.get(how, 60.0)
    ceiling = min(cap if cap_s is None else min(cap, cap_s), _BASE_S.get(how, 1.0) * float(1 << doublings))
    jitter = max(_FLOOR_S, ceiling * chance)
    return jitter if retry_after_s is None else min(max(retry_after_s, 0.0), RETRY_AFTER_CAP_S) + jitter


def retry_after_s(value: str | None, date: str | None) -> float | None:
    """Seconds that a Retry-After header asks for, in either form; None if it says nothing that can be used.

    An HTTP date is measured against the answer's own Date header, since this machine's clock may be years off.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text) if len(text) < 10 else RETRY_AFTER_CAP_S
    try:
        until, now = parsedate_to_datetime(text), parsedate_to_datetime(date or "")
        seconds = (until - now).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), RETRY_AFTER_CAP_S)
