"""Demonstration rooms: one with a box of numbered cards and one with passes on paper, and services in every mode there is."""

from dataclasses import replace
from datetime import date, timedelta

import msgspec

from kiosk.core.badges import token_sha256
from kiosk.core.passes import TOKEN_BYTES, CodeKind, pass_code
from sync.ids import RandomBytes
from sync.protocol.rooms import Card, PassKind, Room, Service, ServiceMode
from sync.server.database import Database
from sync.server.room_setup import RoomSetup, Setup
from sync.server.rooms import RoomStore

CARDS = 14
_CLOSED_DAYS = 14


def set_up(database: Database, device_id: str, *, today: date, now: str, random_bytes: RandomBytes) -> dict[int, str]:
    """Set the rooms up at the server, for that door; gives the code on each card by its number."""
    tokens = {number: random_bytes(TOKEN_BYTES) for number in range(1, CARDS + 1)}
    cards = tuple(Card(number=number, token_sha256=token_sha256(token)) for number, token in tokens.items())
    RoomSetup(database).put(Setup(_rooms(device_id), _services(today), cards), now=now)
    return {number: pass_code(CodeKind.CARD, token) for number, token in tokens.items()}


def add_door(database: Database, device_id: str, *, now: str) -> None:
    """Make another door one of every room."""
    rooms = [msgspec.structs.replace(row.room, doors=[*row.room.doors, device_id]) for row in RoomStore(database).all()]
    RoomSetup(database).put(replace(Setup(), rooms=tuple(rooms)), now=now)


def _rooms(device_id: str) -> tuple[Room, ...]:
    return (
        Room(id="baca", name="Ruang Baca", name_en="Reading room", max_people=10, max_minutes=120, doors=[device_id]),
        Room(id="arsip", name="Ruang Arsip", name_en="Archive", max_people=4, pass_kind=PassKind.PAPER, doors=[device_id]),
    )


def _services(today: date) -> tuple[Service, ...]:
    until = (today + timedelta(days=_CLOSED_DAYS)).isoformat()
    return (
        Service(id="berkas", name="Penyerahan berkas", name_en="File drop-off", mode=ServiceMode.DROP_OFF),
        Service(
            id="akta",
            name="Akta kelahiran",
            name_en="Birth certificates",
            mode=ServiceMode.ONLINE_FIRST,
            url="https://layanan.example.go.id/akta",
            room="arsip",
        ),
        Service(
            id="uji",
            name="Pengujian kendaraan bermotor",
            name_en="Vehicle testing",
            mode=ServiceMode.SUSPENDED,
            from_date=today.isoformat(),
            until=until,
        ),
    )
