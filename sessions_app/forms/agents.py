"""What one types to build an agent. Whether values can be so is said by the core."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from localization.core import languages
from localization.core.languages import LanguageNames, UnknownLanguage
from localization.core.shipped import SHIPPED
from portal.agents.core.platforms import TITLES, Platform
from portal.agents.models import PromptKind
from sessions_app.core import agents as core
from sessions_app.core import policy, policy_words
from sessions_app.core.agents import LONGEST, Settings
from sessions_app.core.policy import BY_FIELD, Refusal
from sessions_app.engines import engine_for
from sessions_app.engines.turn import EngineUnavailable
from sessions_app.queries import slugs

PLATFORM_EFFECTS = {
    Platform.DIALOGFLOW_CX: _("A Dialogflow CX agent answers."),
    Platform.DIALOGFLOW_ES: _("A Dialogflow ES agent answers."),
    Platform.OPENAI: _("Any endpoint that speaks the OpenAI protocol answers."),
    Platform.SCRIPTED: _("A script you write here answers. It works at once."),
    Platform.EXTERNAL: _("Your own back end answers through the API. Portal keeps the sessions."),
}
PROMPT_EFFECTS = {
    PromptKind.INTENT: _("An event is sent to the bot, and it answers. Counts as an interaction."),
    PromptKind.PRESET: _("A fixed text. The bot is not asked; no interaction."),
    PromptKind.NONE: _("The chat opens empty."),
}


@dataclass(frozen=True, slots=True)
class Option:
    """One card of a choice, or one language with its box. `note` is what else is to be known."""

    tag: str
    title: str
    effect: str = ""
    note: str = ""


# ── parts that several forms have ──────────────────────────────────────────────────────────────────────────────────
class Checked(forms.Form):
    """A form whose values the core judges as a whole."""

    def refuse(self, refusals: Iterable[Refusal]) -> None:
        """Put each sentence beside its field; what was typed stays. Of fields that are not here, on top."""
        for refusal in refusals:
            self.add_error(refusal.field if refusal.field in self.fields else None, refusal.sentence)


class BotFields(Checked):
    """Who answers, and how a chat opens."""

    name = forms.CharField(
        label=_("Name"),
        max_length=LONGEST["name"],
        help_text=_("Users see it as the chat's title."),
        error_messages={"required": _("An agent needs a name.")},
    )
    platform = forms.ChoiceField(
        label=_("Platform"),
        choices=[(p.value, title) for p, title in TITLES.items()],
        initial=Platform.SCRIPTED,
        widget=forms.RadioSelect,
        help_text=_("What runs the bot. It decides the defaults and the bounds of the session policy."),
    )
    prompt_kind = forms.ChoiceField(
        label=_("Bot prompt"),
        choices=[
            (PromptKind.INTENT, _("Intent prompt")),
            (PromptKind.PRESET, _("Preset prompt")),
            (PromptKind.NONE, _("No prompt")),
        ],
        initial=PromptKind.INTENT,
        widget=forms.RadioSelect,
        help_text=_("How a chat opens, and how it goes on after a session has expired."),
    )
    prompt_event = forms.CharField(
        label=_("Event of the intent prompt"),
        max_length=LONGEST["prompt_event"],
        required=False,
        initial="WELCOME",
        help_text=_("The event that is sent to the bot."),
    )
    prompt_text = forms.CharField(
        label=_("Text of the preset prompt"),
        max_length=LONGEST["prompt_text"],
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        help_text=_("Shown as it is, in every language."),
    )

    def clean_prompt_text(self) -> str:
        return core.unix(self.cleaned_data["prompt_text"])

    @property
    def platforms(self) -> list[Option]:
        options = zip(self["platform"], Platform, strict=True)
        return [Option(r.tag(), TITLES[p], _platform_effect(p), _not_reached(p)) for r, p in options]

    @property
    def prompts(self) -> list[Option]:
        options = zip(self["prompt_kind"], PROMPT_EFFECTS.values(), strict=True)
        return [Option(radio.tag(), str(radio.choice_label), str(effect)) for radio, effect in options]


class LanguageFields(Checked):
    """The languages of an agent: those Portal ships its messages in as boxes, and any other by its tag."""

    languages = forms.MultipleChoiceField(
        label=_("Languages"),
        required=False,
        initial=["en"],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Portal's messages come in these; your texts can be added to each."),
    )
    other_languages = forms.CharField(
        label=_("Other languages"),
        required=False,
        max_length=1000,
        help_text=_("Language tags, such as sw or pt-AO, with commas between."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    default_language = forms.ChoiceField(
        label=_("Default language"), initial="en", help_text=_("What users get whose own language the agent lacks.")
    )

    def __init__(self, data: Any = None, *, spoken: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.offered = [languages.names(tag) for tag in dict.fromkeys((*spoken, *SHIPPED))]
        self.fields["languages"].choices = [(each.tag, each.english) for each in self.offered]  # type: ignore[attr-defined]
        typed, _wrong = read_tags(self.data.get("other_languages") or "")
        shown = (*self.offered, *map(languages.names, typed))
        choices = {each.tag: f"{each.english} · {each.tag}" for each in shown}
        self.fields["default_language"].choices = list(choices.items())  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        tags, wrong = read_tags(self.cleaned_data.get("other_languages") or "")
        for sentence in wrong:
            self.add_error("other_languages", sentence)
        self.cleaned_data["languages"] = list(dict.fromkeys([*self.cleaned_data.get("languages", ()), *tags]))
        return self.cleaned_data

    @property
    def boxes(self) -> list[tuple[str, LanguageNames]]:
        return [(box.tag(), each) for box, each in zip(self["languages"], self.offered, strict=True)]


# ── building an agent ──────────────────────────────────────────────────────────────────────────────────────────────
class BasicsForm(BotFields):
    """The first step. Without a slug, one is made from the name."""

    slug = forms.CharField(
        label=_("Slug"),
        required=False,
        max_length=core.LONGEST_SLUG,
        help_text=_("Its name in addresses and in the embed code; it stays. Left empty, it is made from the name."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        self.refuse(self._refusals())
        return self.cleaned_data

    def _refusals(self) -> Iterator[Refusal]:
        name, slug = self.cleaned_data.get("name", ""), self.cleaned_data.get("slug", "")
        self.cleaned_data["slug"] = slug = slug or slugs.free(name)
        if refusal := core.slug_refusal(slug):
            yield refusal
        elif slugs.taken(slug):
            free = slugs.free(slug)
            yield Refusal(
                "slug",
                gettext("There is an agent “%(slug)s” already; “%(free)s” is free.") % {"slug": slug, "free": free},
            )
        if not self.errors:
            yield from core.refusals(settings_from(self.cleaned_data, languages=("en",), default_language="en"))


class LanguagesForm(LanguageFields):
    """The third step."""

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if not self.errors:
            settings = {"name": "-", "platform": Platform.EXTERNAL, "prompt_kind": "none"} | values
            self.refuse(core.refusals(settings_from(settings)))
        return values


def settings_from(values: Mapping[str, Any], **others: Any) -> Settings:
    """From what one or several forms have read."""
    given = {**values, **others}
    given = {name: given[name] for name in core.FIELDS if name in given}
    return Settings(**given | {"platform": Platform(given["platform"]), "languages": tuple(given["languages"])})


def read_tags(text: str) -> tuple[list[str], list[str]]:
    """Language tags as they are typed → those that are some, each in its one spelling, and sentences on the others."""
    found, wrong = [], []
    for tag in text.replace(",", " ").replace(";", " ").split():
        try:
            found.append(languages.normalise(tag))
        except UnknownLanguage as unknown:
            wrong.append(f"{unknown}.")
    return list(dict.fromkeys(found)), wrong


def _platform_effect(platform: Platform) -> str:
    duration = BY_FIELD["session_duration"]
    default = policy_words.value(duration, policy.default_policy(platform).session_duration)
    bounds = {"default": default, "range": duration.range_words(platform)}
    said = gettext("Sessions end after %(default)s unless you say otherwise (%(range)s).") % bounds
    return f"{PLATFORM_EFFECTS[platform]} {said}"


def _not_reached(platform: Platform) -> str:
    try:
        engine_for(platform)
    except EngineUnavailable:
        return gettext("Portal cannot reach these bots yet: users are told that the bot is unavailable.")
    return ""
