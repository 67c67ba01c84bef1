# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the steps from objects to programs and kernels, and the Python parts of linking: symbol table, flat image."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

from toolchain.compile import Compiler, Objects, Places
from toolchain.elf import Elf
from toolchain.engine import Step
from toolchain.errors import BuildFailed
from toolchain.targets import Recipe

_PAGE = ("-z", "max-page-size=4096")
_GAP_LIMIT = 64 << 20
_TEXT = ("__text_start", "__text_end")

IMAGE_MAGIC = 0x644D5241
"""ARM\\x64, at byte 56 of the Image header (Linux, Documentation/arch/arm64/booting.rst)."""


class Linker:
    """Makes link steps for one image."""

    def __init__(self, compiler: Compiler, recipe: Recipe, places: Places, identity: str) -> None:
        self.compiler = compiler
        self.recipe = recipe
        self.places = places
        self.identity = identity
        self.steps: list[Step] = []

    def archive(self, name: str, members: list[Path]) -> Path:
        """An archive of objects. It is made anew each time: `ar r` would keep members that are gone."""
        output = self.places.work / name
        command = (*self.compiler.ar, "rcsD", "{out}", *map(str, members))
        self.steps.append(Step(f"ar {self._arch} {name}", output, tuple(members), command))
        return output

    def program(self, name: str, objects: list[Path], archive: Path, script: Path | None) -> tuple[Path, Path]:
        """One static program: (with symbols, for the bundle; stripped, for the initramfs)."""
        script_words = ("-T", str(script)) if script else ()
        inputs = (*objects, archive, *((script,) if script else ()))
        outputs = (self.places.bundle / "programs" / name, self.places.work / "stripped" / name)
        for output, strip in zip(outputs, ((), ("-s",)), strict=True):
            command = (
                *self._lld(), "-static", *_PAGE, *strip, *script_words, *map(str, objects), str(archive), "-o", "{out}",
            )  # fmt: skip
            self.steps.append(Step(f"ld {self._arch} {name}{' (stripped)' if strip else ''}", output, inputs, command))
        return outputs

    def kernel(self, objects: list[Path], compile_objects: Objects) -> Path:
        """The kernel's ELF. With `symbols` it is linked twice: the names of pass 1 become a table in pass 2."""
        output = self.places.bundle / f"{self.recipe.name}.elf"
        if not self.recipe.kernel.symbols:
            return self._kernel(output, objects)
        first = self._kernel(self.places.work / "pass1.elf", objects)
        table = self.places.work / "ksyms.S"
        self._python(f"symbols {self._arch}", table, first, write_symbols)
        extra = compile_objects.generated(table)
        return self._kernel(output, [*objects, extra])

    def boot_file(self, elf: Path) -> Path:
        """The file that is booted: the ELF itself, or a flat binary made from it."""
        kind = self.recipe.kernel.format
        if kind == "elf":
            return elf
        output = self.places.bundle / ("Image" if kind == "image" else f"{self.recipe.name}.bin")
        make = write_image if kind == "image" else write_flat
        self._python(f"{kind} {self._arch} {output.name}", output, elf, make)
        return output

    def check_symbols(self, elf: Elf) -> None:
        """Raises BuildFailed when adding the table in pass 2 moved a function, so that the table names wrong ones."""
        if not self.recipe.kernel.symbols:
            return
        first = Elf(self.places.work / "pass1.elf")
        if first.functions(*_TEXT) != elf.functions(*_TEXT):
            raise BuildFailed(f"{elf.path.name}: .ksyms must lie behind all code in {self.recipe.kernel.script}\n")

    def _kernel(self, output: Path, objects: list[Path]) -> Path:
        script = self.places.source / self.recipe.kernel.script
        command = (
            *self._lld(), "-static", "--no-dynamic-linker", "--build-id=sha1", "-z", "noexecstack", *_PAGE,
            "-T", str(script), *map(str, objects), "-o", "{out}",
        )  # fmt: skip
        self.steps.append(Step(f"ld {self._arch} {output.name}", output, (*objects, script), command))
        return output

    def _python(self, label: str, output: Path, elf: Path, make: Callable[[Path, Path], None]) -> None:
        self.steps.append(Step(label, output, (elf,), (label, self.identity), action=lambda part: make(elf, part)))

    def _lld(self) -> tuple[str, ...]:
        return (*self.compiler.lld, "-m", self.recipe.arch.emulation)

    @property
    def _arch(self) -> str:
        return self.recipe.arch.name


def write_symbols(elf_path: Path, output: Path) -> None:
    """The kernel's own symbol table as assembly: functions of its text, ascending, one per address."""
    elf = Elf(elf_path)
    table = elf.functions(*_TEXT)
    low = elf.symbols[_TEXT[0]].value
    names, at = [], 0
    for name in table.values():
        names.append(at)
        at += len(name.encode()) + 1

    def numbers(label: str, values: list[int]) -> str:
        return f"\t.globl {label}\n{label}:\n" + "".join(f"\t.long {value}\n" for value in values)

    text = (
        '\t.section .ksyms, "a", %progbits\n\t.balign 8\n'
        + numbers("ksym_count", [len(table)])
        + numbers("ksym_offsets", [address - low for address in table])
        + numbers("ksym_names", names)
        + "\t.globl ksym_strings\nksym_strings:\n"
        + "".join(f'\t.asciz "{name}"\n' for name in table.values())
        + '\t.section .note.GNU-stack, "", %progbits\n'
    )
    output.write_text(text, encoding="utf-8")


def flat(elf: Elf) -> bytearray:
    """The loaded bytes in the order of physical addresses, from the lowest; gaps are zero, .bss is left out."""
    segments = sorted((part for part in elf.segments if part.data), key=lambda part: part.paddr)
    if not segments:
        raise BuildFailed(f"{elf.path.name}: nothing to load\n")
    base = segments[0].paddr
    out = bytearray()
    for part in segments:
        gap = part.paddr - base - len(out)
        if gap < 0 or gap > _GAP_LIMIT:
            where = f"segment at physical {part.paddr:#x}"
            raise BuildFailed(f"{elf.path.name}: {where} overlaps or lies too far behind the one before\n")
        out += bytes(gap) + part.data
    return out


def write_flat(elf_path: Path, output: Path) -> None:
    """A raw binary of an ELF."""
    output.write_bytes(flat(Elf(elf_path)))


def write_image(elf_path: Path, output: Path) -> None:
    """A Linux arm64 Image. The header is in the kernel's source; an image_size (byte 16) of 0 is filled in."""
    elf = Elf(elf_path)
    data = flat(elf)
    magic = struct.unpack_from("<I", data, 56)[0] if len(data) >= 64 else 0
    if magic != IMAGE_MAGIC:
        raise BuildFailed(f"{elf_path.name}: no arm64 Image header at its start (magic {magic:#x} at byte 56)\n")
    base = min(part.paddr for part in elf.segments if part.data)
    memory = max(part.paddr + part.memsz for part in elf.segments) - base
    (size,) = struct.unpack_from("<Q", data, 16)
    if size == 0:
        struct.pack_into("<Q", data, 16, -(-memory // 4096) * 4096)
    elif size < memory:
        raise BuildFailed(f"{elf_path.name}: image_size in its header is {size:#x}, but it needs {memory:#x}\n")
    output.write_bytes(data)
