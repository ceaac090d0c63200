"""The administrators' pages: who may see them, what is on them, and what every answer carries."""

import re

import msgspec
import pytest

from sync.protocol.wire import Batch
from sync.server.app import create_app, templates_folder
from sync.server.documents import read_import
from sync.server.settings import Settings
from sync.server.web import HEADERS, host_is_ours
from tests.sync.server.making import EPOCH, KEY, TOKEN, batch, chained, directory, packed, raw, record

PASSWORD = "correct horse battery"


@pytest.fixture
def user(store, clock):
    store.users.add("Ana", PASSWORD, now=clock.now().claimed_at)


@pytest.fixture
def sign_in(client):
    def post(name="ana", password=PASSWORD, token=None):
        page = client.get("/sign-in").text
        token = token or re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        return client.post("/sign-in", data={"name": name, "password": password, "csrf_token": token})

    return post


def test_without_a_user_the_pages_open_from_this_machine(client):
    """Until somebody can sign in, the server's own machine may look."""
    page = client.get("/")
    assert page.status_code == 200
    assert "gapura central user add" in page.text


@pytest.mark.parametrize(
    ("settings", "address", "headers"),
    [
        (Settings(), "192.0.2.7", {}),
        (Settings(), "127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}),
        (Settings(bind="0.0.0.0:8480"), "127.0.0.1", {}),
    ],
    ids=["from elsewhere", "through a proxy", "open to others"],
)
def test_without_a_user_nobody_else_may_look(store, clock, settings, address, headers):
    """A server that others can reach shows nothing before its first user, and says how to make one."""
    app = create_app(store, clock, settings)
    answer = app.test_client().get("/", environ_base={"REMOTE_ADDR": address}, headers=headers)
    assert answer.status_code == 403
    assert "gapura central user add" in answer.text


def test_with_a_user_everybody_signs_in(client, user, sign_in):
    """Pages lead to the sign-in; the right password opens them; signing out closes them."""
    assert client.get("/").headers["Location"] == "/sign-in"
    assert sign_in().headers["Location"] == "/"
    page = client.get("/")
    assert page.status_code == 200
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    client.post("/sign-out", data={"csrf_token": token})
    assert client.get("/").status_code == 303


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(store, clock, user):
    """HttpOnly and SameSite=Strict always; Secure unless only this machine can reach the server."""
    client = create_app(store, clock, Settings(bind="0.0.0.0:1")).test_client()
    cookie = client.get("/sign-in", base_url="https://127.0.0.1").headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Secure"} <= set(cookie.split("; "))


@pytest.mark.parametrize(
    ("name", "password"), [("ana", "wrong"), ("nobody", PASSWORD), ("", ""), ("\x00\uffff", "\x00"), ("x" * 5000, "y" * 5000)]
)
def test_a_wrong_password_opens_nothing(client, user, sign_in, name, password):
    """Wrong name and wrong password look the same."""
    answer = sign_in(name, password)
    assert answer.status_code == 401
    assert "Nama pengguna atau kata sandi salah" in answer.text
    assert client.get("/").status_code == 303


@pytest.mark.parametrize("token", ["", "forged"])
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
def test_a_form_of_another_site_is_refused(client, user, path, token):
    """A form without this session's token does nothing."""
    assert client.post(path, data={"name": "ana", "password": PASSWORD, "csrf_token": token}).status_code == 400


def test_guessing_is_slowed_down(user, sign_in, clock):
    """After five wrong tries the next ones wait ever longer, the right password too; waiting helps."""
    for _ in range(5):
        assert sign_in(password="wrong").status_code == 401
    answer = sign_in()
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    clock.advance(2)
    assert sign_in(password="wrong").status_code == 401
    clock.advance(1)
    assert sign_in().status_code == 429
    clock.advance(2)
    assert sign_in().status_code == 303


def test_a_new_password_ends_old_sessions(client, store, clock, user, sign_in):
    """Whoever signed in with the old password has to do so again."""
    sign_in()
    store.users.add("ana", "another long password", now=clock.now().claimed_at)
    assert client.get("/").status_code == 303


def test_sessions_end(client, clock, user, sign_in):
    """A session lasts a working day, not longer."""
    sign_in()
    clock.advance(12 * 3600)
    assert client.get("/").status_code == 303


def test_today_shows_who_came(client, store, door, clock):
    """An entry stands there with its local time, its name, its door and its verdict in words; no temperature ever does."""
    store.documents.replace_directory(read_import(directory("Ana <b>")), now=clock.now().claimed_at)
    hot = record(door.id, 4, kind="screening.measured", payload={"tap_id": "id-1", "skin_temperature_c": 39.125})
    facts = [
        record(door.id, 1),
        record(door.id, 2, kind="verdict.hold", payload={"tap_id": "id-1", "reasons": ["temperature_high"]}),
        record(door.id, 3, kind="badge.unmatched", payload={"token_sha256": TOKEN, "direction": "out"}),
        hot,
    ]
    store.sink.take(door.id, Batch(EPOCH, [raw(each) for each in chained(*facts)]), clock.now().claimed_at)
    page = client.get("/").text
    assert page.count("Ana &lt;b&gt;") == 2
    for words in ("07.12 WIB", "Rabu, 10 Juni 2020", "Pintu utama", "Perlu petugas", "Pulang", "Terhubung"):
        assert words in page
    assert not re.search(r"39[.,]1", page)


def test_the_day_filters_by_door(client, store, door, clock):
    """With a door chosen, only its entries are in the table."""
    now = clock.now().claimed_at
    other = store.devices.add("Belakang", place_id="back", time_zone="Asia/Jakarta", now=now, public_key=KEY.public)
    for each in (door, other):
        store.sink.take(each.id, batch(each.id, [1]), clock.now().claimed_at)
    assert client.get("/today").text.count("<tr>") == 3
    assert client.get(f"/today?door={other.id}").text.count("<tr>") == 2


def test_an_empty_day_says_so(client):
    """Nobody stares at an empty table."""
    assert "Belum ada presensi hari ini." in client.get("/").text


def test_troubles_are_alarmed_and_listed(client, store, door, clock):
    """A conflict and an unreadable record show on the first page and in the list."""
    store.sink.take(door.id, batch(door.id, [1]), clock.now().claimed_at)
    odd = Batch(EPOCH, [raw(record(door.id, 1, place_id="b")), msgspec.Raw(b'{"<i>": 1}')])
    store.sink.take(door.id, odd, clock.now().claimed_at)
    assert "Perlu diperiksa" in client.get("/").text
    listed = client.get("/troubles").text
    assert "Berbeda" in listed
    assert "Tidak terbaca" in listed


def test_languages(client):
    """Indonesian unless English is asked for, and then it stays."""
    assert "Hari ini" in client.get("/").text
    assert "Today" in client.get("/?lang=en").text
    assert "Today" in client.get("/").text
    assert "Hari ini" in client.get("/?lang=id").text
    assert "Hari ini" in client.get("/?lang=xx").text


def test_no_page_shows_a_bare_key(client, user, sign_in):
    """Every word on every page has a translation in both languages."""
    for language in ("id", "en"):
        for path in ("/sign-in", "/", "/troubles", "/nowhere"):
            assert not re.findall(r">\s*server\.[a-z_.]+", client.get(f"{path}?lang={language}").text)
        sign_in()


def test_both_languages_have_the_same_keys():
    """No key is in one language only."""
    shipped = templates_folder() / "translations"
    keys = [
        set(re.findall(r'^msgid "(.+)"', (shipped / code / "LC_MESSAGES/messages.po").read_text(), re.M)) for code in ("id", "en")
    ]
    assert keys[0] == keys[1]


def routes(app):
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(\w+:)?\w+>", "x", rule.rule)
        for method in sorted(rule.methods - {"OPTIONS"}):
            yield method, path
    yield "GET", "/nowhere"
    yield "GET", "/static/server.css"


def test_every_route_carries_the_headers(app):
    """No answer, good or bad, leaves without the headers that keep browsers careful."""
    client = app.test_client()
    for method, path in routes(app):
        answer = client.open(path, method=method)
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, (method, path)
        assert answer.status_code < 500, (method, path)
        answer.close()


def test_no_page_has_inline_script_or_style(client):
    """The policy forbids them, so there are none."""
    for path in ("/", "/sign-in", "/troubles", "/nowhere"):
        page = client.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", page)


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("localhost", True), ("localhost:8480", True), ("127.0.0.1:1", True), ("[::1]:8480", True), ("192.0.2.1", True),
        ("gapura.example", True),
        ("GAPURA.example.:80", True), ("evil.example", False), ("127.0.0.1.evil.example", False), ("", False),
    ],
)  # fmt: skip
def test_names_that_are_not_ours_are_refused(host, ours):
    """A page elsewhere that points its name at this server gets nothing."""
    assert host_is_ours(host, ["gapura.example"]) is ours


def test_a_strange_host_gets_400(client, send, door):
    """The list holds for pages and for doors."""
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert send(packed(batch(door.id, [1])), Host="evil.example").status_code == 400
    assert client.get("/", headers={"Host": "gapura.example"}).status_code == 200


def test_the_database_going_away_is_said_plainly(client, database):
    """An administrator reads a sentence, not a trace."""
    with database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE events")
    answer = client.get("/")
    assert answer.status_code == 503
    assert "Basis data sedang tidak dapat dipakai" in answer.text
