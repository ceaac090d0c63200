import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.services.changes import DirectoryChange
from sync.clock import SyncState
from sync.journal import Event
from sync.protocol.events import Kind
from sync.protocol.wire import Person
from tests.kiosk.services.post import PIN, STAFF
from tests.kiosk.web.duty_door import DutyDoor, duty_door
from tests.kiosk.web.forms import send

NAMED = DirectoryChange(
    people=[
        Person(id="P1", name='Siti "Ayu" <Rahayu>', unit="Bagian Umum"),
        Person(id="P2", name="محمد عبد الرحمن", unit="Bagian Organisasi"),
        Person(id="P3", name="🦊 Ayu", unit=""),
        Person(id="P4", name="=SUM(A1)", unit="Bagian Umum"),
    ],
    guards=STAFF.guards,
)
_MARKS = re.compile(r'name="evacuation" value="([^"]+)"')


def words(html: str) -> str:
    """What is read on the page."""
    return " ".join(re.sub(r"<[^>]*>", " ", html.split("<main")[1]).split())


@pytest.fixture
def door(tmp_path: Path) -> Iterator[DutyDoor]:
    with duty_door(tmp_path / "door", people=NAMED) as door:
        yield door


def test_every_guard_page_has_one_press_to_the_list(door: DutyDoor):
    """The evacuation list is one press away wherever a guard is."""
    client = door.client()
    for page in ("/guard/evacuation", "/guard/log", "/guard/sheet", "/guard/shift", "/guard/presence"):
        assert 'href="/guard/evacuation"' in client.get(page).text, page


def test_list_says_who_is_inside_and_how_it_is_known(door: DutyDoor):
    """Everybody whose newest entry is in or unstated is there with how that is known; who went out is not."""
    door.tap("P1")
    door.tap("P2", "unstated")
    door.tap("P3", kind=Kind.ATTENDANCE_MANUAL, by="tri")
    door.tap("P4")
    door.post.clock.advance(60)
    door.tap("P4", "out")
    door.duties.tools.journal(_unknown("a"), _unknown("b"))
    text = words(door.client().get("/guard/evacuation").text)
    assert "3 orang diperkirakan di dalam" in text
    assert "tap masuk 07.12 WIB" in text
    assert "arah tidak dinyatakan" in text
    assert "presensi manual 07.12 WIB · oleh Tri" in text
    assert "SUM" not in text
    assert "Kartu tidak dikenal yang masuk hari ini: 2" in text


def _unknown(token: str):
    return Event(Kind.BADGE_UNMATCHED, {"tap_id": token, "token_sha256": token * 64, "direction": "in"})


def test_nobody_inside(door: DutyDoor):
    """An empty building is said in words."""
    assert "tidak ada orang di dalam" in words(door.client().get("/guard/evacuation").text)


def test_roll_call_by_two_screens(door: DutyDoor):
    """Two guards tick one frozen list; each sees the other's ticks, and a press again takes a tick back."""
    door.tap("P1")
    door.tap("P2")
    first, second = door.client(), door.client("tri")
    page = send(first, "/guard/evacuation/start", "/guard/evacuation").text
    door.tap("P3")  # after the list was frozen
    evacuation = _MARKS.search(page)[1]
    send(first, "/guard/evacuation/mark", "/guard/evacuation", evacuation=evacuation, mark="safe P1")
    text = words(send(second, "/guard/evacuation/mark", "/guard/evacuation", evacuation=evacuation, mark="missing P2").text)
    assert "1 Selamat 1 Belum ditemukan 0 belum didata 2 di daftar" in text
    text = words(send(second, "/guard/evacuation/mark", "/guard/evacuation", evacuation=evacuation, mark="unknown P1").text)
    assert "0 Selamat 1 Belum ditemukan 1 belum didata 2 di daftar" in text
    assert [(row["person_id"], row["state"], row["by"]) for row in door.post.of("evacuation.marked")] == [
        ("P1", "safe", "budi"),
        ("P2", "missing", "tri"),
        ("P1", "unknown", "tri"),
    ]
    assert "🦊 Ayu" not in text
    assert "3 orang diperkirakan" in words(first.get("/guard/evacuation?view=now").text)


