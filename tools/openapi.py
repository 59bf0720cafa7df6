"""`make openapi`: write docs/openapi.json, the committed copy of the API's OpenAPI document."""

import json
import os
from typing import Any

import django

from portal import env

FILE = env.ROOT / "docs" / "openapi.json"


def text(document: dict[str, Any]) -> str:
    """The document as it is committed: one line per value, so that a change shows as one."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from portal import api  # after Django is set up

    FILE.write_text(text(api.document()), encoding="utf-8")
    print(f"{FILE.relative_to(env.ROOT)} is written.")


if __name__ == "__main__":
    main()
