"""Every screen a panel can show, with the people that make layouts break. Used by tests and for looking at pictures."""

from dataclasses import replace

from kiosk.core.values import Direction, Notice, Reason, Screen, ScreenKind
from kiosk.services.views import GuardView, PanelView
from tests.kiosk.web.station import ARABIC, BUDI, EMOJI, HEALTH, LONG, NOW, SITI, TROUBLED, feed_row, hold_row, panel_view, tap

PHOTOGRAPHED = replace(SITI, photo="a" * 64)
_SEEN = {"person": PHOTOGRAPHED, "tap": tap()}
_HIGH = (Reason.TEMPERATURE_HIGH,)
_BY_HAND = (Reason.TEMPERATURE_UNMEASURED, Reason.HAND_THERMOMETER)

PANELS: dict[str, PanelView] = {
    "idle": panel_view(Screen(ScreenKind.IDLE)),
    "idle-hint": panel_view(Screen(ScreenKind.IDLE, hint="located_not_read")),
    "idle-several": panel_view(Screen(ScreenKind.IDLE, hint="several_codes")),
    "idle-troubled": panel_view(Screen(ScreenKind.IDLE), health=TROUBLED),
    "tapped": panel_view(Screen(ScreenKind.TAPPED, **_SEEN)),
    "measuring": panel_view(Screen(ScreenKind.MEASURING, **_SEEN)),
    "measuring-line": panel_view(
        Screen(
            ScreenKind.MEASURING,
            **_SEEN,
            line=(BUDI, LONG, ARABIC, EMOJI, BUDI, BUDI),
            notice=Notice(BUDI, tap(BUDI), ScreenKind.TAPPED),
        )
    ),
    "admitted": panel_view(
        Screen(ScreenKind.ADMITTED, **_SEEN, reasons=(Reason.TEMPERATURE_IN_ORDER,), shown_temperature_c=36.5), tap_sent=True
    ),
    "admitted-unmeasured": panel_view(
        Screen(ScreenKind.ADMITTED, **_SEEN, reasons=(Reason.TEMPERATURE_UNMEASURED, Reason.SENSOR_LOST)), health=TROUBLED
    ),
    "admitted-leaving": panel_view(
        Screen(
            ScreenKind.ADMITTED,
            person=BUDI,
            tap=tap(BUDI, direction=Direction.OUT, trusted=False),
            reasons=(Reason.TEMPERATURE_NOT_ASKED,),
        )
    ),
    "admitted-long": panel_view(
        Screen(
            ScreenKind.ADMITTED, LONG, tap(LONG), (Reason.TEMPERATURE_IN_ORDER,), 36.5, notice=Notice(None, None, ScreenKind.IDLE)
        )
    ),
    "admitted-arabic": panel_view(Screen(ScreenKind.ADMITTED, ARABIC, tap(ARABIC), (Reason.TEMPERATURE_IN_ORDER,), 36.5)),
    "held": panel_view(Screen(ScreenKind.HELD, **_SEEN, reasons=_HIGH, recheck_at_ms=1, recheck_minutes=5), recheck_in_s=297),
    "held-due": panel_view(Screen(ScreenKind.HELD, **_SEEN, reasons=_HIGH, recheck_at_ms=1, recheck_minutes=5), recheck_in_s=0),
    "held-again": panel_view(Screen(ScreenKind.HELD, LONG, tap(LONG), (Reason.TEMPERATURE_HIGH_AGAIN,))),
    "held-unmeasured": panel_view(
        Screen(ScreenKind.HELD, EMOJI, tap(EMOJI), (Reason.TEMPERATURE_UNMEASURED, Reason.MEASURE_TIMEOUT), line=(BUDI, LONG))
    ),
    "held-unattended": panel_view(Screen(ScreenKind.HELD, **_SEEN, reasons=_HIGH, unattended=True), recheck_in_s=60),
    "repeated": panel_view(Screen(ScreenKind.REPEATED, **_SEEN)),
    "unknown": panel_view(Screen(ScreenKind.UNKNOWN_BADGE, reasons=(Reason.BADGE_UNKNOWN,))),
    "refused": panel_view(Screen(ScreenKind.REFUSED_BADGE, person=SITI, reasons=(Reason.BADGE_REVOKED,))),
    "unreadable": panel_view(Screen(ScreenKind.UNREADABLE_CODE, reasons=(Reason.CODE_UNREADABLE,))),
    "out-of-service": panel_view(Screen(ScreenKind.OUT_OF_SERVICE), health=replace(HEALTH, in_service=False)),
}

GUARDS: dict[str, GuardView] = {
    "empty": GuardView(1, NOW, (), (), HEALTH, 0),
    "busy": GuardView(
        2,
        NOW,
        (
            hold_row(PHOTOGRAPHED, 1),
            hold_row(LONG, 2, reasons=(Reason.TEMPERATURE_HIGH_AGAIN,), recheck_in_s=None),
            hold_row(ARABIC, 3, recheck_in_s=0),
            hold_row(None, 4, reasons=(Reason.BADGE_UNKNOWN,), recheck_in_s=None, shown_temperature_c=None, unattended=True),
        ),
        (
            feed_row(PHOTOGRAPHED, 1, verdict="hold", reasons=_HIGH, shown_temperature_c=37.84, hold_id="hold-1", sent=False),
            feed_row(BUDI, 5),
            feed_row(
                LONG, 2, verdict="hold", reasons=(Reason.TEMPERATURE_HIGH_AGAIN,), decision="clinic", shown_temperature_c=38.2
            ),
            feed_row(ARABIC, 6, verdict=None, reasons=(), shown_temperature_c=None, clock_trusted=False),
            feed_row(None, 7, kind="badge.unmatched", verdict="hold", reasons=(Reason.BADGE_UNKNOWN,), shown_temperature_c=None),
            feed_row(EMOJI, 8, reasons=(Reason.TEMPERATURE_UNMEASURED, Reason.SENSOR_LOST), shown_temperature_c=None),
        ),
        TROUBLED,
        47,
    ),
    "by-hand": GuardView(
        3,
        NOW,
        (
            hold_row(LONG, 5, reasons=_BY_HAND, recheck_in_s=None, shown_temperature_c=None),
            hold_row(ARABIC, 6, reasons=_BY_HAND, recheck_in_s=None, shown_temperature_c=None),
            hold_row(BUDI, 7, reasons=(Reason.NOT_THE_PERSON,), recheck_in_s=None),
        ),
        (feed_row(EMOJI, 8, steps=(("mask", "given"), ("gloves", "seen"))),),
        replace(HEALTH, by_hand=True),
        3,
    ),
    "offered": GuardView(4, NOW, (), (feed_row(BUDI, 5),), HEALTH, 1, offers_by_hand=True),
}
