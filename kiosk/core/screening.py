"""The steps a circular asks for, in its order. Only showing them is built; nothing waits for a step yet."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a circular insists."""

    REQUIRED = "required"
    ADVISED = "advised"


class Evidence(StrEnum):
    """How one knows that a step was done."""

    SENSOR = "sensor"
    GUARD_SEEN = "guard_seen"
    SELF_DECLARED = "self_declared"
    NOTICE_ONLY = "notice_only"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `id` names its words in the catalogs (`step.<id>`)."""

    id: str
    level: Level = Level.REQUIRED
    evidence: Evidence = Evidence.NOTICE_ONLY


def shown(steps: Iterable[Step]) -> tuple[str, ...]:
    """The ids to show as notices, in order. The sensor's step is the measurement itself and needs no notice."""
    return tuple(step.id for step in steps if step.evidence is not Evidence.SENSOR)
