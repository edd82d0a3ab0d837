import logging
import sys

import pytest

from openrapport.config.logs import DiscreetFormatter


def logged(message: str, *, error: bool = False) -> str:
    info = sys.exc_info() if error else None
    record = logging.LogRecord("django.request", logging.ERROR, __file__, 1, message, None, info)
    return DiscreetFormatter("{levelname} {message}", style="{").format(record)


def test_a_logged_error_tells_its_kind_and_place_but_not_its_words():
    words = " ".join(("I", "felt", "rushed"))  # a line of source may be shown, so it must not hold them
    try:
        try:
            int(words)
        except ValueError as cause:
            raise LookupError(words) from cause
    except LookupError:
        line = logged("Internal Server Error: /", error=True)
    assert words not in line
    assert "builtins.LookupError" in line
    assert "builtins.ValueError" in line
    assert "test_logs.py" in line


@pytest.mark.parametrize(
    "address", ["/c/Ab3-xyz_9/", "/invitation/Ab3-xyz_9/", "/c/Ab3-xyz_9", "/demo/sign-in/therapist/Ab3-xyz_9/"]
)
def test_the_secret_of_a_link_is_not_logged(address: str):
    line = logged(f"Internal Server Error: {address}")
    assert "Ab3" not in line
    assert "(hidden)" in line


def test_other_addresses_stay_as_they_are():
    assert logged("Not Found: /caseload/") == "ERROR Not Found: /caseload/"
