"""The kinds of event: their names never change, and each has a data class."""

import pytest

from sync.protocol.events import DataClass, Kind, data_class

PUBLISHED = """
attendance.tapped attendance.repeated attendance.manual correction.requested correction.decided badge.unmatched
badge.refused badge.reported screening.step screening.measured screening.unmeasured screening.abandoned verdict.admit
verdict.wait verdict.hold verdict.override hold.opened hold.rechecked hold.closed visitor.entered visitor.left
visitor.rated visitor.waiting visitor.called visitor.skipped visitor.moved visitor.away visitor.back room.overridden room.counted
room.swept rights.granted rights.released dropoff.received dropoff.accepted checklist.done guard.signed_in
guard.signed_out guard.refused guard.noted guard.handed_over evacuation.started evacuation.marked export.made
device.lost device.back clock.changed documents.applied station.started station.stopped station.quarantined
"""


def test_no_published_kind_is_gone():
    """Kinds are added, never renamed or taken away: journals outlive programs."""
    assert set(PUBLISHED.split()) <= {str(kind) for kind in Kind}


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_class(kind):
    """A measurement or a hold is health data; a tap is not."""
    expected = (
        DataClass.HEALTH if kind.startswith(("hold.", "screening.measured", "screening.unmeasured", "verdict.hold")) else None
    )
    found = data_class(kind)
    assert found in DataClass
    assert (found is DataClass.HEALTH) == (expected is DataClass.HEALTH)


@pytest.mark.parametrize("kind", ["", "screening.smelled", "attendance.tapped "])
def test_an_unknown_kind_is_kept_shortest(kind):
    """What this version does not know is treated as health data."""
    assert data_class(kind) is DataClass.HEALTH
