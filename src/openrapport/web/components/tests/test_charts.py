"""Charts: numbers lie where they belong, missing is a gap, and no name can break out of the picture."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from django.template import Context, Template
from django.utils import translation

from openrapport.web.components.charts import (
    BandPoint,
    Mark,
    NotAnswered,
    Point,
    ProfileChart,
    ProfileRow,
    Sparkline,
    TrajectoryChart,
    TrajectoryLabels,
    draw_profile,
    draw_sparkline,
    draw_trajectory,
)
from openrapport.web.components.charts.drawing import nice_steps, say
from openrapport.web.components.charts.trajectory import NARROW, WIDE, make_frame, place_flags, runs, table_rows
from openrapport.web.components.templatetags.components import register

NASTY = '</text><script>alert("x")</script>&\'"'


def parse(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 - our own drawing


def of_class(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [one for one in root.iter() if name in one.get("class", "").split()]


def number(element: ElementTree.Element, name: str) -> float:
    return float(element.get(name, "nan"))


def course(*values: float | None, **options: object) -> TrajectoryChart:
    points = tuple(
        Point(session, NotAnswered("cancelled") if value is None else value)
        for session, value in enumerate(values, start=1)
    )
    return TrajectoryChart(points=points, **options)  # type: ignore[arg-type]


def test_the_top_of_the_scale_is_drawn_at_the_top_and_zero_at_the_foot() -> None:
    frame = make_frame(course(0, 10), WIDE, 12)
    low, high = of_class(parse(draw_trajectory(course(0, 10))), "dot")
    assert (number(low, "cx"), number(low, "cy")) == (frame.left, frame.bottom)
    assert (number(high, "cx"), number(high, "cy")) == (frame.right, frame.top)


def test_sessions_are_evenly_spaced() -> None:
    dots = of_class(parse(draw_trajectory(course(1, 2, 3, 4))), "dot")
    places = [number(dot, "cx") for dot in dots]
    gaps = [round(after - before, 1) for before, after in pairwise(places)]
    assert max(gaps) - min(gaps) <= 0.1


def test_another_range_uses_the_whole_height() -> None:
    chart = course(1, 5, y_min=1, y_max=5)
    frame = make_frame(chart, WIDE, 12)
    low, high = of_class(parse(draw_trajectory(chart)), "dot")
    assert number(low, "cy") == frame.bottom
    assert number(high, "cy") == frame.top


def test_a_value_beyond_the_scale_stays_inside_the_picture() -> None:
    frame = make_frame(course(5, 14), WIDE, 12)
    assert number(of_class(parse(draw_trajectory(course(5, 14))), "dot")[1], "cy") == frame.top


def test_a_scale_upside_down_is_refused() -> None:
    with pytest.raises(ValueError, match="y_min"):
        course(1, y_min=10, y_max=0)
    with pytest.raises(ValueError, match="y_min"):
        ProfileChart(rows=(), y_min=5, y_max=5)


def test_a_missed_session_breaks_the_line_and_is_never_a_zero() -> None:
    chart = course(6, 7, None, 5, 6)
    root = parse(draw_trajectory(chart))
    frame = make_frame(chart, WIDE, 12)
    assert [len(piece) for piece in runs(chart.points, frame)] == [2, 2]
    assert len(of_class(root, "dot")) == 4
    (hollow,) = of_class(root, "missed")
    assert number(hollow, "cy") > frame.bottom
    assert len(of_class(root, "line-bridge")) == 1
    assert not any(number(dot, "cy") == frame.bottom for dot in of_class(root, "dot"))


def test_a_session_left_out_breaks_the_line_too() -> None:
    chart = TrajectoryChart(points=(Point(1, 6), Point(2, 6), Point(5, 7)))
    assert [len(piece) for piece in runs(chart.points, make_frame(chart, WIDE, 12))] == [2, 1]


def test_a_missing_value_is_said_in_words_in_the_table() -> None:
    rows = table_rows(course(6.25, None))
    assert [row["client"] for row in rows] == ["6.2", "cancelled"]


def test_nothing_answered_yet_is_a_picture_that_says_so() -> None:
    for chart in (TrajectoryChart(points=()), course(None, None)):
        root = parse(draw_trajectory(chart))
        assert root.find("desc") is not None
        assert root.findtext("desc") == "No ratings yet."
        assert not of_class(root, "dot")


def test_a_single_session_stands_in_the_middle() -> None:
    frame = make_frame(course(5), WIDE, 12)
    (dot,) = of_class(parse(draw_trajectory(course(5))), "dot")
    assert number(dot, "cx") == round((frame.left + frame.right) / 2, 1)


def test_the_band_lies_between_its_low_and_its_high() -> None:
    chart = course(5, 5, band=(BandPoint(1, 4, 6), BandPoint(2, 4, 6)))
    frame = make_frame(chart, WIDE, 12)
    (band,) = of_class(parse(draw_trajectory(chart)), "band")
    heights = {float(pair.split(",")[1]) for pair in band.get("points", "").split()}
    assert heights == {frame.y(6), frame.y(4)}


def test_flags_close_together_stand_on_different_rows_and_inside_the_picture() -> None:
    marks = (Mark(7, "rupture", "Rupture"), Mark(8, "repair", "Repair"), Mark(12, "change", "A long word about change"))
    chart = course(*range(1, 11), 9, 9, marks=marks)
    placed = place_flags(chart.marks, make_frame(chart, NARROW, 12))
    assert len({row for *_rest, row in placed[:2]}) == 2
    for _mark, middle, width, _row in placed:
        assert middle - width / 2 >= 0
        assert middle + width / 2 <= NARROW + 0.01


def test_many_sessions_do_not_write_their_numbers_over_each_other() -> None:
    root = parse(draw_trajectory(course(*[5.0] * 60), width=NARROW))
    labels = [one for one in root.iter("text") if one.get("text-anchor") == "middle"]
    places = sorted(number(one, "x") for one in labels)
    assert all(after - before >= 20 for before, after in pairwise(places))


def test_alert_points_are_red_for_staff_and_never_for_the_client() -> None:
    points = (Point(1, 7), Point(2, 3, alert=True))
    marks = (Mark(2, "rupture", "A hard session"),)
    staff = draw_trajectory(TrajectoryChart(points=points, marks=marks))
    client = draw_trajectory(TrajectoryChart(points=points, marks=marks, audience="client"))
    assert "dot-alert" in staff
    assert "flag-rupture" in staff
    assert "dot-alert" not in client
    assert "flag-rupture" not in client


def test_names_cannot_break_out_of_any_chart() -> None:
    labels = TrajectoryLabels(client=NASTY, other=NASTY)
    trajectory = TrajectoryChart(
        points=(Point(1, 5), Point(2, NotAnswered(NASTY))),
        marks=(Mark(1, "change", NASTY),),
        title=NASTY,
        description=NASTY,
        labels=labels,
    )
    profile = ProfileChart(rows=(ProfileRow(NASTY, 5), ProfileRow(NASTY, NotAnswered(NASTY))), title=NASTY)
    spark = Sparkline(values=(1, NotAnswered(NASTY)), label=NASTY)
    for svg in (draw_trajectory(trajectory), draw_profile(profile), draw_sparkline(spark)):
        assert "<script" not in svg
        assert NASTY in "".join([*parse(svg).itertext(), *(parse(svg).get("aria-label") or "")])


def test_charts_carry_no_style_no_script_and_no_address() -> None:
    marks = (Mark(1, "rupture", "Rupture"),)
    for svg in (
        draw_trajectory(course(1, None, 3, marks=marks)),
        draw_profile(ProfileChart(rows=(ProfileRow("Trust", 5, 4, 6, 5, low=True),))),
        draw_sparkline(Sparkline(values=(1, 2), label="two")),
    ):
        assert not re.search(r"\s(style|on\w+|href|fill|stroke)=", svg)
        assert 'direction="ltr"' in svg


def test_a_picture_is_named_and_described() -> None:
    root = parse(draw_trajectory(course(5, 6), id_="one"))
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == root[0].get("id") == "one-t"
    assert root.get("aria-describedby") == root[1].get("id") == "one-d"
    assert "from 5 to 6" in (root[1].text or "")


def test_coordinates_keep_their_point_in_a_language_with_commas() -> None:
    with translation.override("es"):
        assert say(7.25) == "7,2"
        dots = of_class(parse(draw_trajectory(course(3.3, 7.25, 4))), "dot")
        assert all("," not in dot.get("cy", "") for dot in dots)


def test_a_profile_says_what_was_not_answered_and_draws_no_dot_for_it() -> None:
    chart = ProfileChart(rows=(ProfileRow("Trust", 8, 6, 9, 7.5), ProfileRow("Respect", NotAnswered())))
    for narrow in (True, False):
        root = parse(draw_profile(chart, narrow=narrow))
        assert len(of_class(root, "dot")) == 1
        assert of_class(root, "row-none")[0].text == "not answered"
        assert root.findtext("desc") == "Trust: 8; Respect: not answered."


def test_a_profile_marks_a_low_part_for_staff_only() -> None:
    row = ProfileRow("Empathy", 3, 6, 9, 7.5, low=True)
    assert "dot-alert" in draw_profile(ProfileChart(rows=(row,)))
    assert "dot-alert" not in draw_profile(ProfileChart(rows=(row,), audience="client"))


@pytest.mark.parametrize("values", [(), (NotAnswered(),), (5.0,), (5.0, NotAnswered(), 6.0)])
def test_a_sparkline_is_drawn_from_whatever_there_is(values: tuple[float | NotAnswered, ...]) -> None:
    root = parse(draw_sparkline(Sparkline(values=values, label="ratings")))
    assert root.get("aria-label") == "ratings"
    assert len(of_class(root, "tick-mark")) == sum(isinstance(one, NotAnswered) for one in values)


@pytest.mark.parametrize(("low", "high"), [(0, 10), (0, 1), (1, 5), (-2, 2), (0, 27), (0, 100)])
def test_an_axis_has_round_numbers_within_its_scale(low: float, high: float) -> None:
    steps = nice_steps(low, high)
    assert 3 <= len(steps) <= 7
    assert low <= steps[0]
    assert steps[-1] <= high


def test_the_tag_draws_for_three_widths_with_different_ids_and_one_table() -> None:
    assert "trajectory" in register.tags
    body = Template("{% load components %}{% trajectory chart %}").render(Context({"chart": course(5, None)}))
    ids = re.findall(r' id="([^"]+)"', body)
    assert len(ids) == len(set(ids)) == 6
    assert body.count("<table") == 1
    assert body.count("<svg") >= 4
