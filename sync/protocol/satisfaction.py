"""How somebody who leaves found it: the four levels that public services ask for (PermenPANRB 14/2017)."""

from enum import StrEnum


class Level(StrEnum):
    """The answers, best first. There is none in the middle."""

    VERY_GOOD = "very_good"
    GOOD = "good"
    POOR = "poor"
    BAD = "bad"
