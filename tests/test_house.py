"""The house's rules, read from the code itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = ["crawler", "index", "serve", "cli"]
DOORS = {
    "httpx": ("crawler/client.py",),
    "tenacity": ("crawler/client.py",),
    "selectolax": ("crawler/pages.py",),
    "zstandard": ("crawler/compression.py",),
    "sqlite3": ("crawler/database.py", "crawler/salvage.py", "crawler/verify.py", "serve/state.py", "cli.py"),
    "whoosh": ("index/engines/whoosh.py",),
    "tantivy": ("index/engines/tantivy/",),
    "opensearchpy": ("index/engines/opensearch/cluster.py",),
    "lark": ("index/query/grammar.py", "index/query/interpret.py"),
    "Stemmer": ("index/analysis.py",),
    "click": ("cli.py", "serve/commands/"),
    "rich": ("serve/terminal.py",),
    "uvicorn": ("serve/server.py",),
    "jinja2": ("serve/pages.py",),
}
SOURCES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "cli.py", *(p for floor in FLOORS[:3] for p in (ROOT / floor).rglob("*.py")))
)


def tree(name: str) -> ast.Module:
    return ast.parse((ROOT / name).read_text(encoding="utf-8"))


def imported(name: str) -> Iterator[str]:
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize("name", SOURCES)
def test_imports_go_one_way(name: str) -> None:
    floor = FLOORS.index(name.split("/", maxsplit=1)[0].removesuffix(".py"))
    assert set(imported(name)).isdisjoint(FLOORS[floor + 1 :])


@pytest.mark.parametrize("name", SOURCES)
def test_each_library_has_one_door(name: str) -> None:
    for library in set(imported(name)) & DOORS.keys():
        assert name.startswith(DOORS[library]), f"{library} belongs to {DOORS[library]}"


@pytest.mark.parametrize("name", SOURCES)
def test_files_and_functions_keep_their_size(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name


@pytest.mark.parametrize("name", [name for name in SOURCES if not name.startswith(("serve/commands/", "cli.py"))])
def test_nothing_below_the_edges_prints(name: str) -> None:
    calls = {
        node.func.id for node in ast.walk(tree(name)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert "print" not in calls


def test_the_lock_pins_every_package_with_a_hash_and_names_no_index() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(entries) > 20
    assert all("==" in line and line.rstrip().endswith("\\") for line in entries)
    assert "http" not in lock.replace("httpx", "").replace("httpcore", "")
