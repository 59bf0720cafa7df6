"""The platforms that run bots (1-product.md, "Words")."""

from enum import StrEnum


class Platform(StrEnum):
    DIALOGFLOW_CX = "dialogflow_cx"
    DIALOGFLOW_ES = "dialogflow_es"
    OPENAI = "openai"
    SCRIPTED = "scripted"
    EXTERNAL = "external"  # somebody's back end answers; Portal tracks

    @property
    def label(self) -> str:
        return TITLES[self]

    @property
    def answers(self) -> bool:
        """Whether Portal itself puts turns to a bot. `external` agents answer through the API and are never busy."""
        return self is not Platform.EXTERNAL


TITLES = {
    Platform.DIALOGFLOW_CX: "Dialogflow CX",
    Platform.DIALOGFLOW_ES: "Dialogflow ES",
    Platform.OPENAI: "OpenAI-compatible",
    Platform.SCRIPTED: "Scripted bot",
    Platform.EXTERNAL: "External back end",
}
