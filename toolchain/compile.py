# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the compiler and makes the steps that turn sources into objects."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from toolchain.engine import Step, write_whole
from toolchain.errors import CompilerMissing
from toolchain.targets import COMMON_FLAGS, Recipe

ZIGLANG = "0.17.1"
"""The version that is pinned: `zig clang` and its siblings are not a documented interface of zig."""


@dataclass(frozen=True)
class Compiler:
    """The three tools as the start of a command line, and the folder of the compiler's own headers."""

    clang: tuple[str, ...]
    lld: tuple[str, ...]
    ar: tuple[str, ...]
    headers: str
    identity: str


def find_compiler() -> Compiler:
    """ziglang's raw drivers, else clang and lld from PATH. Raises CompilerMissing with the remedy."""
    spec = importlib.util.find_spec("ziglang")
    for folder in spec.submodule_search_locations or () if spec is not None else ():
        zig = Path(folder, "zig.exe" if os.name == "nt" else "zig")
        if zig.is_file():
            return Compiler(
                clang=(str(zig), "clang", "--no-default-config"),
                lld=(str(zig), "ld.lld"),
                ar=(str(zig), "ar"),
                headers=str(Path(folder, "lib", "include")),
                identity=_identity(str(zig)),
            )
    for suffix in ("", *(f"-{version}" for version in range(22, 13, -1))):
        clang, lld, ar = (shutil.which(name + suffix) for name in ("clang", "ld.lld", "llvm-ar"))
        if clang and lld and ar:
            return _system_compiler(clang, lld, ar)
    raise CompilerMissing(f"no compiler for the guest: run `pip install ziglang=={ZIGLANG}` (or install clang and lld)")


def _system_compiler(clang: str, lld: str, ar: str) -> Compiler:
    try:
        answer = subprocess.run([clang, "-print-resource-dir"], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CompilerMissing(f"{clang} does not run ({error}): run `pip install ziglang=={ZIGLANG}`") from error
    return Compiler((clang,), (lld,), (ar,), str(Path(answer.stdout.strip(), "include")), _identity(clang))


def _identity(tool: str) -> str:
    info = os.stat(tool)
    return f"{tool} {info.st_size} {info.st_mtime_ns}"


def version_note() -> str | None:
    """A sentence when another ziglang than the pinned one is installed, else None."""
    from importlib import metadata  # 20 ms, and only a build that did something asks

    try:
        found = metadata.version("ziglang")
    except metadata.PackageNotFoundError:
        return None
    if found == ZIGLANG:
        return None
    return f"note: ziglang {found} is installed, the guest is built and tested with {ZIGLANG}"


@dataclass(frozen=True)
class Places:
    """Folders of one image: `source` root, `work` (objects, generated headers), `bundle` (the result)."""

    source: Path
    work: Path
    bundle: Path

    @property
    def gen(self) -> Path:
        """Generated headers; on the include path."""
        return self.work / "gen"


class Objects:
    """Makes compile steps for one image. The generated headers must be there; depfiles say which object reads which."""

    def __init__(self, compiler: Compiler, recipe: Recipe, places: Places, colour: bool) -> None:
        self.compiler = compiler
        self.recipe = recipe
        self.places = places
        self.transient = ("-fcolor-diagnostics",) if colour else ()
        self.steps: list[Step] = []

    def kernel(self) -> list[Path]:
        """Objects of all kernel sources: every .c and .S below the folder, without the other architectures'."""
        recipe, root = self.recipe, self.places.source / self.recipe.kernel.sources
        others = {other for other in _arch_folders(root) if other.name != recipe.arch.name}
        sources = [
            path for path in sorted(root.rglob("*")) if path.suffix in (".c", ".S") and not others & set(path.parents)
        ]
        includes = [*self._alias("kernel", root / "arch" / recipe.arch.name), *recipe.kernel.includes]
        flags = (*recipe.arch.kernel_flags, *recipe.kernel.flags)
        return [self.object(source, flags, includes) for source in sources]

    def library(self) -> tuple[list[Path], list[Path]]:
        """Objects of the user library: (start files to link first, members of the archive)."""
        root = self.places.source / self.recipe.library
        arch = root / "arch" / self.recipe.arch.name
        sources = sorted(path for path in (*root.glob("*"), *arch.glob("*")) if path.suffix in (".c", ".S"))
        objects = {source: self.object(source, (), self._user_includes()) for source in sources}
        start = [path for source, path in objects.items() if source.name.startswith("crt")]
        return start, [path for path in objects.values() if path not in start]

    def program(self, source: Path) -> Path:
        """The object of one user program."""
        return self.object(source, (), self._user_includes())

    def generated(self, source: Path) -> Path:
        """The object of an assembly file that another step makes in the work folder."""
        return self.object(source, (), [])

    def object(self, source: Path, flags: tuple[str, ...], includes: list[str]) -> Path:
        """One object from one .c or .S. `includes` are searched after the generated headers, before guest/."""
        made = source.is_relative_to(self.places.work)
        root = self.places.work if made else self.places.source
        below = Path("generated" if made else "", source.relative_to(root))
        name = source if made else below
        output = self.places.work / "obj" / below.with_name(below.name + ".o")
        search = [str(self.places.gen), *includes, "guest"]
        command = (
            *self.compiler.clang, "-target", self.recipe.arch.triple, "-nostdinc", "-isystem", self.compiler.headers,
            *COMMON_FLAGS, *self.recipe.arch.flags, *flags, *self._prefix_maps(),
            *(word for folder in search for word in ("-I", folder)),
            "-MD", "-MF", "{dep}", "-c", str(name), "-o", "{out}",
        )  # fmt: skip
        label = f"{'as' if source.suffix == '.S' else 'cc'} {self.recipe.arch.name} {below}"
        self.steps.append(Step(label, output, (source,), command, transient=self.transient))
        return output

    def _user_includes(self) -> list[str]:
        library = Path(self.recipe.library)
        arch = self.places.source / library / "arch" / self.recipe.arch.name
        return [*self._alias("user", arch), str(library / "include")]

    def _alias(self, side: str, target: Path) -> list[str]:
        """An include folder whose only entry `arch` leads to `target`, so that neutral code says <arch/ops.h>."""
        if not target.is_dir():
            return []
        link = self.places.work / "alias" / side / "arch"
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink() or os.readlink(link) != str(target):
            link.unlink(missing_ok=True)
            link.symlink_to(target)
        return [str(link.parent)]

    def _prefix_maps(self) -> list[str]:
        """No path of this machine gets into an object: debug information names files below the source root."""
        arch, alias = self.recipe.arch.name, self.places.work / "alias"
        maps = {
            str(self.places.source): ".",
            str(self.places.work): "generated",
            self.compiler.headers: "compiler",
            str(alias / "kernel" / "arch"): f"{self.recipe.kernel.sources}/arch/{arch}",
            str(alias / "user" / "arch"): f"{self.recipe.library}/arch/{arch}",
        }
        return [f"-ffile-prefix-map={old}={new}" for old, new in maps.items()]


def _arch_folders(root: Path) -> list[Path]:
    return [path for path in root.glob("arch/*") if path.is_dir()]


def write_headers(folder: Path, files: dict[str, str]) -> None:
    """Write the generated headers that changed."""
    for name, text in files.items():
        write_whole(folder / name, text.encode())
