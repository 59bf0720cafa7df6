"""What an author of a script is told, and on which line."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sessions_app.engines.scripting import grammar, source
from sessions_app.engines.scripting.source import Problem

GOOD = """\
languages:
  en:
    events:
      WELCOME:
        replies:
          - one_of: ["Hello {name}!", "Hello!"]
          - text: What can I do for you?
            buttons:
              - {text: Opening hours, postback: hours}
              - {text: Start again, event: WELCOME}
    intents:
      hours:
        phrases: [when are you open]
        replies: [From nine to six.]
      goodbye:
        phrases: [bye]
        replies: [Goodbye!]
        ends_session: true
    fallback:
      replies: [I did not understand that.]
"""


def problems(text, **agent):
    return [(problem.line, problem.sentence) for problem in grammar.validate(text, **agent)]


def only(text, **agent):
    (problem,) = problems(text, **agent)
    return problem


def changed(old, new):
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


def test_a_good_script_has_no_problems():
    assert problems(GOOD, default_language="en", prompt_event="WELCOME") == []


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "empty"),
        ("# only a comment", 1, "empty"),
        ("just words", 1, "must have fields"),
        ("languages:", 1, "must have fields"),
        ("languages: {}", 1, "has no language"),
        ("name: Shop", 1, "no field “name”"),
        ("a: b: c", 1, "colon"),
        ("languages:\n\ten: x", 2, "tab"),
        ("languages:\n  en: @x", 2, "cannot begin with this sign"),
        ("languages:\n  en: 'x\n  de: y\n", 2, "quote that begins here is never closed"),
        ("languages:\n    en: x\n  de: y", 3, "indentation"),
        ("languages: [1, 2", 1, "bracket"),
        ('languages: "\\q"', 1, "backslash"),
        ("languages: {}\n---\nlanguages: {}", 2, "second document"),
        ("languages:\n  en: &a {}\n  de: *a", 2, "Anchors"),
        ("languages:\n  en: *a", 2, "aliases"),
        ("languages:\n  en: !!python/object/apply:os.system [ls]", 2, "Tags"),
        ("languages:\n  en: \x07", 2, "U+0007"),
        ("languages:\n  en: \ud800", 2, "U+D800"),
        ("[" * 100_000, 1, "nested deeper"),
        ("- " * 90_000, 1, "nested deeper"),
        ("x" * 200_001, 1, "at most 200,000"),
        ("é" * 100_001, 1, "200,002 bytes"),
    ],
)
def test_a_text_that_is_no_script_is_refused_with_its_line(text, line, words):
    found, sentence = problems(text)[0]
    assert found == line
    assert words in sentence


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("  en:\n", "  english please:\n", 2, "no language tag"),
        ("    intents:\n", "    intends:\n", 11, "no field “intends”; known are events, intents, fallback"),
        ("        phrases: [bye]\n", "", 15, "The intent “goodbye” has no “phrases”"),
        ("        phrases: [bye]\n", "        phrases: bye\n", 16, "“phrases” must be a list"),
        ("        phrases: [bye]\n", "        phrases: []\n", 16, "at least one entry"),
        ("        phrases: [bye]\n", "        phrases: [bye, '']\n", 16, "A phrase is empty"),
        ("        phrases: [bye]\n", "        phrases: [bye, [x]]\n", 16, "A phrase must be a text"),
        ("        phrases: [bye]\n", "        phrases: [bye, '?!']\n", 16, "no letters or digits"),
        ("        phrases: [bye]\n", "        phrases: [bye, When ARE you open?]\n", 16, "belongs to “hours” already"),
        ("        phrases: [bye]\n", f"        phrases: [{'x' * 501}]\n", 16, "501 characters; at most 500"),
        ("        replies: [Goodbye!]\n", "", 15, "The intent “goodbye” has no “replies”"),
        ("        replies: [Goodbye!]\n", "        replies: ['Bye {nmae}']\n", 17, "“{nmae}” cannot be filled in"),
        (
            "        replies: [Goodbye!]\n",
            "        replies: [{buttons: [{text: a, event: WELCOME}]}]\n",
            17,
            "either “text”",
        ),
        ("        replies: [Goodbye!]\n", f"        replies: [{', '.join('abcdefghijk')}]\n", 17, "at most 10 entries"),
        ("ends_session: true", "ends_session: maybe", 18, "must be true or false"),
        ("      goodbye:\n", "      good bye:\n", 15, "“good bye” is no name"),
        ("      goodbye:\n", "      hours:\n", 15, "“hours” twice, first on line 12"),
        ("postback: hours", "postback: hour", 9, "names the intent “hour”, which is not in “en”"),
        ("event: WELCOME}", "event: WELCOM}", 10, "sends the event “WELCOM”, which is not in “en”"),
        ("event: WELCOME}", "url: x}", 10, "no field “url”"),
        ("{text: Start again, event: WELCOME}", "{event: WELCOME}", 10, "A button has no “text”"),
        ("{text: Start again, event: WELCOME}", "{text: a, event: WELCOME, postback: hours}", 10, "either"),
        ("    fallback:\n      replies: [I did not understand that.]\n", "", 2, "has no “fallback”"),
    ],
)
def test_a_mistake_is_told_with_its_line(old, new, line, words):
    found = problems(changed(old, new))
    assert [at for at, sentence in found if words in sentence] == [line], found


def test_all_mistakes_are_told_in_the_order_of_their_lines():
    text = changed("ends_session: true", "ends_session: maybe").replace("[Goodbye!]", "[]")
    assert [line for line, _ in problems(text)] == [17, 18]


def test_no_more_mistakes_are_told_than_anyone_reads():
    assert len(problems("languages:\n" + "  !: x\n".replace("!", "1") * 5_000)) == grammar.MAX_PROBLEMS


def test_the_agents_default_language_must_be_in_the_script():
    assert only(GOOD, default_language="fr") == (1, "The agent's default language “fr” is not in the script.")


def test_a_parent_of_the_default_language_will_do():
    assert problems(GOOD, default_language="en-GB") == []


def test_the_event_of_the_agents_prompt_must_be_in_the_script():
    assert "“HELLO”" in only(GOOD, default_language="en", prompt_event="HELLO")[1]


def test_a_language_may_lean_on_the_events_of_the_default_language():
    text = (
        GOOD + "  de:\n    fallback:\n      replies: [{text: Wie bitte?, buttons: [{text: Hallo, event: WELCOME}]}]\n"
    )
    assert problems(text, default_language="en", prompt_event="WELCOME") == []
    assert only(text, default_language="de")[0] == 23


def test_words_that_yaml_takes_for_other_things_stay_words():
    text = changed("  en:\n", "  no:\n").replace("[bye]", "[yes, 2026-11-21, null, 1e3]")
    intent = grammar.parse(text).script.languages["no"].intents["goodbye"]
    assert [phrase.text for phrase in intent.phrases] == ["yes", "2026-11-21", "null", "1e3"]


@given(st.text())
@example("\ufefflanguages: {}")
@example("? [a]\n: b")
@example("languages:\n  <<: {en: 1}")
def test_any_text_is_read_or_refused_and_never_raises(text):
    assert all(problem.line >= 1 and problem.sentence for problem in grammar.validate(text, prompt_event="WELCOME"))


@given(st.integers(0, len(GOOD) - 1), st.sampled_from([*" \t\n:-[]{}'\"&*!#@%|>?,\\\0\u2028", "\n  "]))
def test_a_good_script_with_one_sign_changed_never_raises(at, sign):
    grammar.validate(GOOD[:at] + sign + GOOD[at + 1 :], default_language="en", prompt_event="WELCOME")


def test_the_loader_in_python_tells_the_same_lines(monkeypatch):
    import yaml

    broken = "languages:\n    en: x\n  de: y"
    monkeypatch.setattr(source, "Loader", yaml.SafeLoader)
    assert problems(GOOD) == []
    assert grammar.validate(broken) == [Problem(3, source._INDENTATION)]
