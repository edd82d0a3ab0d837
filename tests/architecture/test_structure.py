"""The house stays as it is drawn: what points where, who may write, and what a template may hold."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import Field

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "openrapport"
LONGEST_FILE = 320  # about 300; a file that grows past this wants to be two

WRITES = {"save", "create", "bulk_create", "get_or_create", "update_or_create", "bulk_update", "delete"}
# Writes without an actor, and why each may be.
NO_ACTOR = {
    "audit.hash_of": "reads only",
    "checkins.issue_kiosk_code": "called inside a deed that has its actor",
    "checkins.issue_link": "called inside a deed that has its actor",
    "audit.parts_of": "the line names who acted",
    "checkins.note_pass_opened": "the person behind a link is not known before they answer",
    "checkins.revoke_passes": "part of moving a relationship",
    "notices.cancel_notices": "the outbox follows deeds that have their actor",
    "notices.cancel_notices_to": "the outbox follows deeds that have their actor",
    "notices.forget_spent_codes": "what ran out is swept away; it says nothing about anybody",
    "notices.queue_code": "the outbox follows deeds that have their actor; whoever signs in is not known yet",
    "notices.readdress_notices": "the outbox follows deeds that have their actor",
    "notices.queue_mail": "the outbox follows deeds that have their actor",
    "notices.queue_notice": "the outbox follows deeds that have their actor",
    "people.change_email": "audited by the workflow that changes an address",
    "people.change_profile": "audited by the workflow of the profile page",
    "people.create_user": "nobody is there yet; the roles that follow are audited",
    "people.deactivate_user": "audited by the workflow that closes the account",
    "people.end_every_sign_in": "audited by the workflow that resets a second factor",
    "people.reactivate_user": "audited by the workflow that opens the account again",
    "relationships.lock_relationship": "changes nothing",
}


def python_files(*, tests: bool = False) -> list[Path]:
    found = [path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts]
    return sorted(path for path in found if tests or "tests" not in path.parts)


def templates() -> list[Path]:
    return sorted(PACKAGE.rglob("templates/**/*.html"))


def floors() -> dict[str, int]:
    """Package name to floor, the ground floor being 0, as the import contract has them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contract = next(c for c in settings["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    return {
        name.strip(): height for height, layer in enumerate(reversed(contract["layers"])) for name in layer.split("|")
    }


def relations() -> list[tuple[str, str, str]]:
    """(field, its package, the package it points to) for every relation between our own tables."""
    found = []
    for model in apps.get_models():
        for field in model._meta.get_fields():
            target = field.related_model
            if not isinstance(field, Field) or target is None or isinstance(target, str):
                continue
            own, other = _package(model.__module__), _package(target.__module__)
            if own and other:
                found.append((str(field), own, other))
    return found


def _package(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "openrapport" else None


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Every call of an attribute, with the attribute's name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node, node.func.attr


def place(path: Path, node: ast.AST | None = None) -> str:
    line = f":{node.lineno}" if isinstance(node, ast.expr | ast.stmt) else ""
    return f"{path.relative_to(ROOT)}{line}"


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_relations_between_tables_point_downward():
    height = floors()
    found = relations()
    assert len(found) > 20
    assert [name for name, own, other in found if own != other and height[other] >= height[own]] == []


def test_pages_never_write_by_themselves():
    assert [
        place(path, call)
        for path in python_files()
        if path.is_relative_to(PACKAGE / "web")
        for call, name in calls(parsed(path))
        if name in WRITES
        or (name in {"update", "aupdate"} and re.search(r"\.(objects|filter)\b", ast.unparse(call.func)))
    ] == []


def public_functions(path: Path) -> list[ast.FunctionDef]:
    return [n for n in parsed(path).body if isinstance(n, ast.FunctionDef) and not n.name.startswith("_")]


def actions() -> dict[str, ast.FunctionDef]:
    return {
        f"{path.parent.name}.{function.name}": function
        for path in PACKAGE.glob("*/actions.py")
        for function in public_functions(path)
    }


def test_every_write_names_its_actor_or_stands_in_the_reviewed_list():
    without = {
        name
        for name, function in actions().items()
        if not {"actor"} & {argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)}
    }
    assert without - NO_ACTOR.keys() == set()


def test_the_reviewed_list_holds_nothing_that_is_gone():
    assert NO_ACTOR.keys() - actions().keys() == set()


def test_every_workflow_that_writes_takes_an_actor_or_knows_who_acts():
    writers = [
        (path, function)
        for path in (PACKAGE / "workflows").glob("*.py")
        for function in public_functions(path)
        if any("atomic" in ast.unparse(decorator) for decorator in function.decorator_list)
    ]
    assert len(writers) > 3
    assert [
        place(path, function) for path, function in writers if not re.search(r"\bactor\b", ast.unparse(function))
    ] == []


def test_a_row_is_saved_by_the_fields_that_changed():
    assert [
        place(path, call)
        for path in python_files()
        if not path.is_relative_to(PACKAGE / "analysis")  # no rows there: a picture is saved whole
        for call, name in calls(parsed(path))
        if name == "save" and not {k.arg for k in call.keywords} & {"update_fields", "force_insert"}
    ] == []


def test_no_file_grows_for_ever():
    long = {place(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files()}
    assert {path: lines for path, lines in long.items() if lines > LONGEST_FILE} == {}


def test_no_file_is_a_drawer_for_everything():
    drawers = {"utils", "helpers", "services", "misc", "common", "tools"}
    assert [place(path) for path in PACKAGE.rglob("*") if path.stem in drawers] == []


def test_only_the_design_system_may_call_a_text_safe():
    allowed = PACKAGE / "web" / "components"
    files = [*python_files(), *templates()]
    assert [
        place(path)
        for path in files
        if not path.is_relative_to(allowed)
        and re.search(r"\|\s*safe\b|mark_safe|autoescape off|SafeString\(", path.read_text(encoding="utf-8"))
    ] == []


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("script between tags", r"<script(?![^>]*\bsrc=)"),
        ("style between tags", r"<style\b"),
        ("style on an element", r"\sstyle\s*="),
        ("an event on an element", r"\son[a-z]+\s*="),
        ("htmx's own events", r"\bhx-on\b"),
        ("a script's address", r"\bjavascript:"),
    ],
)
def test_templates_hold_no(what: str, pattern: str):
    found = [place(path) for path in templates() if re.search(pattern, path.read_text(encoding="utf-8"), re.IGNORECASE)]
    assert found == [], what


def test_templates_fetch_nothing_from_elsewhere():
    elsewhere = re.compile(r"""<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)\s*=\s*["'](?:https?:)?//""")
    assert [place(path) for path in templates() if elsewhere.search(path.read_text(encoding="utf-8"))] == []


def test_nothing_names_the_machine_it_was_written_on():
    a_home = re.compile(r"(?<![\w./}])/(?:root|Users|work)/[\w.]")
    kinds = {".py", ".html", ".md", ".toml", ".css", ".js", ".sh", ".po", ".yml", ".yaml", ".txt", ""}
    hidden = {".git", ".venv", ".uv", ".hypothesis", "node_modules", "var", "screenshots"}
    files = [
        path
        for path in ROOT.rglob("*")
        if path.suffix in kinds
        and path.is_file()
        and not hidden & set(path.parts)
        and not any(part.endswith("_cache") for part in path.parts)
    ]
    assert [place(path) for path in files if a_home.search(path.read_text(encoding="utf-8", errors="ignore"))] == []
