"""`make bench`: every benchmark, each figure beside the limit measured in the same run.

    python -m tests.bench [--photos DIR] [NAME ...]

Photographs for the decoder are looked for in `../shared/data/qr`; without them the decoder is measured on badges it draws itself.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

PHOTOS = Path(__file__).resolve().parents[2] / "shared" / "data" / "qr"
NAMES = ("decode", "commit", "idle", "tap", "search", "evacuation", "feed", "rooms", "offer", "race", "sync", "ingest")


def main() -> int:
    """Run the benchmarks one after the other and print one table. 1 if a limit was not kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, default=PHOTOS)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all if left out")
    args = parser.parse_args()
    failed = [name for name in args.names or NAMES if not run(name, args.photos)]
    if failed:
        print(f"\nnot kept: {', '.join(failed)}")
    return bool(failed)


def run(name: str, photos: Path) -> bool:
    """Run one benchmark and print its figures as table rows."""
    command = [sys.executable, "-m", "kiosk", "bench", name, "--json"]
    if name == "decode" and photos.is_dir():
        command += ["--photos", str(photos)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    for line in done.stdout.splitlines():
        row = json.loads(line)
        print(
            f"{row['bench']:18} {row['figure']:>12.4g} {row['unit']:22} limit {row['limit']:>10.4g}  ratio {row['ratio']:>6.3f}"
            f"  ({row['limit_is']})",
            flush=True,
        )
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