def test_ticks_that_are_refused(door: DutyDoor):
    """Somebody who is not on the list, another evacuation, or a state that is none: nothing is journaled."""
    door.tap("P1")
    client = door.client()
    page = send(client, "/guard/evacuation/start", "/guard/evacuation").text
    evacuation = _MARKS.search(page)[1]
    for fields in ({"evacuation": evacuation, "mark": "safe P9"}, {"evacuation": "other", "mark": "safe P1"}):
        assert "tidak ada di daftar" in send(client, "/guard/evacuation/mark", "/guard/evacuation", **fields).text
    answer = send(client, "/guard/evacuation/mark", "/guard/evacuation", evacuation=evacuation, mark="gone P1")
    assert answer.status_code == 400
    assert door.post.of("evacuation.marked") == []


def test_roll_call_survives_a_restart_and_ends_by_itself(tmp_path: Path):
    """The frozen list is there after a restart; half a day later it is off the page, and its names off the disk."""
    with duty_door(tmp_path / "door", people=NAMED) as door:
        door.tap("P1")
        budi = next(each for each in door.post.station.guards() if each.id == "budi")
        evacuation_id = door.duties.evacuation.start(budi)
        clock = door.post.clock
    with duty_door(tmp_path / "door", people=DirectoryChange(), clock=clock) as door:
        call = door.duties.evacuation.current()
        assert call is not None
        assert (call.evacuation_id, [each.name for each in call.roll.people]) == (evacuation_id, ['Siti "Ayu" <Rahayu>'])
        assert len(list((door.post.data / "evacuations").iterdir())) == 1
        clock.advance(13 * 3600)
        assert door.duties.evacuation.current() is None
        assert list((door.post.data / "evacuations").iterdir()) == []


def test_locked_screen_shows_and_prints_the_list_but_ticks_nothing(door: DutyDoor):
    """After 15 minutes without a press the list is still there and may be taken along; the roll-call asks for the PIN."""
    door.tap("P1")
    client = door.client()
    door.post.clock.advance(16 * 60)
    assert "Siti" in client.get("/guard/evacuation").text
    assert send(client, "/guard/evacuation/export", "/guard/evacuation", form="csv").status_code == 200
    send(client, "/guard/evacuation/start", "/guard/evacuation")
    assert door.post.of("evacuation.started") == []


@pytest.mark.parametrize("page", ["evacuation", "sheet"])
def test_lists_are_taken_away_and_that_is_journaled(door: DutyDoor, page: str):
    """PDF and CSV hold the list, nothing in the CSV is a formula, and the journal says who took it."""
    for who in ("P1", "P2", "P3", "P4"):
        door.tap(who)
    client = door.client()
    sheet = send(client, f"/guard/{page}/export", f"/guard/{page}", form="csv")
    text = sheet.data.decode("utf-8-sig")
    assert "محمد عبد الرحمن" in text
    assert "'=SUM(A1)" in text
    assert "attachment" in sheet.headers["Content-Disposition"]
    pdf = send(client, f"/guard/{page}/export", f"/guard/{page}", form="pdf")
    assert (pdf.data[:5], pdf.mimetype) == (b"%PDF-", "application/pdf")
    assert [(row["format"], row["by"]) for row in door.post.of("export.made")] == [
        ("csv", "budi"),
        ("pdf", "budi"),
    ]
    assert send(client, f"/guard/{page}/export", f"/guard/{page}", form="exe").status_code == 400


def test_sheet_of_a_day(door: DutyDoor):
    """First in, last out, typed by whom; another day is empty; a time under an uncertain clock is never bare."""
    door.tap("P1")
    door.tap("P2", kind=Kind.ATTENDANCE_MANUAL, by="tri")
    door.post.clock.advance(3600)
    door.tap("P1")
    door.post.clock.advance(8 * 3600)
    door.tap("P1", "out")
    door.tap("P4", "out")
    door.post.clock.sync_state = SyncState.NEVER
    door.tap("P3")
    client = door.client()
    text = words(client.get("/guard/sheet").text)
    assert "Rahayu&gt; P1 07.12 WIB 16.12 WIB tap kartu" in text
    assert "P2 07.12 WIB – manual oleh Tri" in text
    assert "P4 – 16.12 WIB tap kartu" in text
    assert "P3 waktu belum pasti – tap kartu" in text
    assert "Belum ada yang tercatat" in words(client.get("/guard/sheet?day=2020-06-09").text)
    assert "4 orang tercatat" in words(client.get("/guard/sheet?day=1999-01-01").text)  # no such day: today


