"""The ground floor stands on NumPy, SciPy and the standard library, and starts at once."""

import ast
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

ANALYSIS = Path(str(files("openrapport.analysis")))
MODULES = [
    "openrapport.analysis.catalogue",
    *sorted(f"openrapport.analysis.{path.stem}" for path in ANALYSIS.glob("*.py") if path.stem != "__init__"),
]
SHIPPED = sorted(path for path in ANALYSIS.rglob("*.py") if "tests" not in path.relative_to(ANALYSIS).parts)
ONE_THREAD = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
ALLOWED = {"numpy", "scipy", "openrapport", *sys.stdlib_module_names}
# Processor seconds of one thread. A busy machine slows a run down but never speeds one up, so the best of a few counts.
MOST_SECONDS = 0.3
TRIES = 12

MEASURE = """
import time; began = time.process_time(); import openrapport.analysis, {modules}
print(time.process_time() - began); import sys; print(*sorted({{name.split(".")[0] for name in sys.modules}}))
"""


def measured(modules: list[str]) -> tuple[float, set[str]]:
    program = MEASURE.format(modules=", ".join(modules))
    seconds, loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=ONE_THREAD
    ).stdout.splitlines()
    return float(seconds), set(loaded.split())


def test_everything_here_imports_in_under_a_third_of_a_second():
    assert any(measured(MODULES)[0] < MOST_SECONDS for _ in range(TRIES))


def test_nothing_heavy_and_no_web_is_loaded():
    assert measured(MODULES)[1].isdisjoint({"django", "duckdb", "polars", "pandas", "pyarrow", "scipy"})


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_file_imports_only_what_the_ground_floor_stands_on(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert name.split(".")[0] in ALLOWED, f"{path.name} imports {name}"
            assert not name.startswith("openrapport.") or name.startswith("openrapport.analysis"), name
