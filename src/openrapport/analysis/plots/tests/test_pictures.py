"""A picture holds the result's own numbers, names its axes, and says in a sentence what it shows."""

import doctest
import importlib
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.colors import to_hex

from openrapport.analysis.catalogue import get_instrument
from openrapport.analysis.charts import ewma_chart, individuals_chart
from openrapport.analysis.expected_response import ExpectedPoint
from openrapport.analysis.growth.bands import CourseBand
from openrapport.analysis.meta import meta
from openrapport.analysis.plots import style
from openrapport.analysis.plots.calibration import describe_calibration, draw_calibration
from openrapport.analysis.plots.control_chart import describe_ewma, describe_individuals, draw_ewma, draw_individuals
from openrapport.analysis.plots.courses import (
    MOST_COURSES,
    describe_course_band,
    describe_spread,
    draw_course_band,
    draw_expected,
    draw_spread,
)
from openrapport.analysis.plots.forest import describe_forest, draw_forest, study_lines
from openrapport.analysis.plots.profile import component_profile, describe_profile, draw_profile
from openrapport.analysis.plots.saving import as_png, as_svg, save
from openrapport.analysis.plots.surface import describe_surface, draw_surface, heights
from openrapport.analysis.plots.trajectory import describe_trajectory, draw_trajectory
from openrapport.analysis.response_surface import StationaryPoint, response_surface
from openrapport.analysis.risk_calibration import risk_calibration
from openrapport.analysis.rules import PointDrop
from openrapport.analysis.rupture import rupture
from openrapport.analysis.scan import courses_of

MODULES = ("calibration", "control_chart", "courses", "forest", "profile", "style", "trajectory")
SCORES = [8.0, 8.5, None, 8.0, 4.0, 5.0, 8.5, 8.0, 7.5, 3.0]
BAND = [ExpectedPoint(n, 8.0 + n / 10, 6.0, 9.5, 1.3, False) for n in range(1, 11)]


@pytest.fixture
def course():
    return rupture(SCORES, PointDrop(None, 3.0), direction="higher_is_better")


def line_named(figure, label):
    """The data of the line with this label in the key."""
    (found,) = [line for line in figure.axes[0].lines if line.get_label() == label]
    return np.asarray(found.get_xdata(), dtype=float), np.asarray(found.get_ydata(), dtype=float)


