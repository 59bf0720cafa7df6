"""Every setting of the Portal, in one file, from typed readers that fail loudly (`portal/env.py`)."""

from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF

from portal import env

ROOT = env.ROOT
DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = env.secret_key()
# Keys before this one: what was signed or sealed under them still counts, and nothing new is.
SECRET_KEY_FALLBACKS = env.items("SECRET_KEY_FALLBACKS", [])
PORT = env.integer("PORT", 8000, minimum=1, maximum=65535)

# ── where it is reached ────────────────────────────────────────────────────────────────────────────────────────────
PORTAL_URL = env.url("PORTAL_URL", f"http://127.0.0.1:{PORT}")
HTTPS = urlsplit(PORTAL_URL).scheme == "https"
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]", urlsplit(PORTAL_URL).hostname or ""])
# Exactly where its own pages come from. Behind a proxy only the public address counts.
_SCHEME, _SUFFIX = ("https", "") if HTTPS else ("http", f":{PORT}")
OWN_ORIGINS = {PORTAL_URL, *(f"{_SCHEME}://{host}{_SUFFIX}" for host in ALLOWED_HOSTS if host and host[0] not in "*.")}
CSRF_TRUSTED_ORIGINS = [PORTAL_URL] if HTTPS else []
ROOT_URLCONF = "portal.urls"
ASGI_APPLICATION = "portal.asgi.application"

