"""Every page that visitors can get to, with how one gets there by touch. Used by tests and for looking at pictures."""

from collections.abc import Callable
from dataclasses import replace

from playwright.sync_api import Page, expect

from kiosk.core.passes import CodeKind, pass_code
from kiosk.services.room_views import Done, RoomsView, Said, ServiceView, TicketState, WaitRange
from sync.protocol.rooms import PassKind, Room, Service, ServiceMode
from tests.kiosk.web.room_scenes import (
    LONG_ROOM,
    READING,
    called,
    called_row,
    empty,
    full,
    long_names,
    room_view,
    rooms_view,
    seven,
    ticket_row,
    two_rooms,
)

Walk = Callable[[Page], None]
CODE = pass_code(CodeKind.SINGLE, bytes(range(16)))
URL = "https://disdukcapil.example.go.id/layanan/perekaman-dan-pencetakan-ktp-elektronik"


def services(*modes: ServiceMode, url: str | None = URL, long: bool = False) -> RoomsView:
    """A reading room with a service of each mode."""
    shown = []
    for mode in modes:
        name = (LONG_ROOM.name, LONG_ROOM.name_en) if long else (f"Layanan {mode.value}", f"Service {mode.value}")
        one = Service(id=mode.value, name=name[0], name_en=name[1], mode=mode, url=url, room="reading", unit="Dinas Arsip")
        until = "2020-04-09" if mode is ServiceMode.SUSPENDED else None
        shown.append(ServiceView(one, mode, until, READING, quota_left=4 if mode is ServiceMode.LIMITED else None))
    return rooms_view(room_view(7), services=tuple(shown))


def every_mode() -> RoomsView:
    """Seven services and a room: two pages."""
    return services(*ServiceMode)


def one_service(mode: ServiceMode, *, url: str | None = URL, quota_left: int | None = None) -> Callable[[], RoomsView]:
    """A door that offers one service and nothing else."""
    one = Service(id="ktp", name=LONG_ROOM.name, name_en=LONG_ROOM.name_en, mode=mode, url=url, unit="Dinas Kependudukan")
    until = "2020-04-09" if mode is ServiceMode.SUSPENDED else None
    return lambda: rooms_view(services=(ServiceView(one, mode, until, None, quota_left),))


def lone() -> RoomsView:
    """One room and no services: there is nothing to choose."""
    return rooms_view(room_view(7), services=())


def lone_long() -> RoomsView:
    """One full room with a long name, and people who wait."""
    return rooms_view(room_view(10, LONG_ROOM, queue=(ticket_row(2, people=4),)), services=())


def crowd() -> RoomsView:
    """Many numbers, in every state."""
    queue = tuple(ticket_row(n, state=TicketState.MISSED if n == 5 else TicketState.WAITING) for n in range(2, 30) if n != 7)
    return rooms_view(room_view(10, queue=queue, called=(called_row(1), called_row(7))))


def waiting_one(state: TicketState) -> Callable[[], RoomsView]:
    """One number, in that state."""
    row = ticket_row(4, state=state, away_left_min=8 if state is TicketState.AWAY else None)
    return lambda: rooms_view(room_view(10, queue=(row,)), services=())


def _press(*words: str) -> Walk:
    def walk(page: Page) -> None:
        for selector in words:
            page.locator(selector).first.click()
            page.wait_for_load_state("load")

    return walk


def _idle(page: Page) -> None:
    expect(page.locator(".guests")).to_be_visible()


BEGIN = "[name=what][value=in]"
LEAVE = "[name=what][value=out]"
CALLED = "[name=what][value=called]"
NEXT = ".visit__actions .button >> nth=-1"
TO_NAME = (BEGIN, NEXT)
TO_STEPS = (*TO_NAME, NEXT)
TO_END = (*TO_STEPS, NEXT)
NUMBERS = (BEGIN, "[name=number]")


def _type_name(page: Page) -> None:
    _press(*TO_NAME)(page)
    page.locator("#name").click()
    for letter in "siti":
        page.locator(f".key[value={letter}]").click()


def _answered(said: Said, **more: object) -> dict[str, Done]:
    done = replace(Done(said, "reading", number="A 017"), **more)  # type: ignore[arg-type]
    return {"arrive": done, "enter_called": done}


def _waits(said: Said = Said.WAITING, **more: object) -> dict[str, Done]:
    return _answered(said, ticket_id="ticket-3", ahead=4, wait=WaitRange(20, 35), **more)


