"""Filling in our own forms as a browser does: with the token of the page they are on."""

import re

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.kiosk.web.station import PIN

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def token(client: FlaskClient, page: str = "/guard") -> str:
    """The CSRF token of a page."""
    found = _TOKEN.search(client.get(page).text)
    assert found
    return found[1]


def send(client: FlaskClient, to: str, page: str = "/guard", **fields: str) -> TestResponse:
    """POST a form of `page`, and give the page that follows."""
    return client.post(
        to, data={"csrf_token": token(client, page), **fields}, headers={"Origin": "http://localhost"}, follow_redirects=True
    )


def sign_in(client: FlaskClient, guard: str = "g1", pin: str = PIN) -> TestResponse:
    """Sign in, with the right PIN unless said otherwise."""
    return send(client, "/guard/sign-in", guard=guard, pin=pin)