# ── what it is made of ─────────────────────────────────────────────────────────────────────────────────────────────
INSTALLED_APPS = [
    "portal.apps.PortalConfig",
    # Before ours: `portal/accounts/admin.py` takes their records out of the back office.
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "portal.demo",
    "sessions_app",
    "localization",
    "portal.agents",
    "portal.accounts",
    "portal.audit",
    "portal.rest",
    "portal.apps.BackOfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "channels",
    "csp",
    "django_htmx",
    "ninja",
]
MIDDLEWARE = [
    "portal.lib.origin.OriginMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.lib.headers.HeadersMiddleware",
    "portal.lib.static_files.StaticFilesMiddleware",
    "portal.rest.errors.ProblemsMiddleware",
    "portal.lib.bodies.BodiesMiddleware",
    "portal.lib.methods.MethodsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.accounts.sign_in.lifetime.LifetimeMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portal.lib.page_messages.PageMessagesMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.admin.frame",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# ── data ───────────────────────────────────────────────────────────────────────────────────────────────────────────
# Commands that need no database (makemigrations, mypy) run without one: the last defaults are where nobody listens.
DATABASE_URL = env.url("DATABASE_URL", env.servers().get("database_url", ""), schemes=["postgresql", "postgres"])
REDIS_URL = env.url(
    "REDIS_URL", env.servers().get("redis_url", "redis://127.0.0.1:1/0"), schemes=["redis", "rediss", "unix"]
)
# The pool replaces persistent connections; its checks let a restart of PostgreSQL pass without a failed request.
POOL = {"min_size": 1, "max_size": env.integer("DATABASE_POOL", 12, minimum=2), "timeout": 10}
# Without an address no pool is tried, and a command that does ask the database fails soon.
CONNECTING: dict[str, Any] = {"pool": POOL} if DATABASE_URL else {"connect_timeout": 2}
_DATABASE: dict[str, Any] = {**dj_database_url.parse(DATABASE_URL or "postgresql://127.0.0.1:1/portal")}
DATABASES: dict[str, Any] = {
    "default": {
        **_DATABASE,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": _DATABASE.get("OPTIONS", {}) | CONNECTING,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CHANNEL_LAYERS = {
    "default": {
        # This layer subscribes itself again after Redis was away; the core layer goes silent.
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "portal"},
    }
}

# How many visitors one address may bring to the chats in a minute, and how often one of them may come back.
CHAT_STARTS_PER_MINUTE = env.integer("CHAT_STARTS_PER_MINUTE", 120, minimum=1)
# How many frames one connection of a chat may send in a second, and how many at once.
CHAT_FRAMES_PER_SECOND = env.integer("CHAT_FRAMES_PER_SECOND", 10, minimum=1)
CHAT_FRAMES_BURST = env.integer("CHAT_FRAMES_BURST", 30, minimum=1)
# How many connections of chats and live pages one address may have open with one web process, and one person.
SOCKETS_PER_ADDRESS = env.integer("SOCKETS_PER_ADDRESS", 500, minimum=1)
SOCKETS_PER_USER = env.integer("SOCKETS_PER_USER", 30, minimum=1)
# How many tokens and identities that do not count one address may show in a minute.
TOKEN_FAILURES_PER_MINUTE = env.integer("TOKEN_FAILURES_PER_MINUTE", 60, minimum=1)

# ── people ─────────────────────────────────────────────────────────────────────────────────────────────────────────
AUTH_USER_MODEL = "accounts.Account"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "overview"
LOGOUT_REDIRECT_URL = "account_login"
# The demo's password has a backend of its own, which is there for the demo only (`portal/demo/sign_in.py`).
AUTHENTICATION_BACKENDS = ["portal.demo.sign_in.PasswordBackend", "portal.demo.sign_in.DemoBackend"]
AUTH_PASSWORD_VALIDATORS = [
    *(
        {"NAME": f"django.contrib.auth.password_validation.{name}"}
        for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
    ),
    {"NAME": "portal.accounts.sign_in.words.NotWordsOfTheHouse"},
    {"NAME": "portal.demo.sign_in.NotTheDemoPassword"},
]
# How long an invitation counts; a reset counts less (`portal/accounts/actions/resets.py`).
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600
# Everybody who enters the pages has to have a second factor.
MFA_REQUIRED = env.flag("MFA_REQUIRED", default=False)
# How long a sign-in lasts, whatever is done with it meanwhile.
SIGN_IN_DAYS = env.integer("SIGN_IN_DAYS", 14, minimum=1, maximum=365)
SESSION_COOKIE_AGE = SIGN_IN_DAYS * 24 * 3600

# Signing in is django-allauth's; what of it is ours to decide stands in `portal/accounts/sign_in/`.
ACCOUNT_ADAPTER = "portal.accounts.sign_in.adapter.Adapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_FORMS = {
    "login": "portal.accounts.sign_in.forms.SignInForm",
    "add_email": "portal.accounts.sign_in.forms.NewEmailForm",
    "reset_password": "portal.accounts.sign_in.forms.ResetForm",
}
ACCOUNT_EMAIL_VERIFICATION = "none"  # an admin has typed it; who changes theirs has to confirm the new one
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "portal.accounts.actions.resets.ResetToken"  # noqa: S105  a path
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600  # seconds
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
# Passwords are counted by `portal/accounts/sign_in/limits.py`: allauth would lock out whoever is attacked. Left to
# `login_failed` are the second factors, for which one has to know the password.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": "5/5m/key", "reset_password": "10/m/ip,5/h/key"}
MFA_ADAPTER = "portal.accounts.sign_in.second_factors.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 0  # a code that was used is remembered for as long as it is shown, and not longer
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody signs up here with an address that is not theirs
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS  # browsers allow it on localhost only
# Single sign-on: an OpenID Connect provider, by the address of its `/.well-known/openid-configuration` or what is
# before that. OIDC_NEW_PEOPLE: the role of those who were not invited; empty lets nobody else in.
OIDC_SERVER = env.url("OIDC_SERVER", "")
OIDC_NAME = env.text("OIDC_NAME", "your organization")
OIDC_NEW_PEOPLE = env.choice("OIDC_NEW_PEOPLE", "", ["", "user", "translator", "owner"])
SOCIALACCOUNT_ADAPTER = "portal.accounts.sign_in.sso.Adapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "sso",
                "name": OIDC_NAME,
                "client_id": env.text("OIDC_CLIENT_ID"),
                "secret": env.text("OIDC_CLIENT_SECRET"),
                "settings": {"server_url": OIDC_SERVER},
            }
        ]
        if OIDC_SERVER
        else [],
    }
}
# What sign-in has to remember for some minutes, for all processes and without Redis (made by `portal.accounts`).
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "portal_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
# E-mail: to the log of the worker, unless there is a server for it.
EMAIL_HOST = env.text("EMAIL_HOST", "")
EMAIL_PORT = env.integer("EMAIL_PORT", 587, minimum=1, maximum=65535)
EMAIL_HOST_USER = env.text("EMAIL_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_PASSWORD", "")
EMAIL_USE_TLS = env.flag("EMAIL_STARTTLS", default=EMAIL_PORT == 587)
EMAIL_USE_SSL = env.flag("EMAIL_TLS", default=EMAIL_PORT == 465)
EMAIL_TIMEOUT = 20
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", f"Portal <portal@{urlsplit(PORTAL_URL).hostname}>")

