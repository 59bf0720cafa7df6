"""The agents of the demo: what they are, how their policy came to be, what their users read (1-product.md)."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from localization.core.keys import Key
from portal.agents.core.platforms import Platform
from sessions_app.core.agents import Settings
from sessions_app.core.policy import EndBehavior

BOTS = Path(__file__).parent / "bots"
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A new version of a policy: `ago` it was saved, with this reason."""

    ago: timedelta = timedelta(0)
    values: dict[str, Any]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoAgent:
    """`visits` is how often people came in the week; `changes` are of the policy, from the platform's defaults on, the
    last of them as the demo is loaded; `texts` are (who writes, key, language, text)."""

    slug: str
    owner: str
    settings: Settings
    visits: int
    channels: tuple[str, ...]
    changes: tuple[Change, ...]
    texts: tuple[tuple[str, Key, str, str], ...] = ()
    translated: tuple[str, ...] = ()  # the languages that tara has been assigned

    @property
    def answers(self) -> bool:
        return self.settings.platform.answers


def _script(slug: str) -> str:
    return (BOTS / f"{slug}.yaml").read_text(encoding="utf-8")


SHOP = DemoAgent(
    slug="shop",
    owner="olga",
    settings=Settings(
        name="Shop assistant",
        platform=Platform.SCRIPTED,
        languages=("en", "de", "es", "ar"),
        default_language="en",
        script=_script("shop"),
    ),
    visits=420,
    channels=("web", "web", "web", "app"),
    changes=(
        Change(
            ago=5 * DAY,
            values={"session_duration": 30 * MINUTE, "idle_timeout": 10 * MINUTE},
            reason="Shoppers are back within ten minutes or not at all.",
        ),
        Change(values={"max_duration": 120 * MINUTE}, reason="Two hours are plenty for one order."),
    ),
    texts=(
        (
            "tara",
            Key.SESSION_EXPIRED,
            "de",
            "Dieser Chat ist zu Ende, weil eine Weile nichts kam. Schreib einfach weiter!",
        ),
        (
            "tara",
            Key.SESSION_EXPIRED,
            "es",
            "Este chat ha terminado porque no hubo actividad. Escribe cuando quieras y seguimos.",
        ),
        ("tara", Key.EXPIRY_WARNING, "de", "Bist du noch da? Dieser Chat endet in {minutes} Min."),
        ("olga", Key.SESSION_ENDED, "en", "This chat has ended. Enjoy the outdoors!"),
        ("olga", Key.BOT_UNAVAILABLE, "en", "Our assistant is out on the trail. Please try again in a moment."),
    ),
    translated=("de", "es"),
)
BILLING = DemoAgent(
    slug="billing",
    owner="olga",
    settings=Settings(
        name="Billing assistant",
        platform=Platform.SCRIPTED,
        languages=("en", "fr", "ja", "pt-BR"),
        default_language="en",
        transfer_targets=("shop",),
        script=_script("billing"),
    ),
    visits=330,
    channels=("web", "web", "app"),
    changes=(
        Change(
            ago=4 * DAY,
            values={"session_duration": 6 * MINUTE, "idle_timeout": 2 * MINUTE, "max_duration": 60 * MINUTE},
            reason="A bill is looked up in minutes; nobody should find it open later.",
        ),
        Change(
            ago=2 * DAY,
            values={"end_behavior": EndBehavior.CLEAR_HISTORY},
            reason="Shared screens: nothing about invoices stays in view.",
        ),
    ),
    texts=(
        ("tara", Key.SESSION_EXPIRED, "fr", "Votre session a expiré pour protéger vos données"),
        ("tara", Key.SESSION_ENDED, "ja", "このチャットは終了しました"),
        ("olga", Key.SESSION_EXPIRED, "en", "Your session has expired to keep your invoices private"),
    ),
    translated=("fr", "ja"),
)
HELPDESK = DemoAgent(
    slug="helpdesk",
    owner="otto",
    settings=Settings(
        name="IT helpdesk",
        platform=Platform.EXTERNAL,
        languages=("en",),
        default_language="en",
        prompt_kind="preset",
        prompt_text="This is the IT helpdesk. What has stopped working?",
    ),
    visits=240,
    channels=("web", "web", "teams"),
    changes=(
        Change(
            ago=3 * DAY,
            values={"session_duration": 45 * MINUTE, "idle_timeout": 15 * MINUTE},
            reason="People go and try what we told them, then come back.",
        ),
    ),
)
AGENTS = (SHOP, BILLING, HELPDESK)
