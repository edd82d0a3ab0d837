"""The application's detector: what it states about itself is what a fresh simulation finds."""

import math

import pytest

from openrapport.analysis.catalogue import get_instrument, load_catalogue
from openrapport.analysis.detector import (
    DETECTOR_PEOPLE,
    DETECTOR_SEED,
    DETECTOR_TARGET,
    calibrated_z,
    detect,
    detector,
    expected_band,
    simulate_rate,
    stated_rate,
)

WITH_NORMS = [instrument for instrument in load_catalogue().values() if instrument.norms]
EVERY = pytest.mark.parametrize("instrument", WITH_NORMS, ids=lambda instrument: instrument.ref)


@EVERY
def test_the_stated_false_alarm_rate_is_found_again(instrument):
    stated = stated_rate(instrument)
    again = simulate_rate(instrument, z=stated.z, people=50_000, seed=99)
    # Both are simulated: their 95 % intervals have to meet.
    assert stated.low <= again.high
    assert again.low <= stated.high
    assert stated.low < stated.rate < stated.high


@EVERY
def test_the_detector_is_set_to_the_chosen_share_of_false_alarms(instrument):
    stated = stated_rate(instrument)
    assert stated.target == DETECTOR_TARGET
    assert detector(instrument).z == stated.z
    # Set on some simulated people, found on others: both shares stray by chance, so twice the half width.
    assert abs(stated.rate - DETECTOR_TARGET) < stated.high - stated.low


def test_the_file_is_what_the_command_writes():
    adult = get_instrument("alliance-adult")
    assert stated_rate(adult).z == calibrated_z(adult, people=DETECTOR_PEOPLE, seed=DETECTOR_SEED)


def test_an_alliance_that_breaks_and_mends_is_seen_and_said_to_be_provisional():
    found = detect([8.4, 8.6, 8.3, 8.7, 4.9, 8.5], get_instrument("alliance-adult"))
    (episode,) = found.result.episodes
    assert (episode.onset, episode.recovered_at) == (5, 6)
    assert found.provisional
    assert found.instrument == "alliance-adult@1"
    assert found.false_alarms == stated_rate(get_instrument("alliance-adult"))


def test_nothing_is_called_a_rupture_before_three_check_ins():
    assert detect([9, 9, 0], get_instrument("alliance-adult")).result.episodes == ()
    assert [e.onset for e in detect([9, 9, 9, 0], get_instrument("alliance-adult")).result.episodes] == [4]


def test_an_instrument_without_norms_has_no_detector():
    with pytest.raises(LookupError, match="child-connecting@1"):
        detect([1, 2], get_instrument("child-connecting"))
    assert expected_band(get_instrument("child-connecting"), [1]) is None


@EVERY
def test_the_band_stays_on_the_scale_and_around_its_mean(instrument):
    band = expected_band(instrument, range(1, 41))
    assert band is not None
    assert (band.provisional, band.coverage) == (True, 0.8)
    for point in band.points:
        assert instrument.total.minimum <= point.low < point.mean < point.high <= instrument.total.maximum


def test_the_band_worked_by_hand():
    # Session 10, wellbeing: mean 5 + .55 ln 10 = 6.266; SD sqrt(1.8^2 + (.5 ln 10)^2 + 1.1^2) = 2.403; 1.2816 SDs.
    band = expected_band(get_instrument("wellbeing-adult"), [10])
    assert band is not None
    (point,) = band.points
    assert point.mean == pytest.approx(6.266, abs=0.001)
    assert point.low == pytest.approx(
        6.266 - 1.2816 * math.sqrt(1.8**2 + (0.5 * math.log(10)) ** 2 + 1.1**2), abs=0.002
    )
