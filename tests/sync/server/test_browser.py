"""The pages in a real browser: live without a reload, within the policy, and readable by everybody."""

import threading
from contextlib import closing

import pytest
from axe_playwright_python.sync_playwright import Axe
from cheroot.wsgi import Server
from playwright.sync_api import sync_playwright

from tests.journeys.browser import CHROMIUM
from tests.sync.server.making import batch

SIZES = [(1366, 768), (800, 480), (480, 800)]
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PASSWORD = "correct horse battery"

pytestmark = pytest.mark.browser


@pytest.fixture
def address(app):
    """The server over real HTTP."""
    server = Server(("127.0.0.1", 0), app, numthreads=8)
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield f"http://127.0.0.1:{server.bind_addr[1]}"
    server.stop()
    thread.join()


@pytest.fixture
def browser():
    with (
        sync_playwright() as playwright,
        closing(playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)) as found,
    ):
        yield found


def test_an_administrator_sees_the_day_live(browser, address, store, door, clock):
    """Sign in, see nobody, see somebody arrive without touching anything; no complaint from the browser or from axe."""
    store.users.add("Rina", PASSWORD, now=clock.now().claimed_at)
    complaints = []
    with closing(browser.new_context(viewport={"width": 1366, "height": 768})) as context:
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        page.fill("#name", "rina")
        page.fill("#password", PASSWORD)
        page.click("form.sign-in button")
        page.wait_for_selector(".empty")
        store.sink.take(door.id, batch(door.id, [1]), clock.now().claimed_at)
        page.wait_for_selector("text=07.12 WIB", timeout=10_000)
        for path in ("/", "/troubles", "/?lang=en"):
            page.goto(address + path)
            assert Axe().run(page).response["violations"] == []
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert complaints == []
