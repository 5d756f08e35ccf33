"""Real headless Chromium for tests that look at pages; tests are skipped where there is none."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

AXE = Path(sys.prefix) / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_MS = 30_000


def executable() -> str:
    """Where Chromium is; skips the test where it is not."""
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    pytest.skip("there is no Chromium; `make browser` installs Debian's")


def barriers(page: Page) -> list[str]:
    """What axe-core finds that keeps people from using a page; skips the test where there is none."""
    if not AXE.exists():
        pytest.skip("there is no axe-core; `make browser` fetches it")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [
        f"{page.url}: {each['impact']} {each['id']}: {node['html']}"
        for each in found
        for node in each["nodes"]
    ]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser that asks nobody for anything."""
    path = executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@dataclass
class Opened:
    """An explorer page in the browser, and what it complained of or asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @classmethod
    def at(cls, browser: Browser, path: Path, hash_: str = "", **context: Any) -> Opened:
        """Open a page without a network and wait until it has drawn."""
        page = browser.new_context(offline=True, **context).new_page()
        page.set_default_timeout(PATIENCE_MS)
        opened = cls(page)

        def on_console(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                opened.complaints.append(message.text)

        def on_request(request: Request) -> None:
            opened.requests.append(request.url)

        page.on("console", on_console)
        page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        page.on("request", on_request)
        page.goto(path.as_uri() + hash_)
        opened.drawn()
        return opened

    def follow(self, address: str) -> None:
        """Follow an address on this page, as a link would, and wait until it shows what that asks for."""
        self.page.evaluate(
            """(address) => new Promise((resolve) => {
                addEventListener("hashchange", resolve, { once: true });
                // The page writes its address late: the same may stand there of other settings.
                if (location.hash === address) dispatchEvent(new HashChangeEvent("hashchange"));
                else location.hash = address;
            })""",
            address,
        )
        self.drawn()

    def drawn(self) -> None:
        """Wait until the page shows its settings."""
        self.wait_until("window.explorer !== undefined")
        self.page.evaluate("explorer.drawn()")

    def wait_until(self, condition: str) -> None:
        """Wait until something is so in the page, which lets no text be run from within it."""
        patience = time.monotonic() + PATIENCE_MS / 1000
        while not self.page.evaluate(condition):
            assert time.monotonic() < patience, condition
            time.sleep(0.02)

    def ask(self, script: str, argument: object = None) -> Any:
        """What a script answers in the page."""
        return self.page.evaluate(script, argument)

    def text(self, selector: str) -> str:
        """The text of an element."""
        return self.page.inner_text(selector)

    def check(self) -> None:
        """It must not have complained of anything, nor asked for another file."""
        self.drawn()
        assert self.complaints == []
        assert all(url.startswith(("file:", "data:", "blob:")) for url in self.requests)

    def close(self) -> None:
        """Close it, and check it."""
        self.check()
        self.page.context.close()
