from localization.queries.matrices import coverage, matrix, row
from localization.queries.resolution import Request, resolve, resolve_many
from localization.queries.rows import LanguageCoverage, Row, Section, sentence

__all__ = [
    "LanguageCoverage",
    "Request",
    "Row",
    "Section",
    "coverage",
    "matrix",
    "resolve",
    "resolve_many",
    "row",
    "sentence",
]
