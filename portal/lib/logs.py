"""Logs: readable lines on a desk, JSON in production; each line knows its request."""

import logging
import logging.config
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from portal.lib import origin


def configure(config: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG hook. `config` is `{"level": str, "json": bool}`."""
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_origin,
        _add_account,
    ]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Any = (
        structlog.processors.JSONRenderer() if config["json"] else structlog.dev.ConsoleRenderer(colors=False)
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": before,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        structlog.processors.format_exc_info,
                        renderer,
                    ],
                }
            },
            "filters": {"traces": {"()": OnlyFailuresHaveTraces}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": config["level"]},
            "loggers": {
                "django.request": {"filters": ["traces"]},
                "django.security.DisallowedHost": {"filters": ["traces"]},
                "httpx": {"level": "WARNING"},
                "celery.app.trace": {"level": "WARNING"},
                "celery.beat": {"level": "WARNING"},
                "celery.worker.strategy": {"level": "WARNING"},
            },
        }
    )


class OnlyFailuresHaveTraces(logging.Filter):
    """A 403 or 404 is an answer. Django logs it with the exception that asked for it, as if something had broken."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "status_code", 500) < 500:
            record.exc_info = None
        return True


def _add_origin(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    where = getattr(_request(event), "origin", origin.current())
    if where.request_id:
        event["request_id"] = where.request_id
        event.setdefault("address", where.address)
    return event


def _add_account(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Who was refused, or met a failure, as far as anybody has asked who it is. Nothing is looked up for a log."""
    request = _request(event)
    principal = getattr(request, "auth", None) or getattr(request, "principal", None)
    if account := getattr(principal, "account_id", None):
        event.setdefault("account", account)
    return event


def _request(event: EventDict) -> object:
    """What Django notes beside its own lines; nothing beside others."""
    return getattr(event.get("_record"), "request", None)
