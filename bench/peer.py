"""The peer: django-helpdesk on the same PostgreSQL, registering tickets through its own REST API."""

import base64
import os
import subprocess
import sys
import venv
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

PACKAGES = ("django-helpdesk==2.6.1", "djangorestframework", "psycopg[binary]", "gunicorn")
INSTALL_SECONDS = 240
START_SECONDS = 60
USER, PASSWORD = "agent", "bench"

SETTINGS = """
import os
SECRET_KEY = "bench"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "peer_urls"
USE_TZ = True
SITE_ID = 1
HELPDESK_ACTIVATE_API_ENDPOINT = True
HELPDESK_TEAMS_MODE_ENABLED = False
HELPDESK_TEAMS_MODEL = "auth.Group"
HELPDESK_TEAMS_MIGRATION_DEPENDENCIES = []
HELPDESK_KBITEM_TEAM_GETTER = lambda item: None
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
INSTALLED_APPS = [
    "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
    "django.contrib.messages", "django.contrib.sites", "django.contrib.humanize",
    "rest_framework", "helpdesk",
]
MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
    "OPTIONS": {"context_processors": [
        "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages"]},
}]
REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.BasicAuthentication"]}
DATABASES = {"default": {
    "ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PEER_NAME"],
    "USER": os.environ["PEER_USER"], "PASSWORD": os.environ["PEER_PASSWORD"],
    "HOST": os.environ["PEER_HOST"], "CONN_MAX_AGE": None,
}}
"""
URLS = """
from django.urls import include, path
urlpatterns = [path("", include("helpdesk.urls", namespace="helpdesk"))]
"""
WSGI = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "peer_settings"
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
"""
FILL = f"""
import django
django.setup()
from django.contrib.auth.models import User
from helpdesk.models import Queue
User.objects.create_superuser("{USER}", "", "{PASSWORD}")
Queue.objects.create(title="12345", slug="hotline", allow_public_submission=True)
"""

AUTHORIZATION = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


class Helpdesk:
    """django-helpdesk under gunicorn with two workers, in an environment of its own."""

    def __init__(self, folder: Path, database_url: str, port: int) -> None:
        self._folder = folder
        self._python = folder / "venv" / "bin" / "python"
        self._port = port
        found = urlsplit(database_url)
        host = parse_qs(found.query).get("host", [found.hostname or ""])[0]
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(folder),
            "DJANGO_SETTINGS_MODULE": "peer_settings",
            "PEER_NAME": "peer",
            "PEER_USER": unquote(found.username or ""),
            "PEER_PASSWORD": unquote(found.password or ""),
            "PEER_HOST": unquote(host),
        }
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Install, make the tables in the database `peer`, serve; raises `CalledProcessError`."""
        venv.create(self._folder / "venv", with_pip=True)
        self._run("-m", "pip", "install", "-q", *PACKAGES)
        for name, text in (("settings", SETTINGS), ("urls", URLS), ("wsgi", WSGI)):
            (self._folder / f"peer_{name}.py").write_text(text)
        self._run("-m", "django", "migrate", "-v0")
        self._run("-c", FILL)
        serve = (
            "-m",
            "gunicorn",
            "-w2",
            "-kgthread",
            "--threads=8",
            f"-b127.0.0.1:{self._port}",
            "peer_wsgi",
        )
        command = [str(self._python), *serve, "--log-level=error", "--keep-alive=60"]
        self._server = subprocess.Popen(command, cwd=self._folder, env=self._environment)

    def stop(self) -> None:
        """End the server."""
        if self._server is not None:
            self._server.terminate()
            self._server.wait(START_SECONDS)

    def _run(self, *command: str) -> None:
        subprocess.run(
            [str(self._python), *command],
            cwd=self._folder,
            env=self._environment,
            check=True,
            timeout=INSTALL_SECONDS,
            stdout=sys.stderr,
        )
