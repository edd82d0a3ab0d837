"""Django's settings, read from the environment. See docs/operating.md for every variable."""

import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from openrapport import __version__
from openrapport.config import environment as env

VERSION = __version__
DEMO = env.flag("OPENRAPPORT_DEMO")
DEMO_TOKEN = env.text("OPENRAPPORT_DEMO_TOKEN", "") if DEMO else ""
DEBUG = False
DATA = env.data_folder()
SECRET_KEY = env.secret("OPENRAPPORT_SECRET_KEY")
ENCRYPTION_KEYS = env.encryption_keys("OPENRAPPORT_ENCRYPTION_KEYS")
# Passkeys belong to a name, never to a number: on this machine it is localhost.
BASE_URL = env.text("OPENRAPPORT_BASE_URL", "http://localhost:8000").rstrip("/")
ALLOWED_HOSTS = env.words("OPENRAPPORT_ALLOWED_HOSTS", f"{urlsplit(BASE_URL).hostname},localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = [BASE_URL]
HTTPS = BASE_URL.startswith("https://")

INSTALLED_APPS = [
    "openrapport.people",
    "openrapport.audit",
    "openrapport.practices",
    "openrapport.relationships",
    "openrapport.sessions",
    "openrapport.checkins",
    "openrapport.signals",
    "openrapport.reports",
    "openrapport.notices",
    "openrapport.web.components",
    "openrapport.web",
    "openrapport.config",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "openrapport.web.middleware.ViewerMiddleware",
    "openrapport.web.account.middleware.IdleSessionMiddleware",
    "openrapport.web.account.middleware.SecondFactorMiddleware",
]

ROOT_URLCONF = "openrapport.config.urls"
WSGI_APPLICATION = "openrapport.config.wsgi.application"
PAGES = Path(__file__).resolve().parent.parent / "web"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Each group of pages keeps its own templates; they come before those of installed packages.
        "DIRS": sorted(str(folder) for folder in PAGES.glob("*/templates")),
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "openrapport.web.context.everywhere",
            ],
        },
    }
]

# Write-ahead logs shared by several connections are only safe from SQLite 3.51.3 on; below it a rollback journal is
# kept, truncated and synced at each commit, so that what was acknowledged is on the disk.
SQLITE_JOURNAL = "WAL" if sqlite3.sqlite_version_info >= (3, 51, 3) else "TRUNCATE"


def _database() -> dict[str, Any]:
    url = env.text("OPENRAPPORT_DATABASE_URL", f"sqlite:///{DATA / 'openrapport.sqlite3'}")
    found: dict[str, Any] = dict(dj_database_url.parse(url))
    if found.get("ENGINE") == "django.db.backends.sqlite3":
        found["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": f"PRAGMA journal_mode={SQLITE_JOURNAL}; PRAGMA synchronous=FULL;",
        }
        found["CONN_MAX_AGE"] = None
    elif found.get("ENGINE") == "django.db.backends.postgresql":
        found["CONN_MAX_AGE"] = 300
        found["CONN_HEALTH_CHECKS"] = True
        given = found.get("OPTIONS", {})
        # Compiling a query of the access policy takes PostgreSQL a second, and running it takes it a millisecond.
        options = f"{given.get('options', '')} -c jit=off".strip()
        found["OPTIONS"] = {**given, "connect_timeout": 10, "prepare_threshold": 0, "options": options}
    else:
        raise env.ConfigurationError("OPENRAPPORT_DATABASE_URL must begin with sqlite:/// or postgres://.")
    return found


DATABASES = {"default": _database()}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        # It holds the counters of wrong guesses: at Django's 300 rows, many addresses would push them out.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- sign-in: e-mail codes and passkeys; nobody has a password
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "openrapport.web.account.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
MFA_ADAPTER = "openrapport.web.account.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
MFA_TOTP_TOLERANCE = 1  # the code before and after count too: clocks differ, and typing takes a moment
MFA_TOTP_ISSUER = "OpenRapport"
USERSESSIONS_TRACK_ACTIVITY = False
STAFF_IDLE_MINUTES = env.whole_number("OPENRAPPORT_STAFF_IDLE_MINUTES", 30, least=1)
CLIENT_IDLE_MINUTES = env.whole_number("OPENRAPPORT_CLIENT_IDLE_MINUTES", 120, least=1)
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "openrapport.web.errors.views.csrf_failure"

# --- transport
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if env.flag("OPENRAPPORT_BEHIND_PROXY") else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("OPENRAPPORT_BEHIND_PROXY") else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 300

# --- language and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
LOCALE_PATHS = [str(Path(__file__).resolve().parent.parent / "locale")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
CRISIS_COUNTRY = env.text("OPENRAPPORT_CRISIS_COUNTRY", "US").upper()
QUICK_EXIT_URL = env.text("OPENRAPPORT_QUICK_EXIT_URL", "https://www.wikipedia.org/")

# --- files and mail
STATIC_URL = "/static/"
STATICFILES_DIRS = sorted(str(folder) for folder in PAGES.glob("*/static") if folder.parent.name != "components")
WHITENOISE_USE_FINDERS = True  # no collecting step: files are found in the packages at start, once
STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
EMAIL_FROM_NAME = env.text("OPENRAPPORT_MAIL_FROM_NAME", "OpenRapport")
DEFAULT_FROM_EMAIL = env.text("OPENRAPPORT_MAIL_FROM", "no-reply@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
SMTP_HOST = env.text("OPENRAPPORT_SMTP_HOST", "")
MAIL_GOES_TO_FOLDER = not SMTP_HOST
EMAIL_FILE_PATH = str(DATA / "outbox")
if MAIL_GOES_TO_FOLDER:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
else:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = SMTP_HOST
    EMAIL_PORT = env.whole_number("OPENRAPPORT_SMTP_PORT", 587, least=1)
    EMAIL_HOST_USER = env.text("OPENRAPPORT_SMTP_USER", "")
    EMAIL_HOST_PASSWORD = env.text("OPENRAPPORT_SMTP_PASSWORD", "")
    MAIL_TRANSPORT = env.mail_transport(
        "OPENRAPPORT_SMTP_TLS", port=EMAIL_PORT, signs_in=bool(EMAIL_HOST_USER or EMAIL_HOST_PASSWORD)
    )
    EMAIL_USE_TLS = MAIL_TRANSPORT == "starttls"
    EMAIL_USE_SSL = MAIL_TRANSPORT == "tls"
    EMAIL_TIMEOUT = 20

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "openrapport.config.logs.DiscreetFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"openrapport": {"level": "INFO"}},
}
SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # addresses are unique whatever their case: the constraint one_account_per_email
    "security.W008",  # the redirect to https belongs to the proxy in front
    "security.W021",  # preloading HSTS is the operator's choice
]
