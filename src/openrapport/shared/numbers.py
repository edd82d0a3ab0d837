"""Numbers as people read them. Django's `number_format` cuts decimals off; a score is rounded instead."""

from django.utils.formats import number_format


def say_number(value: float, decimals: int = 1) -> str:
    """Rounded, in the reader's notation: 7.86 is 7.9, as on every chart, and never 7.8."""
    return str(number_format(round(value, decimals) + 0.0, decimal_pos=decimals))
