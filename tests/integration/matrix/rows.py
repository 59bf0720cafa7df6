"""Who gets what at every address of a page or form: the one table of them (5-promises.md, "Security").

A new address needs a row here. The tests of this folder hold each row, and the crawl opens what a row lets in
(`tests/browser/test_crawl.py`).
"""

# Of the agent that it is about: its owner, its translator. The last owner has another agent.
COMERS = ("nobody", "user", "translator", "owner", "other owner", "admin")
# What they get: in; the sign-in page; 403, where they may not; 404, what is not there for them; 405, no such request.
Row = tuple[str, str, str, str, str, str]
OPEN: Row = ("in", "in", "in", "in", "in", "in")
NONE: Row = ("405", "405", "405", "405", "405", "405")
SIGNED_IN: Row = ("sign in", "in", "in", "in", "in", "in")
READ_ONLY: Row = ("sign in", "405", "405", "405", "405", "405")
NO_FACTOR: Row = ("sign in", "404", "404", "404", "404", "404")  # there is none of theirs
NOWHERE: Row = ("404",) * 6
STAFF: Row = ("sign in", "403", "in", "in", "in", "in")
OPERATORS: Row = ("sign in", "403", "403", "in", "in", "in")
OWNERS: Row = ("sign in", "403", "403", "in", "404", "in")
SESSION: Row = ("sign in", "403", "404", "in", "404", "in")  # to whom an agent's sessions are not there
TRANSLATORS: Row = ("sign in", "403", "in", "in", "404", "in")
ADMINS: Row = ("sign in", "403", "403", "403", "403", "in")
HOLDER: Row = ("sign in", "404", "404", "in", "404", "404")  # of olga's token
MEMBER: Row = ("sign in", "403", "403", "in", "404", "in")  # of the shop's translator
ADMIN_OF_MEMBER: Row = ("sign in", "403", "403", "403", "404", "in")
OWN: Row = ("sign in", "in", "404", "404", "404", "404")  # of emil's session, whatever the agent
NO_FORM: Row = ("sign in", "403", "405", "405", "405", "405")

