"""A real Chromium, of which everything is heard that it complains about."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium")
# Root can't use its sandbox, and nothing but what a test serves is to be asked for anything.
_FLAGS = ("--no-sandbox", "--disable-background-networking")
# Tells of each violation on the console, which the browser itself does only for some.
_LISTEN = """
addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.violatedDirective}`));
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield a browser that ends with the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """A page in a window of its own.

    Attributes:
        page: what is shown.
        complaints: errors on the console or in scripts, and requests for anything on another host.
    """

    def __init__(self, browser: Browser, base_url: str, **options: Any) -> None:
        """Open a window; ``options`` are those of a new context, such as ``color_scheme``."""
        self.complaints: list[str] = []
        self._base_url = base_url
        self.page: Page = browser.new_context(**options).new_page()
        self.page.add_init_script(_LISTEN)
        self.page.on("console", lambda message: self._hear(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._see(request.url))

    def open(self, path: str = "/") -> "Visit":
        """Go to a page."""
        self.page.goto(f"{self._base_url}{path}")
        return self

    def axe(self) -> Sequence[str]:
        """Return what axe finds fault with, for whoever can't see or point."""
        found = Axe().run(self.page).response["violations"]
        return [f"{each['id']}: {node['html']}" for each in found for node in each["nodes"]]

    def column(self, name: str) -> Sequence[str]:
        """Return the texts of a column of the table."""
        return self.page.locator(f"tbody td.{name}").all_inner_texts()

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def _see(self, address: str) -> None:
        if not address.startswith((f"{self._base_url}/", "data:")):
            self.complaints.append(f"asked for {address}")
