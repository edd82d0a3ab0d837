"""Form fields: label, help and error are tied to the field; a rating starts empty and can be skipped."""

from html.parser import HTMLParser
from typing import Any

import pytest
from django import forms
from django.template import Context, Template

from openrapport.web.components.parts import Choice, Question


class Page(HTMLParser):
    """Every start tag with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [found for name, found in self.tags if name == tag and wanted.items() <= found.items()]


def draw(source: str, **context: Any) -> str:
    return Template("{% load components %}" + source).render(Context(context))


class SmallForm(forms.Form):
    name = forms.CharField(label="Name", help_text="As you like.")
    note = forms.CharField(required=False, widget=forms.Textarea)
    agree = forms.BooleanField(label="Agree")
    pace = forms.ChoiceField(choices=[("slow", "Slow"), ("fast", "Fast")], widget=forms.RadioSelect)
    place = forms.ChoiceField(
        choices=[("room", Choice("In the room", "At the practice.", "door-open"))], widget=forms.RadioSelect
    )
    disclosure = forms.ChoiceField(
        choices=[(one, one) for one in ("now", "next_session", "supervisor_only", "private")], widget=forms.RadioSelect
    )
    trust = forms.IntegerField(required=False, min_value=0, max_value=10)


def test_a_field_points_to_its_help_and_its_error() -> None:
    html = draw("{% field form.name %}", form=SmallForm({}))
    (control,) = Page(html).all("input")
    assert control["aria-describedby"] == "id_name_help id_name_error"
    assert control["aria-invalid"] == "true"
    assert 'id="id_name_help"' in html
    assert 'id="id_name_error"' in html
    assert Page(html).all("label", **{"for": "id_name"})


def test_a_field_without_error_points_to_no_error() -> None:
    html = draw("{% field form.name %}", form=SmallForm())
    assert "id_name_error" not in html
    assert "aria-invalid" not in html


def test_what_was_typed_is_kept_and_escaped() -> None:
    html = draw("{% field form.name %}", form=SmallForm({"name": '"><script>x</script>'}))
    assert "<script>" not in html
    assert "&quot;&gt;&lt;script&gt;" in html


@pytest.mark.parametrize("name", ["note", "agree", "pace"])
def test_every_kind_of_field_is_labelled(name: str) -> None:
    page = Page(draw("{% field field %}", field=SmallForm()[name]))
    controls = page.all("input") + page.all("textarea")
    labelled = {one["for"] for one in page.all("label")}
    assert controls
    assert {one["id"] for one in controls} <= labelled


def test_an_optional_field_says_so_and_a_required_one_does_not() -> None:
    assert "(optional)" in draw("{% field form.note %}", form=SmallForm())
    assert "(optional)" not in draw("{% field form.note hide_optional=True %}", form=SmallForm())
    assert "(optional)" not in draw("{% field form.name %}", form=SmallForm())


def test_a_group_has_a_legend_and_its_error() -> None:
    html = draw("{% field form.pace %}", form=SmallForm({}))
    (group,) = Page(html).all("fieldset")
    assert group["aria-describedby"] == "id_pace_error"
    assert "<legend" in html


def test_the_summary_leads_to_every_field_that_is_wrong() -> None:
    html = draw("{% form_errors form %}{% field form.name %}{% field form.pace %}", form=SmallForm({}))
    for link in ("#id_name", "#id_pace"):
        assert f'href="{link}"' in html
        assert f'id="{link[1:]}"' in html


def test_a_form_without_errors_has_no_summary() -> None:
    assert draw("{% form_errors form %}", form=SmallForm()).strip() == ""


def test_a_choice_explains_itself() -> None:
    html = draw("{% radio_cards form.place %}", form=SmallForm())
    assert "In the room" in html
    assert "At the practice." in html


def test_who_sees_explains_each_value_with_the_therapist_s_name_and_chooses_nothing() -> None:
    html = draw('{% who_sees form.disclosure therapist="Maya <b>" %}', form=SmallForm())
    assert html.count("Maya &lt;b&gt;") == 4
    assert "Nobody else reads it" in html
    assert not any("checked" in one for one in Page(html).all("input"))


def test_a_rating_has_eleven_numbers_and_a_way_to_skip_and_starts_empty() -> None:
    html = draw('{% rating form.trust low="Not at all" high="Completely" %}', form=SmallForm())
    radios = Page(html).all("input", type="radio", name="trust")
    assert [one["value"] for one in radios] == [*map(str, range(11)), ""]
    assert not any("checked" in one for one in radios)
    assert len({one["id"] for one in radios}) == 12


@pytest.mark.parametrize(("value", "checked"), [(0, "0"), (7, "7"), ("10", "10"), ("", ""), (None, None)])
def test_a_rating_shows_the_answer_it_was_given_and_zero_is_an_answer(value: Any, checked: str | None) -> None:
    html = draw("{% rating question %}", question=Question("trust", "Trust", value))
    found = [one["value"] for one in Page(html).all("input") if "checked" in one]
    assert found == ([] if checked is None else [checked])


def test_the_ends_of_a_rating_are_read_out_with_their_numbers() -> None:
    html = draw('{% rating question low="Not at all" high="Completely" %}', question=Question("trust", "Trust"))
    assert '0<span class="sr-only"> Not at all</span>' in html
    assert '10<span class="sr-only"> Completely</span>' in html


def test_a_rating_points_to_its_error() -> None:
    html = draw("{% rating question %}", question=Question("trust", "Trust", errors=("Choose one.",)))
    assert Page(html).all("fieldset")[0]["aria-describedby"] == "id_trust_error"
    assert "Choose one." in html


def test_faces_have_words_and_yes_no_has_not_sure() -> None:
    five = draw("{% faces question %}", question=Question("fun", "Fun", 4))
    assert [one["value"] for one in Page(five).all("input")] == ["1", "2", "3", "4", "5", ""]
    assert "Really good" in five
    three = draw("{% yes_no question skip=False %}", question=Question("safe", "Safe"))
    assert [one["value"] for one in Page(three).all("input")] == ["yes", "no", "unsure"]
