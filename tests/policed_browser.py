"""Opens pages in the system's Chromium under the panel's policy and prints one JSON object: each address and what came of it.

Usage: policed_browser.py POLICY PROFILE ADDRESS... It needs a mount namespace of its own (`unshare --mount`), where it lays
the policy over the machine's /etc/chromium.
"""

import json
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Error, sync_playwright


def main(policy: str, profile: str, addresses: list[str]) -> None:
    """Open each address in a page of its own."""
    subprocess.run(["mount", "-t", "tmpfs", "none", "/etc/chromium"], check=True)
    managed = Path("/etc/chromium/policies/managed")
    managed.mkdir(parents=True)
    (managed / "gapura.json").write_text(policy)
    found = {}
    with sync_playwright() as playwright:
        # The machine that tests run on is not the panel: its own sandbox is what the tests run in.
        browser = playwright.chromium.launch_persistent_context(
            profile, executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        for address in addresses:
            page = browser.new_page()
            try:
                page.goto(address, timeout=5000)
                found[address] = page.inner_text("body", timeout=3000).strip()
            except Error as exc:
                found[address] = exc.message.splitlines()[0]
            page.close()
        browser.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
