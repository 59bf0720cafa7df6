"""What a scripted bot answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.engines import scripted
from sessions_app.engines.turn import EngineFailed, ReplyMessage, Scored, Turn

SCRIPT = """\
languages:
  en:
    events:
      WELCOME:
        replies:
          - one_of: ["Hello {name}!", "Welcome!"]
          - text: What can I do for you?
            buttons:
              - {text: Opening hours, postback: hours}
              - {text: Start again, event: WELCOME}
      UPLOAD:
        replies: [Thank you for the file.]
      ONLY_ENGLISH:
        replies: [This is said in English only.]
    intents:
      hours:
        phrases: [when are you open, opening hours]
        replies: [From nine to six., On Sundays we are closed.]
      person:
        phrases: [I want to talk to a person]
        replies: [I will ask someone.]
        wants_human: true
      joke:
        phrases: [tell me a joke]
        replies: [{one_of: [a, b, c, d, e, f, g, h]}]
      goodbye:
        phrases: [goodbye]
        replies: ["Goodbye, {name}!"]
        ends_session: yes
    fallback:
      replies: [I did not understand that.]
  pt:
    intents:
      horario:
        phrases: [qual é o horário]
        replies: [Das nove às seis.]
    fallback:
      replies: [Não entendi.]
  zh-Hant:
    fallback:
      replies: [我不明白。]
