"""Who gets in where: every route, with every role and none, at the door's own machine and from the network."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from kiosk.core.duties import Duty, may
from kiosk.services.refusals import Refusal
from kiosk.web.access import Access
from kiosk.web.security import HEADERS
from sync.protocol.events import Kind
from tests.kiosk.web.doors import WHO, WholeDoor, base_of, path_of, routes, whole_door
from tests.kiosk.web.forms import token

FLAVOURS = ("loopback", "lan")
TABLE = Path(__file__).with_name("access_table.txt")
DISPLAYS = {"display.page", "display.events", "display.speech"}
LAN_PUBLIC = {"static", "guard.page", "guard.sign_in", "guard.sign_out", "guard.language", "neighbours.presence"} | DISPLAYS
ANSWERS_404 = {"panel.photo", "panel.camera", "neighbours.presence", "display.speech"}
"""Public, and not there for other reasons than who asks."""
READING_THAT_IS_RECORDED = {Kind.EXPORT_MADE}
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeDoor]:
    with whole_door(tmp_path_factory.mktemp("door")) as door:
        yield door


def declared(app: Flask, rule: Rule) -> object:
    """What the route says about who may open it: an Access, "public", "own", or None for a route that says nothing."""
    return "public" if rule.endpoint == "static" else getattr(app.view_functions[rule.endpoint], "access", None)


def due(app: Flask, rule: Rule, flavour: str, who: str) -> str:
    """What that person is to get: "open", "sign in", "refused", "locked", or "not there"."""
    access = declared(app, rule)
    if not isinstance(access, Access):
        if flavour == "loopback" or rule.endpoint in LAN_PUBLIC:
            return "open"
        return "open" if rule.endpoint == "panel.photo" and who != "nobody" else "not there"
    if who == "nobody":
        return "sign in" if access.page else "refused"
    if not may("administrator" if who == "locked" else who, access.duty):
        return "refused"
    return "locked" if who == "locked" and access.acting else "open"


def asked(door: WholeDoor, flavour: str, who: str, method: str, rule: Rule) -> tuple[int, str, bool]:
    """Status, where to, and whether the page's own code was reached."""
    client, app = door.client(flavour, who), door.apps[flavour]
    base = base_of(flavour)
    data = {"csrf_token": token_of(client, base)} if method == "POST" else None
    headers = {"Origin": base, "Referer": f"{base}/guard"}
    with (
        client,
        client.open(path_of(app, rule), method=method, base_url=base, data=data, headers=headers) as answer,
    ):
        return answer.status_code, answer.headers.get("Location", ""), "guard" in g


def token_of(client: FlaskClient, base: str) -> str:
    found = _TOKEN.search(client.get("/guard", base_url=base).text)
    assert found
    return found[1]


def got(answer: tuple[int, str, bool], access: object) -> str:
    """The answer in the words of `due`."""
    status, where, reached = answer
    if not isinstance(access, Access):
        return "not there" if status == 404 else "open"
    if reached:
        return "open"
    if status == 403:
        return "refused"
    if status == 404:
        return "not there"
    return "to sign-in page" if (status, where) == (303, "/guard") else f"{status} {where}"


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_every_route_says_who_may_open_it(door: WholeDoor, flavour: str):
    """A route without a declared access is a mistake, whatever it shows."""
    app = door.apps[flavour]
    assert [rule.endpoint for _, rule in routes(app) if declared(app, rule) is None] == []


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("flavour", FLAVOURS)
def test_everybody_gets_what_is_declared(door: WholeDoor, flavour: str, who: str):
    """Each route, asked with a whole form by each role, by nobody and by somebody locked, answers as the table says."""
    app, wrong = door.apps[flavour], []
    for method, rule in routes(app):
        access, want = declared(app, rule), due(app, rule, flavour, who)
        if rule.endpoint in ANSWERS_404 or access == "own":
            want_status = {"not there": 404}.get(want)
            assert want_status is None or asked(door, flavour, who, method, rule)[0] == want_status, rule
            continue
        found = got(asked(door, flavour, who, method, rule), access)
        if found != {"sign in": "to sign-in page", "locked": "to sign-in page"}.get(want, want):
            wrong.append((method, rule.rule, want, found))
    assert wrong == []


def test_the_table_is_the_one_agreed_on(door: WholeDoor):
    """A change of who may do what is seen in review: when this fails it has rewritten `access_table.txt`; commit it too."""
    before = TABLE.read_text() if TABLE.exists() else ""
    written = "".join(sorted(_line(door, method, rule) for method, rule in routes(door.apps["loopback"])))
    TABLE.write_text(written)
    assert written == before


