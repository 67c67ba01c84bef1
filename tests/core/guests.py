# SPDX-License-Identifier: GPL-2.0-or-later
"""Guest code for the core's tests: assembled with the toolchain's compiler, a flat binary with no operating system."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile

from toolchain.compile import find_compiler

HERE = Path(__file__).parent
BASE = {"aarch64": 0x4008_0000, "x86_64": 0x10_0000}


@dataclass(frozen=True)
class Guest:
    """A flat binary, where it goes, where it starts, and its symbols."""

    arch: str
    base: int
    code: bytes
    entry: int
    symbols: dict[str, int]


def assemble(arch: str, source: Path, folder: Path, **defines: int) -> Guest:
    """Assemble and link `source` at the architecture's load address; results are kept in `folder`."""
    tools = find_compiler()
    text = source.read_bytes()
    name = f"{source.stem}-{hashlib.sha256(text + repr(sorted(defines.items())).encode()).hexdigest()[:12]}"
    elf = folder / f"{arch}-{name}.elf"
    if not elf.exists():
        target = ["-target", f"{arch}-linux-gnu", "-nostdinc", "-c"]
        constants = [f"-Wa,-defsym,{key}={value}" for key, value in defines.items()]
        obj = elf.with_suffix(".o")
        subprocess.run([*tools.clang, *target, *constants, str(source), "-o", str(obj)], check=True)
        layout = ["--image-base=0x10000", f"-Ttext={BASE[arch]:#x}", "-e", "_start", "-n", "--no-rosegment", "--omagic"]
        subprocess.run([*tools.lld, "-static", *layout, str(obj), "-o", str(elf)], check=True)
    with elf.open("rb") as file:
        image = ELFFile(file)
        segments = [s for s in image.iter_segments() if s["p_type"] == "PT_LOAD"]
        end = max(s["p_vaddr"] + s["p_filesz"] for s in segments)
        code = bytearray(end - BASE[arch])
        for s in segments:
            code[s["p_vaddr"] - BASE[arch] : s["p_vaddr"] - BASE[arch] + s["p_filesz"]] = s.data()
        symbols = {s.name: s["st_value"] for s in image.get_section_by_name(".symtab").iter_symbols() if s.name}
        return Guest(arch, BASE[arch], bytes(code), image["e_entry"], symbols)
