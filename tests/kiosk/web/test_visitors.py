"""A visitor at the panel: what the idle panel offers, and choosing a room or a service."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from kiosk.services.room_views import RoomsView, Visitor
from kiosk.web.visitor_tiles import Way, tiles
from sync.protocol.rooms import ServiceMode
from tests.kiosk.web.room_scenes import (
    called,
    full,
    rooms_view,
    seven,
    two_rooms,
)
from tests.kiosk.web.visitor_hall import HERE, Hall, opened
from tests.kiosk.web.visitor_walks import URL, every_mode, lone, one_service, services

# The idle panel


def test_a_panel_without_rooms_is_as_before(client: FlaskClient):
    """Where there is nothing for visitors there is no button for them, and no page."""
    assert "Saya tamu" not in client.get("/").text
    assert client.get("/visitor").status_code == 404


def test_what_the_idle_panel_offers(halls: list[Hall]):
    """A way in where there is anything to choose, a way out where there are rooms, and the numbers that are called."""
    with_rooms, files_only = opened(halls, called()), opened(halls, one_service(ServiceMode.DROP_OFF)())
    nothing = opened(halls, rooms_view(services=()))
    page = with_rooms.client.get("/").text
    assert "Saya tamu / pengunjung" in page
    assert "Saya selesai / keluar" in page
    assert "Nomor A 001 · A 007, silakan masuk" in page
    assert "Saya selesai" not in files_only.client.get("/").text
    assert "Saya tamu" not in nothing.client.get("/").text


def test_only_at_the_panel(hall: Hall):
    """A browser elsewhere sees no buttons and opens no page."""
    far = hall.app.test_client()
    far.environ_base["REMOTE_ADDR"] = "10.0.0.7"
    assert "Saya tamu" not in far.get("/").text
    assert far.get("/visitor").status_code == 403
    assert far.post("/visitor/start", data=hall.fields("/")).status_code == 403


def test_every_form_needs_its_token(hall: Hall):
    """Nothing is done for a form without the token of our own page."""
    hall.start()
    fields = {name: value for name, value in hall.fields("/visitor").items() if name != "csrf_token"}
    for to in ("start", "choose", "service", "people", "name", "steps", "number", "back", "language", "close"):
        assert hall.client.post(f"/visitor/{to}", data=fields, headers=HERE).status_code == 403, to
    assert hall.page().count("Berapa orang?") == 1


def test_without_a_go_every_page_leads_to_the_panel(hall: Hall):
    """A page from the browser's history, or a made-up go, opens nothing."""
    fields = {"csrf_token": hall.fields("/")["csrf_token"], "go": "x", "step": "people"}
    assert hall.client.get("/visitor").headers["Location"] == "/"
    for to in ("choose", "service", "people", "name", "steps", "number", "back", "language", "close"):
        answer = hall.client.post(f"/visitor/{to}", data=fields, headers=HERE)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/"), to
    assert hall.rooms.asked == []


# Choosing


def test_rooms_and_services_with_places(halls: list[Hall]):
    """Each tile says what there is: places left, full with the wait, closed until when, or a file to hand in."""
    page = opened(halls, full()).start()
    assert "Penuh, 7 menunggu, ±30–60 menit" in page
    assert "Serahkan berkas, tidak perlu menunggu" in page
    assert "Ditutup sampai Jumat, 12 Juni 2020" in page
    assert "Sisa tempat: 3 dari 10" in opened(halls, seven()).start()


def test_one_room_is_not_a_choice(hall: Hall):
    """Where there is one thing to come for, the first page is the next one."""
    assert "Berapa orang?" in hall.start()


def test_more_than_six_are_on_pages(halls: list[Hall]):
    """Six tiles a page; pages that do not exist lead nowhere."""
    hall = opened(halls, every_mode())
    assert hall.start().count('class="tile ') == 6
    assert hall.send("choose", page="1").count('class="tile ') == 2
    assert "Halaman 2 dari 2" in hall.page()
    for page in ("9", "-1", "x"):
        assert "Halaman 1 dari 2" in hall.send("choose", page=page)


def test_a_tile_that_is_gone(halls: list[Hall]):
    """A made-up tile leaves one at the choice, with a sentence; a room that was closed meanwhile says so later."""
    hall = opened(halls, two_rooms())
    hall.start()
    assert "tidak ada lagi dalam daftar" in hall.send("choose", tile="room:<b>")
    hall.send("choose", tile="room:archive")
    fields = hall.fields("/visitor")
    hall.rooms.show(lone())
    assert "tidak ada lagi dalam daftar" in hall.page()
    assert "tidak ada lagi dalam daftar" in hall.post("people", fields, people="1").text
    assert hall.asked("arrive") == []


def test_a_room_is_no_way_around_its_services():
    """A room whose services all take nobody in is no tile; with one that does it is."""
    shut = services(ServiceMode.SUSPENDED, ServiceMode.ONLINE_ONLY)
    assert [each.key for each in tiles(shut)] == ["service:suspended", "service:online_only"]
    some = services(ServiceMode.SUSPENDED, ServiceMode.NORMAL)
    assert [each.key for each in tiles(some)] == ["room:reading", "service:suspended", "service:normal"]


