"""The native module is no larger than what the frame path uses, and its manual names it all."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

from overshoot import _native, framepath


def names_used() -> set[str]:
    used: set[str] = set()
    for module in framepath.__path__:
        for path in Path(module).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                match node:
                    case ast.Attribute(value=ast.Name(id="_native"), attr=name):
                        used.add(name)
                    case _:
                        pass
    return used


def test_every_native_name_is_used_by_the_frame_path() -> None:
    assert names_used() == set(_native.__all__)


def test_the_manual_names_what_the_module_has() -> None:
    spec = find_spec("overshoot.framepath")
    assert spec is not None
    assert spec.origin is not None
    stub = Path(spec.origin).parents[1] / "_native.pyi"
    public = {name for name in dir(_native) if not name.startswith("_")}
    assert public == set(_native.__all__)
    tree = ast.parse(stub.read_text(encoding="utf-8"))
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert defined == public
