"""What the actions of this part refuse."""

from collections.abc import Mapping, Sequence


class Refused(Exception):
    """Values that cannot be so; nothing was changed. `errors` are sentences per field."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__(" ".join(f"{field}: {sentence}" for field, found in errors.items() for sentence in found))
        self.errors = errors
