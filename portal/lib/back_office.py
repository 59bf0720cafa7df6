"""What may be done to records in the back office. Whoever may enter it is an admin; Django's permissions per model and
group would be a second truth beside the roles."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


def _yes(*_: Any, **__: Any) -> bool:
    return True


def _no(*_: Any, **__: Any) -> bool:
    return False


class Editable:
    """Records are made and changed here, and switched off rather than deleted."""

    has_view_permission = has_module_permission = staticmethod(_yes)
    has_add_permission = has_change_permission = staticmethod(_yes)
    has_delete_permission = staticmethod(_no)


class Shown:
    """Records are looked at, not changed: their changes go through the actions that own them."""

    has_view_permission = has_module_permission = staticmethod(_yes)
    has_add_permission = has_change_permission = has_delete_permission = staticmethod(_no)


class ReadOnlyAdmin(Shown, ModelAdmin):
    """A list of such records."""
