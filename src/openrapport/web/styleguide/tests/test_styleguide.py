"""The style guide shows every tag there is, every tag is documented, and no example needs a database."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import include, path

from openrapport.config import urls
from openrapport.web.components.templatetags.components import register
from openrapport.web.styleguide import views

urlpatterns = [*urls.urlpatterns, path("example/styleguide/", include("openrapport.web.styleguide.urls"))]

TEMPLATES = Path(views.__file__).parent / "templates"
GUIDE = Path(views.__file__).parents[4] / "docs" / "design-system.md"
IN_LAYOUTS = {"html_attributes", "home_address", "help_now", "quick_exit", "page_messages"}


def test_every_tag_is_shown() -> None:
    shown = "".join(file.read_text(encoding="utf-8") for file in TEMPLATES.rglob("*.html"))
    assert {name for name in register.tags if f"{{% {name}" not in shown} == IN_LAYOUTS


def test_every_tag_for_authors_is_documented() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    missing = {name for name in register.tags if f"{{% {name}" not in text}
    assert missing == {"html_attributes", "home_address", "page_messages"}


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    "address", ["", "client", "check-in", "staff", "plain", *(f"errors/{one}" for one in views.ERROR_PAGES)]
)
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_every_example_can_be_drawn_in_both_directions(address: str, direction: str) -> None:
    response = Client().get(f"/example/styleguide/{address}", {"dir": direction})
    assert response.status_code == 200
    assert f'dir="{direction}"' in response.content.decode()


@pytest.mark.urls(__name__)
def test_an_error_page_nobody_wrote_is_not_found() -> None:
    assert Client().get("/example/styleguide/errors/418").status_code == 404
