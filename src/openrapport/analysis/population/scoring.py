"""Scores of an instrument for any number of check-ins, batch after batch: a summary, and the scores in a file."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from openrapport.analysis.instrument import Instrument
from openrapport.analysis.population.batches import NotStreamable, values_of
from openrapport.analysis.population.engines import NotReadable, Source, columns_of, opened
from openrapport.analysis.population.scores_file import scores_file
from openrapport.analysis.scoring_many import REASONS, Flags, ManyScores, Numbers, score_many

# Few enough for a batch to stay near the processor, enough for each call to be worth it.
ROWS_AT_ONCE = 131_072
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class ScoreSummary:
    """One score of `n` check-ins. Mean and SD are of the `scored` ones (None: too few); `ceiling` counts those at the
    best possible end, `straight_lined` those with every answer the same, `not_scorable` the others by reason."""

    n: int
    scored: int
    mean: float | None
    sd: float | None
    prorated: int
    ceiling: int
    straight_lined: int
    not_scorable: Mapping[str, int]


def score_files(
    files: Sequence[Path],
    instrument: Instrument,
    *,
    columns: Mapping[str, str] | None = None,
    out: Path | None = None,
    keep: Sequence[str] = (),
    progress: Progress | None = None,
) -> Mapping[str, ScoreSummary]:
    """Every score of the instrument over Parquet files, in fixed memory. Summaries by the code of the score.

    A row is a check-in, an empty cell a question that was skipped. `columns` says by item code which column holds its
    answers, where it is not called by that code. With `out` the scores of each row are written there as Parquet, beside
    the columns in `keep`. `progress` is told how many rows are done.
    Raises NotReadable, NotStreamable on a column that holds no numbers, ScoringError with row and item on an answer
    that is not offered.
    """
    named = _named(instrument, columns or {})
    batches = _batches(files, [*named.values(), *keep])
    return score_batches(batches, instrument, named, out=out, keep=keep, progress=progress)


def score_population(
    source: Source,
    instrument: Instrument,
    *,
    columns: Mapping[str, str] | None = None,
    out: Path | None = None,
    keep: Sequence[str] = (),
    progress: Progress | None = None,
) -> Mapping[str, ScoreSummary]:
    """`score_files` for any source; rows of a database stream out of it, in its own order."""
    if source.kind == "parquet":
        files = source.files()
        return score_files(files, instrument, columns=columns, out=out, keep=keep, progress=progress)
    named = _named(instrument, columns or {})
    wanted = list(dict.fromkeys([*named.values(), *keep]))
    with opened(source) as (connection, table):
        columns_of(table, source.label, tuple(wanted))
        batches = connection.to_pyarrow_batches(table.select(*wanted), chunk_size=ROWS_AT_ONCE)
        return score_batches(batches, instrument, named, out=out, keep=keep, progress=progress)


def score_batches(
    batches: Iterable[Any],
    instrument: Instrument,
    columns: Mapping[str, str],
    *,
    out: Path | None = None,
    keep: Sequence[str] = (),
    progress: Progress | None = None,
) -> Mapping[str, ScoreSummary]:
    """The same for Arrow record batches from anywhere; `columns` from item code to column."""
    tallies = {scale.code: _Tally() for scale in instrument.scores}
    done = 0
    with scores_file(out) as write:
        for batch in batches:
            answers, missing = _answers(batch, columns)
            scores = score_many(answers, instrument, missing=missing, first_row=done + 1)
            for code, each in scores.items():
                tallies[code].take(each)
            write(batch, keep, scores)
            done += batch.num_rows
            if progress is not None:
                progress(done)
    return {code: tally.summary() for code, tally in tallies.items()}


def _named(instrument: Instrument, columns: Mapping[str, str]) -> dict[str, str]:
    codes = [item.code for item in instrument.items if item.is_numeric]
    for code in columns:
        if code not in codes:
            raise NotReadable(f"{code}: not a rated item of {instrument.ref}; there are: {', '.join(codes)}")
    return {code: columns.get(code, code) for code in codes}


def _batches(files: Sequence[Path], names: Sequence[str]) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for file in files:
        try:
            with pq.ParquetFile(file, pre_buffer=False) as opened:
                there = opened.schema_arrow.names
                for name in names:
                    if name not in there:
                        raise NotReadable(f"{file}: no column {name!r}; there are: {', '.join(there[:20])}")
                yield from opened.iter_batches(batch_size=ROWS_AT_ONCE, columns=list(dict.fromkeys(names)))
        except (pa.ArrowInvalid, OSError) as problem:
            raise NotReadable(f"{file}: not readable as Parquet ({str(problem).splitlines()[0]})") from problem


def _answers(batch: Any, columns: Mapping[str, str]) -> tuple[dict[str, Numbers], dict[str, Flags]]:
    """Columns of a batch as they stand, and by code where nothing does."""
    import pyarrow as pa

    answers: dict[str, Numbers] = {}
    missing: dict[str, Flags] = {}
    for code, name in columns.items():
        column = batch.column(name)
        kind = column.type
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
            # A CSV column without any answer is taken for text.
            if not (pa.types.is_decimal(kind) or column.null_count == len(column)):
                raise NotStreamable(f"column {name} holds {kind}, not numbers")
            column = column.cast(pa.float64())
        answers[code] = values_of(column)
        if column.null_count:
            missing[code] = _nothing_there(column)
    return answers, missing


def _nothing_there(column: Any) -> Flags:
    """True where Arrow's bitmap has no bit: turned round while it is still packed, eight at a time."""
    start, rows = column.offset, len(column)
    packed = np.frombuffer(column.buffers()[0], dtype=np.uint8)[start // 8 : (start + rows + 7) // 8]
    bits = np.unpackbits(~packed, count=start % 8 + rows, bitorder="little")
    return bits[start % 8 :].view(np.bool_)


@dataclass(slots=True)
class _Tally:
    """Sums over batches; mean and squares are merged as Chan, Golub & LeVeque (1983) do, so that nothing cancels."""

    n: int = 0
    scored: int = 0
    mean: float = 0.0
    squares: float = 0.0  # of deviations from the mean
    prorated: int = 0
    ceiling: int = 0
    straight_lined: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    def take(self, scores: ManyScores) -> None:
        self.n += len(scores.value)
        self.prorated += int(np.count_nonzero(scores.prorated))
        self.ceiling += int(np.count_nonzero(scores.ceiling))
        self.straight_lined += int(np.count_nonzero(scores.straight_lined))
        value = scores.value
        if np.count_nonzero(scores.reason):
            value = value[scores.reason == 0]
            for number, reason in enumerate(REASONS):
                count = int(np.count_nonzero(scores.reason == number))
                if count and reason is not None:
                    self.reasons[reason] = self.reasons.get(reason, 0) + count
        if len(value):
            self._merge(len(value), value)

    def _merge(self, count: int, value: Numbers) -> None:
        mean = float(value.mean())
        away = np.square(value - mean)  # not a BLAS product, whose threads would spin for so little
        before, apart = self.scored, mean - self.mean
        self.scored += count
        self.mean += apart * count / self.scored
        self.squares += float(away.sum()) + apart * apart * before * count / self.scored

    def summary(self) -> ScoreSummary:
        return ScoreSummary(
            n=self.n,
            scored=self.scored,
            mean=self.mean if self.scored else None,
            sd=math.sqrt(self.squares / (self.scored - 1)) if self.scored > 1 else None,
            prorated=self.prorated,
            ceiling=self.ceiling,
            straight_lined=self.straight_lined,
            not_scorable=self.reasons,
        )
