"""What people may see of themselves: their own last 30 days, for half a minute after their own tap, where they tapped."""

import hmac
import threading
from dataclasses import dataclass, field
from datetime import date, timedelta

from kiosk.core.values import Direction, Person, Screen, ScreenKind
from kiosk.services.tools import StationTools
from kiosk.store import corrections, directory, guards, presence
from kiosk.store.corrections import Correction
from kiosk.store.presence import Attendance
from sync.state import read_link

DAYS = 30
OFFER_LASTS_S = 60
OPEN_LASTS_S = 30
FORM_LASTS_S = 120
_OFFERED_ON = frozenset({ScreenKind.TAPPED, ScreenKind.ADMITTED, ScreenKind.REPEATED, ScreenKind.HELD})
_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class OwnEntry:
    """One entry as its owner sees it. `sent` is True once the server has it; `typed_by` is the guard's name if one typed it."""

    entry: Attendance
    sent: bool
    typed_by: str | None


@dataclass(frozen=True, slots=True)
class OwnDay:
    """One local day, entries oldest first. `first_in` and `last_out` count only entries of that direction."""

    day: date
    entries: tuple[OwnEntry, ...]

    @property
    def first_in(self) -> Attendance | None:
        return next((each.entry for each in self.entries if each.entry.direction == Direction.IN), None)

    @property
    def last_out(self) -> Attendance | None:
        return next((each.entry for each in reversed(self.entries) if each.entry.direction == Direction.OUT), None)


@dataclass(frozen=True, slots=True)
class OwnRequest:
    """A correction that its owner asked for. `sent` is about the request."""

    correction: Correction
    sent: bool


@dataclass(frozen=True, slots=True)
class OwnPage:
    """Everything on one person's page. Days newest first, those without entries left out."""

    person: Person
    days: tuple[OwnDay, ...]
    requests: tuple[OwnRequest, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody looks at their own page: who, by which tap, in which language, and until when (monotonic ns)."""

    id: str
    person_id: str
    tap_id: str
    language: str
    until_ns: int


@dataclass(slots=True)
class _Offer:
    tap_id: str
    person_id: str
    token: str
    shown_ns: int


@dataclass(slots=True)
class SelfCheck:
    """Hands out the one right to look at a page, and gives the page. At most one right and one visit exist at a time.

    Whoever comes to the panel next ends both.
    """

    tools: StationTools
    _offer: _Offer | None = None
    _visit: Visit | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, screen: Screen) -> str | None:
        """The panel shows this now. Gives the token for its button, where the screen is one with a person's own tap."""
        with self._lock:
            self._leave_to(screen)
            tap, person = screen.tap, screen.person
            if tap is None or person is None or screen.kind not in _OFFERED_ON:
                return None
            now_ns = self.tools.now().mono_ns
            if self._offer is None:
                self._offer = _Offer(tap.id, person.id, self.tools.random_bytes(32).hex(), now_ns)
            self._offer.shown_ns = now_ns
            return self._offer.token

    def open(self, token: str, screen: Screen, language: str) -> Visit | None:
        """Spend a token; `screen` is what the panel shows now. None: it is another's, spent, made up, or too old."""
        with self._lock:
            self._leave_to(screen)
            offer, now_ns = self._offer, self.tools.now().mono_ns
            if offer is None or not hmac.compare_digest(offer.token.encode(), token.encode()):
                return None
            self._offer = None
            if now_ns - offer.shown_ns > OFFER_LASTS_S * _S:
                return None
            visit_id = self.tools.random_bytes(32).hex()
            self._visit = Visit(visit_id, offer.person_id, offer.tap_id, language, now_ns + OPEN_LASTS_S * _S)
            return self._visit

    def visit(self, visit_id: str, screen: Screen, *, stay_s: int = 0) -> Visit | None:
        """The visit of that id, if it goes on; then it goes on for at least `stay_s` more."""
        with self._lock:
            self._leave_to(screen)
            visit, now_ns = self._visit, self.tools.now().mono_ns
            if visit is None or now_ns > visit.until_ns or not hmac.compare_digest(visit.id.encode(), visit_id.encode()):
                return None
            until_ns = max(visit.until_ns, now_ns + stay_s * _S)
            self._visit = Visit(visit.id, visit.person_id, visit.tap_id, visit.language, until_ns)
            return self._visit

    def close(self, visit_id: str) -> None:
        """End that visit."""
        with self._lock:
            if self._visit is not None and self._visit.id == visit_id:
                self._visit = None

    def _leave_to(self, screen: Screen) -> None:
        """End what belongs to somebody else than the one on the screen. An idle panel is still the last one's."""
        if screen.kind is ScreenKind.IDLE:
            return
        tap_id = None if screen.tap is None else screen.tap.id
        if self._offer is not None and self._offer.tap_id != tap_id:
            self._offer = None
        if self._visit is not None and self._visit.tap_id != tap_id:
            self._visit = None

    def page(self, person_id: str) -> OwnPage | None:
        """That person's page; None if the directory does not know them any more.

        Raises:
            DatabaseError
        """
        today = self.tools.today()
        start, end = self.tools.day(today - timedelta(days=DAYS))[0], self.tools.day(today)[1]
        with self.tools.reading() as db:
            person = directory.person(db, person_id)
            entries = presence.of_person(db, person_id, start, end)
            requests = corrections.of_person(db, person_id)
            names = {guard_id: name for guard_id, name, _ in guards.everyone(db)}
        link = read_link(self.tools.data / "sync.db")
        acked = link.acked if link else {}
        days: dict[date, list[OwnEntry]] = {}
        for each in entries:
            by = None if each.by is None else names.get(each.by, each.by)
            own = OwnEntry(each, each.seq <= acked.get(each.epoch, 0), by)
            days.setdefault(each.at.astimezone(self.tools.zone).date(), []).append(own)
        if person is None:
            return None
        asked = tuple(OwnRequest(each, each.seq <= acked.get(each.epoch, 0)) for each in requests)
        return OwnPage(person, tuple(OwnDay(day, tuple(days[day])) for day in sorted(days, reverse=True)), asked)
