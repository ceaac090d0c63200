"""A visitor at the panel: who they are, and the place or the number that it leads to."""

import threading
from dataclasses import replace

from kiosk.core.room_codes import Said, TicketState
from kiosk.core.screening import Step
from kiosk.services.room_views import Done, Visitor, WaitRange
from kiosk.web.passed import pass_face
from kiosk.web.visitor_pages import KNOWN_STEPS
from sync.protocol.rooms import PassKind, ServiceMode
from tests.kiosk.web.test_words import WORDS
from tests.kiosk.web.visitor_hall import HERE, WASH_AND_MASK, Hall, opened
from tests.kiosk.web.visitor_walks import CODE, URL, lone, services, waiting_one


def test_people_and_priority(hall: Hall):
    """How many and priority are kept, going back and forth too."""
    hall.start()
    hall.send("people", people="7", priority="1")
    hall.send("back")
    page = hall.page()
    assert "<output data-count>7</output>" in page
    assert "checked" in page
    hall.send("people", people="6", priority="1")
    hall.send("name", name="Siti", institution="SMA 1", purpose="Membaca")
    assert hall.asked("arrive")[0]["visitor"] == Visitor(6, "Siti", "Membaca", "SMA 1", priority=True)


def test_a_number_of_people_that_cannot_be(hall: Hall):
    """Anything but 1 to as many as the room holds is asked again, and nothing is counted."""
    hall.start()
    for people in ("0", "11", "-1", "", "two", "1e3", "٣", "9" * 30):
        assert "Pilih jumlah orang dari 1 sampai 10" in hall.send("people", people=people), people
    assert hall.rooms.asked == []


def test_without_a_name(hall: Hall):
    """ "Without a name" forgets what was typed; nobody has to type anything."""
    hall.start()
    hall.send("people", people="1")
    page = hall.page()
    assert "Perangkat ini menghapusnya 35 hari setelah diterima server" in page
    assert "jangan menulis nama anak" in page
    hall.send("name", skip="1", name="Siti", institution="x", purpose="y")
    assert hall.asked("arrive")[0]["visitor"] == Visitor()


def test_what_is_typed_is_tidied(hall: Hall):
    """One line, no longer than it may be, and never anybody's markup."""
    hall.start()
    hall.send("people", people="1")
    hall.send("name", name="Siti\r\n\x00 <b>Rahayu</b>  ", institution="x" * 500, purpose="‮" + "ᱚ" * 3)
    visitor = hall.asked("arrive")[0]["visitor"]
    assert isinstance(visitor, Visitor)
    assert visitor.name == "Siti <b>Rahayu</b>"
    assert len(visitor.institution) == 80
    assert visitor.purpose == "ᱚᱚᱚ"


def test_the_steps_in_force(halls: list[Hall]):
    """The steps of the circular, in its order, on one page; the sensor's is no notice. Without any there is no such page."""
    hall = opened(halls, lone(), (*WASH_AND_MASK, Step("a_new_one")))
    hall.start()
    hall.send("people", people="1")
    page = hall.send("name", skip="1")
    assert page.index("Cuci tangan") < page.index("Kenakan masker") < page.index("Ikuti petunjuk")
    assert hall.rooms.asked == []
    hall.send("steps")
    assert len(hall.asked("arrive")) == 1


def test_every_step_has_words():
    """A step that the catalogs name is known, and each known one has words."""
    assert all(f"step.{step}" in WORDS[language] for step in KNOWN_STEPS for language in WORDS)


# What it leads to


def test_a_card_to_show(hall: Hall):
    """A place is kept for a minute, which is said at once; reloading does not begin it anew, and going away gives it back."""
    page = hall.arrived(Done(Said.SHOW_CARD, "reading", people=3))
    assert "Ambil satu kartu untuk 3 orang" in page
    assert 'data-closes-after="60" data-fixed' in page
    hall.clock.advance(20)
    again = hall.page()
    assert 'data-closes-after="40"' in again
    assert ("data-left>1:00<" in page, "data-left>0:40<" in again) == (True, True)
    hall.send("close")
    assert hall.asked("cancel") == [{}]
    assert "Saya tamu" in hall.client.get("/").text


def test_whoever_comes_next_gives_the_place_back(hall: Hall):
    """A go that was left standing ends with the next touch, or after five minutes, and frees the place that it kept."""
    hall.arrived(Done(Said.SHOW_CARD, "reading"))
    hall.start()
    assert len(hall.asked("cancel")) == 1
    hall.arrived(Done(Said.SHOW_CARD, "reading"))
    hall.clock.advance(300)
    assert hall.client.get("/visitor").headers["Location"] == "/"
    assert len(hall.asked("cancel")) == 2


def test_a_pass_on_the_screen(hall: Hall):
    """The code is drawn here, once; the next visitor does not see it."""
    page = hall.arrived(Done(Said.ENTERED, "reading", pass_code=CODE, pass_kind=PassKind.SCREEN))
    assert "Foto kode ini" in page
    assert "<svg" in page
    assert CODE not in page
    hall.send("close")
    assert hall.client.get("/visitor").headers["Location"] == "/"
    assert "Berapa orang?" in hall.start()