"""


def turn(text="", **changes):
    facts = {
        "agent_slug": "shop",
        "session_id": "s-1",
        "language": "en",
        "default_language": "en",
        "kind": "text",
        "script": SCRIPT,
    }
    return Turn(text=text, **(facts | changes))


async def said(text="", **changes):
    reply = await scripted.reply(turn(text, **changes))
    return [message.text for message in reply.messages]


async def test_a_text_is_answered_by_the_intent_it_means():
    reply = await scripted.reply(turn("When are you open?"))
    assert [message.text for message in reply.messages] == ["From nine to six.", "On Sundays we are closed."]
    assert (reply.intent, reply.score, reply.language) == ("hours", 1.0, "en")
    assert not reply.ends_session
    assert not reply.wants_human


async def test_a_text_that_means_nothing_gets_the_fallback_and_no_intent():
    reply = await scripted.reply(turn("supercalifragilistic"))
    assert [message.text for message in reply.messages] == ["I did not understand that."]
    assert reply.intent is None
    assert reply.score < 0.46


async def test_the_likeliest_intents_are_told_best_first():
    reply = await scripted.reply(turn("when can I talk to a person"))
    assert [guess.name for guess in reply.intents][:1] == ["person"]
    assert {guess.name for guess in reply.intents} == {"person", "hours", "joke"}
    scores = [guess.score for guess in reply.intents]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == reply.score
    assert (await scripted.reply(turn("qqq"))).intents == ()


async def test_no_more_than_five_intents_are_told():
    many = "".join(f"      i{n}: {{phrases: [same words], replies: [x]}}\n" for n in range(9))
    script = SCRIPT.replace("      hours:\n", many + "      hours:\n", 1)
    assert [guess.name for guess in (await scripted.reply(turn("same words", script=script))).intents] == [
        *("i0", "i1", "i2", "i3", "i4")
    ]


async def test_how_the_user_feels_is_told_of_what_they_say_and_of_nothing_else():
    assert (await scripted.reply(turn("great, thanks"))).sentiment == Scored("positive", 0.6667)
    assert (await scripted.reply(turn(kind="event", event="WELCOME"))).sentiment is None


@pytest.mark.parametrize(
    ("said", "name", "type"),
    [
        ({"text": "goodbye"}, "goodbye", "INTENT"),
        ({"kind": "postback", "payload": {"postback": "goodbye"}}, "goodbye", "INTENT"),
        ({"kind": "event", "event": "WELCOME"}, "WELCOME", "EVENT"),
        ({"text": "qqq"}, "fallback", "FALLBACK"),
    ],
)
async def test_the_part_of_the_script_that_answers_is_the_dialog_state(said, name, type):
    state = (await scripted.reply(turn(**said))).dialogstate
    assert (state.name, state.type) == (name, type)


async def test_a_dialog_state_keeps_its_id_and_no_other_has_it():
    ids = [(await scripted.reply(turn(text, session_id=s))).dialogstate.id for text in ("goodbye", "qqq") for s in "ab"]
    assert (ids[0], ids[2]) == (ids[1], ids[3])
    elsewhere = (await scripted.reply(turn("goodbye", agent_slug="billing"))).dialogstate.id
    assert len({ids[0], ids[2], elsewhere}) == 3


async def test_a_goodbye_ends_the_session():
    assert (await scripted.reply(turn("goodbye"))).ends_session


async def test_a_wish_for_a_person_is_told():
    assert (await scripted.reply(turn("I want to talk to a person"))).wants_human


async def test_an_event_is_answered_with_its_buttons():
    reply = await scripted.reply(turn(kind="event", event="WELCOME"))
    assert reply.intent == "WELCOME"
    assert reply.messages[1] == ReplyMessage(
        text="What can I do for you?",
        payload={
            "buttons": [{"text": "Opening hours", "postback": "hours"}, {"text": "Start again", "event": "WELCOME"}]
        },
    )


async def test_an_unknown_event_fails_with_its_name_for_the_owner():
    with pytest.raises(EngineFailed, match="no event “CHECKOUT”"):
        await scripted.reply(turn(kind="event", event="CHECKOUT"))


async def test_a_pressed_button_means_the_intent_it_names():
    assert await said("Anything", kind="postback", payload={"postback": "goodbye"}) == ["Goodbye!"]


@pytest.mark.parametrize("payload", [None, {}, {"postback": "gone"}, {"postback": ["hours"]}, {"postback": None}])
async def test_a_button_of_an_older_script_is_taken_by_its_label(payload):
    assert (await said("Opening hours", kind="postback", payload=payload))[0] == "From nine to six."


async def test_an_upload_is_answered_where_the_script_says_how():
    assert await said(kind="upload") == ["Thank you for the file."]
    without = SCRIPT.replace("UPLOAD", "OTHER")
    assert await said(kind="upload", script=without) == ["I did not understand that."]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "I did not understand that."),
        ("EN-us", "I did not understand that."),  # tags are the same in any case
        ("pt-BR", "Não entendi."),  # the parent
        ("zh-Hant-TW", "我不明白。"),
        ("zh-Hans", "I did not understand that."),  # no parent here: the agent's default
        ("fr", "I did not understand that."),
        ("", "I did not understand that."),
    ],
)
async def test_the_answer_is_in_the_nearest_language(language, text):
    assert await said("xyz", language=language) == [text]


async def test_an_event_the_language_lacks_is_answered_in_the_default_language():
    reply = await scripted.reply(turn(language="pt", kind="event", event="ONLY_ENGLISH"))
    assert reply.messages[0].text == "This is said in English only."
    assert reply.language == "en"


async def test_no_common_language_fails_with_a_sentence_for_the_owner():
    with pytest.raises(EngineFailed, match="neither “fr” nor the agent's “de”"):
        await scripted.reply(turn("hello", language="fr", default_language="de"))


async def test_a_broken_script_fails_with_its_line_for_the_owner():
    with pytest.raises(EngineFailed, match=r"line 2: .*language tag"):
        await scripted.reply(turn("hello", script="languages:\n  '?': x"))


async def test_an_empty_script_fails_with_a_sentence_for_the_owner():
    with pytest.raises(EngineFailed, match="empty"):
        await scripted.reply(turn("hello", script=""))


async def test_the_same_turn_is_always_answered_alike():
    assert len({(await said("tell me a joke"))[0] for _ in range(5)}) == 1


async def test_other_sessions_hear_other_variants():
    heard = {(await said("tell me a joke", session_id=f"s-{number}"))[0] for number in range(40)}
    assert len(heard) > 4


async def test_a_known_name_is_filled_in_as_it_is():
    assert await said("goodbye", user_name="{0.__class__} {name} <b>Ada</b>") == [
        "Goodbye, {0.__class__} {name} <b>Ada</b>!"
    ]


async def test_an_unknown_name_leaves_no_hole():
    assert await said("goodbye") == ["Goodbye!"]
    assert await said("goodbye", user_name="  ") == ["Goodbye!"]


async def test_variants_with_the_name_are_for_users_whose_name_is_known():
    greetings = {(await said(kind="event", event="WELCOME", session_id=f"s-{n}"))[0] for n in range(20)}
    assert greetings == {"Welcome!"}


@given(text=st.text(), name=st.text(), kind=st.sampled_from(["text", "postback", "upload"]), language=st.text())
async def test_whatever_a_user_types_is_answered(text, name, kind, language):
    reply = await scripted.reply(turn(text, user_name=name, kind=kind, language=language, payload={"postback": text}))
    assert all(message.text for message in reply.messages)
    assert reply.messages