def _used_up(view: RoomsView) -> RoomsView:
    return replace(
        view, services=tuple(replace(each, quota_left=0) if each.quota_left is not None else each for each in view.services)
    )


@pytest.mark.parametrize(
    ("scene", "has_room"),
    [
        (services(ServiceMode.ONLINE_FIRST), False),
        (services(ServiceMode.LIMITED), True),
        (_used_up(services(ServiceMode.LIMITED)), False),
        (_used_up(services(ServiceMode.LIMITED, ServiceMode.ONLINE_FIRST, ServiceMode.DROP_OFF)), False),
        (_used_up(services(ServiceMode.LIMITED, ServiceMode.ONLINE_AND_OFFLINE)), True),
        (replace(_used_up(one_service(ServiceMode.LIMITED, quota_left=0)()), rooms=lone().rooms), True),
    ],
    ids=["online first", "quota left", "used up", "all of these", "one is open", "of a counter"],
)
def test_a_room_is_no_way_around_a_quota_or_an_address(scene: RoomsView, has_room: bool):
    """Used up or online first, a service is not had by its room's own tile; one open service, or none of the room, leaves it."""
    assert ("room:reading" in [each.key for each in tiles(scene)]) is has_room


def test_a_quota_used_up_meanwhile_shuts_the_room(halls: list[Hall]):
    """Who was on the way by the room's tile when the last of the quota went takes no number either."""
    hall = opened(halls, services(ServiceMode.LIMITED))
    hall.start()
    hall.send("choose", tile="room:reading")
    hall.send("people", people="1")
    hall.rooms.show(_used_up(hall.rooms.view()))
    assert "tidak ada lagi dalam daftar" in hall.send("name", skip="1")
    assert hall.asked("arrive") == []


def test_every_mode_has_a_way():
    """A mode that is added must be given a way."""
    for mode in ServiceMode:
        ways = {each.way for each in tiles(services(mode)) if each.service}
        assert ways <= set(Way)
        assert len(ways) == 1


@pytest.mark.parametrize(
    ("scene", "says", "has_code"),
    [
        (one_service(ServiceMode.SUSPENDED, url=None), "Layanan ini ditutup sampai Kamis, 9 April 2020", False),
        (one_service(ServiceMode.SUSPENDED), "Selama ditutup, layanan tersedia daring", True),
        (one_service(ServiceMode.ONLINE_ONLY), "Layanan ini tersedia daring. Pindai kode ini.", True),
        (one_service(ServiceMode.ONLINE_ONLY, url=None), "Petugas siap membantu tanpa ponsel", False),
        (one_service(ServiceMode.LIMITED, quota_left=0), "kuota hari ini sudah habis", True),
        (one_service(ServiceMode.NORMAL), "Silakan langsung menuju loket", False),
    ],
)
def test_services_that_give_no_number(halls: list[Hall], scene: object, says: str, has_code: bool):
    """Closed, online only, used up, or at a counter: a sentence, the code of its address, an end, and no way to a number."""
    hall = opened(halls, scene())  # type: ignore[operator]
    page = hall.start()
    assert says in page
    assert (URL in page and "<svg" in page) is has_code
    assert 'action="/visitor/service"' not in page
    assert page.count('action="/visitor/close"') == 2
    assert "Batal" not in page
    hall.send("service")
    assert says in hall.page()
    assert hall.rooms.asked == []


@pytest.mark.parametrize(
    "mode", [ServiceMode.ONLINE_FIRST, ServiceMode.ONLINE_AND_OFFLINE, ServiceMode.LIMITED, ServiceMode.NORMAL]
)
def test_services_that_lead_into_a_room(halls: list[Hall], mode: ServiceMode):
    """Online first shows the address before the counter; all of them end in the service's room, with what it is for."""
    hall = opened(halls, services(mode))
    hall.start()
    page = hall.send("choose", tile=f"service:{mode.value}")
    if mode in (ServiceMode.ONLINE_FIRST, ServiceMode.ONLINE_AND_OFFLINE):
        assert URL in page
        hall.send("service")
    hall.send("people", people="1")
    hall.send("name", skip="1")
    [asked] = hall.asked("arrive")
    assert asked["room_id"] == "reading"
    assert asked["visitor"] == Visitor(purpose=f"Layanan {mode.value}")


def test_a_service_that_closes_meanwhile(halls: list[Hall]):
    """Who is on the way when a service closes is told so, and takes no number."""
    hall = opened(halls, services(ServiceMode.LIMITED))
    hall.start()
    hall.send("choose", tile="service:limited")
    hall.send("people", people="1")
    shut = hall.rooms.view().services[0]
    hall.rooms.show(replace(hall.rooms.view(), services=(replace(shut, quota_left=0),)))
    assert "kuota hari ini sudah habis" in hall.send("name", skip="1")
    assert hall.asked("arrive") == []


def test_handing_in_a_file(halls: list[Hall]):
    """A file needs a name at most, and gives a receipt number at once."""
    hall = opened(halls, one_service(ServiceMode.DROP_OFF)())
    assert "tidak perlu menunggu" in hall.start()
    page = hall.send("service")
    assert 'name="purpose"' not in page
    assert "AB-K7PX-0003" in hall.send("name", name="  Budi   Santoso ")
    assert hall.asked("drop_off") == [{"service_id": "ktp", "name": "Budi Santoso"}]
