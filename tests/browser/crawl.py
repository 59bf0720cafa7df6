"""Opens one page after the other as somebody, and notes all that a browser complains of."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

# Told at once, whatever becomes of the page.
LISTEN = """addEventListener("securitypolicyviolation", (event) => portalCrawl(
    `${event.effectiveDirective} forbids ${event.blockedURI} (${event.sourceFile ?? ""}:${event.lineNumber})`))"""
IDLE = "() => new Promise((done) => requestIdleCallback(() => done(), {timeout: 2000}))"
MOST_ROUNDS = 200


@dataclass
class Crawler:
    """One browser window. `complaints` are those of all pages it has opened."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    _where: str = ""
    _open: set[Request] = field(default_factory=set)

    def listen(self) -> None:
        self.page.context.expose_function("portalCrawl", self._violated)
        self.page.context.add_init_script(LISTEN)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self._note(f"error: {error}"))
        self.page.on("request", lambda request: self._open.add(request))
        self.page.on("requestfinished", lambda request: self._open.discard(request))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)

    def open(self, path: str) -> None:
        """Until nothing is on its way any more, and the browser has nothing left to do."""
        self.page.goto("about:blank")
        self._open.clear()
        self._where = path
        self.page.goto(path, wait_until="load")
        for _ in range(MOST_ROUNDS):
            self.page.evaluate(IDLE)
            if not self._open:
                break
        else:
            self._note(f"never quiet: {[request.url for request in self._open]}")
        if "/login/?next=" in self.page.url:
            self._note("asks to sign in")
        self._where = ""

    def _note(self, complaint: str) -> None:
        if self._where:  # what is given up when one leaves a page is no failure of it
            self.complaints.append(f"{self._where} {complaint}")

    def _violated(self, what: str) -> None:
        self.violations.append(f"{self._where} {what}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(
            "Failed to load resource"
        ):  # which `_answered` hears
            self._note(f"console: {message.text}")

    def _failed(self, request: Request) -> None:
        self._open.discard(request)
        self._note(f"failed: {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        """The page itself may say no: that is the matrix's business. That it fails is not."""
        says_no = response.request.is_navigation_request() and response.status != 500
        if response.status >= 400 and not says_no:
            self._note(f"{response.status}: {response.url}")


@contextmanager
def crawling(browser: Browser, site: str) -> Iterator[Crawler]:
    with browser.new_context(base_url=site) as context:
        yield crawler(context)


def crawler(context: BrowserContext) -> Crawler:
    made = Crawler(context.new_page())
    made.listen()
    return made


# ── what is printed at the end
VISITED = pytest.StashKey[Counter[str]]()


def summarize(terminalreporter: Any, config: pytest.Config) -> None:
    visited = config.stash.get(VISITED, None)
    if visited is None:
        return
    terminalreporter.section("the crawl")
    roles = ", ".join(f"{role} {count}" for role, count in visited.items())
    terminalreporter.write_line(f"{visited.total()} pages opened without a complaint of the browser: {roles}")