# `__Host-` needs https. Elsewhere the port is in the name: two copies on one machine do not sign each other out.
COOKIE = ("__Host-portal_{}" if HTTPS else f"portal_{{}}_{PORT}").format
SESSION_COOKIE_NAME = COOKIE("session")
CSRF_COOKIE_NAME = COOKIE("csrf")
LANGUAGE_COOKIE_NAME = COOKIE("language")
DEVICE_COOKIE_NAME = COOKIE("device")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# What a page says once stays with the sign-in: Django's own way is one cookie more, under a name of its own.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# ── the browser's orders ───────────────────────────────────────────────────────────────────────────────────────────
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        # A form that leads on to the provider of single sign-on is one that is sent there.
        "form-action": [
            SELF,
            *env.items("OIDC_ORIGINS", ["://".join(urlsplit(OIDC_SERVER)[:2])] if OIDC_SERVER else []),
        ],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("BEHIND_PROXY", default=False) else None

# ── files ──────────────────────────────────────────────────────────────────────────────────────────────────────────
STATIC_URL = "/static/"
# Where `collectstatic` puts hashed and compressed files (production). Not set: straight from the tree.
STATIC_ROOT = env.path("STATIC_ROOT") if env.text("STATIC_ROOT", "") else None
STATICFILES_DIRS = [ROOT / "static"]
# From the tree a file may change at any time: it is looked at again at each request.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = STATIC_ROOT is None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if STATIC_ROOT is None
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# ── words and times ────────────────────────────────────────────────────────────────────────────────────────────────
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
USE_I18N = True

# ── background work ────────────────────────────────────────────────────────────────────────────────────────────────
# Work that must happen is a row in PostgreSQL; a task is a nudge. So nothing waits in Redis that could be lost there.
CELERY = {
    "broker_url": REDIS_URL,
    "broker_transport_options": {
        "visibility_timeout": 60,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "global_keyprefix": "portal-celery:",
    },
    "broker_connection_retry_on_startup": True,
    "worker_hijack_root_logger": False,
    "result_backend": None,
    "task_ignore_result": True,
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "task_default_queue": "default",
    "task_routes": {"sessions_app.tasks.sweep": {"queue": "sweep"}},
    "worker_prefetch_multiplier": 1,
    "timezone": "UTC",
    "enable_utc": True,
    "beat_schedule": {
        "sweep": {"task": "sessions_app.tasks.sweep", "schedule": 1.0},
        "turns": {"task": "sessions_app.tasks.answer_forgotten_turns", "schedule": 5.0},
        "audit": {"task": "sessions_app.tasks.seal_audit_log", "schedule": 5.0},
        "tidy": {"task": "sessions_app.tasks.tidy", "schedule": 300.0},
        "letters": {"task": "portal.accounts.tasks.send_letters", "schedule": 2.0},
        "attempts": {"task": "portal.accounts.tasks.forget_old_attempts", "schedule": 300.0},
        "kept-answers": {"task": "portal.rest.tasks.forget_old_answers", "schedule": 60.0},
    },
}

# ── logs ───────────────────────────────────────────────────────────────────────────────────────────────────────────
LOG_JSON = env.flag("LOG_JSON", default=False)
LOGGING_CONFIG = "portal.lib.logs.configure"
LOGGING = {"level": env.text("LOG_LEVEL", "INFO"), "json": LOG_JSON}

# ── the demo ───────────────────────────────────────────────────────────────────────────────────────────────────────
# Demo accounts have a known password: only `make run` with its own servers may have them, so it says so itself.
DEMO = env.flag("PORTAL_DEMO", default=False)
VISITORS = env.integer("VISITORS", 3, minimum=0, maximum=100)
