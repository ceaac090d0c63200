"""Faults in the rights of rooms and in their queue, each to be found by the worlds of `gapura simulate rooms`."""

# ruff: noqa: E501  # lines of the program stand here as they are there

from tests.planted.faults import Change, Fault

_ROOMS = ("tests.planted.rooms", "1", "200")
_LATER = ("tests.planted.rooms", "251", "200")
_LATER_YET = ("tests.planted.rooms", "1101", "200")
"""Rarer accidents happen further on in the same worlds; the number of the episode counts from the first of them."""

_RIGHTS, _VISITS, _BOOK, _QUEUE = (
    "sync/protocol/rights.py",
    "kiosk/core/visits.py",
    "kiosk/core/room_book.py",
    "kiosk/core/queueing.py",
)
_LEDGER, _SHARES = "sync/server/room_ledger.py", "sync/server/room_shares.py"
_DOORS = "kiosk/simulation/rooms/doors.py"

ROOM_FAULTS = (
    Fault(
        "rights of a door that is not heard expire at the server",
        (
            Change(
                _SHARES,
                "    given = {} if ledger.is_doubted else _given(ledger)\n",
                "    for name, book in ledger.doors.items():\n"
                "        if name not in connected and book.held > 0:\n"
                "            ledger = replace(with_book(ledger, name, held=0), free=ledger.free + book.held)\n"
                "    given = {} if ledger.is_doubted else _given(ledger)\n",
            ),
        ),
        _ROOMS,
    ),
    Fault(
        "doors count from the last total that they heard",
        (
            Change(
                "kiosk/core/room_here.py",
                "        return self.book.account.usable - self.book.reserved\n",
                "        if self.state is not None:\n"
                "            from kiosk.core.visits import elsewhere\n"
                "            return self.room.max_people - self.book.inside - sum(each.people for each in elsewhere(self)) - self.book.reserved\n"
                "        return self.book.account.usable - self.book.reserved\n",
            ),
            Change(
                _RIGHTS,
                "    if amount > account.usable and not may_owe:\n",
                "    if amount > account.usable and not may_owe and amount > 10**6:\n",
            ),
        ),
        _ROOMS,
    ),
    Fault(
        "the right is spent outside the transaction",
        (
            Change(_RIGHTS, "        case Kind.VISITOR_ENTERED:\n", '        case Kind.VISITOR_MOVED if "spent" in payload:\n'),
            Change(
                _VISITS,
                '    return Decided(Said.ENTERED, drafts, visit_id=told["visit_id"])\n',
                '    drafts = (*drafts, _draft(here, Kind.VISITOR_MOVED, {"spent": guest.people, "overridden": "overridden" in more}, by))\n'
                '    return Decided(Said.ENTERED, drafts, visit_id=told["visit_id"])\n',
            ),
            Change(
                _DOORS,
                "        cut = self.cut_by_chance()\n",
                "        if len(wanted) > 1:\n"
                "            for each in tuple(drafts):\n"
                "                self.commit((each,))\n"
                "            return\n"
                "        cut = self.cut_by_chance()\n",
            ),
            Change(
                _DOORS,
                "            if kind in ROOM_KINDS:\n",
                "            if kind in ROOM_KINDS or kind == Kind.VISITOR_MOVED:\n",
            ),
            Change(_DOORS, "        wanted = [(each.kind", "        drafts = tuple(drafts)\n        wanted = [(each.kind"),
        ),
        _ROOMS,
    ),
    Fault(
        "a grant is applied as often as it arrives",
        (
            Change(_RIGHTS, "    if serial <= account.last_grant:\n        return account\n", ""),
            Change(_VISITS, "        if each.serial > last and each.generation", "        if each.generation"),
        ),
        _ROOMS,
    ),
    Fault(
        "an exit makes the right at any door",
        (
            Change(
                _VISITS,
                "    return 1 if visit.card is not None and card_here else 0\n",
                "    return visit.people\n",
            ),
        ),
        _ROOMS,
    ),
    Fault(
        "an override leaves no debt",
        (
            Change(
                _RIGHTS,
                "    return replace(account, held=account.held - amount)\n",
                "    return replace(account, held=max(0, account.held - amount))\n",
            ),
        ),
        _ROOMS,
    ),
    Fault(
        "a door is written off without a new generation",
        (
            Change(
                _VISITS,
                '        "generation": next_generation(here.book.account.generation, f"{here.device_id}.{here.new_id()}"),\n',
                '        "generation": here.book.account.generation,\n',
            ),
            Change(
                _RIGHTS,
                '    if generation <= account.generation and not payload.get("heard"):\n',
                '    if generation < account.generation and not payload.get("heard"):\n',
            ),
            Change(
                "kiosk/simulation/rooms/oracles.py",
                '    if told["generation"] == truth.generation:\n',
                "    if not truth.limit:\n",
            ),
        ),
        _ROOMS,
    ),
    Fault(
        "rights that are given back are kept as well",
        (
            Change(
                _RIGHTS,
                '            return _less(account, int(payload["amount"]), may_owe=False)\n',
                "            return account\n",
            ),
        ),
        _ROOMS,
    ),
    Fault(
        "an old card keeps its rights",
        (Change(_BOOK, "    account = rights.voided(book.account)\n", "    account = book.account\n"),),
        _ROOMS,
    ),
    Fault(
        "visits of an old card make rights",
        (
            Change(
                _BOOK,
                "    visits = {each.id: replace(each, void=True) for each in book.visits.values()}\n",
                "    visits = dict(book.visits)\n",
            ),
        ),
        _LATER,
    ),
    Fault(
        "a card that lies in the box makes its rights again",
        (
            Change(
                _VISITS,
                "    over, boxed = frozenset(here.book.gone) | frozenset(here.book.visits), frozenset(here.book.cards_here)\n",
                "    over, boxed = frozenset[str](), frozenset[str]()\n",
            ),
        ),
        _LATER_YET,
    ),
    Fault(
        "the desk makes the right of a card that is still out",
        (Change(_VISITS, "(here.is_lone or visit.card is None or card_here)", "True"),),
        _ROOMS,
    ),
    Fault(
        "a number that was missed once is dropped",
        (Change(_QUEUE, 'yield each.id, "timeout", each.missed_at is not None', 'yield each.id, "timeout", True'),),
        _ROOMS,
    ),
    Fault(
        "priority is ignored",
        (
            Change(
                _QUEUE,
                "    return min((*ripe, *waiting), key=lambda each: (not each.priority, each.order), default=None)\n",
                "    return min((*ripe, *waiting), key=lambda each: each.order, default=None)\n",
            ),
        ),
        _ROOMS,
    ),
    Fault(
        "a newcomer goes in past those who wait",
        (
            Change(
                _VISITS,
                "    if guest.people <= here.free and not queueing.is_anyone_waiting(here.book, here.room):\n",
                "    if guest.people <= here.free:\n",
            ),
        ),
        _ROOMS,
    ),
    Fault(
        "rights of an older generation count",
        (
            Change(
                _VISITS,
                "    if is_other and (generation_number(state.generation) > generation_number(mine) or",
                "    if is_other and (generation_number(state.generation) > generation_number(mine) + 9 or",
            ),
        ),
        _ROOMS,
    ),
    Fault(
        "a lower limit makes no debt at the server",
        (
            Change(
                "sync/server/room_book.py",
                "free=ledger.free + max_people - ledger.max_people)",
                "free=max(0, ledger.free + max_people - ledger.max_people))",
            ),
        ),
        _ROOMS,
    ),
    Fault(
        "a door keeps a place for whoever is next, not for whoever has waited longest",
        (
            Change(
                _QUEUE,
                "    return others is not None and all(others < (not each.priority, each.taken.wall) for each in waiting)\n",
                "    first = next_ticket(book, room)\n"
                "    return others is not None and (first is None or others < (not first.priority, first.taken.wall)) and waiting is not None\n",
            ),
        ),
        _ROOMS,
    ),
)
