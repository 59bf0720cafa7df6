"""What the code never does, by looking at it: each of these has been the way in somewhere."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from portal.env import ROOT

PARTS = ("portal", "sessions_app", "localization")
# Names that run text as a program, build objects out of bytes, trust markup, or hash and choose weakly.
FORBIDDEN = {
    *("eval", "exec", "compile", "__import__"),
    *("subprocess", "system", "popen", "Popen", "check_output", "check_call", "fork", "spawn"),
    *("pickle", "cPickle", "marshal", "shelve", "dill", "jsonpickle"),
    *("mark_safe", "SafeText", "csrf_exempt", "xframe_options_exempt", "RawSQL", "extra", "from_string"),
    *("md5", "sha1", "MD5", "SHA1", "ECB", "PKCS1v15"),
    *("mktemp", "minidom", "etree", "ElementTree", "expat", "lxml", "unsafe_load", "full_load", "UnsafeLoader"),
    *("verify_ssl", "_create_unverified_context", "CERT_NONE"),
}
# The squares of a QR code, drawn by a library: nobody's words are in them.
DRAWN = {"portal/accounts/sign_in/second_factors.py mark_safe"}


def _modules() -> Iterator[tuple[Path, ast.Module]]:
    for part in PARTS:
        for path in sorted((ROOT / part).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path, ast.parse(path.read_text())


def _names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """What is called and imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            yield getattr(function, "id", getattr(function, "attr", "")), node.lineno
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((name.name.split(".")[-1], node.lineno) for name in node.names)


def test_nothing_runs_text_trusts_markup_or_hashes_weakly():
    found = {
        f"{path.relative_to(ROOT)} {name}"
        for path, tree in _modules()
        for name, line in _names(tree)
        if name in FORBIDDEN and not (name == "compile" and _is_of_re(path, line))
    }
    assert found - DRAWN == set()


def _is_of_re(path: Path, line: int) -> bool:
    return "re.compile(" in path.read_text().splitlines()[line - 1]


def test_no_secret_comes_from_the_module_random():
    """The demo's people may be as predictable as they like."""
    using = [
        str(path.relative_to(ROOT))
        for path, tree in _modules()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and any(name.name == "random" for name in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == "random")
    ]
    assert [path for path in using if not path.startswith("portal/demo/")] == []


def test_every_pattern_is_written_in_the_code_and_none_is_made_of_what_somebody_typed():
    """What is made when a module is loaded is made of nothing else; in a function it is a constant."""
    functions = {"compile", "match", "fullmatch", "search", "sub", "split", "findall", "finditer"}
    made = {
        path.relative_to(ROOT).as_posix()
        for path, tree in _modules()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) in {f"re.{name}" for name in functions}
        and not isinstance(call.args[0], ast.Constant)
    }
    # Of the words of `sentiment.json`, which is shipped; and escaped.
    assert made == {"sessions_app/engines/scripting/sentiment.py"}


def test_no_view_and_no_client_switches_a_check_off():
    off = {"verify": False, "follow_redirects": True, "autoescape": False}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {keyword.arg}"
        for path, tree in _modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg in off and isinstance(keyword.value, ast.Constant) and keyword.value.value is off[keyword.arg]
    ]
    assert found == []


def test_no_template_switches_escaping_off_or_brings_a_script_of_its_own():
    bad = re.compile(r"\|\s*safe\b|autoescape\s+off|<script(?![^>]*\ssrc=)|\son[a-z]+=\"|hx-on|javascript:|style=\"")
    found = [
        f"{path.relative_to(ROOT)} {match[0]}"
        for path in (ROOT / "templates").rglob("*.html")
        for match in bad.finditer(path.read_text())
        if not _is_data(path, match)
    ]
    assert found == []


def _is_data(path: Path, match: re.Match[str]) -> bool:
    """A block of data, which no browser runs: `<script type="application/json">`."""
    tag = path.read_text()[match.start() :].partition(">")[0]
    return tag.startswith("<script") and 'type="application/json"' in tag


def test_scripts_make_no_markup_of_text_but_what_the_server_has_drawn():
    bad = re.compile(
        r"\beval\(|new Function|document\.write|insertAdjacentHTML|outerHTML\s*=|innerHTML\s*=[^=]|postMessage"
    )
    found = {
        path.relative_to(ROOT / "static").as_posix()
        for path in (ROOT / "static").rglob("*.js")
        if bad.search(path.read_text())
    }
    # The result of a deed on many, the fragment of a live page and the echo of a form: templates of ours, whose
    # escaping is on.
    assert found == {"portal/bulk.js", "portal/live/drawn.js", "portal/policy.js"}