# By the name of the address: who opens it (GET), and who sends its form (POST).
PAGES: dict[str, tuple[Row, Row]] = {
    "account_login": (OPEN, OPEN),
    "account_logout": (NONE, ("in",) * 6),
    # On the way in: without a password that was right these lead back to the first page, and out where one is in.
    "mfa_authenticate": (OPEN, OPEN),
    "mfa_login_webauthn": (OPEN, OPEN),
    "account_confirm_login_code": (OPEN, OPEN),
    "account_reset_password": (OPEN, OPEN),
    "account_reset_password_done": (OPEN, NONE),
    "account_reset_password_from_key": (OPEN, OPEN),
    "account_reset_password_from_key_done": (OPEN, NONE),
    "account_confirm_email": (OPEN, NOWHERE),  # whoever has the link
    "openid_connect_login": (NOWHERE, NOWHERE),  # where no provider is set
    "openid_connect_callback": (NOWHERE, NOWHERE),
    "socialaccount_login_cancelled": (OPEN, NONE),
    "socialaccount_login_error": (OPEN, NONE),
    # One's own account.
    "mfa_index": (SIGNED_IN, READ_ONLY),
    "account_change_password": (SIGNED_IN, SIGNED_IN),
    "account_set_password": (SIGNED_IN, SIGNED_IN),
    "account_email": (SIGNED_IN, SIGNED_IN),
    "usersessions_list": (SIGNED_IN, SIGNED_IN),
    "account_reauthenticate": (SIGNED_IN, SIGNED_IN),
    "mfa_reauthenticate": (SIGNED_IN, SIGNED_IN),
    "mfa_reauthenticate_webauthn": (SIGNED_IN, SIGNED_IN),
    "mfa_activate_totp": (SIGNED_IN, SIGNED_IN),
    "mfa_deactivate_totp": (NO_FACTOR, NO_FACTOR),
    "mfa_view_recovery_codes": (NO_FACTOR, READ_ONLY),
    "mfa_generate_recovery_codes": (SIGNED_IN, SIGNED_IN),
    "mfa_list_webauthn": (SIGNED_IN, READ_ONLY),
    "mfa_add_webauthn": (SIGNED_IN, SIGNED_IN),
    "mfa_edit_webauthn": (NO_FACTOR, NO_FACTOR),
    "mfa_remove_webauthn": (NO_FACTOR, NO_FACTOR),
    "overview": (STAFF, NO_FORM),  # a translator is led on to the messages
    "agents": (STAFF, NO_FORM),
    "agent-new": (OPERATORS, OPERATORS),
    "agent-new-slug": (NO_FORM, OPERATORS),
    "agent": (TRANSLATORS, NO_FORM),
    "agent-settings": (OWNERS, OWNERS),
    "agent-identity-secret": (NO_FORM, OWNERS),
    "session-policy": (OWNERS, OWNERS),
    "agent-sessions": (OWNERS, NO_FORM),
    "sessions": (OPERATORS, NO_FORM),
    "sessions-bulk": (OPERATORS, OPERATORS),  # without a session or an agent: how many there are
    "sessions-export": (NO_FORM, OPERATORS),
    "session": (SESSION, NO_FORM),
    "session-lines": (SESSION, NO_FORM),
    "session-text": (SESSION, NO_FORM),
    "session-json": (SESSION, NO_FORM),
    "session-do": (NO_FORM, SESSION),
    "session-write": (NO_FORM, SESSION),
    "session-end": (NO_FORM, OWNERS),
    "session-pause": (NO_FORM, OWNERS),
    "session-resume": (NO_FORM, OWNERS),
    "session-transfer-cancel": (NO_FORM, OWNERS),
    "session-timeline": (SESSION, NO_FORM),
    "session-data": (SESSION, SESSION),
    "session-data-reveal": (NO_FORM, SESSION),
    "session-management": (OPERATORS, OPERATORS),
    "policy-preview": (NO_FORM, OWNERS),
    "localization": (STAFF, NO_FORM),
    "agent-localization": (TRANSLATORS, NO_FORM),
    "message-text": (TRANSLATORS, TRANSLATORS),
    "audit": (STAFF, NO_FORM),
    "audit-verify": (NO_FORM, ADMINS),
    "tokens": (SIGNED_IN, READ_ONLY),
    "token-new": (SIGNED_IN, SIGNED_IN),
    "token": (HOLDER, HOLDER),
    "token-revoke": (READ_ONLY, HOLDER),
    "my-sessions": (SIGNED_IN, READ_ONLY),
    "my-session": (OWN, READ_ONLY),
    "my-session-lines": (OWN, READ_ONLY),
    "my-session-end": (READ_ONLY, OWN),
    "my-session-pause": (READ_ONLY, OWN),
    "my-session-resume": (READ_ONLY, OWN),
    "my-session-extend": (READ_ONLY, OWN),
    "my-session-transfer": (READ_ONLY, OWN),
    "my-session-transfer-cancel": (READ_ONLY, OWN),
    "people": (OPERATORS, NO_FORM),
    "people-invite": (ADMINS, ADMINS),
    "people-add": (OPERATORS, OPERATORS),
    "person": (MEMBER, MEMBER),
    "person-switch": (NO_FORM, ADMIN_OF_MEMBER),
    "person-invitation": (NO_FORM, ADMIN_OF_MEMBER),
    "person-second-factor": (NO_FORM, ADMIN_OF_MEMBER),
    "person-take": (NO_FORM, MEMBER),
    "invitation": (OPEN, OPEN),  # whoever has the link
    "openapi": (OPEN, OPEN),
    "api-docs": (OPEN, OPEN),
    "chat": (OPEN, OPEN),
    "healthz": (OPEN, OPEN),
    "readyz": (OPEN, OPEN),
    "metrics": (OPEN, NONE),  # from this machine
}
OF_AN_AGENT = [
    name for name, rows in PAGES.items() if {OWNERS, TRANSLATORS, SESSION} & set(rows) and "person" not in name
]
# Forms for which one shows once more that it is oneself (5-promises.md, "Security").
CONFIRMED = {
    *("mfa_activate_totp", "mfa_generate_recovery_codes"),
    *("mfa_add_webauthn", "mfa_edit_webauthn", "mfa_remove_webauthn"),
    *("usersessions_list", "agent-identity-secret"),
    *("token-new", "token", "token-revoke"),
    *(
        "people-invite",
        "people-add",
        "person",
        "person-switch",
        "person-invitation",
        "person-second-factor",
        "person-take",
    ),
}
# Files to take away: a browser shows no page of theirs.
DOWNLOADS = {"session-text", "session-json"}
# What a form has to say before it is asked whether one may.
FORMS = {
    "session-do": {"deed": "pause"},
    "person-switch": {"active": "no"},
    "person-take": {"agent": "shop", "role": "translator"},
}
# Whose refusal does not depend on the agent: a translator has nothing to do with sessions, be they of theirs or not.
SAME_FOR_TRANSLATORS = {"session-end", "session-pause", "session-resume", "session-transfer-cancel", "policy-preview"}
