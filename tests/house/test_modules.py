"""Modules are small, say what they promise, and have names that mean something."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePath

import pytest

LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 50
# Names that say where code was put, not what it is for.
DRAWERS = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
# `noqa: S101 - reason` and `type: ignore[code]  # reason`.
EXCUSE = re.compile(
    r"""(?:noqa:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|type:\s*ignore\[[a-z,\s-]+\])  # a code
        [\s#:\N{EM DASH}-]+\w\S*\s+\w                                            # a reason, of two words at least""",
    re.VERBOSE,
)


def test_no_file_is_longer_than_one_can_hold_in_mind(all_modules):
    lengths = {module.path: len(module.text.splitlines()) for module in all_modules}

    assert {path: lines for path, lines in lengths.items() if lines > LINES_OF_A_FILE} == {}


def test_no_function_is_longer_than_a_screen(all_modules):
    lengths = {
        f"{module.path}:{function.lineno} {function.name}": lines_of(function)
        for module in all_modules
        for function in functions(module.tree)
    }

    assert {name: lines for name, lines in lengths.items() if lines > LINES_OF_A_FUNCTION} == {}


def test_no_module_is_a_drawer_for_everything(all_modules):
    names = {
        module.path: {part.lower() for part in PurePath(module.path).with_suffix("").parts} for module in all_modules
    }

    assert [path for path, parts in names.items() if parts & DRAWERS] == []


def test_everything_public_has_a_docstring(source_modules):
    silent = [
        f"{module.path}:{getattr(node, 'lineno', 1)} {getattr(node, 'name', 'module')}"
        for module in source_modules
        for node in (module.tree, *public(module.tree))
        if not ast.get_docstring(node)
    ]

    assert silent == []


def test_every_excuse_from_a_check_has_a_code_and_a_reason(all_modules):
    bare = [
        f"{module.path}:{line}: {comment}"
        for module in all_modules
        for line, comment in module.comments()
        if is_excuse(comment) and not EXCUSE.search(comment)
    ]

    assert bare == []


@pytest.mark.parametrize(
    ("comment", "accepted"),
    [
        ("# noqa: BLE001 - whatever a provider raises is counted", True),
        ("# noqa: S104, S310  # the user chose it", True),
        ("# noqa: N802 - http.server calls it so", True),
        ("# type: ignore[arg-type]  # the stubs are older", True),
        ("# noqa", False),
        ("# noqa: BLE001", False),
        ("# noqa: BLE001, S104", False),
        ("# type: ignore", False),
        ("# type: ignore[arg-type]", False),
        ("# type: ignore  # the stubs are older", False),
    ],
)
def test_an_excuse_is_known_by_its_code_and_reason(comment, accepted):
    assert is_excuse(comment)
    assert bool(EXCUSE.search(comment)) is accepted


def is_excuse(comment: str) -> bool:
    """Tell whether a comment switches a check off."""
    return re.match(r"#\s*(noqa\b|type:\s*ignore)", comment) is not None


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function from its ``def`` to its end, docstring included."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method, nested ones too."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def public(tree: ast.Module | ast.ClassDef) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield public classes and functions, and the public methods of the classes."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)
