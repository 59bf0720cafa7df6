from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        # Queueing a task by name loses eager mode unless the tasks are registered in the web process too.
        from portal.celery import app

        app.autodiscover_tasks(force=True)


class BackOfficeConfig(AdminConfig):
    """The stock admin, with the site of `portal.admin` for the models that parts register."""

    default_site = "portal.admin.BackOffice"
