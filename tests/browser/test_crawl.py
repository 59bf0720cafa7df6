"""Every page as every role that gets in: the browser complains of nothing, least of all of its policy (5-promises.md,
"Security"). The pages are those of the matrix (`tests/integration/matrix/rows.py`)."""

from collections import Counter
from collections.abc import Iterator

import pytest
from django.apps import apps
from playwright.sync_api import Browser, Route

from tests.browser import crawl
from tests.browser.pages import sign_in
from tests.integration.matrix import addresses
from tests.integration.matrix.addresses import Address
from tests.integration.matrix.rows import COMERS, DOWNLOADS, PAGES
from tests.integration.matrix.scene import Scene
from tests.integration.matrix.scene import scene as new_scene

ROLES = ("nobody", "user", "translator", "owner", "admin")


@pytest.fixture
def scene(site: str) -> Scene:
    return new_scene()


@pytest.mark.parametrize("role", ROLES)
def test_no_page_has_anything_to_complain_of(
    site: str, browser: Browser, scene: Scene, pytestconfig: pytest.Config, role: str
) -> None:
    paths = [*_pages(scene, role), *(_back_office(scene) if role == "admin" else ())]
    with crawl.crawling(browser, site) as crawler:
        if role != "nobody":
            sign_in(crawler.page, scene.account(role).username)
        for path in paths:
            crawler.open(path)
        assert (crawler.violations, crawler.complaints) == ([], [])
    pytestconfig.stash.setdefault(crawl.VISITED, Counter())[role] = len(paths)


def _pages(scene: Scene, role: str) -> Iterator[str]:
    for address in addresses.pages():
        if PAGES[address.name][0][COMERS.index(role)] == "in" and address.name not in DOWNLOADS:
            yield address.path(scene.values(address.name, scene.shop))


def _back_office(scene: Scene) -> Iterator[str]:
    """What an admin gets there, of records that there are."""
    client = scene.client("admin")
    for address in addresses.back_office():
        path = address.path(_record(address))
        if client.get(path).status_code == 200:
            yield path


def _record(address: Address) -> dict[str, str]:
    names = {f"admin:{model._meta.label_lower.replace('.', '_')}_": model for model in apps.get_models()}
    model = next((model for name, model in names.items() if address.name.startswith(name)), None)
    record = model._default_manager.first() if model and "object_id" in address.parts else None
    id = str(record.pk) if record else "0"
    return {"app_label": "accounts", "object_id": id, "content_type_id": "0", "id": id}


# ── the listener hears it when there is something
SEEDS = {
    "<script>document.title = 'seeded'</script>": "script-src-elem",
    "<p style='color: red'>seeded</p>": "style-src-attr",
    "<style>p { color: red }</style>": "style-src-elem",
    "<button onclick='alert()' id='seeded'></button>": "script-src-attr",
    "<img src='https://evil.example/x.png'>": "img-src",
    "<iframe src='/agents/'></iframe>": "frame-src",
}


@pytest.mark.parametrize("seed", SEEDS)
def test_one_seeded_violation_is_caught(site: str, browser: Browser, seed: str) -> None:
    with crawl.crawling(browser, site) as crawler:
        crawler.page.route("**/login/", lambda route: _with(route, seed))
        crawler.open("/login/")
        (violation,) = crawler.violations
        assert SEEDS[seed] in violation
        assert any("Content Security Policy" in complaint for complaint in crawler.complaints)


def test_a_file_that_is_not_there_and_a_broken_script_are_heard_too(site: str, browser: Browser) -> None:
    with crawl.crawling(browser, site) as crawler:
        crawler.page.route("**/login/", lambda route: _with(route, "<img src='/static/nowhere.png'>"))
        crawler.page.route("**/portal.js", lambda route: route.fulfill(body="broken(", content_type="text/javascript"))
        crawler.open("/login/")
        heard = " ".join(crawler.complaints)
        assert (crawler.violations, "404: " in heard, "SyntaxError" in heard or "error: " in heard) == ([], True, True)


def _with(route: Route, seed: str) -> None:
    """The page as it is, with its headers, and something in it that has no place there."""
    response = route.fetch()
    route.fulfill(response=response, body=response.text().replace("</main>", f"{seed}</main>"))
