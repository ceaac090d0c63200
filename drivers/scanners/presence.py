"""From what each picture shows to what a person did: one badge held up is one sighting, however many pictures it is in. Pure."""

from collections.abc import Callable
from typing import Protocol

from drivers.base import Hint, Sighting

_MS = 1_000_000
_LOCATED_AFTER_MS = 700
"""A code that cannot be read for so long needs help; badges on their way to the camera are read sooner."""
_LOCATED_GAP_MS = 300
"""A code still counts as located across the few pictures in which it is not."""
_HINT_EVERY_MS = 3000


class Seen(Protocol):
    """What one picture gave; see `vision.Look`."""

    @property
    def texts(self) -> tuple[str, ...]:
        """The different usable texts."""

    @property
    def located(self) -> bool:
        """A code is to be seen that gave no usable text."""


class Presence:
    """Follows the codes in view.

    `is_badge` says which texts are badges: among several codes a single badge is taken and the rest ignored; otherwise
    nobody can say whose code is meant, and a hint asks for one at a time.
    """

    def __init__(self, is_badge: Callable[[str], bool], *, gone_after_ms: int = 1500) -> None:
        self._is_badge = is_badge
        self._gone_after_ns = gone_after_ms * _MS
        self._last_seen: dict[str, int] = {}
        self._located_since_ns: int | None = None
        self._located_at_ns = 0
        self._hinted_at_ns: dict[Hint, int] = {}

    def update(self, seen: Seen, at_ns: int) -> Sighting | None:
        """Take in a picture that arrived at `at_ns` (monotonic, never earlier than the last). Gives what is new, or None."""
        self._forget_the_gone(at_ns)
        located_long = self._follow_located(seen, at_ns)
        meant = self._meant(seen.texts)
        for text in seen.texts:
            if text in self._last_seen:
                self._last_seen[text] = at_ns
        if meant is None:
            hint = Hint.SEVERAL_CODES if seen.texts else Hint.LOCATED_NOT_READ if located_long else None
            return self._hint(hint, at_ns) if hint else None
        is_new = meant not in self._last_seen
        self._last_seen[meant] = at_ns
        return Sighting(meant, at_ns) if is_new else None

    def nothing_moved(self, at_ns: int) -> None:
        """Take in a picture in which nothing moved: what was in view still is."""
        self._forget_the_gone(at_ns)
        self._last_seen = dict.fromkeys(self._last_seen, at_ns)

    def _meant(self, texts: tuple[str, ...]) -> str | None:
        if len(texts) == 1:
            return texts[0]
        badges = [text for text in texts if self._is_badge(text)]
        return badges[0] if len(badges) == 1 else None

    def _forget_the_gone(self, at_ns: int) -> None:
        self._last_seen = {text: seen_ns for text, seen_ns in self._last_seen.items() if at_ns - seen_ns < self._gone_after_ns}

    def _follow_located(self, seen: Seen, at_ns: int) -> bool:
        """True while a code has been located, and none read, for long enough to need help."""
        paused = at_ns - self._located_at_ns > _LOCATED_GAP_MS * _MS
        if seen.texts or (paused and not seen.located):
            self._located_since_ns = None
        if seen.texts or not seen.located:
            return False
        if self._located_since_ns is None or paused:
            self._located_since_ns = at_ns
        self._located_at_ns = at_ns
        return at_ns - self._located_since_ns > _LOCATED_AFTER_MS * _MS

    def _hint(self, hint: Hint, at_ns: int) -> Sighting | None:
        given_ns = self._hinted_at_ns.get(hint)
        if given_ns is not None and at_ns - given_ns < _HINT_EVERY_MS * _MS:
            return None
        self._hinted_at_ns[hint] = at_ns
        return Sighting(None, at_ns, hint)