def test_log_is_only_added_to(door: DutyDoor):
    """A line is kept as it was written, followed up by another, found by its words; there is no way to change it."""
    client = door.client()
    send(client, "/guard/log", "/guard/log", text='Kaca "pecah" <b>depan</b> 🦊\r\nطوارئ')
    note = door.post.of("guard.noted")[0]
    assert (note["by"], note["follows"], note["text"]) == ("budi", None, 'Kaca "pecah" <b>depan</b> 🦊\nطوارئ')
    assert "Tindak lanjut atas" in client.get(f"/guard/log?follows={note['note_id']}").text
    text = words(send(client, "/guard/log", "/guard/log", text="Sudah diganti", follows=note["note_id"]).text)
    assert text.index("Sudah diganti") < text.rindex("&lt;b&gt;depan&lt;/b&gt;")
    assert door.post.of("guard.noted")[1]["follows"] == note["note_id"]
    assert "Sudah diganti" not in words(client.get("/guard/log?q=KACA").text).split("Cetak")[1].split("Tindak lanjut atas")[0]
    assert "Tidak ada catatan dengan kata itu" in client.get("/guard/log?q=banjir").text
    posts = [rule.rule for rule in door.app.url_map.iter_rules() if "/log" in rule.rule and "POST" in rule.methods]
    assert posts == ["/guard/log"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("   \r\n ", "Tulis dahulu"), ("x" * 1001, "Terlalu panjang"), ("ok", "tidak ada lagi")],
)
def test_lines_that_are_refused(door: DutyDoor, text: str, said: str):
    """Nothing, too much, or a follow-up of what is not there: one sentence, and nothing is journaled."""
    follows = {"follows": "none"} if text == "ok" else {}
    assert said in send(door.client(), "/guard/log", "/guard/log", text=text, **follows).text
    assert door.post.of("guard.noted") == []


def test_handover(door: DutyDoor):
    """Two right PINs swap the session and journal the chain's head, its number, the counts and the note."""
    door.tap("P1")
    door.tap("P2", kind=Kind.ATTENDANCE_MANUAL, by="budi")
    client = door.client()
    head = door.post.rows()[-1]
    page = words(client.get("/guard/shift").text)
    assert head["hash"][-6:].upper() in page
    assert f"(#{head['seq']})" in page
    before = len(door.post.rows())
    answer = send(client, "/guard/shift", "/guard/shift", taker="tri", pin_from=PIN, pin_to=PIN, note="Kunci di laci")
    assert "Sekarang bertugas: Tri" in answer.text
    assert door.post.kinds()[before:] == [
        "guard.attempted",
        "guard.signed_in",
        "guard.attempted",
        "guard.signed_in",
        "guard.handed_over",
    ]
    handed, row = door.post.of("guard.handed_over")[0], door.post.rows()[-2]
    assert (handed["from"], handed["to"], handed["note"]) == ("budi", "tri", "Kunci di laci")
    assert (handed["head"], handed["seq"]) == (row["hash"], row["seq"])
    assert (handed["counts"]["taps"], handed["counts"]["manual"], handed["open_holds"]) == (1, 1, [])
    assert "Kunci di laci" in client.get("/guard/log").text
    assert "Tap presensi 0" in words(client.get("/guard/shift").text)


def test_handover_with_a_wrong_pin(door: DutyDoor):
    """A wrong PIN of either hands nothing over, is journaled, and the session stays whose it was."""
    client = door.client()
    for pins in ({"pin_from": "0000", "pin_to": PIN}, {"pin_from": PIN, "pin_to": "0000"}):
        door.post.clock.advance(60)
        assert "salah" in send(client, "/guard/shift", "/guard/shift", taker="tri", **pins).text
    assert "pilih nama" in send(client, "/guard/shift", "/guard/shift", taker="budi", pin_from=PIN, pin_to=PIN).text
    assert door.post.of("guard.handed_over") == []
    assert [row["reason"] for row in door.post.of("guard.refused")] == ["wrong_pin", "wrong_pin"]
    assert "Budi" in client.get("/guard/shift").text


def test_handover_sheet_as_pdf(door: DutyDoor):
    """The sheet prints with its head and lines for two signatures, and that is journaled."""
    send(door.client(), "/guard/log", "/guard/log", text="Hujan")
    pdf = send(door.client(), "/guard/shift/print", "/guard/shift")
    assert pdf.data[:5] == b"%PDF-"
    assert door.post.of("export.made")[0]["what"] == "handover"
