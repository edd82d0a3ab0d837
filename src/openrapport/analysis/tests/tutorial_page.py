"""The tutorial with the outputs that its examples and commands give now.

`python -m openrapport.analysis.tests.tutorial_page` writes the page again; `test_tutorial.py` holds it against itself.
Every ```python block is examples with `>>>`, every ```console block lines with `$ ./openrapport`; all share one folder.
"""

import contextlib
import doctest
import io
import re
import shlex
import tempfile
from pathlib import Path

from openrapport.analysis.plots.tutorial import Picture
from openrapport.commands import main

DOCS = Path(__file__).parents[4] / "docs"
PAGE = DOCS / "analysis" / "tutorial.md"
BLOCK = re.compile(r"^```(python|console)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
IMAGE = re.compile(r"!\[[^\]]*\]\(images/(\w+)\.png\)")


def told(text: str, pictures: dict[str, Picture], *, folder: Path) -> str:
    """The page as it should be: its blocks run in order in `folder`, its pictures described as they are drawn."""
    (folder / "docs").symlink_to(DOCS)
    names: dict[str, object] = {}
    with contextlib.chdir(folder):
        text = BLOCK.sub(lambda block: _python(block[2], names) if block[1] == "python" else _console(block[2]), text)
    return IMAGE.sub(lambda image: f"![{pictures[image[1]].description}](images/{image[1]}.png)", text)


def _python(block: str, names: dict[str, object]) -> str:
    lines = []
    for example in doctest.DocTestParser().get_examples(block):
        first, *rest = example.source.splitlines()
        lines += [f">>> {first}", *(f"... {line}".rstrip() for line in rest)]
        lines += _printed(lambda source=example.source: exec(compile(source, "<page>", "single"), names))  # noqa: S102
    return "\n".join(["```python", *lines, "```"])


def _console(block: str) -> str:
    typed = re.findall(r"^\$ ((?:.*\\\n)*.*)", block, re.MULTILINE)
    lines = []
    for line in typed:
        command, *arguments = shlex.split(line.replace("\\\n", " "))
        assert command == "./openrapport"
        lines += [f"$ {line}", *_printed(lambda arguments=arguments: _run(arguments))]
    return "\n".join(["```console", *lines, "```"])


def _run(arguments: list[str]) -> None:
    assert main(arguments) == 0, arguments


def _printed(work) -> list[str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        work()
    return [line.rstrip() for line in out.getvalue().rstrip().splitlines()]


if __name__ == "__main__":
    from openrapport.analysis.plots.tutorial import pictures

    with tempfile.TemporaryDirectory() as made:
        PAGE.write_text(told(PAGE.read_text(encoding="utf-8"), pictures(), folder=Path(made)), encoding="utf-8")
