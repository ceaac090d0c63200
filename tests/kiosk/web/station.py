"""A station in memory: real streams, real answers, no devices and no database. It keeps the promises of `views.Station`."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from kiosk.core.inputs import Decision
from kiosk.core.values import At, Direction, LetInReason, Person, Reason, Screen, ScreenKind, Tap
from kiosk.services.broadcast import Broadcast
from kiosk.services.refusals import Refusal
from kiosk.services.views import (
    Answered,
    DeviceState,
    FeedRow,
    Guard,
    GuardView,
    Health,
    HoldRow,
    PanelView,
    SignIn,
)

NOW = datetime(2020, 6, 10, 0, 12, tzinfo=UTC)
SITI = Person("p1", "Siti Rahayu, S.Sos.", "Bagian Organisasi", "Analis")
BUDI = Person("p2", "Budi Santoso", "Bagian Umum")
LONG = Person(
    "p3", "Raden Ajeng Kusumawardhani Puspitaningrum Hadiningrat-Sosrodiningrat, S.STP., M.Si.", "Badan Kepegawaian Daerah"
)
ARABIC = Person("p4", "محمد عبد الرحمن بن عبد الله آل سعود", "إدارة الشؤون العامة")
EMOJI = Person("p5", "🦊 Ayu 👩🏽‍🚒", "")
PEOPLE = (SITI, BUDI, LONG, ARABIC, EMOJI)
HEALTH = Health(
    camera=DeviceState.OK,
    thermometer=DeviceState.OK,
    clock_trusted=True,
    simulated=True,
    waiting_rows=0,
    online=True,
    server_seen_at=NOW,
    server_problem=None,
    directory_version=7,
    directory_applied_at=NOW,
    disk_free_mib=20_480,
    disk_low=False,
)
TROUBLED = replace(
    HEALTH,
    camera=DeviceState.SILENT,
    thermometer=DeviceState.LOST,
    clock_trusted=False,
    waiting_rows=128,
    online=False,
    server_seen_at=None,
    server_problem="unauthorised",
    directory_applied_at=None,
    disk_free_mib=90,
    disk_low=True,
)
PIN = "482915"


def tap(person: Person = SITI, *, trusted: bool = True, direction: Direction = Direction.IN) -> Tap:
    """A tap of that person at 07.12 WIB."""
    return Tap(f"tap-{person.id}", At(720_000, NOW, trusted), direction)


def panel_view(screen: Screen, **changes: object) -> PanelView:
    """A panel that shows `screen`, in Indonesian and in good health unless said otherwise."""
    view = PanelView(1, screen, HEALTH, NOW, "id", False, None)
    return replace(view, **changes)  # type: ignore[arg-type]


def feed_row(person: Person | None, number: int = 1, **changes: object) -> FeedRow:
    """An arrival that was admitted, unless said otherwise."""
    row = FeedRow(
        f"tap-{number}",
        NOW,
        True,
        "attendance.tapped",
        person,
        "in",
        "admit",
        (Reason.TEMPERATURE_IN_ORDER,),
        36.5,
        None,
        None,
        True,
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def hold_row(person: Person | None, number: int = 1, **changes: object) -> HoldRow:
    """A first high reading that waits for its second."""
    row = HoldRow(f"hold-{number}", f"tap-{number}", person, NOW, (Reason.TEMPERATURE_HIGH,), 37.84, 271, unattended=False)
    return replace(row, **changes)  # type: ignore[arg-type]


class MemoryStation:
    """A door of which a test says what happens."""

    name = "Pintu Utama"
    place = "Kantor Bupati"
    time_zone = "Asia/Jakarta"

    def __init__(self, photos: Path | None = None) -> None:
        self.panel = Broadcast(panel_view(Screen(ScreenKind.IDLE)))
        self.guard = Broadcast(GuardView(1, NOW, (), (), HEALTH, 0))
        self.stopping = threading.Event()
        self.people = (Guard("g1", "Slamet Widodo", "guard"), Guard("g2", "Tri Wahyuni", "guard"))
        self.decisions: list[tuple[str, str, Decision, float | None]] = []
        self.signed_out: list[str] = []
        self.refusals: list[tuple[Refusal, dict[str, object]]] = []
        self.wait_s = 0
        self.frame: tuple[int, bytes] | None = None
        self._photos = photos

    def show(self, screen: Screen, **changes: object) -> None:
        """Put a screen on the panel."""
        self.panel.publish(panel_view(screen, **{"serial": self.panel.current().serial + 1, **changes}))

    def set_language(self, language: str) -> None:
        self.panel.publish(replace(self.panel.current(), language=language, serial=self.panel.current().serial + 1))

    def preview_jpeg(self) -> tuple[int, bytes] | None:
        return self.frame

    def photo(self, sha256: str) -> Path | None:
        return self._photos / f"{sha256}.jpg" if self._photos else None

    def guards(self) -> tuple[Guard, ...]:
        return self.people

    def sign_in(self, guard_id: str, pin: str) -> SignIn:
        found = next((guard for guard in self.people if guard.id == guard_id), None)
        return SignIn(found) if pin == PIN and not self.wait_s else SignIn(None, self.wait_s)

    def sign_out(self, guard: Guard, by: Guard | None = None) -> None:
        self.signed_out.append(guard.id)

    def decide(
        self,
        guard: Guard,
        hold_id: str,
        decision: Decision,
        *,
        typed_temperature_c: float | None = None,
        note: str = "",
        reason: LetInReason | None = None,
    ) -> Answered:
        view = self.guard.current()
        if hold_id not in {hold.hold_id for hold in view.holds}:
            closed = hold_id in {known for _, known, _, _ in self.decisions}
            return Answered(False, "already_closed" if closed else "unknown_hold")
        self.decisions.append((guard.id, hold_id, decision, typed_temperature_c))
        left = tuple(hold for hold in view.holds if hold.hold_id != hold_id)
        self.guard.publish(replace(view, holds=left, serial=view.serial + 1))
        return Answered(True, "ok")

    def turned_away(self, reason: Refusal, what: Mapping[str, object]) -> None:
        self.refusals.append((reason, dict(what)))

    def metrics(self) -> str:
        return "gapura_waiting_rows 0\n"
