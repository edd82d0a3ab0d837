"""The ground floor stands on NumPy, SciPy and the standard library, and starts at once."""

import ast
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

ANALYSIS = Path(str(files("openrapport.analysis")))
SHIPPED = sorted(path for path in ANALYSIS.rglob("*.py") if "tests" not in path.relative_to(ANALYSIS).parts)
ALLOWED = {"numpy", "scipy", "openrapport", *sys.stdlib_module_names}
# What a part may import on top, inside its functions: whoever calls them has installed the extra.
EXTRA = {
    "population": {"duckdb", "ibis", "psycopg", "py4j", "pyarrow", "pyspark"},
    "plots": {"matplotlib", "PIL"},
}
HEAVY = {"django", "pandas", "polars", *EXTRA["population"], *EXTRA["plots"]}
# Processor seconds of one thread. A busy machine slows a run down but never speeds one up, so the best of a few counts.
MOST_SECONDS = 0.3
TRIES = 12

MEASURE = """
import time; began = time.process_time(); import openrapport.analysis, {modules}
print(time.process_time() - began); import sys; print(*sorted({{name.split(".")[0] for name in sys.modules}}))
"""


def name_of(path: Path) -> str:
    parts = path.relative_to(ANALYSIS).with_suffix("").parts
    return ".".join(("openrapport.analysis", *(part for part in parts if part != "__init__")))


ALL_MODULES = [name_of(path) for path in SHIPPED]
TOP_MODULES = ["openrapport.analysis.catalogue", *(name_of(path) for path in SHIPPED if path.parent == ANALYSIS)]


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> dict[str, str]:
    """One thread, and bytecode that is kept between runs, as wherever the library is installed."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "OPENBLAS_NUM_THREADS": "1", "PYTHONPYCACHEPREFIX": str(tmp_path_factory.mktemp("bytecode"))}


def measured(modules: list[str], environment: dict[str, str]) -> tuple[float, set[str]]:
    program = MEASURE.format(modules=", ".join(modules))
    seconds, loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    ).stdout.splitlines()
    return float(seconds), set(loaded.split())


def test_everything_here_imports_in_under_a_third_of_a_second(environment):
    measured(TOP_MODULES, environment)  # writes the bytecode
    assert any(measured(TOP_MODULES, environment)[0] < MOST_SECONDS for _ in range(TRIES))


def test_the_top_modules_load_nothing_heavy_and_no_web(environment):
    assert measured(TOP_MODULES, environment)[1].isdisjoint(HEAVY | {"scipy"})


def test_the_parts_for_populations_and_pictures_load_what_they_need_only_when_called(environment):
    assert {"openrapport.analysis.population.engines", "openrapport.analysis.plots.style"} <= set(ALL_MODULES)
    assert measured(ALL_MODULES, environment)[1].isdisjoint(HEAVY)


@pytest.mark.parametrize("path", SHIPPED, ids=name_of)
def test_a_file_imports_only_what_its_part_may_stand_on(path):
    allowed = ALLOWED | EXTRA.get(path.relative_to(ANALYSIS).parts[0], set())
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert name.split(".")[0] in allowed, f"{path.name} imports {name}"
            assert not name.startswith("openrapport.") or name.startswith("openrapport.analysis"), name
