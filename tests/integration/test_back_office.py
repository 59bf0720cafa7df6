"""The stock admin: for admins, read-only where the lifecycle is concerned, without the words of the chats."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from tests import cast

pytestmark = pytest.mark.django_db
LISTS = [
    reverse_name
    for model in admin.site._registry
    for reverse_name in [f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"]
]


@pytest.fixture
def chat():
    return cast.chatting(cast.agent(owner=cast.account("olga")))


@pytest.mark.parametrize("name", LISTS)
def test_every_list_opens_for_an_admin(client, chat, name):
    client.force_login(cast.admin())
    assert client.get(reverse(name)).status_code == 200


def test_it_is_closed_to_everybody_else(client, chat):
    client.force_login(cast.account("otto"))
    assert client.get(reverse("admin:index")).status_code == 403
    client.logout()
    assert client.get(reverse("admin:index")).status_code == 302


def test_a_session_is_shown_and_cannot_be_changed_or_deleted(client, chat):
    client.force_login(cast.admin())
    page = reverse("admin:sessions_app_chatsession_change", args=[chat.pk])
    shown = client.get(page)
    assert shown.status_code == 200
    assert "hello" not in shown.content.decode()
    assert client.post(page, {"state": "ended"}).status_code == 403
    assert client.post(reverse("admin:sessions_app_chatsession_delete", args=[chat.pk])).status_code == 403


def test_no_list_shows_what_people_wrote():
    assert apps.get_model("sessions_app", "Message") not in admin.site._registry


def test_an_accounts_page_shows_no_password_hash_whole(client):
    root = cast.admin()
    client.force_login(root)
    shown = client.get(reverse("admin:accounts_account_change", args=[root.pk])).content.decode()
    assert root.password not in shown
