# SPDX-License-Identifier: GPL-2.0-or-later
"""Puts one image together: all steps from a recipe to the bundle <build root>/<arch>/<name>/ with its manifest.json."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from toolchain import abi_headers
from toolchain.abi import Abi, parse
from toolchain.compile import Compiler, Objects, Places, write_headers
from toolchain.elf import Elf
from toolchain.engine import Step
from toolchain.errors import RecipeError
from toolchain.link import Linker
from toolchain.rootfs import Entry, cpio
from toolchain.targets import Node, Recipe

MANIFEST_FORMAT = 1


def identity() -> str:
    """A hash of this package's own sources: a Python step runs again when the code that it runs has changed."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def image_steps(recipe: Recipe, places: Places, compiler: Compiler, own: str, colour: bool) -> list[Step]:
    """All steps for one image; `own` is `identity()`. Also writes the generated headers, which compile steps read.

    Raises RecipeError for sources that are not there, AbiError for a wrong declaration.
    """
    return _Image(recipe, places, compiler, own, colour).steps()


class _Image:
    def __init__(self, recipe: Recipe, places: Places, compiler: Compiler, own: str, colour: bool) -> None:
        self.recipe = recipe
        self.places = places
        self.own = own
        self.objects = Objects(compiler, recipe, places, colour)
        self.linker = Linker(compiler, recipe, places, own)
        self.extra: list[Step] = []
        self.abi_file = places.source / "guest" / "abi" / "syscalls.abi"

    def steps(self) -> list[Step]:
        recipe, bundle = self.recipe, self.places.bundle
        for what, name in (("sources", recipe.kernel.sources), ("script", recipe.kernel.script)):
            if not (self.places.source / name).exists():
                raise RecipeError(f"{recipe.file.name}: kernel.{what}: there is no {name}")
        abi = parse(self.abi_file) if recipe.abi else None
        if abi is not None:
            write_headers(self.places.gen, abi_headers.headers(abi, recipe.arch.name))
        elf = self.linker.kernel(self.objects.kernel(), self.objects)
        files = [elf, self.linker.boot_file(elf)]
        programs = self.programs()
        files += [full for full, _ in programs.values()]
        initrd = self.initramfs(programs) if recipe.has_rootfs else None
        abi_json = self.abi_json(abi) if abi is not None else None
        files += [path for path in (initrd, abi_json) if path is not None]
        facts = {
            "format": MANIFEST_FORMAT,
            "name": recipe.name,
            "summary": recipe.summary,
            "arch": recipe.arch.name,
            "board": recipe.board,
            "kernel": files[1].name,
            "elf": elf.name,
            "initrd": initrd.name if initrd else None,
            "append": recipe.append,
            "abi": abi_json.name if abi_json else None,
            "programs": {path: str(full.relative_to(bundle)) for path, (full, _) in sorted(programs.items())},
        }
        self.manifest(facts, list(dict.fromkeys(files)))
        return [*self.objects.steps, *self.linker.steps, *self.extra]

    def programs(self) -> dict[str, tuple[Path, Path]]:
        """Path in the image -> (ELF with symbols, stripped ELF)."""
        sources = {
            f"{folder}/{source.stem}": source
            for folder, where in self.recipe.programs
            for source in sorted((self.places.source / where).glob("*.c"))
        }
        if not sources:
            return {}
        start, members = self.objects.library()
        archive = self.linker.archive("libc.a", members)
        script = self.places.source / self.recipe.library / "arch" / self.recipe.arch.name / "user.ld"
        return {
            path: self.linker.program(
                path.lstrip("/"), [*start, self.objects.program(source)], archive, script if script.is_file() else None
            )
            for path, source in sources.items()
        }

    def initramfs(self, programs: dict[str, tuple[Path, Path]]) -> Path:
        nodes = list(self.recipe.nodes)
        for path, (_, stripped) in sorted(programs.items()):
            nodes.append(Node(path, "file", 0o755, source=str(stripped)))
        contents = {node.path: self.places.source / node.source for node in nodes if node.kind == "file"}
        for path, source in contents.items():
            if not source.is_file() and path not in programs:
                raise RecipeError(f"{self.recipe.file.name}: rootfs.file: there is no {source}")

        def entry(node: Node) -> Entry:
            data = contents[node.path].read_bytes() if node.kind == "file" else b""
            data = node.source.encode() if node.kind == "symlink" else data
            return Entry(node.path, node.kind, node.mode, data, node.device)

        def write(part: Path) -> None:
            part.write_bytes(cpio([entry(node) for node in nodes]))

        output = self.places.bundle / "initramfs.cpio"
        self.add("cpio", output, tuple(contents.values()), repr(nodes), write)
        return output

    def abi_json(self, abi: Abi) -> Path:
        output = self.places.bundle / "abi.json"
        self.add("abi", output, (self.abi_file,), "", lambda part: part.write_text(abi_headers.json_text(abi)))
        return output

    def manifest(self, facts: dict[str, Any], files: list[Path]) -> None:
        bundle = self.places.bundle
        plan = self.places.source / self.recipe.plan if self.recipe.plan else None

        def write(part: Path) -> None:
            elf = Elf(bundle / facts["elf"])
            self.linker.check_symbols(elf)
            rows = {str(path.relative_to(bundle)): _file_row(path) for path in sorted(files)}
            tests = read_plan(plan, [path for path in facts["programs"] if path.startswith("/test/")]) if plan else {}
            whole = {**facts, "entry": elf.entry, "build_id": elf.build_id, "files": rows, "tests": tests}
            part.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
            for path in bundle.rglob("*"):
                if path.is_file() and path not in files and path.name != "manifest.json" and path != part:
                    path.unlink()

        inputs = (*files, *((plan,) if plan and plan.is_file() else ()))
        self.add("manifest", bundle / "manifest.json", inputs, json.dumps(facts), write)

    def add(self, what: str, output: Path, inputs: tuple[Path, ...], text: str, action: Any) -> None:
        label = f"{what} {self.recipe.arch.name} {output.name}"
        self.extra.append(Step(label, output, inputs, (what, text, self.own), action))


def _file_row(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}


def read_plan(plan: Path, programs: list[str]) -> dict[str, int]:
    """The checked-in list of test programs, lines `name count`.

    Raises RecipeError unless it names exactly `programs` (paths in the image).
    """
    tests: dict[str, int] = {}
    text = plan.read_text(encoding="utf-8") if plan.is_file() else ""
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        if len(words) != 2 or not words[1].isdecimal() or int(words[1]) == 0 or words[0] in tests:
            raise RecipeError(f"{plan.name}:{number}: expected `name count`, each name once, count at least 1")
        tests[words[0]] = int(words[1])
    names = {path.rsplit("/", 1)[1] for path in programs}
    for name in sorted(names ^ tests.keys()):
        what = f"is in {plan.name} but there is no such program" if name in tests else f"is missing in {plan.name}"
        raise RecipeError(f"test '{name}' {what}")
    return tests
