"""A detector: live through rooms of a limit of two, and end with 1 if a promise breaks in one of them."""

import sys

from kiosk.simulation.rooms import campaign


def main(first: str, worlds: str) -> int:
    """0 if every promise was kept."""
    report = campaign.run(int(first), int(worlds), limit=2, is_enough=lambda found: found.violations > 0)
    if report.first is not None:
        print(f"episode {report.first.episode}, step {report.first.step}: {report.first.what}")
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
