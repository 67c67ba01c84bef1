# SPDX-License-Identifier: GPL-2.0-or-later
"""What can be built: architectures with their compiler flags, image recipes (images/*.toml; see images/README.md)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from toolchain.abi import ARCHES
from toolchain.errors import RecipeError

FORMATS = ("elf", "image", "flat")
"""How a kernel is booted: its ELF, the Linux arm64 Image, a raw binary."""

COMMON_FLAGS = (
    "-ffreestanding", "-std=c17", "-O2", "-g", "-Wall", "-Wextra", "-Werror",
    "-fno-stack-protector", "-fno-pic", "-fno-omit-frame-pointer",
    "-fno-asynchronous-unwind-tables", "-fno-unwind-tables",
)  # fmt: skip


@dataclass(frozen=True)
class Arch:
    """One architecture: names and flags that the guest's code needs."""

    name: str
    triple: str
    emulation: str
    board: str
    format: str
    flags: tuple[str, ...]
    kernel_flags: tuple[str, ...]


ARCH = {
    "aarch64": Arch(
        name="aarch64",
        triple="aarch64-linux-gnu",
        emulation="aarch64linux",
        board="virt",
        format="image",
        flags=("-march=armv8-a", "-mno-outline-atomics"),
        kernel_flags=("-mgeneral-regs-only",),
    ),
    "x86_64": Arch(
        name="x86_64",
        triple="x86_64-linux-gnu",
        emulation="elf_x86_64",
        board="pc",
        format="elf",
        flags=("-march=x86-64",),
        kernel_flags=("-mcmodel=kernel", "-mno-red-zone", "-mgeneral-regs-only"),
    ),
}


@dataclass(frozen=True)
class Kernel:
    """Where a kernel's sources are (paths below the source root), how it is linked and booted."""

    sources: str
    script: str
    includes: tuple[str, ...]
    flags: tuple[str, ...]
    symbols: bool
    format: str


@dataclass(frozen=True)
class Node:
    """One entry of the root file system: `kind` is folder, file, symlink or device."""

    path: str
    kind: str
    mode: int
    source: str = ""
    device: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Recipe:
    """One image for one architecture."""

    name: str
    summary: str
    arch: Arch
    board: str
    append: str
    kernel: Kernel
    abi: bool
    library: str
    programs: tuple[tuple[str, str], ...]
    plan: str
    nodes: tuple[Node, ...]
    file: Path

    @property
    def has_rootfs(self) -> bool:
        """Whether there is an initramfs at all: a bare guest has none."""
        return bool(self.programs or self.nodes)


def find_recipe(source_root: Path, name: str) -> Path:
    """The recipe called `name` in images/, or the file of that path when `name` ends in .toml."""
    path = Path(name) if name.endswith(".toml") else source_root / "images" / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(recipe.stem for recipe in (source_root / "images").glob("*.toml"))) or "none"
        raise RecipeError(f"no image recipe '{name}'; there are: {known}")
    return path


def recipe_arches(path: Path) -> list[str]:
    """The architectures that a recipe is for."""
    return _arches(_Table(path, _load(path), ""))


def load_recipe(path: Path, arch: str) -> Recipe:
    """Read a recipe for one architecture. Raises RecipeError, one line naming the file and the key."""
    top = _Table(path, _load(path), "")
    if arch not in _arches(top):
        raise RecipeError(f"{path.name}: not for {arch}; 'arches' lists " + ", ".join(_arches(top)))
    machine = ARCH[arch]
    kernel = top.table("kernel", arch)
    programs = top.table("programs", arch)
    rootfs = top.table("rootfs", arch)
    top.read.update(("arches",))
    recipe = Recipe(
        name=top.text("name", path.stem),
        summary=top.text("summary", ""),
        arch=machine,
        board=top.by_arch("board", arch, machine.board),
        append=top.by_arch("append", arch, ""),
        kernel=Kernel(
            sources=kernel.text("sources"),
            script=kernel.text("script"),
            includes=kernel.texts("includes"),
            flags=kernel.texts("flags"),
            symbols=kernel.flag("symbols"),
            format=kernel.by_arch("format", arch, machine.format),
        ),
        abi=top.flag("abi"),
        library=programs.text("library", ""),
        programs=tuple(sorted(programs.texts_by_name("folders").items())),
        plan=programs.text("plan", ""),
        nodes=_nodes(rootfs, path),
        file=path,
    )
    if not recipe.name.replace("-", "").replace("_", "").isalnum():
        raise RecipeError(f"{path.name}: name: '{recipe.name}' is no name (letters, digits, - and _)")
    if recipe.kernel.format not in FORMATS:
        raise RecipeError(f"{path.name}: kernel.format: '{recipe.kernel.format}' is none of " + ", ".join(FORMATS))
    for table in (top, kernel, programs, rootfs):
        table.check_all_read()
    return recipe


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path.name}: {error}") from error


