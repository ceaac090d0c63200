"""A detector: live through the worlds of some seeds, and end with 1 if a promise breaks in one of them."""

import logging
import sys
from contextlib import closing

from kiosk.simulation.world.central import Central
from kiosk.simulation.world.world import run_episode


def main(first: str, worlds: str) -> int:
    """0 if every promise was kept."""
    logging.disable(logging.CRITICAL)
    with closing(Central()) as central:
        for seed in range(int(first), int(first) + int(worlds)):
            violation = run_episode(central, seed).violation
            if violation is not None:
                print(f"seed {seed}: {violation}")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
