import pytest
from flask import Flask
from flask.testing import FlaskClient

from kiosk.simulation.web import create_simulator_app
from kiosk.web import create_app
from kiosk.web.security import HEADERS, MAX_BODY_BYTES
from tests.kiosk.web.conftest import SHA
from tests.kiosk.web.forms import token
from tests.kiosk.web.simulator import MemorySimulator
from tests.kiosk.web.station import MemoryStation

VALUES = {"sha256": SHA, "hold_id": "h1", "filename": "tokens.css"}


@pytest.fixture(params=["kiosk", "simulator"])
def some_app(request: pytest.FixtureRequest, app: Flask) -> Flask:
    if request.param == "kiosk":
        return app
    return create_simulator_app(
        MemorySimulator(), secret_key=b"k" * 32, allowed_hosts=frozenset({"localhost"}), links={}, testing=True
    )


def paths(app: Flask, method: str) -> list[str]:
    adapter = app.url_map.bind("localhost")
    rules = [rule for rule in app.url_map.iter_rules() if method in (rule.methods or ())]
    return [adapter.build(rule.endpoint, {name: VALUES[name] for name in rule.arguments}, method) for rule in rules]


def test_every_route_carries_the_headers(some_app: Flask):
    """No page, picture, error or stream leaves without the security headers."""
    client = some_app.test_client()
    for path in [*paths(some_app, "GET"), "/no/such/page"]:
        with client.get(path, headers={"Host": "localhost"}) as answer:
            assert HEADERS.items() <= dict(answer.headers).items(), path
            assert path.startswith(("/static", "/photos")) or answer.headers["Cache-Control"] == "no-store", path
    for path in paths(some_app, "POST"):
        assert HEADERS.items() <= dict(client.post(path).headers).items(), path


def test_foreign_hosts_are_refused_everywhere(some_app: Flask):
    """A name that was rebound to this machine gets 400 on every route, whatever the method."""
    client = some_app.test_client()
    for method in ("GET", "POST"):
        for path in paths(some_app, method):
            assert client.open(path, method=method, headers={"Host": "evil.example"}).status_code == 400, path


def test_foreign_origins_are_refused(some_app: Flask):
    """Another site's page cannot post anything here, nor can a page without an origin."""
    client = some_app.test_client()
    for path in paths(some_app, "POST"):
        for origin in ("http://evil.example", "null", "http://localhost:1", "https://localhost"):
            assert client.post(path, headers={"Origin": origin}, json={}).status_code == 403, (path, origin)


def test_every_post_needs_a_token(app: Flask, client: FlaskClient):
    """Without the page's own token nothing is changed."""
    for path in paths(app, "POST"):
        answer = client.post(path, data={"language": "en"}, headers={"Origin": "http://localhost"})
        assert answer.status_code == 403, path


def test_no_get_changes_anything(app: Flask):
    """Whatever changes something is a POST and nothing else."""
    changing = ("language", "sign-in", "sign-out", "close", "present", "fault", "network")
    for rule in app.url_map.iter_rules():
        if rule.rule.endswith(changing):
            assert rule.methods == {"POST", "OPTIONS"}, rule


def test_cookies_are_closed(client: FlaskClient):
    """Scripts cannot read the cookie, other sites cannot send it."""
    set_cookie = client.get("/guard").headers["Set-Cookie"]
    assert "HttpOnly" in set_cookie
    assert "SameSite=Strict" in set_cookie


def test_no_page_has_inline_code(app: Flask, client: FlaskClient):
    """The content policy forbids inline scripts and styles; no page relies on them."""
    for path in ("/", "/guard"):
        text = client.get(path).text
        assert "<script>" not in text
        assert " style=" not in text
        assert " on" + "click=" not in text


def test_large_bodies_are_refused(client: FlaskClient):
    """A body beyond what any form holds is not read."""
    data = {"csrf_token": token(client), "pin": "1" * MAX_BODY_BYTES}
    assert client.post("/guard/sign-in", data=data, headers={"Origin": "http://localhost"}).status_code == 413


def test_metrics_are_for_this_machine_only(client: FlaskClient):
    """Another machine does not learn that there are metrics."""
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "127.0.0.1"}).status_code == 200
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "192.168.1.7"}).status_code == 404


@pytest.mark.parametrize("sha", ["..%2f..%2fetc%2fpasswd", "a" * 63, "A" * 64, "b" * 64])
def test_photos_are_found_by_hash_only(client: FlaskClient, sha: str):
    """Anything but a known hash is no photo."""
    assert client.get(f"/photos/{sha}.jpg").status_code == 404


def test_an_empty_host_list_is_refused():
    """An app that would answer to every name cannot be made."""
    with pytest.raises(ValueError, match="allowed_hosts"):
        create_app(MemoryStation(), secret_key=b"k" * 32, allowed_hosts=frozenset())
