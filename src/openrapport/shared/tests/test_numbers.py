import pytest
from django.utils.translation import override

from openrapport.shared.numbers import say_number


@pytest.mark.parametrize(
    ("value", "decimals", "said"),
    [(55 / 7, 1, "7.9"), (7.3 - 4.4, 1, "2.9"), (0.29 * 100, 0, "29"), (6.0, 1, "6.0"), (-0.04, 1, "0.0")],
)
def test_a_number_is_rounded_and_never_cut_off(value: float, decimals: int, said: str):
    assert say_number(value, decimals) == said


def test_a_number_follows_the_readers_notation():
    with override("es"):
        assert say_number(55 / 7) == "7,9"
