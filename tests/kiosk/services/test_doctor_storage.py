"""What `gapura doctor` says of backups and of files that were set aside."""

import os
from pathlib import Path

from kiosk.services.doctor_checks import State, backups, quarantined
from kiosk.store import quarantine
from sync.clock import ManualClock

NOW = ManualClock().now()


def test_files_that_were_set_aside_are_named(tmp_path: Path) -> None:
    """Each folder by its name, with what to do; nothing is said where there is none."""
    assert quarantined(tmp_path).state is State.OK
    for _ in range(2):
        folder = quarantine.new_folder(tmp_path / "kiosk.db", NOW)
        (folder / "kiosk.db").write_bytes(b"x" * 3_000_000)
    found = quarantined(tmp_path)
    assert (found.state, found.found) == (State.WARN, "20200610T001200, 20200610T001200-2 (5.7 MiB)")
    assert "remove the folders" in found.do


def test_the_age_of_the_newest_backup_is_told(tmp_path: Path) -> None:
    """None, a fresh one and an old one are three things."""
    assert backups(tmp_path, NOW).state is State.WARN
    copy = tmp_path / "backups" / "kiosk-000004.db"
    copy.parent.mkdir()
    copy.touch()
    states = []
    for days in (0.5, 3.9, 4.1):
        made = NOW.wall.timestamp() - days * 86_400
        os.utime(copy, (made, made))
        states.append(backups(tmp_path, NOW).state)
    assert states == [State.OK, State.OK, State.WARN]
