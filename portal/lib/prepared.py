"""Queries that the ORM writes once. Writing a small one takes it several times as long as the database needs to answer:
what every request asks is written when it is first asked, and then only sent."""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Expression, F, Func, QuerySet


class Given(Expression):
    """A value that comes with each call. Stands where a value stands in `filter`."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, *_: Any) -> tuple[str, list[Any]]:
        return "%s", [self]


def among(column: str, name: str) -> Func:
    """That `column` is one of the values in a list that comes with each call. Stands in `filter`, as `Q` does."""
    return Func(F(column), Given(name), template="%(expressions)s)", arg_joiner=" = ANY(", output_field=BooleanField())


class Prepared:
    """`write` returns the query set, `.values(…)` or `.values_list(…)`, with `Given` for what comes with each call."""

    def __init__(self, write: Callable[[], QuerySet[Any, Any]]) -> None:
        self._write = write

    def rows(self, **given: Any) -> list[tuple[Any, ...]]:
        sql, parameters, _, convert = self._written
        with connection.cursor() as cursor:
            cursor.execute(sql, [given[p.name] if isinstance(p, Given) else p for p in parameters])
            return convert(cursor.fetchall())

    def dicts(self, **given: Any) -> Iterator[dict[str, Any]]:
        """By the names of the columns in the query set."""
        names = self._written[2]
        return (dict(zip(names, row, strict=True)) for row in self.rows(**given))

    @cached_property
    def _written(self) -> tuple[str, tuple[Any, ...], tuple[str, ...], Callable[[Any], list[tuple[Any, ...]]]]:
        query = self._write().query
        compiler = query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        converters = compiler.get_converters([column for column, *_ in compiler.select])

        def convert(rows: Any) -> list[tuple[Any, ...]]:
            return list(map(tuple, compiler.apply_converters(rows, converters))) if converters else rows

        return sql, tuple(parameters), tuple(query.values_select), convert
