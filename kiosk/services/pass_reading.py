"""Passes held to the camera: which showing counts, and whose card is awaited."""

from dataclasses import dataclass

from kiosk.core.room_here import Guest
from sync.clock import Clock

AWAITS_CARD_S = 60.0
_ONE_SHOWING_S = 4.0


@dataclass(frozen=True, slots=True)
class Awaiting:
    """Somebody at the panel who has a place, if the card they show is good. `until_ns` is monotonic."""

    room_id: str
    guest: Guest
    until_ns: int
    ticket_id: str | None = None


class PassReader:
    """Tells one showing of a pass from the next. Used by one thread at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen_ns: dict[str, int] = {}
        self.awaiting: Awaiting | None = None

    def is_new(self, token_sha256: str) -> bool:
        """True unless that pass was in front of the camera within the last four seconds: held there, it is shown once."""
        now_ns = self._clock.now().mono_ns
        self._seen_ns = {token: seen for token, seen in self._seen_ns.items() if now_ns - seen < _ONE_SHOWING_S * 1e9}
        is_new = token_sha256 not in self._seen_ns
        self._seen_ns[token_sha256] = now_ns
        return is_new

    def await_card(self, room_id: str, guest: Guest, ticket_id: str | None = None) -> None:
        """The next card that is shown is theirs."""
        until_ns = self._clock.now().mono_ns + int(AWAITS_CARD_S * 1e9)
        self.awaiting = Awaiting(room_id, guest, until_ns, ticket_id)

    def promised(self, room_id: str) -> int:
        """Places of that room that are kept for whoever is at the panel. Those of a called number are kept with its call."""
        awaiting = self.awaited()
        is_meant = awaiting is not None and awaiting.room_id == room_id and awaiting.ticket_id is None
        return awaiting.guest.people if awaiting is not None and is_meant else 0

    def awaited(self) -> Awaiting | None:
        """Who is at the panel with a place, and still there."""
        if self.awaiting is not None and self._clock.now().mono_ns >= self.awaiting.until_ns:
            self.awaiting = None
        return self.awaiting
