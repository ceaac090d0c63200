"""One badge, two doors, an impossible interval: somebody cannot have been at both. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Seen:
    """A tap at a door whose clock was synced. `keys` are what it is recognised by: the person, the badge's hash, or both."""

    event_id: str
    keys: tuple[str, ...]
    name: str
    door: str
    place_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Impossible:
    """Two taps of one person or badge at two places, too soon after one another."""

    first: Seen
    second: Seen

    @property
    def apart_s(self) -> int:
        """Whole seconds between them."""
        return int((self.second.at - self.first.at).total_seconds())


def impossible(taps: Iterable[Seen], within: timedelta) -> list[Impossible]:
    """Every such pair, the newest first; two doors of one place are one place, and `within` itself counts."""
    by_key: defaultdict[str, list[Seen]] = defaultdict(list)
    for tap in taps:
        for key in tap.keys:
            by_key[key].append(tap)
    found: dict[tuple[str, str], Impossible] = {}
    for seen in by_key.values():
        seen.sort(key=lambda tap: (tap.at, tap.event_id))
        # Of taps in between at either place, the last and the first are the pair: neighbours in time are enough.
        for first, second in pairwise(seen):
            if first.place_id != second.place_id and second.at - first.at <= within:
                found[first.event_id, second.event_id] = Impossible(first, second)
    return sorted(found.values(), key=lambda pair: (pair.second.at, pair.second.event_id), reverse=True)
