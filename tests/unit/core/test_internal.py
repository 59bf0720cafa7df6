"""The read-only fields of the session data: complete, true, and bounded (3-api.md, "Session data")."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.core import internal
from sessions_app.core.commands import Kind, Sender
from sessions_app.core.internal import Said, User

ADA = User(id="u-7", name="Ada Lovelace", email="ada@example.org", identified=True)
VISITOR = User(id="visitor-1", name="Visitor 7f3a")
DIALOG = {"id": "d-1", "name": "introduction", "type": "INTENT"}
OTHER = {"id": "d-2", "name": "goodbye", "type": "INTENT"}


def fields(*, user=ADA, said=None, understood=None, **changes):
    about = {
        "agent": "shop",
        "session": "emulator-1",
        "version": "DRAFT",
        "channel": "web",
        "language": "en",
        "locale": "en-us",
    }
    return internal.fields(**(about | changes), user=user, said=said, understood=understood)


def said(kind=Kind.TEXT, sender=Sender.USER, **values):
    return Said(sender=sender, kind=kind, **values)


# ── complete
def test_all_fields_are_there_before_anybody_has_said_anything():
    assert fields() == {
        "botId": "shop",
        "sessionId": "emulator-1",
        "version": "DRAFT",
        "channel": "web",
        "user": {
            "id": "u-7",
            "firstName": "Ada",
            "lastName": "Lovelace",
            "name": "Ada Lovelace",
            "email": "ada@example.org",
            "identified": True,
            "returning": False,
            "attributes": {},
        },
        "preferredLanguage": "en",
        "locale": "en-us",
        "nlp": {"expression": None, "intent": None, "entities": None, "intents": None, "sentiment": None},
        "currentDialogstate": None,
        "previousDialogstate": None,
        "messageContent": None,
        "messageType": None,
    }


def test_what_the_bot_understood_is_in_its_places():
    first = internal.understood(expression="hello", intent="greeting", score=1.0, dialogstate=DIALOG)
    second = internal.understood(
        expression="bye",
        intent="goodbye",
        score=0.9,
        entities=[{"name": "day", "value": "today"}],
        intents=[("goodbye", 0.9), ("greeting", 0.2)],
        sentiment=("positive", 0.5),
        dialogstate=OTHER,
    )
    shown = fields(said=said(text="bye"), understood=internal.understood_after(first, second))
    assert shown["nlp"] == {
        "expression": "bye",
        "intent": {"name": "goodbye", "score": 0.9},
        "entities": [{"name": "day", "value": "today"}],
        "intents": [{"name": "goodbye", "score": 0.9}, {"name": "greeting", "score": 0.2}],
        "sentiment": {"name": "positive", "score": 0.5},
    }
    assert (shown["currentDialogstate"], shown["previousDialogstate"]) == (OTHER, DIALOG)


def test_where_no_bot_of_portal_answers_the_expression_is_what_the_user_said():
    nlp = fields(said=said(text="hello"))["nlp"]
    assert nlp == {"expression": "hello", "intent": None, "entities": None, "intents": None, "sentiment": None}
    assert fields(said=said(Kind.EVENT, event="CHECKOUT"))["nlp"]["expression"] is None


# ── the last message
@pytest.mark.parametrize(
    ("message", "type", "content"),
    [
        (said(text="hello"), "text", "hello"),
        (said(Kind.POSTBACK, text="Opening hours", payload={"postback": "hours"}), "postback", "Opening hours"),
        (said(Kind.POSTBACK, payload={"postback": "hours"}), "postback", "hours"),
        (said(Kind.POSTBACK, payload={"postback": {"a": 1}}), "postback", None),
        (said(Kind.EVENT, event="CHECKOUT"), "postback", "CHECKOUT"),
        (said(Kind.UPLOAD, payload={"name": "invoice.pdf", "url": "/x"}), "upload", "invoice.pdf"),
        (said(Kind.UPLOAD, payload=["?"]), "upload", None),
        (said(Kind.EVENT, Sender.PORTAL, event="WELCOME"), "intro", "WELCOME"),  # the intent prompt
        (said(Kind.PRESET, Sender.BOT), "intro", None),  # a preset prompt is nothing the user has said
        (None, None, None),
    ],
)
def test_a_message_has_its_type_and_content(message, type, content):
    shown = fields(said=message)
    assert (shown["messageType"], shown["messageContent"]) == (type, content)


# ── the user
@pytest.mark.parametrize(
    ("user", "first", "last", "name"),
    [
        (ADA, "Ada", "Lovelace", "Ada Lovelace"),
        (User(id="u", name="Ada", identified=True), "Ada", None, "Ada"),
        (User(id="u", name="", identified=True), "Guest", None, None),
        (VISITOR, "Guest", None, None),  # what staff calls them is not their name
        (
            User(id="u", name="Vincent van Gogh", identified=True, attributes={"firstName": "Vincent", "lastName": 5}),
            *("Vincent", "van Gogh", "Vincent van Gogh"),
        ),
        (
            User(id="u", name="Mao Zedong", identified=True, attributes={"firstName": "Zedong", "lastName": "Mao"}),
            *("Zedong", "Mao", "Mao Zedong"),
        ),
    ],
)
def test_users_are_called_what_they_are_called(user, first, last, name):
    shown = fields(user=user)["user"]
    assert (shown["firstName"], shown["lastName"], shown["name"]) == (first, last, name)


def test_a_bot_is_told_who_comes_back():
    assert fields(user=User(id="u", returning=True))["user"]["returning"] is True


# ── what is kept between turns
def test_an_event_moves_the_dialog_and_leaves_the_latest_expression():
    spoken = internal.understood(expression="hello", intent="greeting", score=1.0, dialogstate=DIALOG)
    after = internal.understood_after(spoken, internal.understood(intent="CHECKOUT", score=1.0, dialogstate=OTHER))
    assert (after["expression"], after["intent"]["name"]) == ("hello", "greeting")
    assert (after["current"], after["previous"]) == (OTHER, DIALOG)


def test_a_bot_that_says_nothing_of_dialogs_leaves_them():
    before = internal.understood_after({"current": DIALOG}, {"current": OTHER})
    assert internal.understood_after(before, internal.understood(expression="hm"))["previous"] == DIALOG


TURNS = st.lists(
    st.builds(
        internal.understood,
        expression=st.none() | st.sampled_from(["a", "b"]),
        dialogstate=st.none() | st.sampled_from([DIALOG, OTHER, DIALOG | {"id": "d-3"}]),
    ),
    max_size=5,
)


@given(TURNS, TURNS)
def test_turns_gathered_first_come_to_the_same_as_one_after_the_other(before, now):
    def after(turns, start=None):
        for turn in turns:
            start = internal.understood_after(start, turn)
        return start

    if now:
        assert internal.understood_after(after(before), after(now)) == after(now, after(before))


# ── bounds
def size(value):
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


WORST = ["\x01", '"', "😀", "語", "é", "x"]


@pytest.mark.parametrize("letter", WORST)
def test_whatever_is_said_and_understood_all_fields_together_keep_their_bound(letter):
    scores = [(letter * 8000, 1 / 3)] * 20
    understood = internal.understood_after(
        {"current": internal.understood(dialogstate=dict.fromkeys(("id", "name", "type"), letter * 8000))["current"]},
        internal.understood(
            expression=letter * 8000,
            intent=letter * 8000,
            score=1 / 3,
            entities=[{letter: letter * 100, str(n): n} for n in range(5000)],
            intents=scores,
            sentiment=(letter * 8000, 1 / 3),
            dialogstate=dict.fromkeys(("id", "name", "type"), letter * 8000),
        ),
    )
    user = User(
        id=letter * 200,
        name=f"{letter * 100} {letter * 99}",
        email=letter * 254,
        attributes={"firstName": letter * 16000, "lastName": letter * 16000}
        | {f"{n}": letter * 50 for n in range(300)},
        identified=True,
    )
    about = {"channel": letter * 40, "language": letter * 35, "locale": letter * 35, "agent": "s" * 63}
    shown = fields(user=user, said=said(text=letter * 8000), understood=understood, **about)
    assert size(shown) <= 64 * 1024
    assert len(shown["nlp"]["intents"]) == 5


def test_a_text_of_the_full_length_is_whole_in_most_scripts():
    for letter in "xя語ش":
        assert fields(said=said(text=letter * 8000))["messageContent"] == letter * 8000


@given(st.text(), st.integers(2, 40))
def test_a_cut_text_is_the_beginning_and_no_shorter_than_it_must_be(text, most):
    cut = internal.cut(text, most)
    assert text.startswith(cut)
    assert size(cut) <= most
    assert cut == text or size(text[: len(cut) + 6]) > most


def test_what_is_too_large_does_not_keep_out_the_rest():
    assert internal.fitting({"a": "x" * 90, "b": 1}, 50) == {"b": 1}
    assert internal.fitting_list(["x" * 90, 1], 50) == [1]


def test_what_a_database_cannot_keep_is_replaced():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    found = internal.understood(
        expression="a\0b\ud800",
        intent="\0",
        score=float("nan"),
        entities=[{"\0": float("inf")}, deep, 10**5000, object(), {"when": (1, 2.5, True, None)}],
        dialogstate={"id": 7, "name": "\udfff"},
    )
    assert found["expression"] == "a\ufffdb\ufffd"
    assert found["intent"] == {"name": "\ufffd", "score": None}
    assert found["entities"] == [{"\ufffd": None}, [[[[[[[[None]]]]]]]], None, None, {"when": [1, 2.5, True, None]}]
    assert found["current"] == {"id": "7", "name": "\ufffd", "type": ""}
    json.dumps(found, allow_nan=False).encode()
