"""What guards press on the entry screen, through real pages over a real journal."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.base import Sighting
from kiosk.core.values import Reason
from kiosk.web.hold_groups import BY_HAND_ROWS, SCRIPTS, grouped, script
from tests.kiosk.services.post import code_of
from tests.kiosk.web.duty_door import DutyDoor, duty_door
from tests.kiosk.web.forms import send
from tests.kiosk.web.station import SITI, hold_row


@pytest.fixture
def door(tmp_path: Path) -> Iterator[DutyDoor]:
    with duty_door(tmp_path / "door") as door:
        yield door


def come(door: DutyDoor, number: int) -> str:
    """Somebody shows a badge; gives the id of their tap once it is journaled."""
    before, pause = len(door.post.rows()), threading.Event()
    door.post.lane.offer(Sighting(code_of(number), door.post.clock.now().mono_ns))
    for _ in range(200):
        if len(door.post.rows()) > before:
            break
        pause.wait(0.01)
    door.post.station.refresh()
    return door.post.station.guard.current().feed[0].tap_id


def test_why_and_who_was_faster(door: DutyDoor):
    """The reason pressed is kept; the guard who comes second reads who decided and when."""
    hold = come(door, 77)
    budi, tri = door.client("budi"), door.client("tri")
    assert "Ucapkan" in budi.get("/guard").text
    assert "Keputusan tersimpan" in send(budi, f"/guard/holds/{hold}/close", decision="let_in", reason="emergency").text
    assert door.post.of("hold.closed")[0]["reason"] == "emergency"
    late = send(tri, f"/guard/holds/{hold}/close", decision="clinic").text
    assert "Sudah diputuskan oleh Budi pukul 07.12 WIB" in late


def test_another_reason_needs_a_note(door: DutyDoor):
    """Without words nothing is decided; with them they are kept; a reason there is none of is no request of ours."""
    hold = come(door, 77)
    client = door.client()
    assert "Tulis dulu" in send(client, f"/guard/holds/{hold}/close", decision="let_in", reason="other").text
    assert door.post.of("hold.closed") == []
    assert send(client, f"/guard/holds/{hold}/close", decision="let_in", reason="bribe").status_code == 400
    send(client, f"/guard/holds/{hold}/close", decision="let_in", reason="other", note="  tamu  Bupati ")
    assert door.post.of("hold.closed")[0]["note"] == "tamu Bupati"


def test_undo_is_offered_and_refused_after_a_minute(door: DutyDoor):
    """The button is there with who decided; after 60 s a clear sentence comes, and the attempt is journaled."""
    hold = come(door, 77)
    client = door.client()
    send(client, f"/guard/holds/{hold}/close", decision="clinic")
    door.post.station.refresh()
    assert f"/guard/holds/{hold}/undo" in client.get("/guard").text
    assert "Keputusan tersimpan" in send(client, f"/guard/holds/{hold}/undo").text
    send(client, f"/guard/holds/{hold}/close", decision="clinic")
    door.post.clock.advance(61)
    assert "Sudah lewat 60 detik" in send(client, f"/guard/holds/{hold}/undo").text
    assert door.post.of("guard.refused")[-1]["reason"] == "too_late"


def test_mask_and_gloves_in_the_row(door: DutyDoor):
    """What the guard saw stands in the arrival's row."""
    tap = come(door, 1)
    client = door.client()
    send(client, f"/guard/arrivals/{tap}/step", step="mask", state="given")
    door.post.station.refresh()
    assert "<strong>Diberi masker</strong>" in client.get("/guard").text
    assert "tidak dikenal" in send(client, f"/guard/arrivals/{tap}/step", step="mask", state="eaten").text


def test_not_the_person(door: DutyDoor):
    """The press opens a hold with its reason in words and what to say."""
    tap = come(door, 1)
    client = door.client()
    send(client, f"/guard/arrivals/{tap}/not-the-person")
    door.post.station.refresh()
    page = client.get("/guard").text
    assert "Wajah tidak sesuai foto" in page
    assert "kartu identitas" in page


def test_a_badge_is_blocked_only_by_who_confirms(door: DutyDoor):
    """The page asks first; without the tick nothing is blocked; with it the badge is refused at once."""
    client = door.client()
    asked = client.get("/guard/badge?person=P2").text
    assert "Orang 2" in asked
    assert "Centang dulu" in send(client, "/guard/badge", "/guard/badge?person=P2", person="P2", what="lost").text
    assert door.post.of("badge.reported") == []
    send(client, "/guard/badge", "/guard/badge?person=P2", person="P2", what="lost", sure="yes", note="pasar")
    assert door.post.of("badge.reported")[0]["note"] == "pasar"
    come(door, 2)
    assert door.post.of("badge.refused")[0]["reason"] == "badge_revoked"
    assert "tidak punya kartu" in client.get("/guard/badge?person=P2").text
    assert client.get("/guard/badge?person=nobody").status_code == 404


def test_measuring_by_hand_is_on_every_screen(door: DutyDoor):
    """Once it is on, panel and guard's page say so; a wrong value is no request of ours."""
    client = door.client()
    assert send(client, "/guard/hand-thermometer", on="perhaps").status_code == 400
    send(client, "/guard/hand-thermometer", on="yes")
    door.post.station.refresh()
    assert "Suhu diukur petugas" in client.get("/guard").text
    assert "Suhu diukur petugas" in client.get("/").text
    send(client, "/guard/hand-thermometer", on="no")
    door.post.station.refresh()
    assert "Suhu diukur petugas" not in client.get("/guard").text


def test_which_circular_is_in_force(door: DutyDoor):
    """The health line says that there is none."""
    assert "Tidak ada SE berlaku. Aturan dasar dipakai." in door.client().get("/guard").text


def test_holds_in_groups():
    """Every hold is in one group: people first, who waits for a thermometer newest first and bounded, then unknown badges."""
    hand = [hold_row(SITI, n, reasons=(Reason.TEMPERATURE_UNMEASURED, Reason.HAND_THERMOMETER)) for n in range(BY_HAND_ROWS + 2)]
    both = hold_row(SITI, 90, reasons=(Reason.HAND_THERMOMETER, Reason.NOT_THE_PERSON))
    found = grouped([*hand, hold_row(SITI, 91), hold_row(None, 92), both])
    assert [hold.hold_id for hold in found.people] == ["hold-91", "hold-90"]
    assert [hold.hold_id for hold in found.unknown] == ["hold-92"]
    assert (found.by_hand[0].hold_id, len(found.by_hand), found.more_by_hand) == ("hold-31", BY_HAND_ROWS, 2)


@pytest.mark.parametrize(
    ("reasons", "recheck_in_s", "said"),
    [
        ((Reason.TEMPERATURE_HIGH,), 200, "say.temperature_high"),
        ((Reason.TEMPERATURE_HIGH,), 0, "say.recheck_now"),
        ((Reason.TEMPERATURE_HIGH_AGAIN, Reason.GUARD_MEASURED), None, "say.temperature_high_again"),
        ((Reason.TEMPERATURE_HIGH, Reason.NOT_THE_PERSON), None, "say.not_the_person"),
        ((Reason.TEMPERATURE_UNMEASURED, Reason.SENSOR_LOST), 0, "say.temperature_unmeasured"),
        ((), None, "say.other"),
    ],
)
def test_what_to_say(reasons: tuple[Reason, ...], recheck_in_s: int | None, said: str):
    """The gravest reason decides the words, and there are always some."""
    assert script(hold_row(SITI, reasons=reasons, recheck_in_s=recheck_in_s)) == said
    assert said in SCRIPTS