def _arches(top: _Table) -> list[str]:
    arches = list(top.texts("arches")) or list(ARCHES)
    for arch in arches:
        if arch not in ARCHES:
            raise RecipeError(f"{top.path.name}: arches: '{arch}' is none of " + ", ".join(ARCHES))
    return arches


def _nodes(rootfs: _Table, path: Path) -> tuple[Node, ...]:
    nodes: dict[str, Node] = {}

    def add(node: Node) -> None:
        clean = PurePosixPath(node.path)
        if not clean.is_absolute() or ".." in clean.parts or str(clean) != node.path or node.path == "/":
            raise RecipeError(f"{path.name}: rootfs: '{node.path}' is no absolute path")
        if node.path in nodes:
            raise RecipeError(f"{path.name}: rootfs: '{node.path}' stands there twice")
        nodes[node.path] = node

    for folder in rootfs.texts("folders"):
        add(Node(folder, "folder", 0o1777 if folder == "/tmp" else 0o755))
    for row in rootfs.rows("device"):
        number = (row.integer("major"), row.integer("minor"))
        add(Node(row.text("path"), "device", row.integer("mode", 0o600), device=number))
        row.check_all_read()
    for row in rootfs.rows("file"):
        add(Node(row.text("path"), "file", row.integer("mode", 0o644), source=row.text("source")))
        row.check_all_read()
    for row in rootfs.rows("symlink"):
        add(Node(row.text("path"), "symlink", 0o777, source=row.text("target")))
        row.check_all_read()
    return tuple(nodes.values())


class _Table:
    """A TOML table whose keys are asked for by type; a key that nobody asked for is misspelt, so an error."""

    def __init__(self, path: Path, data: dict[str, Any], where: str, arch: str = "") -> None:
        self.path = path
        self.data = data
        self.where = where
        self.arch = arch
        self.read: set[str] = set()

    def _get(self, key: str, kind: type, default: Any) -> Any:
        self.read.add(key)
        value = self.data.get(key, default)
        if value is None:
            raise RecipeError(f"{self.path.name}: '{self.where}{key}' is missing")
        if type(value) is not kind:
            raise RecipeError(f"{self.path.name}: '{self.where}{key}' must be a {kind.__name__}, not {value!r}")
        return value

    def _fill(self, text: Any, key: str) -> str:
        if not isinstance(text, str):
            raise RecipeError(f"{self.path.name}: '{self.where}{key}' must hold str, not {text!r}")
        return text.replace("{arch}", self.arch)

    def text(self, key: str, default: str | None = None) -> str:
        return self._fill(self._get(key, str, default), key)

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(self._fill(item, key) for item in self._get(key, list, []))

    def texts_by_name(self, key: str) -> dict[str, str]:
        return {name: self._fill(item, key) for name, item in self._get(key, dict, {}).items()}

    def integer(self, key: str, default: int | None = None) -> int:
        return int(self._get(key, int, default))

    def flag(self, key: str) -> bool:
        return bool(self._get(key, bool, False))

    def by_arch(self, key: str, arch: str, default: str) -> str:
        """A string, or a table of strings keyed by architecture."""
        if isinstance(self.data.get(key), dict):
            return self.texts_by_name(key).get(arch, default)
        return self.text(key, default)

    def table(self, key: str, arch: str) -> _Table:
        return _Table(self.path, self._get(key, dict, {}), f"{self.where}{key}.", arch)

    def rows(self, key: str) -> list[_Table]:
        rows = self._get(key, list, [])
        if not all(isinstance(row, dict) for row in rows):
            raise RecipeError(f"{self.path.name}: '{self.where}{key}' must be tables: [[{self.where}{key}]]")
        return [_Table(self.path, row, f"{self.where}{key}.", self.arch) for row in rows]

    def check_all_read(self) -> None:
        for key in self.data:
            if key not in self.read:
                raise RecipeError(f"{self.path.name}: '{self.where}{key}' is no key of a recipe; see images/README.md")
