"""Small cells: a number that stands for one to four people is not shown, and cannot be worked out from the others."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

FEWEST_PEOPLE = 5

Cell = TypeVar("Cell", bound=Hashable)


def suppress(people: Mapping[Cell, int]) -> dict[Cell, int | None]:
    """`people` are counts that may be added up; None stands for what is hidden. Cells without anybody say zero.

    Where a single cell would be hidden, the next smallest is hidden with it: else it were the total less the rest.
    """
    small = {cell for cell, count in people.items() if 0 < count < FEWEST_PEOPLE}
    others = sorted((count, place) for place, (cell, count) in enumerate(people.items()) if count and cell not in small)
    if len(small) == 1 and others:
        small.add(list(people)[others[0][1]])
    return {cell: None if cell in small else count for cell, count in people.items()}