def _line(door: WholeDoor, method: str, rule: Rule) -> str:
    app = door.apps["loopback"]
    access = declared(app, rule)
    said = f"{access.duty}{' acting' if access.acting else ''}" if isinstance(access, Access) else str(access)
    here, network = (_told({who: due(app, rule, flavour, who) for who in WHO}) for flavour in FLAVOURS)
    return f"{method:<4} {rule.rule:<40} {said:<25} {here if here == network else f'{here} | from the network: {network}'}\n"


def _told(answers: dict[str, str]) -> str:
    """ "open: guard, head; refused: desk": who gets what, the same answers together."""
    kinds = dict.fromkeys(answers.values())
    if len(kinds) == 1:
        return next(iter(kinds))
    return "; ".join(f"{kind}: {', '.join(who for who, each in answers.items() if each == kind)}" for kind in kinds)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_no_get_writes(door: WholeDoor, flavour: str):
    """Opening any page as an administrator leaves the journal as it was, but for exports, which say who took what along."""
    app = door.apps[flavour]
    before = len(door.post.rows())
    for method, rule in routes(app):
        if method == "GET":
            asked(door, flavour, "administrator", method, rule)
    assert {row["kind"] for row in door.post.rows()[before:]} <= READING_THAT_IS_RECORDED


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_every_answer_carries_the_headers(door: WholeDoor, flavour: str):
    """Signed in or not, found or not, refused or not: the security headers are on it, and no strict transport is asked for."""
    app, base = door.apps[flavour], base_of(flavour)
    for who in ("nobody", "administrator"):
        for method, rule in routes(app):
            client = door.client(flavour, who)
            with client.open(path_of(app, rule), method=method, base_url=base, headers={"Referer": base}) as answer:
                assert HEADERS.items() <= dict(answer.headers).items(), (method, rule.rule)
                assert "Strict-Transport-Security" not in answer.headers
    for path in ("/no/such/page", "/guard/no", "/%00", "/guard/../etc"):
        answer = door.client(flavour, "nobody").get(path, base_url=base)
        assert HEADERS.items() <= dict(answer.headers).items(), path


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_nobody_is_sent_elsewhere(door: WholeDoor, flavour: str):
    """No page redirects to an address that somebody else wrote."""
    app, base = door.apps[flavour], base_of(flavour)
    tempting = "?next=//evil.example&url=https://evil.example&return=//evil.example&back=//evil.example&said=//evil.example"
    for method, rule in routes(app):
        for who in ("nobody", "administrator"):
            client = door.client(flavour, who)
            data = {"csrf_token": token_of(client, base), "next": "//evil.example"} if method == "POST" else None
            headers = {"Origin": base, "Referer": "https://localhost/guard" if flavour == "lan" else "http://evil.example/"}
            with client.open(path_of(app, rule) + tempting, method=method, base_url=base, data=data, headers=headers) as answer:
                assert urlsplit(answer.headers.get("Location", "")).netloc == "", (method, rule.rule)


def test_refusals_are_journaled_with_their_reason(door: WholeDoor):
    """Each kind of refusal by the pages is in the journal: what was asked, from which screen, by whom; and nothing typed."""
    before = len(door.post.rows())
    door.post.clock.advance(3601)
    client = door.client("lan", "guard")
    base = base_of("lan")
    client.get("/guard/screens", base_url=base)
    client.get("/guard", base_url=base, headers={"User-Agent": "another"})
    client.get("/guard", base_url="https://evil.example")
    client.post("/guard/sign-in", base_url=base, headers={"Origin": "https://evil.example"}, data={"pin": "739164"})
    client.post("/guard/sign-in", base_url=base, headers={"Origin": base, "Referer": base}, data={"pin": "739164"})
    client.get("/guard/events", base_url=base)
    locked = door.client("loopback", "locked")
    locked.post("/guard/screens/end", data={"csrf_token": token(locked)}, headers={"Origin": "http://localhost"})
    rows = [
        row["payload"]
        for row in door.post.rows()[before:]
        if row["kind"] == Kind.GUARD_REFUSED and row["payload"]["reason"] != "more"
    ]
    assert [row["reason"] for row in rows] == [
        Refusal.NOT_ALLOWED,
        Refusal.SESSION_ELSEWHERE,
        Refusal.FOREIGN_HOST,
        Refusal.FOREIGN_ORIGIN,
        Refusal.STALE_FORM,
        Refusal.NOT_SIGNED_IN,
        Refusal.LOCKED,
    ]
    assert rows[0] == {
        "reason": "not_allowed",
        "what": "lan.page",
        "screen": "lan",
        "address": "127.0.0.1",
        "guard_id": "guard",
        "duty": Duty.ADMINISTER,
    }
    assert rows[1]["guard_id"] == "guard"
    assert not {"739164", "evil.example"} & {str(value) for row in rows for value in row.values()}
