"""Reading the desk's pages, and sending their forms."""

import re
from html import unescape

from flask.testing import FlaskClient

from kiosk.services.views import Guard
from kiosk.web import catalogs

LANGUAGES = ("id", "en")
SLAMET, TRI, HEAD = Guard("g1", "Slamet Widodo", "guard"), Guard("g2", "Tri Wahyuni", "desk"), Guard("g3", "Ibu Kepala", "head")
WORDS = {language: {str(one.id): str(one.string) for one in catalogs.read_catalog(language) if one.id} for language in LANGUAGES}
"""The catalogs, by language and msgid."""


def words(html: str) -> str:
    """What is read on the page."""
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", html.split("<main")[1]).split()))


def page(client: FlaskClient, path: str = "/desk") -> str:
    """What is read on the page of that address."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    return words(answer.text)


def at_desk(client: FlaskClient, address: str, /, **fields: str) -> str:
    """Send a form of the room; gives what the next page says."""
    data = {"csrf_token": token_here(client), "room": "reading", **fields}
    answer = client.post(address, data=data, headers={"Origin": "http://localhost"}, follow_redirects=True)
    assert answer.status_code == 200, address
    return words(answer.text)


def marks(html: str) -> list[str]:
    """The ticks of a head count."""
    return re.findall(r'name="k" value="([^"]+)"', html)


def listed(html: str) -> str:
    """Which list a count or a sweep is about."""
    found = re.search(r'name="list" value="([^"]+)"', html)
    assert found
    return found[1]


def token_here(client: FlaskClient) -> str:
    """The CSRF token of who is signed in."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/guard").text)
    assert found
    return found[1]
