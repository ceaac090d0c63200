"""What each screen of the panel says: a colour, a shape, a word, a sound and sentences. Pure; the templates only draw it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from kiosk.core.values import Direction, Reason, Screen, ScreenKind, Sound, Tap
from kiosk.services.views import PanelView


class Tone(StrEnum):
    """A colour with a shape, told apart without the colour: tick, hand, hourglass, card, wrench."""

    GOOD = "good"
    ATTENTION = "attention"
    WAIT = "wait"
    CALM = "calm"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Face:
    """`headline` and `sentences` are msgids. `shows_tap` says whether the tap on the screen and its two marks are shown."""

    tone: Tone
    shape: str
    headline: str
    sentences: tuple[str, ...] = ()
    sound: Sound | None = None
    shows_tap: bool = False
    shows_person: bool = False


_TAP_WORDS = {Direction.IN: "tap.ok", Direction.OUT: "tap.ok.out", Direction.UNSTATED: "tap.ok.unstated"}
_DOUBLE_WORDS = {Direction.IN: "scan.double", Direction.OUT: "scan.double.out", Direction.UNSTATED: "scan.double.unstated"}
_UNMEASURED = frozenset(
    {
        Reason.TEMPERATURE_UNMEASURED,
        Reason.SENSOR_LOST,
        Reason.NO_VALID_READING,
        Reason.MEASURE_TIMEOUT,
    }
)


def tap_words(tap: Tap) -> str:
    """The msgid that says that a tap is recorded."""
    return _TAP_WORDS[tap.direction]


def double_words(tap: Tap) -> str:
    """The msgid that says that a tap was recorded before."""
    return _DOUBLE_WORDS[tap.direction] if tap.at.trusted else "scan.double.unsure"


def face(view: PanelView) -> Face:
    """What the panel says now."""
    if not view.health.in_service:
        return _OUT_OF_SERVICE
    return _FACES[view.screen.kind](view)


def sound_key(screen: Screen) -> str:
    """Changes exactly when a sound is due: a new screen, not a new drawing of the same one."""
    return f"{screen.kind}:{screen.tap.id if screen.tap else ''}:{screen.person.id if screen.person else ''}"


def _admitted(view: PanelView) -> Face:
    unmeasured = _UNMEASURED.intersection(view.screen.reasons)
    if view.screen.shown_temperature_c is not None:
        sentences: tuple[str, ...] = ("temp.shown",)
    elif unmeasured:
        sentences = ("temp.off" if Reason.SENSOR_LOST in unmeasured else "temp.none",)
    else:
        sentences = ()
    headline = "verdict.admit" if view.screen.tap is None or view.screen.tap.direction is Direction.IN else "verdict.pass"
    return Face(Tone.GOOD, "tick", headline, sentences, Sound.ACCEPTED, shows_tap=True, shows_person=True)


def _held(view: PanelView) -> Face:
    return Face(Tone.ATTENTION, "hand", "verdict.hold", _held_sentences(view), Sound.ATTENTION, shows_tap=True, shows_person=True)


def _held_sentences(view: PanelView) -> tuple[str, ...]:
    """The reading is never among them: it belongs to the person and the guard, not to the queue."""
    reasons = view.screen.reasons
    if view.screen.unattended:
        return ("hold.unattended",)
    if Reason.HAND_THERMOMETER in reasons and Reason.TEMPERATURE_HIGH not in reasons:
        return ("hold.by_hand",)
    if Reason.TEMPERATURE_HIGH in reasons and view.recheck_in_s is not None:
        return ("hold.recheck_now",) if view.recheck_in_s <= 0 else ("hold.sit",)
    if _UNMEASURED.intersection(reasons):
        return ("hold.unmeasured",)
    return ("temp.high2",)


def _fixed(shown: Face) -> Callable[[PanelView], Face]:
    return lambda _view: shown


_OUT_OF_SERVICE = Face(Tone.OFF, "wrench", "service.off", ("tap.manual",))
_FACES: dict[ScreenKind, Callable[[PanelView], Face]] = {
    ScreenKind.IDLE: _fixed(Face(Tone.CALM, "card", "idle.title", ("idle.scan",))),
    ScreenKind.TAPPED: _fixed(Face(Tone.CALM, "card", "tap.seen", shows_tap=True, shows_person=True)),
    ScreenKind.MEASURING: _fixed(
        Face(Tone.WAIT, "hourglass", "temp.reading", ("temp.prompt",), shows_tap=True, shows_person=True)
    ),
    ScreenKind.ADMITTED: _admitted,
    ScreenKind.HELD: _held,
    ScreenKind.REPEATED: _fixed(Face(Tone.CALM, "again", "scan.already", shows_person=True, sound=Sound.ACCEPTED)),
    ScreenKind.UNKNOWN_BADGE: _fixed(
        Face(Tone.ATTENTION, "question", "scan.unknown", ("scan.officer", "scan.kept"), Sound.ATTENTION)
    ),
    ScreenKind.REFUSED_BADGE: _fixed(
        Face(Tone.ATTENTION, "hand", "scan.revoked", ("scan.officer", "scan.kept"), Sound.ATTENTION)
    ),
    ScreenKind.UNREADABLE_CODE: _fixed(Face(Tone.ATTENTION, "question", "scan.notbadge", ("scan.show_badge",), Sound.ATTENTION)),
    ScreenKind.OUT_OF_SERVICE: _fixed(_OUT_OF_SERVICE),
}
