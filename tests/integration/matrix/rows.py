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
STAFF: Row = ("sign in", "403", "in", "in", "in", "in")
OPERATORS: Row = ("sign in", "403", "403", "in", "in", "in")
OWNERS: Row = ("sign in", "403", "403", "in", "404", "in")
TRANSLATORS: Row = ("sign in", "403", "in", "in", "404", "in")
ADMINS: Row = ("sign in", "403", "403", "403", "403", "in")
HOLDER: Row = ("sign in", "404", "404", "in", "404", "404")  # of olga's token
MEMBER: Row = ("sign in", "403", "403", "in", "404", "in")  # of the shop's translator
ADMIN_OF_MEMBER: Row = ("sign in", "403", "403", "403", "404", "in")
NO_FORM: Row = ("sign in", "403", "405", "405", "405", "405")

# By the name of the address: who opens it (GET), and who sends its form (POST).
PAGES: dict[str, tuple[Row, Row]] = {
    "login": (OPEN, OPEN),
    "logout": (NONE, ("in",) * 6),
    "account-password": (SIGNED_IN, SIGNED_IN),
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
    "session-end": (NO_FORM, OWNERS),
    "session-pause": (NO_FORM, OWNERS),
    "session-resume": (NO_FORM, OWNERS),
    "session-transfer-cancel": (NO_FORM, OWNERS),
    "session-management": (OPERATORS, OPERATORS),
    "policy-preview": (NO_FORM, OWNERS),
    "localization": (STAFF, NO_FORM),
    "agent-localization": (TRANSLATORS, NO_FORM),
    "message-text": (TRANSLATORS, TRANSLATORS),
    "audit": (STAFF, NO_FORM),
    "audit-verify": (NO_FORM, ADMINS),
    "tokens": (SIGNED_IN, ("sign in", *("405",) * 5)),
    "token-new": (SIGNED_IN, SIGNED_IN),
    "token": (HOLDER, HOLDER),
    "token-revoke": (("sign in", *("405",) * 5), HOLDER),
    "people": (OPERATORS, NO_FORM),
    "people-invite": (ADMINS, ADMINS),
    "people-add": (OPERATORS, OPERATORS),
    "person": (MEMBER, MEMBER),
    "person-switch": (NO_FORM, ADMIN_OF_MEMBER),
    "person-invitation": (NO_FORM, ADMIN_OF_MEMBER),
    "person-take": (NO_FORM, MEMBER),
    "invitation": (OPEN, OPEN),  # whoever has the link
    "openapi": (OPEN, OPEN),
    "api-docs": (OPEN, OPEN),
    "chat": (OPEN, OPEN),
    "healthz": (OPEN, OPEN),
    "readyz": (OPEN, OPEN),
    "metrics": (OPEN, NONE),  # from this machine
}
OF_AN_AGENT = [name for name, rows in PAGES.items() if {OWNERS, TRANSLATORS} & set(rows) and "person" not in name]
# What a form has to say before it is asked whether one may.
FORMS = {"person-switch": {"active": "no"}, "person-take": {"agent": "shop", "role": "translator"}}
# Whose refusal does not depend on the agent: a translator has nothing to do with sessions, be they of theirs or not.
SAME_FOR_TRANSLATORS = {"session-end", "session-pause", "session-resume", "session-transfer-cancel", "policy-preview"}
