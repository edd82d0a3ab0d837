"""A picture inside a page: the page's colours, ids of its own, nothing from outside, nothing hostile."""

import re
import xml.etree.ElementTree as ET

import pytest

from openrapport.analysis.plots import style
from openrapport.analysis.plots.inline_svg import DARK, LIGHT, VARIABLES, as_inline_svg
from openrapport.analysis.plots.trajectory import draw_trajectory
from openrapport.analysis.rules import PointDrop
from openrapport.analysis.rupture import rupture


def inline(name="one", *, score="Alliance", title="A course", description="Line of 4 scores."):
    result = rupture([8, 8, 4, 8], PointDrop(None, 3.0), direction="higher_is_better")
    return as_inline_svg(draw_trajectory(result, score=score), name=name, title=title, description=description)


def test_colours_are_the_pages_variables():
    drawn = inline()
    assert not re.findall(r"#[0-9a-f]{6}", drawn)
    assert {"--score", "--alert", "--ink", "--grid"} <= set(re.findall(r"var\((--[a-z-]+)\)", drawn))
    assert set(VARIABLES) == set(style.COLOURS)
    assert set(LIGHT) == set(DARK) == set(VARIABLES.values())


def test_it_carries_a_title_and_a_description():
    drawn = ET.fromstring(inline())  # noqa: S314 - our own
    assert drawn.get("role") == "img"
    assert drawn.get("aria-labelledby") == "one-title one-description"
    assert [(child.tag, child.text) for child in drawn][:2] == [("title", "A course"), ("desc", "Line of 4 scores.")]


def test_two_pictures_share_no_id():
    first, second = (set(re.findall(r'id="([^"]+)"', inline(name))) for name in ("one", "two"))
    assert first
    assert first.isdisjoint(second)
    wanted = set(re.findall(r'(?:url\(#|href="#)([^")]+)', inline("one")))
    assert wanted <= first


def test_letters_stay_letters_and_nothing_is_loaded():
    drawn = inline(score="Alliance (0 to 10)")
    assert ">Alliance (0 to 10)</text>" in drawn
    assert "http" not in drawn
    assert "<script" not in drawn


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "a --> b", "$\\frac$", "</svg><p>", "漢字 & co"])
def test_hostile_labels_stay_text(hostile):
    drawn = inline(score=hostile, title=hostile, description=hostile)
    assert "<script" not in drawn
    words = [node.text for node in ET.fromstring(drawn).iter("text")]  # noqa: S314 - our own
    assert hostile in words


def test_a_name_that_is_no_id_is_refused():
    with pytest.raises(ValueError, match="small letters"):
        inline("A b")