Scene = tuple[Callable[[], RoomsView], dict[str, Done], Walk]
_HALL = Room(id="hall", name="Aula", max_people=500)
WALKS: dict[str, Scene] = {
    "idle": (seven, {}, _idle),
    "idle-called": (called, {}, _idle),
    "idle-services": (one_service(ServiceMode.DROP_OFF), {}, _idle),
    "choose": (seven, {}, _press(BEGIN)),
    "choose-two": (two_rooms, {}, _press(BEGIN)),
    "choose-full": (full, {}, _press(BEGIN)),
    "choose-long": (long_names, {}, _press(BEGIN)),
    "choose-many": (every_mode, {}, _press(BEGIN)),
    "choose-many-2": (every_mode, {}, _press(BEGIN, ".visit__pager button >> nth=1")),
    "choose-four-long": (lambda: services(*list(ServiceMode)[:3], long=True), {}, _press(BEGIN)),
    "choose-all-long": (lambda: services(*list(ServiceMode)[:5], long=True), {}, _press(BEGIN)),
    "service-closed": (one_service(ServiceMode.SUSPENDED, url=None), {}, _press(BEGIN)),
    "service-closed-online": (one_service(ServiceMode.SUSPENDED), {}, _press(BEGIN)),
    "service-online": (one_service(ServiceMode.ONLINE_ONLY), {}, _press(BEGIN)),
    "service-online-no-address": (one_service(ServiceMode.ONLINE_ONLY, url=None), {}, _press(BEGIN)),
    "service-first": (lambda: services(ServiceMode.ONLINE_FIRST), {}, _press(BEGIN)),
    "service-both": (lambda: services(ServiceMode.ONLINE_AND_OFFLINE), {}, _press(BEGIN, "[name=tile] >> nth=1")),
    "service-drop-off": (one_service(ServiceMode.DROP_OFF), {}, _press(BEGIN)),
    "service-quota": (one_service(ServiceMode.LIMITED, quota_left=0), {}, _press(BEGIN)),
    "service-counter": (one_service(ServiceMode.NORMAL, url=None), {}, _press(BEGIN)),
    "people": (lone, {}, _press(BEGIN)),
    "people-full": (lone_long, {}, _press(BEGIN, ".stepper__by >> nth=1", ".priority")),
    "name": (lone, {}, _press(*TO_NAME)),
    "name-file": (one_service(ServiceMode.DROP_OFF), {}, _press(BEGIN, NEXT)),
    "name-typing": (lone, {}, _type_name),
    "steps": (lone, {}, _press(*TO_STEPS)),
    "card": (lone, _answered(Said.SHOW_CARD), _press(*TO_END)),
    "card-group": (lone, _answered(Said.SHOW_CARD, people=7), _press(*TO_END)),
    "pass-screen": (lone, _answered(Said.ENTERED, pass_code=CODE, pass_kind=PassKind.SCREEN), _press(*TO_END)),
    "pass-paper": (lone, _answered(Said.ENTERED, pass_code=CODE, pass_kind=PassKind.PAPER), _press(*TO_END)),
    "pass-paper-out": (
        lone,
        _answered(Said.PRINTER_OUT, visit_id="visit-1", pass_code=CODE, pass_kind=PassKind.PAPER),
        _press(*TO_END),
    ),
    "entered": (lone, _answered(Said.ENTERED, number=None), _press(*TO_END)),
    "waiting": (full, _waits(), _press(BEGIN, "[name=tile]", *TO_END[1:])),
    "waiting-paper-out": (
        full,
        _waits(Said.PRINTER_OUT),
        _press(BEGIN, "[name=tile]", *TO_END[1:]),
    ),
    "away": (full, _waits(), _press(BEGIN, "[name=tile]", *TO_END[1:], "[name=do][value=away]")),
    "receipt": (one_service(ServiceMode.DROP_OFF), {}, _press(BEGIN, NEXT, NEXT, NEXT)),
    "group-too-large": (lone, _answered(Said.GROUP_TOO_LARGE, number=None), _press(*TO_END)),
    "out-of-service": (lone, _answered(Said.OUT_OF_SERVICE, number=None), _press(*TO_END)),
    "numbers": (crowd, {}, _press(CALLED)),
    "numbers-mine": (full, {}, _press(*NUMBERS)),
    "number-called": (lambda: rooms_view(room_view(9, called=(called_row(17),)), services=()), {}, _press(CALLED)),
    "number-waiting": (full, {}, _press(*NUMBERS, "[value=ticket-3]")),
    "number-away": (full, {}, _press(*NUMBERS, "[value=ticket-4]")),
    "number-missed": (full, {}, _press(*NUMBERS, "[value=ticket-5]")),
    "leave": (empty, {}, _press(LEAVE)),
}
"""By name: the scene, what rooms answer, and the walk."""
