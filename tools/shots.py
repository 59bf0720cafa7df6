"""`make shots`: pictures of every page, light and dark, at 1440 and 390 px, in `.portal/shots/`, for looking at.

Without `--url` a throw-away demo is started for it. Fails on anything a page complains about in the browser's console,
a violation of its content security policy among it.
"""

import argparse
import contextlib
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, StorageState, expect, sync_playwright

from portal import env
from portal.demo import people
from tools import chromium, throwaway
from tools.shot_list import SHOTS, Shot

TARGET = env.ROOT / ".portal" / "shots"
HOME = env.ROOT / ".portal" / "shots-home"
VISITORS = 2
WIDTHS = {1440: 900, 390: 844}
THEMES = ("light", "dark")


def main() -> None:
    """Take the pictures, list them, and end with 1 when a page complained."""
    wish = _wish()
    if not wish.names:
        shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True, exist_ok=True)
    with _portal(wish.url) as address, _browser() as browser:
        complaints = _Photographer(browser, address).take(
            [shot for shot in SHOTS if shot.name in wish.names or not wish.names]
        )
    if complaints:
        sys.exit("\n".join(["Pages complained:", *complaints]))


def _wish() -> argparse.Namespace:
    names = [shot.name for shot in SHOTS]
    parser = argparse.ArgumentParser(
        prog="make shots", description="Write screenshots of every page to .portal/shots/."
    )
    parser.add_argument("--url", help="of a running demo; without it one is started")
    parser.add_argument("names", nargs="*", help=f"only these, of {', '.join(names)}")
    wish = parser.parse_args()
    if unknown := set(wish.names) - set(names):
        parser.error(f"no such page: {', '.join(sorted(unknown))}")
    return wish


def _portal(url: str | None) -> contextlib.AbstractContextManager[str]:
    return contextlib.nullcontext(url.rstrip("/")) if url else throwaway.demo(HOME, visitors=VISITORS)


@contextlib.contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium.launch_options())
        yield browser
        browser.close()


class _Photographer:
    """Signs in once per person, and takes each picture in a window of its own."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser = browser
        self._address = address
        self._signed_in: dict[str, StorageState] = {}
        self._complaints: list[str] = []

    def take(self, shots: list[Shot]) -> list[str]:
        for shot in shots:
            for width in WIDTHS:
                for theme in THEMES:
                    self._take(shot, width, theme)
        return self._complaints

    def _take(self, shot: Shot, width: int, theme: str) -> None:
        file = TARGET / f"{shot.name}-{width}-{theme}.png"
        with self._window(width, theme, shot.who) as window:
            page = window.new_page()
            self._listen(page, file)
            page.goto(shot.path)
            page.wait_for_load_state("networkidle")
            shot.prepare(page)
            # As high as the page: in a picture of more than the window, what sticks to its edges stands in the middle.
            page.set_viewport_size({"width": width, "height": page.evaluate("document.documentElement.scrollHeight")})
            page.screenshot(path=file)
        print(file.relative_to(env.ROOT), flush=True)

    def _window(self, width: int, theme: str, who: str) -> BrowserContext:
        return self._browser.new_context(
            base_url=self._address,
            viewport={"width": width, "height": WIDTHS[width]},
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
            storage_state=self._state(who) if who else None,
        )

    def _state(self, who: str) -> StorageState:
        if who not in self._signed_in:
            with self._browser.new_context(base_url=self._address) as window:
                page = window.new_page()
                page.goto("/login/")
                page.get_by_label("Username").fill(who)
                page.get_by_label("Password").fill(people.PASSWORD)
                page.keyboard.press("Enter")
                expect(page).not_to_have_url(re.compile("/login/"))
                self._signed_in[who] = window.storage_state()
        return self._signed_in[who]

    def _listen(self, page: Page, file: Path) -> None:
        page.on("console", lambda message: self._hear(message, page.url, file))
        page.on("pageerror", lambda error: self._complaints.append(f"{file.name}: {error}"))

    def _hear(self, message: ConsoleMessage, url: str, file: Path) -> None:
        """A page that is there to say 404 or 403 is not complained about."""
        of_itself = message.text.startswith("Failed to load resource") and message.location["url"] == url
        if message.type == "error" and not of_itself:
            self._complaints.append(f"{file.name}: {message.text}")


if __name__ == "__main__":
    main()
