"""From the OpenAPI document to the page that people read: operations by theme, and the shapes they speak of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

Schema = Mapping[str, Any]
PROBLEM = "ProblemDocument"
NULL = {"type": "null"}


@dataclass(frozen=True, slots=True)
class Type:
    """A type in words; `shape` is the name of the one it is made of, if there is one on the page."""

    words: str
    shape: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: Type
    required: bool
    description: SafeString


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered with a status, or the codes of the problems that have it."""

    status: str
    type: Type | None
    codes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """`fields` are those of the address behind the question mark."""

    id: str
    method: str
    path: str
    summary: str
    description: SafeString
    fields: Sequence[Field]
    body: Type | None
    answers: Sequence[Answer]


@dataclass(frozen=True, slots=True)
class Theme:
    name: str
    operations: Sequence[Operation]


@dataclass(frozen=True, slots=True)
class Shape:
    """An object that is sent or answered. Only of what is sent it matters which fields are required."""

    name: str
    description: SafeString
    fields: Sequence[Field]
    sent: bool


class Reference:
    """One OpenAPI document, read."""

    def __init__(self, document: Schema) -> None:
        self._paths: Mapping[str, Mapping[str, Schema]] = document["paths"]
        self._schemas: Mapping[str, Schema] = document["components"]["schemas"]

    def themes(self) -> list[Theme]:
        """Every operation, under its tag, in the order of the document."""
        found: dict[str, list[Operation]] = {}
        for path, methods in self._paths.items():
            for method, operation in methods.items():
                found.setdefault(operation["tags"][0], []).append(self._operation(method.upper(), path, operation))
        return [Theme(name, operations) for name, operations in found.items()]

    def shapes(self) -> list[Shape]:
        """Every object that a field or an answer is made of, by name."""
        return [self._shape(name, schema) for name, schema in sorted(self._schemas.items()) if _is_shape(name, schema)]

    def words(self, schema: Schema) -> Type:
        """`{"type": "string", "maxLength": 64}` → text, at most 64 characters."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return Type(name, name) if "properties" in self._schemas[name] else self.words(self._schemas[name])
        for together in ("anyOf", "allOf"):
            if together in schema:
                return self._any(schema[together])
        if schema.get("type") == "array":
            inner = self.words(schema["items"])
            return Type(f"list of {inner.words}", inner.shape)
        if "enum" in schema:
            return Type(" · ".join(map(str, schema["enum"])))
        return Type(", ".join((_plain(schema), *_bounds(schema))))

    def _any(self, parts: Sequence[Schema]) -> Type:
        found = list(dict.fromkeys(map(self.words, parts)))
        return Type(" or ".join(part.words for part in found), next((part.shape for part in found if part.shape), ""))

    def _operation(self, method: str, path: str, operation: Schema) -> Operation:
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        return Operation(
            id=operation["operationId"],
            method=method,
            path=path,
            summary=operation["summary"],
            description=marked(operation.get("description", "")),
            fields=[self._parameter(each) for each in operation["parameters"] if each["in"] == "query"],
            body=self.words(body["schema"]) if body else None,
            answers=[self._answer(status, response) for status, response in operation["responses"].items()],
        )

    def _parameter(self, parameter: Schema) -> Field:
        """Of an address: there, null cannot be written."""
        schema = parameter["schema"]
        given = schema | {"anyOf": [part for part in schema["anyOf"] if part != NULL]} if "anyOf" in schema else schema
        return Field(parameter["name"], self.words(given), parameter["required"], _description(schema))

    def _answer(self, status: str, response: Schema) -> Answer:
        if "content" not in response:  # 204: it is done, and there is nothing more to say
            return Answer(status, Type("nothing"))
        (content,) = response["content"].values()
        type = self.words(content["schema"])
        if type.shape != PROBLEM:
            return Answer(status, type)
        return Answer(status, None, [code.strip("`") for code in response["description"].split(" · ")])

    def _shape(self, name: str, schema: Schema) -> Shape:
        required = schema.get("required", ())
        fields = [
            Field(field, self.words(inner), field in required, _description(inner))
            for field, inner in schema["properties"].items()
        ]
        return Shape(name, marked(schema.get("description", "")), fields, schema.get("additionalProperties") is False)


def marked(text: str) -> SafeString:
    """Escaped, with what stands in backticks as code."""
    parts = (
        format_html("<code>{}</code>" if number % 2 else "{}", part) for number, part in enumerate(text.split("`"))
    )
    return format_html_join("", "{}", ((part,) for part in parts))


def _is_shape(name: str, schema: Schema) -> bool:
    """Parameters of addresses are schemas too, but nothing one sends."""
    return "properties" in schema and not name.endswith(("Query", "Paged"))


def _description(schema: Schema) -> SafeString:
    """With the default, where there is one that says something."""
    default = schema.get("default")
    said = schema.get("description", "")
    return marked(said if default in (None, "", {}) else f"{said} Default: `{_written(default)}`.".strip())


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain(schema: Schema) -> str:
    names = {
        "string": "text",
        "integer": "whole number",
        "boolean": "true or false",
        "null": "null",
        "object": "object",
    }
    formats = {"uuid": "id", "date-time": "instant", "duration": "duration"}
    return formats.get(schema.get("format", ""), names.get(schema.get("type", ""), "any JSON"))


def _bounds(schema: Schema) -> Iterator[str]:
    if "maxLength" in schema:
        least = schema.get("minLength", 0)
        yield (
            f"{least} to {schema['maxLength']:,} characters" if least else f"at most {schema['maxLength']:,} characters"
        )
    if "minimum" in schema and "maximum" in schema:
        yield f"{schema['minimum']} to {schema['maximum']}"