def test_a_pass_on_paper_without_a_printer(hall: Hall):
    """Where nothing can be printed the code on the screen is the pass."""
    page = hall.arrived(Done(Said.ENTERED, "reading", pass_code=CODE, pass_kind=PassKind.PAPER))
    assert "Foto kode ini, lalu tunjukkan saat keluar" in page
    assert "Slip belum" not in page
    assert "Kertas habis. Slip belum tercetak. Foto kode ini" in hall.arrived(
        Done(Said.PRINTER_OUT, "reading", visit_id="v", pass_code=CODE, pass_kind=PassKind.PAPER)
    )


def test_a_waiting_number(halls: list[Hall]):
    """The number large, people ahead, an honest range, and leaving for a while."""
    hall = opened(halls, waiting_one(TicketState.WAITING)())
    waits = Done(Said.WAITING, "reading", ticket_id="ticket-4", number="A 017", ahead=4, wait=WaitRange(20, 35))
    page = hall.arrived(waits)
    for words in ("A 017", "4 orang di depan Anda", "Perkiraan menunggu 20–35 menit", "dipanggil di layar"):
        assert words in page
    assert "Silakan pergi sebentar" in hall.send("number", do="away")
    assert hall.asked("step_away") == [{"ticket_or_visit_id": "ticket-4", "by": None}]
    page = hall.arrived(replace(waits, ahead=0, wait=None))
    assert "Anda giliran berikutnya" in page
    assert "belum dapat diperkirakan" in page
    assert "Kertas habis. Slip belum tercetak. Ingat" in hall.arrived(replace(waits, said=Said.PRINTER_OUT))


def test_every_answer_has_a_page(hall: Hall):
    """Whatever the rooms answer, the visitor reads a sentence; each has one in both languages, and a colour, shape and sound."""
    shown = {
        Said.SHOW_CARD: "Ambil satu kartu",
        Said.WAITING: "A 017",
        Said.RECEIVED: "B-K7PX-0031",
        Said.PRINTER_OUT: "Kertas habis",
    }
    for said in Said:
        done = Done(said, "reading", number="A 017", receipt="B-K7PX-0031" if said is Said.RECEIVED else None)
        assert shown.get(said, WORDS["id"][f"room.said.{said}"]) in hall.arrived(done), said
        assert f"room.said.{said}" in WORDS["en"]
        assert pass_face(said).headline in WORDS["id"]
        assert pass_face(said).sound


def test_twice_is_once(hall: Hall):
    """A button touched twice, a form sent again from the history: one number, whatever the order."""
    hall.start()
    first = hall.fields("/visitor")
    hall.post("people", first, people="2")
    hall.post("people", first, people="9")
    second = hall.fields("/visitor")
    answers = [hall.post("name", second, skip="1") for _ in range(3)]
    hall.post("people", first, people="9")
    assert {answer.status_code for answer in answers} == {200}
    assert [asked["visitor"] for asked in hall.asked("arrive")] == [Visitor(2)]


def test_two_touches_at_the_same_instant(hall: Hall):
    """Of two requests in the same moment one counts."""
    hall.start()
    hall.send("people", people="1")
    fields, together = hall.fields("/visitor"), threading.Barrier(2)
    cookie = hall.client.get_cookie("gapura_kiosk")
    assert cookie is not None

    def touch() -> None:
        client = hall.app.test_client()
        client.set_cookie("gapura_kiosk", cookie.value)
        together.wait(5)
        client.post("/visitor/name", data={**fields, "skip": "1"}, headers=HERE)

    touches = [threading.Thread(target=touch) for _ in range(2)]
    for each in touches:
        each.start()
    for each in touches:
        each.join(10)
    assert len(hall.asked("arrive")) == 1


def test_nothing_stays_for_the_next(hall: Hall):
    """The next visitor's pages hold nothing of the one before, and the one before has no go any more."""
    hall.start()
    hall.send("people", people="3", priority="1")
    hall.send("name", name="Siti Rahayu", institution="SMA 1")
    before = hall.fields("/visitor")
    hall.start()
    assert "<output data-count>1</output>" in hall.page()
    hall.post("close", before)
    assert "Siti" not in hall.send("people", people="1")


def test_the_language_is_for_one_go(hall: Hall):
    """English chosen on the panel or here lasts for this go only; an unknown language is refused."""
    hall.station.set_language("en")
    assert "How many people?" in hall.start()
    assert hall.station.panel.current().language == "id"
    assert "Berapa orang?" in hall.send("language", language="id")
    assert hall.post("language", hall.fields("/visitor"), language="xx").status_code == 400
    hall.send("language", language="en")
    assert "Berapa orang?" in hall.start()


def test_going_back(halls: list[Hall]):
    """Back leads step by step to the choice, and from there to the panel; after the end there is no way back."""
    hall = opened(halls, services(ServiceMode.ONLINE_FIRST, ServiceMode.NORMAL))
    hall.start()
    hall.send("choose", tile="service:online_first")
    hall.send("service")
    hall.send("people", people="1")
    for words in ("Berapa orang?", URL, "Anda datang untuk apa?", "Selamat datang"):
        assert words in hall.send("back")
    hall = opened(halls, lone())
    hall.arrived()
    assert "Silakan masuk" in hall.send("back")
