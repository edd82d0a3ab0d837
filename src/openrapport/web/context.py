"""What every page needs: navigation by role, the practice's language, where crisis help is."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from openrapport.web.navigation import account_corner, navigation


def everywhere(request: HttpRequest) -> dict[str, Any]:
    return {
        "demo": settings.DEMO,
        "quick_exit_url": settings.QUICK_EXIT_URL,
        "nav": navigation(request),
        "account": account_corner(request),
    }
