"""Reading model formulas as R writes them: `time + age`, `0 + time`, `time*group`, `log(1 + time)`, `I(time^2)`.

Only the right-hand side: outcome and grouping columns are given apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

# What may stand before a bracket; `I` leaves its content as it is.
FUNCTIONS = ("log", "log1p", "log2", "log10", "sqrt", "exp", "abs", "I")

_TOKEN = re.compile(r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|(`[^`]+`)|([^\W\d][\w.]*)|(.))", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Number:
    value: float
    written: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table; `quoted` says that the formula has it in backquotes."""

    name: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """`function` is empty for brackets alone, which R keeps in the names."""

    function: str
    argument: Expression


@dataclass(frozen=True, slots=True)
class Operation:
    """`left` is None for a minus sign before `right`."""

    sign: str
    left: Expression | None
    right: Expression


Expression: TypeAlias = "Number | Column | Call | Operation"
Term: TypeAlias = "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Formula:
    """Terms in R's order (main effects, then products of two, ...), each the product of its factors.

    >>> formula = read_formula("time * age")
    >>> formula.intercept, [":".join(map(written, term)) for term in formula.terms]
    (True, ['time', 'age', 'time:age'])
    """

    text: str
    intercept: bool
    terms: tuple[Term, ...]


def read_formula(text: str) -> Formula:
    """The terms of `text`. Raises ValueError that says which part cannot be read."""
    reader = _Reader(text)
    if not reader.tokens:
        raise ValueError('A formula is missing: write "1" for an intercept alone.')
    intercept, terms = reader.formula()
    # R names a product in the order in which its factors first appear, and puts products of two behind all single ones.
    seen = list(dict.fromkeys(factor for term in terms for factor in term))
    unique = dict.fromkeys(tuple(sorted(term, key=seen.index)) for term in terms)
    return Formula(text=text, intercept=intercept, terms=tuple(sorted(unique, key=len)))


def written(expression: Expression) -> str:
    """How R writes the expression in the name of a coefficient."""
    match expression:
        case Number():
            return expression.written
        case Column():
            return f"`{expression.name}`" if expression.quoted else expression.name
        case Call():
            return f"{expression.function}({written(expression.argument)})"
        case Operation(left=None):
            return f"{expression.sign}{written(expression.right)}"
    assert expression.left is not None
    space = " " if expression.sign in "+-*" else ""
    return f"{written(expression.left)}{space}{expression.sign}{space}{written(expression.right)}"


def columns_in(expression: Expression) -> list[str]:
    """The table's columns an expression needs."""
    match expression:
        case Column():
            return [expression.name]
        case Call():
            return columns_in(expression.argument)
        case Operation():
            left = [] if expression.left is None else columns_in(expression.left)
            return left + columns_in(expression.right)
    return []


class _Reader:
    """One pass over the tokens of a formula."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [match.group().strip() for match in _TOKEN.finditer(text) if match.group().strip()]
        self.at = 0

    def formula(self) -> tuple[bool, list[Term]]:
        intercept, terms, sign = True, list[Term](), "+"
        if self._next() in ("+", "-"):
            sign = self._take()
        while True:
            if self._next() in ("0", "1") and not self._is_factor_ahead():
                intercept = (self._take() == "1") == (sign == "+")
            elif sign == "+":
                terms += self._crossed()
            else:
                left_out = self._crossed()
                terms = [term for term in terms if not any(set(term) == set(other) for other in left_out)]
            if self._next() is None:
                return intercept, terms
            sign = self._take()
            if sign not in ("+", "-"):
                raise self._cannot_read(sign)

    def _is_factor_ahead(self) -> bool:
        return self.at + 1 < len(self.tokens) and self.tokens[self.at + 1] not in ("+", "-")

    def _crossed(self) -> list[Term]:
        """`a*b` is a, b and a:b."""
        terms = [self._interaction()]
        while self._next() == "*":
            self._take()
            right = self._interaction()
            terms = [*terms, right, *(left + tuple(one for one in right if one not in left) for left in terms)]
        return terms

    def _interaction(self) -> Term:
        factors = [self._factor()]
        while self._next() == ":":
            self._take()
            factor = self._factor()
            if factor not in factors:
                factors.append(factor)
        return tuple(factors)

    def _factor(self) -> Expression:
        """One factor of a term; only a power may follow a name without a bracket."""
        if self._next() == "(":
            raise ValueError(f"Write the terms of {self.text!r} out: brackets stand only after a function or I.")
        if self._next() == "|":
            raise self._cannot_read("|")
        base = self._primary()
        if isinstance(base, Number):
            raise ValueError(
                f"A number alone ({base.written}) is no column; 0 and 1 say whether {self.text!r} has an intercept."
            )
        if self._next() != "^":
            return base
        self._take()
        return Operation("^", base, self._primary())

    def _sum(self) -> Expression:
        found = self._times()
        while self._next() in ("+", "-"):
            found = Operation(self._take(), found, self._times())
        return found

    def _times(self) -> Expression:
        found = self._signed()
        while self._next() in ("*", "/"):
            found = Operation(self._take(), found, self._signed())
        return found

    def _signed(self) -> Expression:
        if self._next() == "-":
            return Operation(self._take(), None, self._signed())
        base = self._primary()
        if self._next() == "^":
            return Operation(self._take(), base, self._signed())
        return base

    def _primary(self) -> Expression:
        word = self._take()
        if word == "(":
            return Call("", self._closed())
        if word[0] == "`" and len(word) > 2:
            name = word[1:-1]
            return Column(name, quoted=not re.fullmatch(r"[^\W\d_][\w.]*", name))
        if word[0].isdigit() or (word[0] == "." and len(word) > 1):
            return Number(float(word), word)
        if not (word[0].isalpha() or word[0] == "_"):
            raise self._cannot_read(word)
        if self._next() != "(":
            return Column(word)
        if word not in FUNCTIONS:
            raise ValueError(f"{word}() in {self.text!r} is not known; there are {', '.join(FUNCTIONS)}.")
        self._take()
        return Call(word, self._closed())

    def _closed(self) -> Expression:
        inner = self._sum()
        if self._next() != ")":
            raise ValueError(f"A bracket is not closed in {self.text!r}.")
        self._take()
        return inner

    def _next(self) -> str | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _take(self) -> str:
        token = self._next()
        if token is None:
            raise ValueError(f"{self.text!r} ends where a column is expected.")
        self.at += 1
        return token

    def _cannot_read(self, token: str) -> ValueError:
        reason = {
            "~": "give the outcome apart, and only what stands right of ~ here",
            "|": "give the client column apart, and only what stands left of | here",
        }.get(token, f"put a column's name in backquotes if {token!r} belongs to it")
        return ValueError(f"Cannot read {self.text!r} at {token!r}: {reason}.")
