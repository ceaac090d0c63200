"""The panel's managed policy in the system's real Chromium."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

REPO = Path(__file__).parents[1]
BLOCKED = "ERR_BLOCKED_BY_ADMINISTRATOR"


class Panel(BaseHTTPRequestHandler):
    """Answers every request as the panel would: with a page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"the panel")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Panel)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield server.server_address[1]
    server.shutdown()
    serving.join()
    server.server_close()


@pytest.mark.browser
@pytest.mark.skipif(os.geteuid() != 0, reason="lays a policy over /etc/chromium in a mount namespace, which only root can")
def test_the_browser_opens_the_panel_and_nothing_else(tmp_path, port):
    """Chromium under the shipped policy shows the panel; other ports, names, files, sources, settings and sites it refuses."""
    policy = json.loads((REPO / "systemd/chromium-policy.json").read_text().replace("127.0.0.1:8080", f"127.0.0.1:{port}"))
    # Forbids the remote control that this test drives the browser by, too.
    del policy["DeveloperToolsAvailability"]
    panel = f"http://127.0.0.1:{port}/"
    refused = [
        "http://127.0.0.1:1024/",
        f"http://localhost:{port}/",
        "file:///etc/passwd",
        f"view-source:{panel}",
        "data:text/html,hello",
        "chrome://settings/",
        "chrome://downloads/",
        "http://example.org/",
    ]
    call = ["unshare", "--mount", sys.executable, REPO / "tests/policed_browser.py", json.dumps(policy), tmp_path / "profile"]
    found = subprocess.run([*call, panel, *refused], capture_output=True, text=True, timeout=60)
    assert found.returncode == 0, found.stderr
    pages = json.loads(found.stdout)
    assert pages.pop(panel) == "the panel"
    assert {address: page for address, page in pages.items() if BLOCKED not in page} == {}


PANEL_UID = 61003


@pytest.mark.browser
@pytest.mark.skipif(os.geteuid() != 0, reason="runs the browser as another user, which only root can")
def test_the_browser_runs_in_its_sandbox_under_the_units_filter():
    """Chromium makes its sandbox and runs a page as a plain user without new privileges, under the unit's system call filter."""
    with tempfile.TemporaryDirectory(prefix="gapura-panel-") as name:
        folder = Path(name)
        for source in ("tests/under_filter.py", "systemd/gapura-panel.service"):
            shutil.copy(REPO / source, folder)
        (folder / "page.html").write_text("<script>document.write('sum ' + 6 * 7)</script>")
        for path in (folder, *folder.iterdir()):
            os.chown(path, PANEL_UID, PANEL_UID)
        filtered = ["/usr/bin/python3", folder / "under_filter.py", folder / "gapura-panel.service"]
        browser = ["/usr/bin/chromium", "--headless", f"--user-data-dir={folder}/profile", "--dump-dom"]
        found = subprocess.run(
            [*filtered, *browser, f"file://{folder}/page.html"],
            user=PANEL_UID,
            group=PANEL_UID,
            extra_groups=[],
            cwd=folder,
            env={"HOME": name, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (found.returncode, "sum 42" in found.stdout) == (0, True), found.stderr[-500:]
