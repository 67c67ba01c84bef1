# SPDX-License-Identifier: GPL-2.0-or-later
"""The C core built another way, by the compiler alone: from changed source text, or with sanitizers.

`Variant.run(code)` runs Python code in a process whose `emu.core._core` is that build.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = Path("emu", "core")
# CMakeLists.txt says why each is needed.
FLAGS = (
    *("-std=gnu17", "-O1", "-g", "-fPIC", "-fvisibility=hidden", "-fno-optimize-sibling-calls", "-fno-strict-aliasing"),
    *("-D_GNU_SOURCE", "-DPy_LIMITED_API=0x030b0000"),
)
SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer")
_CALLS = "open close ctl mem_map_ptr mmio_map hook_add emu_start emu_stop reg_read reg_write strerror".split()
_PRELUDE = """
import importlib.util, sys
sys.path.insert(0, {root!r})
spec = importlib.util.spec_from_file_location("emu.core._core", {module!r})
core = importlib.util.module_from_spec(spec)
spec.loader.exec_module(core)
sys.modules[spec.name] = core
import emu.core
emu.core._core = core
"""


def compiler() -> list[str]:
    """The C compiler's command; skips the test where there is none."""
    command = shlex.split(os.environ.get("CC", "") or "cc")
    try:
        subprocess.run([*command, "--version"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no C compiler")
    return command


@dataclass(frozen=True)
class Variant:
    """A build: the module, and what a process needs to load it."""

    module: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def command(self, code: str) -> list[str]:
        """The command line of a process that runs `code` on this build."""
        return [sys.executable, "-c", self.prelude() + code]

    def prelude(self) -> str:
        """Python code that puts this build in the place of the installed one."""
        return _PRELUDE.format(root=str(ROOT), module=str(self.module))

    def run(self, code: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        """Run Python code on this build; stdin is empty."""
        return subprocess.run(
            self.command(code),
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            env={**os.environ, **self.environment},
            timeout=timeout,
            cwd=ROOT,
        )


class Builder:
    """Compiles into `folder`; objects of unchanged files are shared by the variants of one builder."""

    def __init__(self, folder: Path, flags: Sequence[str] = ()) -> None:
        import unicorn

        self._folder = folder
        self._compiler = compiler()
        self._flags = (*FLAGS, *flags)
        self._link = flags
        self._unicorn = Path(unicorn.__file__).parent
        self._objects: dict[Path, Path] = {}

    def build(self, name: str, changes: Mapping[Path, tuple[str, str]] | None = None) -> Variant:
        """The core with, in each file of `changes` (below emu/core), one piece of text replaced by another.

        Raises AssertionError if a piece is not there exactly once: then the change is out of date.
        """
        changes = changes or {}
        sources = [p for p in sorted((ROOT / CORE).rglob("*.c")) if p.relative_to(ROOT / CORE) != Path("chips/bench.c")]
        home = self._folder / name
        (home / "priv").mkdir(parents=True)
        # A copy: the loader would take a link for the library that Python's unicorn has loaded.
        shutil.copy(self._unicorn / "lib" / "libunicorn.so.2", home / "priv")
        todo: dict[Path, tuple[Path, Path]] = {}
        objects: list[Path] = []
        for source in sources:
            below = source.relative_to(ROOT / CORE)
            target = self._folder / "objects" / below.with_suffix(".o")
            if below in changes:
                old, new = changes[below]
                text = source.read_text(encoding="utf-8")
                assert text.count(old) == 1, f"{below}: {old!r} is there {text.count(old)} times"
                target = home / below.with_suffix(".o")
                changed = home / below
                changed.parent.mkdir(parents=True, exist_ok=True)
                changed.write_text(text.replace(old, new), encoding="utf-8")
                todo[source] = (changed, target)
            elif source not in self._objects:
                todo[source] = (source, target)
                self._objects[source] = target
            objects.append(target)
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            list(pool.map(lambda job: self._compile(job[0], *job[1]), todo.items()))
        module = home / "_core.abi3.so"
        shared = ("-shared", *self._link)
        self._call([*shared, *map(str, objects), str(self._stub()), "-ldl", "-o", str(module)])
        return Variant(module)

    def _compile(self, origin: Path, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        includes = (origin.parent, self._unicorn / "include", sysconfig.get_path("include"))
        self._call(
            [*self._flags, *(word for i in includes for word in ("-I", str(i))), "-c", str(source), "-o", str(target)]
        )

    def _stub(self) -> Path:
        """What the module is linked against: the names of Unicorn, and where the loader finds the private copy."""
        library = self._folder / "libunicorn_stub.so"
        if not library.exists():
            source = self._folder / "stub.c"
            source.write_text("".join(f"void uc_{call}(void);\nvoid uc_{call}(void) {{}}\n" for call in _CALLS))
            name = "-Wl,-soname,$ORIGIN/priv/libunicorn.so.2"
            self._call(["-shared", "-fPIC", name, str(source), "-o", str(library)])
        return library

    def _call(self, words: Sequence[str]) -> None:
        done = subprocess.run([*self._compiler, *words], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def sanitized(folder: Path) -> Variant:
    """The core with AddressSanitizer and UndefinedBehaviorSanitizer; skips where the compiler has none."""
    command = compiler()
    libraries = []
    for library in ("libasan.so", "libubsan.so"):
        found = subprocess.run([*command, f"-print-file-name={library}"], check=False, capture_output=True, text=True)
        path = Path(found.stdout.strip())
        if not path.is_absolute():
            pytest.skip(f"the C compiler has no {library}")
        libraries.append(str(path.resolve()))
    built = Builder(folder, SANITIZE).build("sanitized")
    options = "detect_leaks=0:abort_on_error=0:exitcode=99:allocator_may_return_null=1"
    return Variant(
        built.module,
        {
            "LD_PRELOAD": " ".join(libraries),  # Python itself is not built with them
            "ASAN_OPTIONS": options,
            "UBSAN_OPTIONS": "print_stacktrace=1:exitcode=99",
            "PYTHONMALLOC": "malloc",
        },
    )