def key_of(figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def axes_of(figure) -> tuple[str, str]:
    return figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()


def test_a_trajectory_shows_scores_gaps_episodes_band_and_the_rules_line(course):
    figure = draw_trajectory(course, score="Alliance (0 to 10)", session="Week", band=BAND, scale=(0, 10))
    assert axes_of(figure) == ("Week", "Alliance (0 to 10)")
    at, scores = line_named(figure, "Score")
    np.testing.assert_array_equal(at, np.arange(1, 11))
    np.testing.assert_array_equal(scores, [np.nan if score is None else score for score in SCORES])
    np.testing.assert_array_equal(line_named(figure, "Score in a rupture")[0], [5, 6, 10])
    np.testing.assert_array_equal(line_named(figure, "Expected")[1], [point.expected for point in BAND])
    np.testing.assert_allclose(line_named(figure, "Rule's line")[1][1:3], [5.0, 5.5])
    assert len(figure.axes[0].patches) == len(course.episodes) == 2
    low, high = figure.axes[0].get_ylim()
    assert low > -0.5
    assert high < 10.5


def test_a_trajectory_without_ruptures_or_band_shows_neither():
    figure = draw_trajectory(rupture([8, 8, 9], PointDrop(None, 3.0), direction="higher_is_better"), score="Alliance")
    assert key_of(figure) == ["Rule's line", "Score"]
    assert len(figure.axes[0].patches) == 0


def test_a_trajectory_is_told_with_its_numbers(course):
    told = describe_trajectory(course)
    assert told.startswith("Line of 9 scores from session 1 to 10, between 3 and 8.5. 2 ruptures")
    assert "session 5 to 6, 4 deep, repaired; session 10, 4.5 deep, not repaired." in told
    nothing = rupture([None], PointDrop(None, 3.0), direction="higher_is_better")
    assert describe_trajectory(nothing) == "No score was given."


def test_an_individuals_chart_shows_values_limits_and_what_lies_beyond():
    values = [5, 6, 5, 6, 5, 6, 5, 12]
    chart = individuals_chart(values, sigmas=1)
    figure = draw_individuals(chart, values, score="Distress (points)", sessions=range(2, 10))
    np.testing.assert_array_equal(line_named(figure, "Score"), [range(2, 10), values])
    np.testing.assert_array_equal(line_named(figure, "Beyond a limit")[1], [12])
    heights = [float(line.get_ydata()[0]) for line in figure.axes[0].lines if len(set(line.get_ydata())) == 1]
    assert {chart.lower, chart.centre, chart.upper} <= set(heights)
    names = " ".join(text.get_text() for text in figure.axes[0].texts)
    assert f"upper limit {style.written(chart.upper)}" in names
    assert describe_individuals(chart, values).endswith("1 score lies beyond them.")
    with pytest.raises(ValueError, match="one session for each value"):
        draw_individuals(chart, values, score="Distress", sessions=[1, 2])


def test_an_ewma_chart_shows_averages_between_widening_limits():
    chart = ewma_chart([0.1, -0.5, -4.0, -3.0], weight=0.2, width=2.0)
    figure = draw_ewma(chart)
    np.testing.assert_array_equal(line_named(figure, "Moving average")[1], chart.values)
    np.testing.assert_array_equal(line_named(figure, "Beyond a limit")[0], np.flatnonzero(chart.low) + 1)
    assert "SDs" in axes_of(figure)[1]
    assert "2 averages lie beyond them" in describe_ewma(chart)


def test_a_profile_has_a_row_for_each_component_and_says_what_was_not_answered():
    instrument = get_instrument("alliance-adult")
    answers = {"trust": 4, "empathy": 9, "confidentiality": None}
    found = component_profile(answers, instrument, earlier=[{"trust": 8}, {"trust": 7, "respect": 6}])
    figure = draw_profile(found)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == [instrument.item(code).label["en"] for code in instrument.total.items]
    np.testing.assert_array_equal(line_named(figure, "This time")[0], [4, 9])
    np.testing.assert_array_equal(line_named(figure, "Usual")[0], [7.5, 6])
    assert sum(text.get_text() == "not answered" for text in figure.axes[0].texts) == 5
    assert "0 to 10" in axes_of(figure)[0]
    assert "Trust 4 (usually 7.5), Empathy 9" in describe_profile(found)


def test_a_profile_turns_reversed_items_round_and_speaks_the_instruments_languages():
    instrument = get_instrument("alliance-adult")
    assert component_profile({}, instrument, language="es").parts[0].label == "Confianza"
    with pytest.raises(ValueError, match="do not share one scale"):
        component_profile({}, mixed_scales(instrument))


def mixed_scales(instrument):
    from dataclasses import replace

    first, *others = instrument.items
    return replace(instrument, items=(replace(first, maximum=5), *others))


def test_a_response_surface_shows_the_fitted_heights_and_both_lines():
    x, y = [1, 2, 3, 4, 5, 1, 2, 4, 5, 3], [1, 2, 3, 4, 5, 5, 4, 2, 1, 1]
    z = [10 - (a - 3) ** 2 - (b - 2.5) ** 2 for a, b in zip(x, y, strict=True)]
    found = response_surface(x, y, z, centre=(3, 3))
    np.testing.assert_allclose(heights(found, np.array(x), np.array(y)), z, atol=1e-9)
    figure = draw_surface(found, x="Client (1 to 5)", y="Therapist (1 to 5)", z="Outcome (points)", scale=(1, 5))
    assert axes_of(figure) == ("Client (1 to 5)", "Therapist (1 to 5)")
    assert figure.axes[1].get_ylabel() == "Outcome (points)"
    alike, opposed = line_named(figure, "Both alike"), line_named(figure, "Opposed")
    np.testing.assert_allclose(alike[0], alike[1])
    np.testing.assert_allclose(opposed[0] + opposed[1], 6)
    assert isinstance(found.stationary, StationaryPoint)
    np.testing.assert_allclose(np.ravel(line_named(figure, "Level point (peak)")), [3, 2.5], atol=1e-6)
    assert "a peak at 3 and 2.5" in describe_surface(found)
    with pytest.raises(ValueError, match="lower end and its upper end"):
        draw_surface(found, x="x", y="y", z="z", scale=(5, 1))


def test_a_forest_plot_has_a_line_for_each_study_and_the_pooled_diamond():
    r, n, names = [0.2, 0.5, -0.1], [80, 40, 60], ["Ané & Bo", "Cy", "$d$"]
    found = meta(r, n, "reml")
    figure = draw_forest(found, r, n, names)
    squares = [line for line in figure.axes[0].lines if line.get_marker() == "s"]
    np.testing.assert_allclose([float(line.get_xdata()[0]) for line in squares], r)
    assert squares[0].get_markersize() > squares[1].get_markersize()  # the larger study
    diamond = figure.axes[0].patches[0].get_xy()
    np.testing.assert_allclose([diamond[:, 0].min(), diamond[:, 0].max()], [found.low, found.high])
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels[0] == "Ané & Bo  (n = 80)"
    assert labels[-1] == "One further study"
    assert as_svg(figure)  # a dollar sign begins no formula
    assert "3 studies with 180 people" in describe_forest(found)
    assert sum(line.weight for line in study_lines(found, r, n, names)) == pytest.approx(1)
    with pytest.raises(ValueError, match="each of the 3 studies"):
        draw_forest(found, r[:2], n[:2], names[:2])


def test_a_calibration_curve_shows_predicted_against_observed():
    rng = np.random.default_rng(2)
    risk = rng.uniform(0.05, 0.6, 400)
    found = risk_calibration(risk, rng.random(400) < risk, reference=0.3, groups=8)
    figure = draw_calibration(found, event="leaving")
    predicted, observed = line_named(figure, "Observed, 95% interval")
    np.testing.assert_array_equal(predicted, [group.predicted for group in found.curve])
    np.testing.assert_array_equal(observed, [group.observed for group in found.curve])
    assert axes_of(figure) == ("Predicted risk of leaving", "Observed share of leaving")
    assert len(figure.axes[0].collections[0].get_segments()) == 8
    assert f"{found.n_events:,} events in 8 groups" in describe_calibration(found)


def test_an_expected_course_lies_over_some_of_the_clients_chosen_evenly():
    clients = [f"c{number}" for number in range(100) for _ in range(3)]
    table = courses_of(clients, np.tile([1.0, 2.0, 3.0], 100), np.arange(300.0))
    figure = draw_expected(BAND, score="Alliance", coverage=0.8, courses=table)
    np.testing.assert_array_equal(line_named(figure, "Expected")[1], [point.expected for point in BAND])
    assert len(figure.axes[0].lines) == MOST_COURSES + 1
    assert key_of(figure)[0] == "80% of single scores"


def test_a_growth_fits_band_is_drawn_at_the_days_given():
    one, two = np.array([20.0, 12.0]), np.array([25.0, 18.0])
    band = CourseBand(one, one, one, two, one - 4, two, 0.9)
    figure = draw_course_band(band, [0, 90], score="Distress", session="Day")
    np.testing.assert_array_equal(line_named(figure, "Expected"), [[0, 90], [20, 12]])
    assert describe_course_band(band, [0, 90]).endswith("to 12 at 90 (90% of scores from 8 to 18).")
    with pytest.raises(ValueError, match="2 points"):
        draw_course_band(band, [0], score="Distress")


def test_a_spread_counts_every_score_and_marks_the_best_end():
    figure = draw_spread([7, 8, 8, 10, 10, 10], score="Alliance", best=10)
    heights = [bar.get_height() for bar in figure.axes[0].patches]
    assert heights == [1, 2, 0, 3]
    assert key_of(figure) == ["At the best end (10)"]
    assert figure.axes[0].patches[-1].get_hatch() == "//"
    assert key_of(draw_spread([0.1, 5.0, 9.95, 10.0], score="Alliance", best=10)) == ["Near the best end (10)"]
    assert "50.0% at the best end" in describe_spread([7, 8, 8, 10, 10, 10], best=10)
    with pytest.raises(ValueError, match="no scores"):
        draw_spread([], score="Alliance")


def test_a_picture_is_saved_whole_and_the_same_every_time(course, tmp_path):
    figure = draw_trajectory(course, score="Alliance", title="Ana's course")
    save(figure, tmp_path / "a.png")
    save(figure, tmp_path / "a.svg")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "a.png").read_bytes() == as_png(figure)
    assert (tmp_path / "a.svg").read_text(encoding="utf-8") == as_svg(figure)
    assert "</svg>" in as_svg(figure)
    with pytest.raises(ValueError, match=r"as \.png or \.svg"):
        save(figure, tmp_path / "a.gif")


def test_no_two_colours_are_alike_in_a_grey_print_where_they_meet():
    def lightness(colour: str) -> float:
        channels = [int(to_hex(colour)[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        return float(np.dot([0.2126, 0.7152, 0.0722], [channel**2.2 for channel in channels]))

    for dark in (style.SCORE, style.ALERT, style.INK, style.QUIET):
        for light in (style.PAPER, style.BAND, style.ALERT_TINT):
            contrast = (lightness(light) + 0.05) / (lightness(dark) + 0.05)
            assert contrast >= 4.5, (dark, light)


def test_drawing_touches_no_global_state():
    program = (
        "import sys; from openrapport.analysis.plots.tutorial import pictures; pictures();"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-W", "error", "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_run(name):
    found = doctest.testmod(importlib.import_module(f"openrapport.analysis.plots.{name}"))
    assert found.attempted > 0
    assert found.failed == 0
