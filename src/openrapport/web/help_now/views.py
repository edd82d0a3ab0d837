"""Shows emergency numbers and crisis lines. Reads nothing but a file: it answers when all else is down."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from openrapport.safety import crisis
from openrapport.web.components.parts import NavItem

DEFAULT_COUNTRY = "US"


@require_safe
def help_now(request: HttpRequest) -> HttpResponse:
    """`?country=ES` shows another country's lines; an unknown one shows the generic lines."""
    language = get_language() or "en"
    asked = request.GET.get("country") or getattr(settings, "CRISIS_COUNTRY", DEFAULT_COUNTRY)
    code = crisis.known_country(str(asked))
    named = [(one.code, one.name) for one in crisis.countries(language)] + [
        (crisis.GENERIC, gettext("Another country"))
    ]
    context = {
        "crisis_lines": crisis.lines_for(code, language),
        "choices": [NavItem(f"?country={one}", name, current=one == code) for one, name in named],
    }
    return render(request, "help_now/help_now.html", context)
