# SPDX-License-Identifier: GPL-2.0-or-later
"""The shape of the project: layers, twins, exports, sizes, licence lines, the README's commands."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("emu", "guest", "images", "tests", "toolchain")  # a virtual environment may lie beside them
CODE = (".py", ".pyi", ".c", ".h", ".S", ".inc")
LAYERS = ["errors", "bits", "arch", "image", "core", "wires", "devices", "machine", "tools", "cli"]
TOP = {"__init__", "__main__"}  # the public face may name anything
TOOLS = {"trace", "debug", "testing", "fuzz"}
FOUND = {p.name for p in (ROOT / "emu").iterdir()}
REGISTERS_BELONG_TO = ("emu.arch.", "emu.machine.boards.", "emu.image.boot_", "emu.image.load", "emu.debug.arch.")
TWINS = ["emu/arch", "emu/core/arch", "guest/kernel/arch", "guest/user/lib/arch"]
LONGEST = {"guest": 450, "emu/core": 520, "emu": 420, "toolchain": 420, "tests": 420}
LONGER = {
    "emu/core/module.c": "one table of methods, nothing to tell apart",
    "emu/core/chips/apic.c": "one chip",
    "guest/abi/syscalls.abi": "data",
    "guest/user/bin/sh.c": "one program",
}
"""Files that may be longer than their folder's limit, with the reason."""


@cache
def sources() -> list[Path]:
    """Every file under version control or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("needs a git checkout")
    names = [line for line in listed.stdout.splitlines() if "/" not in line or line.split("/")[0] in OURS]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def modules(package: str) -> Iterator[tuple[str, Path]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        yield ".".join(path.relative_to(ROOT).with_suffix("").parts), path


def imports(name: str, path: Path) -> Iterator[str]:
    """Absolute names of what a module imports, at its top or inside."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    package = [p for p in package if p != "__init__"]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = f"{base}.{node.module}".strip(".") if node.module else base
            yield module
            yield from (f"{module}.{a.name}" for a in node.names)


def level(layer: str) -> int:
    """Its place in the order; an unknown layer is an error of whoever made it."""
    return LAYERS.index("tools" if layer in TOOLS else layer)


def test_imports_point_down_only() -> None:
    wrong = []
    for name, path in modules("emu"):
        layer = name.split(".")[1]
        if layer in TOP:
            continue
        for used in imports(name, path):
            parts = used.split(".")
            if parts[0] == "toolchain":
                wrong.append(f"{name} imports {used}")
            if parts[0] != "emu" or len(parts) < 2 or not {parts[1], parts[1] + ".py"} & FOUND:
                continue  # somebody else's, or a name of emu/__init__.py
            if level(parts[1]) > level(layer) or (parts[1] in TOOLS and layer in TOOLS - {parts[1]}):
                wrong.append(f"{name} imports {used}")
    assert wrong == []


def test_the_toolchain_does_not_import_the_emulator() -> None:
    wrong = [f"{n} imports {u}" for n, p in modules("toolchain") for u in imports(n, p) if u.split(".")[0] == "emu"]
    assert wrong == []


@pytest.mark.parametrize("folder", TWINS)
def test_the_architectures_are_twins(folder: str) -> None:
    if not (ROOT / folder).is_dir():
        pytest.skip(f"no {folder}")
    names = [{p.name for p in (ROOT / folder / arch).iterdir() if p.is_file()} for arch in ("aarch64", "x86_64")]
    assert names[0] == names[1]


def test_neutral_python_names_no_registers() -> None:
    """Registers belong to arch/ and to the boards."""
    word = re.compile(
        r"""["'](x\d+|r[a-d]x|e[a-d]x|r[sd]i|cr[0-4]|ttbr[01]_el1|sctlr_el1|esr_el1|elr_el1|cs_base)["']"""
    )
    wrong = []
    for name, path in modules("emu"):
        if name.startswith(REGISTERS_BELONG_TO):
            continue
        code = path.read_text()
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and word.fullmatch(node.value):
                wrong.append(f"{name}: {node.value}")
    assert wrong == []


@pytest.mark.parametrize("package", ["emu", "toolchain"])
def test_exports_are_exact(package: str) -> None:
    """`__all__` names what there is, and a module's public definitions are in it."""
    wrong = []
    for name, path in modules(package):
        tree = ast.parse(path.read_text())
        listed = next(
            (
                [ast.literal_eval(e) for e in node.value.elts]
                for node in tree.body
                if isinstance(node, ast.Assign)
                and isinstance(node.targets[0], ast.Name)
                and node.targets[0].id == "__all__"
                and isinstance(node.value, ast.List)
            ),
            None,
        )
        if listed is None:
            continue
        if len(listed) != len(set(listed)):
            wrong.append(f"{name}: a name twice in __all__")
        module = importlib.import_module(name.removesuffix(".__init__"))
        wrong += [f"{name}: no {missing}" for missing in listed if not hasattr(module, missing)]
    assert wrong == []


def test_files_are_short() -> None:
    wrong = []
    for path in sources():
        name = path.relative_to(ROOT).as_posix()
        if path.suffix not in (*CODE, ".abi"):
            continue
        limit = next((n for folder, n in LONGEST.items() if name.startswith(folder + "/")), 420)
        lines = path.read_bytes().count(b"\n")
        if lines > limit and name not in LONGER:
            wrong.append(f"{name}: {lines} lines, at most {limit}")
    assert wrong == []


def test_every_source_names_its_licence() -> None:
    wrong = []
    for path in sources():
        if (
            path.suffix not in (".py", ".pyi", ".c", ".h", ".S", ".inc", ".ld", ".toml", ".abi")
            or not path.stat().st_size
        ):
            continue
        head = path.read_text(errors="replace").splitlines()[:2]
        if not any("SPDX-License-Identifier: GPL-2.0-or-later" in line for line in head):
            wrong.append(str(path.relative_to(ROOT)))
    assert wrong == []


def test_nothing_is_left_to_do() -> None:
    mark = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
    wrong = [
        f"{path.relative_to(ROOT)}:{n}"
        for path in sources()
        if path.suffix in (*CODE, ".ld", ".md", ".toml")
        for n, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if mark.search(line)
    ]
    assert wrong == []


def test_the_readme_has_exactly_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text()
    commands = re.findall(r"^    (pip install .*)$", text, re.MULTILINE)
    assert commands == ["pip install -e '.[guest]' && emu run", "pip install -e '.[guest,test]' && pytest"]
    assert "python3 -m venv" in text
    ci = (ROOT / ".ci/run").read_text()
    assert commands[1] in ci


def test_the_readmes_map_names_folders_that_exist() -> None:
    for readme in ("README.md", "emu/README.md"):
        for name in re.findall(r"^\| `([\w/.]+)`", (ROOT / readme).read_text(), re.MULTILINE):
            base = ROOT if readme == "README.md" else ROOT / "emu"
            assert (base / name).exists(), f"{readme}: {name}"
