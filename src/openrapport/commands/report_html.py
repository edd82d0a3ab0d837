"""The frame and building blocks of the report: one HTML file, styled inside, no scripts, everything escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from openrapport.analysis.plots.inline_svg import DARK, LIGHT

_STYLE = """\
:root { color-scheme: light dark; LIGHT }
@media screen and (prefers-color-scheme: dark) { :root { DARK } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.0625rem/1.6 system-ui, sans-serif; }
header, main, footer { max-width: 56rem; margin-inline: auto; padding: 1rem clamp(1rem, 4vw, 2rem); }
header { padding-block-start: 2.5rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .4rem; overflow-wrap: anywhere; }
h2 { font-size: 1.35rem; margin: 2.8rem 0 .4rem; padding-block-start: 1.2rem;
  border-block-start: 1px solid var(--grid); }
h3 { font-size: 1.05rem; margin: 1.8rem 0 .3rem; overflow-wrap: anywhere; }
p { max-width: 42rem; margin: .6rem 0; overflow-wrap: anywhere; }
a { color: var(--score); }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; list-style: none; padding: 0; margin: 1rem 0 0; }
nav a { display: inline-block; padding-block: .3rem; }
.quiet, footer, caption, figcaption { color: var(--quiet); }
.number { font-size: 1.5rem; font-weight: 650; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .8rem; margin: 1.2rem 0;
  padding: 0; list-style: none; }
.figures li { border: 1px solid var(--grid); border-radius: .8rem; padding: .7rem 1rem; }
.figures span { display: block; }
.note { border-inline-start: .3rem solid var(--score); padding-inline-start: .9rem; }
.scroll { overflow-x: auto; border-radius: .4rem; }
figure { margin: 1.4rem 0; }
figure svg { display: block; width: 100%; min-width: 32rem; height: auto; max-width: 46rem; }
figcaption { font-size: .95rem; margin-block-start: .3rem; max-width: 42rem; }
table { border-collapse: collapse; margin: .8rem 0; font-variant-numeric: tabular-nums; font-size: .98rem; }
caption { text-align: start; padding-block: .3rem; }
th, td { text-align: end; padding: .35rem .9rem; border-block-end: 1px solid var(--grid); vertical-align: top; }
th:first-child, td:first-child { text-align: start; padding-inline-start: 0; }
thead th { border-block-end: 2px solid var(--quiet); }
tbody th { font-weight: 500; overflow-wrap: break-word; }
td { white-space: nowrap; }
.facts th, .facts td { text-align: start; white-space: normal; }
:focus-visible { outline: 3px solid var(--score); outline-offset: 2px; }
@media print { h2, h3 { break-after: avoid; } figure, table { break-inside: avoid; } nav { display: none; } }
"""
# Nothing may be loaded and nothing may run, whatever a table's cells hold.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(*, title: str, lead: str, sections: Sequence[tuple[str, str, str]], foot: str) -> str:
    """`sections` are (id, heading, HTML); `title`, `lead`, headings and `foot` are text and escaped here."""
    links = "".join(f'<li><a href="#{name}">{escape(heading)}</a></li>' for name, heading, _ in sections)
    body = "\n".join(
        f'<section aria-labelledby="{name}"><h2 id="{name}">{escape(heading)}</h2>\n{inside}</section>'
        for name, heading, inside in sections
    )
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{escape(title)}</title>
<style>
{_style()}</style>
</head>
<body>
<header>
<h1>{escape(title)}</h1>
<p class="quiet">{escape(lead)}</p>
<nav aria-label="Parts of this report"><ul>{links}</ul></nav>
</header>
<main>
{body}
</main>
<footer><p>{escape(foot)}</p></footer>
</body>
</html>
"""


def _style() -> str:
    return _STYLE.replace("LIGHT", _variables(LIGHT)).replace("DARK", _variables(DARK))


def _variables(colours: Mapping[str, str]) -> str:
    return " ".join(f"{name}: {colour};" for name, colour in colours.items())


def paragraph(text: str, *, kind: str = "") -> str:
    return f"<p{_class(kind)}>{escape(text)}</p>\n"


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def heading(text: str) -> str:
    return f"<h3>{escape(text)}</h3>\n"


def numbers(pairs: Sequence[tuple[str, str]]) -> str:
    """The few numbers to see first: (number, what it is)."""
    items = "".join(
        f'<li><span class="number">{escape(value)}</span><span class="quiet">{escape(name)}</span></li>'
        for value, name in pairs
    )
    return f'<ul class="figures">{items}</ul>\n'


def table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]], *, kind: str = "") -> str:
    """The first column names the row. Wide tables scroll by themselves, also by keyboard. Kind "facts": words."""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in row[1:])}</tr>\n'
        for row in rows
    )
    return (
        f'<div class="scroll" role="region" aria-label="Table: {escape(caption)}" tabindex="0">'
        f"<table{_class(kind)}><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>\n"
    )


def picture(svg: str, *, title: str, caption: str) -> str:
    """`svg` is ready-made by `as_inline_svg`; the caption says what it shows."""
    return (
        f'<figure><div class="scroll" role="region" aria-label="Picture: {escape(title)}" tabindex="0">{svg}</div>'
        f"<figcaption>{escape(caption)}</figcaption></figure>\n"
    )
