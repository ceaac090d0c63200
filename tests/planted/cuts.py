"""A detector: cut the power of the journal so many times, and end with 1 if anything that was confirmed is gone."""

import sys

from tests.power.door import prepared
from tests.power.walk import walk_until


def main(cuts: str) -> int:
    """0 if nothing was lost and nothing is damaged."""
    tally = walk_until(int(cuts), prepared())
    print(*tally.faults[:1])
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
