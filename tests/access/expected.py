"""What each standing opens on each kind of row: the reviewed answer, written apart from the policy code.

R read, W write, m status only, - nothing (a page answers 404). "author" is whoever answered and still stands in the
relationship, "past author" whoever answered and does not. "old therapist" is the therapist after the end, while the
practice keeps the record; "untold" is a supervisor of whom the client was not told. Somebody with two standings has
what either opens. Everybody else, everywhere: nothing.
"""

_COLUMNS = (
    "author",
    "past author",
    "client",
    "guardian",
    "therapist",
    "old therapist",
    "supervisor",
    "untold supervisor",
    "admin",
)

#                                author past  client guard  ther  old   superv untold admin
_TABLE = """
relationship                     .      .     RW     -      RW    R     R      -      m
session                          .      .     R      -      RW    R     R      -      -
session after the end            .      .     R      -      RW    -     R      -      -

client: asked                    RW     R     -      -      -     -     -      -      -
client: now                      R      R     -      -      R     R     R      -      -
client: waiting                  R      R     -      -      -     -     -      -      -
client: released                 R      R     -      -      R     R     R      -      -
client: supervisor only          R      R     -      -      -     -     R      -      -
client: private                  R      R     -      -      -     -     -      -      -
client: released after the end   R      R     -      -      R     -     R      -      -

guardian: asked                  RW     R     -      -      -     -     -      -      -
guardian: now                    R      R     -      -      R     R     R      -      -
guardian: waiting                R      R     -      -      -     -     -      -      -
guardian: supervisor only        R      R     -      -      -     -     R      -      -
guardian: private                R      R     -      -      -     -     -      -      -

therapist: asked                 RW     R     -      -      -     -     -      -      -
therapist: now                   R      R     -      -      -     -     R      -      -
therapist: waiting               R      R     -      -      -     -     -      -      -
therapist: supervisor only       R      R     -      -      -     -     R      -      -
therapist: private               R      R     -      -      -     -     -      -      -

signal                           .      .     -      -      RW    R     R      -      -
signal after the end             .      .     -      -      RW    -     R      -      -
"""
_WORDS = {"R": {"read"}, "W": {"read", "write"}, "RW": {"read", "write"}, "m": {"status"}, "-": set(), ".": set()}


def _read_table() -> dict[str, dict[str, frozenset[str]]]:
    table = {}
    for line in _TABLE.strip().splitlines():
        if not line.strip():
            continue
        *kind, cells = line[:33].strip(), line[33:].split()
        assert len(cells) == len(_COLUMNS), line
        table[kind[0]] = {column: frozenset(_WORDS[cell]) for column, cell in zip(_COLUMNS, cells, strict=True)}
    return table


EXPECTED = _read_table()
KINDS = tuple(EXPECTED)


def allowed(kind: str, standings: tuple[str, ...]) -> frozenset[str]:
    """What somebody with these standings may do with a row of this kind."""
    opened: frozenset[str] = frozenset()
    for standing in standings:
        opened |= EXPECTED[kind][standing]
    return opened
