"""A detector: live through the worlds of some seeds, and end with 1 if a promise breaks in one of them."""

import logging
import sys

from kiosk.simulation.world import campaign


def main(first: str, worlds: str) -> int:
    """0 if every promise was kept."""
    logging.disable(logging.CRITICAL)
    for seed in range(int(first), int(first) + int(worlds)):
        report = campaign.run(seed, 1)
        if report.first is not None:
            print(f"seed {seed}: {report.first.what}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
