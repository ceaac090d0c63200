"""What the guard is told about the journal's own health."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from tests.kiosk.web.forms import sign_in
from tests.kiosk.web.station import HEALTH, MemoryStation


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"quarantined": 2}, "Berkas jurnal rusak disisihkan: 2, lapor ke petugas TI"),
        ({"journal_sound": False}, "Jurnal pernah diubah: lapor ke petugas TI"),
    ],
)
def test_the_guard_hears_of_damage_and_of_tampering(
    client: FlaskClient, station: MemoryStation, changes: dict[str, int | bool], words: str
):
    """Each has its sign, and only while it is so."""
    assert words not in sign_in(client).text
    view = station.guard.current()
    station.guard.publish(replace(view, health=replace(HEALTH, **changes), serial=view.serial + 1))
    assert words in client.get("/guard").text
