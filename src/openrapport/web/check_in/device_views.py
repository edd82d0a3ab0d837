"""What a device fetches for itself: the service worker and the manifest."""

import hashlib
import json
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

from openrapport.checkins.models import Picture

FONT = "openrapport/fonts/atkinson-hyperlegible-next-{}-wght-normal.woff2"
SHELL = (
    "openrapport/app.css",
    "openrapport/theme.js",
    "openrapport/quick-exit.js",
    "openrapport/check_in/check-in.js",
    "openrapport/check_in/device.js",
    "openrapport/check_in/drawing.js",
    "openrapport/check_in/forget.js",
    "openrapport/check_in/outbox.js",
    "openrapport/check_in/status.js",
    "openrapport/icon.svg",
    "openrapport/icon-32.png",
    "openrapport/icon-192.png",
    FONT.format("latin"),
    FONT.format("latin-ext"),
    *(f"openrapport/check_in/pictures/{picture.value}.svg" for picture in Picture),
)
OUTBOX = "openrapport/check_in/outbox.js"
WORKER = "openrapport/check_in/service-worker.js"
MANIFEST = "openrapport/manifest.webmanifest"


def _file(name: str) -> Path:
    found = finders.find(name)
    if not isinstance(found, str):
        raise FileNotFoundError(name)
    return Path(found)


@cache
def shell_version() -> str:
    """Changes when any file of the shell does, so that no device mixes old pieces with new ones."""
    digest = hashlib.sha256()
    for name in (*SHELL, WORKER):
        digest.update(_file(name).read_bytes())
    return digest.hexdigest()[:16]


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    settings = {
        "version": shell_version(),
        "shell": [static(name) for name in SHELL],
        "offline": reverse("offline"),
    }
    # The outbox is the same text the page loads; inside one file the worker never waits for a second one.
    parts = [f"self.settings = {json.dumps(settings)};", *(_file(name).read_text("utf-8") for name in (OUTBOX, WORKER))]
    body = "\n".join(parts)
    response = HttpResponse(body, content_type="text/javascript; charset=utf-8")
    response.headers["Service-Worker-Allowed"] = "/"
    response.headers["Cache-Control"] = "no-cache"
    return response


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """A neutral name and icon: nobody who looks at the phone learns what this is for."""
    content = json.loads(_file(MANIFEST).read_text(encoding="utf-8"))
    for icon in content["icons"]:
        icon["src"] = static(f"openrapport/{icon['src']}")
    response = HttpResponse(json.dumps(content), content_type="application/manifest+json")
    response.headers["Cache-Control"] = "max-age=3600"
    return response
