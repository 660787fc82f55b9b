"""Settings of the product: one file, read from the environment, loud about what is missing."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from crm import gateways, schedule
from crm.access_rules import ACCESS_RULES as ACCESS_RULES

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# --- deployment -----------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("CUSTODIA_DEMO", default=False)
# On the loopback address without TLS: development, and the demo with its well-known passwords.
LOCAL = DEBUG or DEMO
LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]
VAR_DIR = Path(env.str("CUSTODIA_VAR", default=str(BASE_DIR / "var")))
SECRET_KEY = env.str("SECRET_KEY", default="")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=LOOPBACK)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Networks of the proxies before the web process; the client address is read only from what they add.
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
KEYRING_PATH = Path(env.str("CUSTODIA_KEYRING", default=str(VAR_DIR / "keyring.json")))
if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5:
    raise ImproperlyConfigured("SECRET_KEY must hold at least 50 random characters.")
# What links in messages begin with: configured, so that no forged Host header gets into one.
BASE_URL = env.str("CUSTODIA_BASE_URL", default="").rstrip("/")
if not BASE_URL:
    BASE_URL = "http://127.0.0.1:8000" if LOCAL else f"https://{ALLOWED_HOSTS[0]}"
_base = urlsplit(BASE_URL)
if (
    _base.scheme not in ({"https", "http"} if LOCAL else {"https"})
    or not _base.hostname
    or not _base.hostname.strip("*.") == _base.hostname
    or any((_base.path, _base.query, _base.fragment, _base.username))
):
    raise ImproperlyConfigured(
        "CUSTODIA_BASE_URL must be the address of the clinic, such as https://clinic.example."
    )
if LOCAL and not set(ALLOWED_HOSTS) <= set(LOOPBACK):
    raise ImproperlyConfigured(
        "The demo and DEBUG are served on the loopback address alone: unset ALLOWED_HOSTS."
    )

# --- services -------------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"]["ATOMIC_REQUESTS"] = False
DATABASES["default"]["CONN_MAX_AGE"] = 60
# Short queries on solid-state disks: compiling them or sharing them out costs more than it gains, and an
# index page costs about what a neighbour does. A pooler must let start-up options through.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault(
    "options", "-c jit=off -c random_page_cost=1.1 -c max_parallel_workers_per_gather=0"
)
DATABASES["default"]["TEST"] = {"NAME": env.str("CUSTODIA_TEST_DB", default="test_custodia")}
REDIS_URL = env.str("REDIS_URL")
if not LOCAL and not urlsplit(REDIS_URL).password:
    raise ImproperlyConfigured("REDIS_URL must carry a password.")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL, "KEY_PREFIX": "custodia",
    }
}  # fmt: skip
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 3600
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A queue that takes connections and never answers must hold no page: what it was to get is taken up later.
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 8, "socket_connect_timeout": 3}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2}
CELERY_TIMEZONE = "UTC"
# The worker writes its lines by the same formatter as everybody.
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = schedule.HANDED_OUT

# --- apps -----------------------------------------------------------------------------------
OUR_APPS = ["security", "audit", "patients", "consent", "engagement", "crm"]
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "crm.admin_apps.CustodiaAdminConfig",
    "guardian",
    "django_otp",
    "auditlog",
    "csp",
    "django_htmx",
    *OUR_APPS,
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "security.middleware.headers.HeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "security.middleware.context.ContextMiddleware",
    "security.middleware.session.SessionMiddleware",
    "security.middleware.gate.GateMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "crm.urls"
WSGI_APPLICATION = "crm.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "crm.shell.shell",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people and access ----------------------------------------------------------------------
AUTH_USER_MODEL = "security.User"
AUTHENTICATION_BACKENDS = [
    "security.backends.SignInBackend",
    "patients.backends.ChartBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "security.passwords.OwnWordsValidator"},
]
LOGIN_URL = "security:sign_in"
LOGIN_REDIRECT_URL = "crm:home"
ANONYMOUS_USER_NAME = None
GUARDIAN_RAISE_403 = False
GUARDIAN_AUTO_PREFETCH = False
# The backend in use is a subclass of guardian's that honours the time of a permission.
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]
OTP_TOTP_ISSUER = "Custodia"
STAFF_IDLE_SECONDS = env.int("STAFF_IDLE_SECONDS", default=15 * 60)
STAFF_ABSOLUTE_SECONDS = env.int("STAFF_ABSOLUTE_SECONDS", default=12 * 3600)
STEP_UP_SECONDS = 5 * 60

# --- sessions, cookies, headers -------------------------------------------------------------
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = STAFF_ABSOLUTE_SECONDS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
# Browsers refuse Secure cookies by http.
INSECURE_COOKIES = LOCAL
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = not INSECURE_COOKIES
SESSION_COOKIE_NAME = "custodia_session" if INSECURE_COOKIES else "__Host-session"
CSRF_COOKIE_NAME = "custodia_csrf" if INSECURE_COOKIES else "__Host-csrf"
SECURE_SSL_REDIRECT = not LOCAL
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 0 if LOCAL else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not LOCAL
# Not "no-referrer": browsers then post with `Origin: null`, and no form would pass the CSRF check.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: []
    for name in ("camera", "geolocation", "microphone", "payment", "usb", "display-capture")
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
UPLOAD_MOST_BYTES = env.int("UPLOAD_MOST_MB", default=25) * 1024 * 1024
# clamd, as tcp://host:3310 or unix:///run/clamav/clamd.ctl; none: every file is shown as not scanned.
CLAMD_URL = env.str("CLAMD_URL", default="")
CLAMD_REQUIRED = env.bool("CLAMD_REQUIRED", default=False)
FILE_UPLOAD_HANDLERS = ["security.uploads.SealedUploads"]
# The one address that takes files of gigabytes, from people who are signed in.
LARGE_UPLOADS_AT = "/patients/imports/upload/"

# --- backups --------------------------------------------------------------------------------
# The folder must be there: one that is not mounted shall fail and not fill the disk below it.
BACKUP_DIR = env.str("CUSTODIA_BACKUPS", default="")
# Data keys lie apart and are kept for a shorter time, so that erasure reaches the backups.
BACKUP_KEYS_DIR = env.str("CUSTODIA_BACKUPS_OF_KEYS", default=BACKUP_DIR and f"{BACKUP_DIR}/keys")
# Public keys of age (age1... or ssh-...); the private ones never lie on this server.
BACKUP_RECIPIENTS = env.list("CUSTODIA_BACKUP_RECIPIENTS", default=[])
BACKUP_RECIPIENTS_FILE = env.str("CUSTODIA_BACKUP_RECIPIENTS_FILE", default="")
# The ledger of erasures, which a restore needs; empty: beside the data keys. Keep a copy of it elsewhere.
ERASURE_LEDGER = env.str("CUSTODIA_ERASURE_LEDGER", default="")
BACKUP_DAYS = env.int("CUSTODIA_BACKUP_DAYS", default=35)
BACKUP_KEYS_DAYS = env.int("CUSTODIA_BACKUP_KEYS_DAYS", default=7)
# The database as custodia_backup, which only reads; without it backups are made as the application.
BACKUP_DATABASE = (
    env.db_url("BACKUP_DATABASE_URL") if env.str("BACKUP_DATABASE_URL", default="") else None
)
# Where pg_dump and pg_restore are; without it they are looked for.
PG_PROGRAMS = env.str("CUSTODIA_PG_PROGRAMS", default="")

# --- rights ---------------------------------------------------------------------------------
# A copy of a record waits so long for whoever asked; then its file and its passphrase are deleted.
COPY_DAYS = env.int("CUSTODIA_COPY_DAYS", default=14)

# --- posture --------------------------------------------------------------------------------
# Certificates (PEM) that the nightly self-check looks at, with commas between.
POSTURE_CERTIFICATES = env.list("CUSTODIA_CERTIFICATES", default=[])
# Advisories on what is installed: a file in the OSV format, brought here by an operator.
POSTURE_ADVISORIES = env.str("CUSTODIA_ADVISORIES", default="")

# --- language, time, files ------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["crm.formats"]
USE_I18N = USE_TZ = True
TIME_ZONE = env.str("CUSTODIA_TIME_ZONE", default="UTC")
PHONE_REGION = env.str("CUSTODIA_PHONE_REGION", default="CN")
# Begins the record numbers that registration gives.
RECORD_NUMBER_PREFIX = env.str("CUSTODIA_RECORD_NUMBER_PREFIX", default="P-")
# Below this age a guardian decides about the person's data (PIPL 31).
GUARDIAN_AGE = env.int("CUSTODIA_GUARDIAN_AGE", default=14)
# Sealed files: uploads, exports. Part of a backup, beside the database.
FILES_DIR = Path(env.str("CUSTODIA_FILES", default=str(VAR_DIR / "files")))
# What printed pages are set in; the set-up brings it.
FONTS_DIR = Path(env.str("CUSTODIA_FONTS", default=str(BASE_DIR / "fonts")))
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if LOCAL
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# Locally static files are served from where they lie, without a collecting step.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = LOCAL

# --- data abroad ----------------------------------------------------------------------------
# People in a calendar year from whom on a stronger mechanism is needed (rules of 2024 under PIPL 38):
# of ordinary data a contract, then an assessment; of sensitive data, such as health, an assessment.
CROSS_BORDER_CONTRACT_FROM = env.int("CUSTODIA_CROSS_BORDER_CONTRACT_FROM", default=100_000)
CROSS_BORDER_ASSESSMENT_FROM = env.int("CUSTODIA_CROSS_BORDER_ASSESSMENT_FROM", default=1_000_000)
CROSS_BORDER_SENSITIVE_FROM = env.int("CUSTODIA_CROSS_BORDER_SENSITIVE_FROM", default=10_000)
# From how much of a limit on officers are warned.
CROSS_BORDER_WARN_PERCENT = env.int("CUSTODIA_CROSS_BORDER_WARN_PERCENT", default=80)

# --- billing --------------------------------------------------------------------------------
CURRENCY = env.str("CUSTODIA_CURRENCY", default="CNY")
# A refund beyond this needs a second person; what went back to the same patient within a day counts with it.
REFUND_LIMIT = Decimal(env.str("CUSTODIA_REFUND_LIMIT", default="500"))
PAYMENT_DAYS = env.int("CUSTODIA_PAYMENT_DAYS", default=30)

# --- appointments ---------------------------------------------------------------------------
# From how many days before until how many after it the clinician reaches the record.
APPOINTMENT_REACH_DAYS_BEFORE = env.int("CUSTODIA_APPOINTMENT_REACH_BEFORE", default=2)
APPOINTMENT_REACH_DAYS_AFTER = env.int("CUSTODIA_APPOINTMENT_REACH_AFTER", default=30)
APPOINTMENT_DAYS_AHEAD = env.int("CUSTODIA_APPOINTMENT_DAYS_AHEAD", default=400)
# To how many who wait a time that became free is offered.
WAITING_LIST_OFFERS = env.int("CUSTODIA_WAITING_LIST_OFFERS", default=3)

# --- trail ----------------------------------------------------------------------------------
AUDITLOG_DISABLE_REMOTE_ADDR = True
AUDITLOG_MASK_CALLABLE = "audit.masking.constant"
# Days off, by number (Monday is 1), and by date; weekend days that are worked instead of a holiday.
WEEKEND = frozenset(env.list("CUSTODIA_WEEKEND", cast=int, default=[6, 7]))
HOLIDAYS = frozenset(map(date.fromisoformat, env.list("CUSTODIA_HOLIDAYS", default=[])))
WORKING_DAYS_MADE_UP = frozenset(
    map(date.fromisoformat, env.list("CUSTODIA_WORKING_DAYS_MADE_UP", default=[]))
)
if not set(range(1, 8)) > WEEKEND:
    raise ImproperlyConfigured("CUSTODIA_WEEKEND names days from 1 (Monday) to 7, not all of them.")
# Requests about data: how many working days before the end officers are told, and within how many days
# the same request counts as asked again.
RIGHTS_WARN_DAYS = env.int("CUSTODIA_RIGHTS_WARN_DAYS", default=3)
RIGHTS_REPEAT_DAYS = env.int("CUSTODIA_RIGHTS_REPEAT_DAYS", default=90)
# So many hours a message of a patient may wait before its whole inbox is told.
THREAD_ANSWER_HOURS = env.int("CUSTODIA_THREAD_ANSWER_HOURS", default=24)
# When executors are told of what is due today, and of what is still undone, by the clinic's clock.
TASK_MORNING = env.str("CUSTODIA_TASKS_MORNING", default="08:30")
TASK_REMINDERS = (TASK_MORNING, env.str("CUSTODIA_TASKS_AFTERNOON", default="15:00"))
# Complaints: the working days to answer, and those of a case with several departments (Measures on medical
# complaints, Art. 24, 25). Surveys: nobody is asked more often. Enquiries: the data of who will not come go
# after so many days, and a form that comes back sooner was filled in by a machine.
COMPLAINT_DAYS = env.int("CUSTODIA_COMPLAINT_DAYS", default=5)
COMPLAINT_DAYS_LONG = env.int("CUSTODIA_COMPLAINT_DAYS_LONG", default=10)
SURVEY_EVERY_DAYS = env.int("CUSTODIA_SURVEY_EVERY_DAYS", default=30)
LEAD_LOST_DAYS = env.int("CUSTODIA_LEAD_LOST_DAYS", default=90)
ENQUIRY_SECONDS = env.int("CUSTODIA_ENQUIRY_SECONDS", default=3)
# Whether a patient reads the names of those who saw the record, or their roles.
WHO_SAW_SHOWS = env.str("CUSTODIA_WHO_SAW", default="name")
if WHO_SAW_SHOWS not in {"name", "role"}:
    raise ImproperlyConfigured("CUSTODIA_WHO_SAW is name or role.")

# The sealer's own key, which no other process may read, beside what it remembers to have signed.
LEDGER_KEY = Path(env.str("CUSTODIA_SEALER_KEY", default=str(VAR_DIR / "sealer" / "key.json")))
# Signs receipts of consents; the web holds it, and it opens or seals nothing else.
RECEIPT_KEY = Path(env.str("CUSTODIA_RECEIPT_KEY", default=str(VAR_DIR / "receipts" / "key.json")))
RECEIPT_PUBLIC_KEY = RECEIPT_KEY.with_name("public.key")
LEDGER_MEMORY = LEDGER_KEY.with_name("head.json")
LEDGER_PUBLIC_KEY = Path(
    env.str("CUSTODIA_LEDGER_PUBLIC_KEY", default=str(VAR_DIR / "ledger" / "public.key"))
)
# Where signed heads go: the sealer appends to the file, the worker's log gets a copy, the rest is optional.
ANCHOR_FILE = Path(env.str("CUSTODIA_ANCHOR_FILE", default=str(VAR_DIR / "ledger" / "heads")))
ANCHOR_OFFICERS = env.list("CUSTODIA_ANCHOR_OFFICERS", default=[])
ANCHOR_URL = env.str("CUSTODIA_ANCHOR_URL", default="")
ANCHOR_TOKEN = env.str("CUSTODIA_ANCHOR_TOKEN", default="")
TSA_URL = env.str("CUSTODIA_TSA_URL", default="")
TSA_ROOTS = env.str("CUSTODIA_TSA_ROOTS", default="")
# Hosts that anchors may be sent to; an address elsewhere is refused, and so is being sent on.
ANCHOR_HOSTS = env.list("CUSTODIA_ANCHOR_HOSTS", default=[])

# --- delivery -------------------------------------------------------------------------------
# A talk with a mail server or a gateway: seconds to connect, between two answers, for all of it.
DELIVERY_SECONDS = (5.0, 20.0, 40.0)
# Root certificates (PEM) of gateways with an authority of their own; empty: those of the system.
GATEWAY_ROOTS = env.str("CUSTODIA_GATEWAY_ROOTS", default="")
# Local hours in which nobody is reminded, unless the person wishes other ones.
QUIET_HOURS = env.str("CUSTODIA_QUIET_HOURS", default="21:00-08:00")
SMS_URL = env.str("CUSTODIA_SMS_URL", default="")
SMS_TOKEN = env.str("CUSTODIA_SMS_TOKEN", default="")
SMS_SENDER = env.str("CUSTODIA_SMS_SENDER", default="")
# What the gateway signs answers of patients and reports of arrival with; empty: none are taken.
REPLIES_SECRET = env.str("CUSTODIA_REPLIES_SECRET", default="")
WECHAT_URL = env.str("CUSTODIA_WECHAT_URL", default="https://api.weixin.qq.com").rstrip("/")
WECHAT_APP_ID = env.str("CUSTODIA_WECHAT_APP_ID", default="")
WECHAT_SECRET = env.str("CUSTODIA_WECHAT_SECRET", default="")
WECHAT_TEMPLATE = env.str("CUSTODIA_WECHAT_TEMPLATE", default="")
WECOM_URL = env.str("CUSTODIA_WECOM_URL", default="https://qyapi.weixin.qq.com").rstrip("/")
WECOM_CORP_ID = env.str("CUSTODIA_WECOM_CORP_ID", default="")
WECOM_SECRET = env.str("CUSTODIA_WECOM_SECRET", default="")
WECOM_AGENT_ID = env.int("CUSTODIA_WECOM_AGENT_ID", default=0)
DELIVERY_CHANNELS = gateways.channels(globals(), is_demo=DEMO)
EMAIL_BACKEND = env.str("EMAIL_BACKEND", default="security.delivery.smtp.BoundedBackend")
EMAIL_HOST = env.str("EMAIL_HOST", default="localhost")
EMAIL_PORT = env.int("EMAIL_PORT", default=25)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=False)
EMAIL_USE_SSL = env.bool("EMAIL_USE_SSL", default=False)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="no-reply@localhost")
if EMAIL_HOST_PASSWORD and not (EMAIL_USE_TLS or EMAIL_USE_SSL or LOCAL):
    raise ImproperlyConfigured("EMAIL_HOST_PASSWORD needs EMAIL_USE_TLS or EMAIL_USE_SSL.")
# By a provider's own interface: install django-anymail beside the product and name its backend.
ANYMAIL = {"REQUESTS_TIMEOUT": DELIVERY_SECONDS[:2]} | env.json("ANYMAIL", default={})
INSTALLED_APPS += ["anymail"] if EMAIL_BACKEND.startswith("anymail.") else []

# --- logs: one line per request, never a value of a person -----------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "security.logs.LineFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"django.request": {"level": "ERROR"}, "django.server": {"level": "INFO"}},
}
