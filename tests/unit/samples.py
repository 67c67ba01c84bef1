# SPDX-License-Identifier: GPL-2.0-or-later
"""Small valid files of every format that `emu.image` reads, made by the tests themselves."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence
from pathlib import Path

from emu.image.devicetree import Node, cells, cells64, emit, strings

AARCH64, X86_64 = 183, 62
PT_LOAD, PT_NOTE = 1, 4


def elf(
    segments: Sequence[tuple[int, bytes, int]],
    entry: int,
    machine: int = AARCH64,
    *,
    virtual: int = 0,
    notes: bytes = b"",
    symbols: Sequence[tuple[str, int, int, int]] = (),
    kind: int = 2,
) -> bytes:
    """An ELF64 executable.

    Args:
        segments: (physical address, content, size in memory); all executable.
        entry: `e_entry`.
        virtual: added to each physical address for the virtual one.
        notes: content of a PT_NOTE segment.
        symbols: (name, value, size, st_info).
    """
    count = len(segments) + bool(notes)
    at = 64 + 56 * count
    headers, body = b"", b""
    for paddr, data, memsz in segments:
        headers += struct.pack("<IIQQQQQQ", PT_LOAD, 7, at + len(body), paddr + virtual, paddr, len(data), memsz, 4096)
        body += data
    if notes:
        headers += struct.pack("<IIQQQQQQ", PT_NOTE, 4, at + len(body), 0, 0, len(notes), len(notes), 4)
        body += notes
    body += bytes(-len(body) % 8)
    sections = b""
    if symbols:
        names, table = b"\0", bytes(24)
        for name, value, size, info in symbols:
            table += struct.pack("<IBBHQQ", len(names), info, 0, 1, value, size)
            names += name.encode() + b"\0"
        first = at + len(body)
        sections = bytes(64)
        sections += struct.pack("<IIQQQQIIQQ", 0, 2, 0, 0, first, len(table), 2, 1, 8, 24)
        sections += struct.pack("<IIQQQQIIQQ", 0, 3, 0, 0, first + len(table), len(names), 0, 0, 1, 0)
        body += table + names
    shoff = at + len(body) if sections else 0
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    head = struct.pack(
        "<16sHHIQQQIHHHHHH", ident, kind, machine, 1, entry, 64, shoff, 0, 64, 56, count, 64, len(sections) // 64, 0
    )
    return head + headers + body + sections


def note(name: bytes, kind: int, desc: bytes) -> bytes:
    """One ELF note, 4-byte aligned."""
    name += b"\0"
    return b"".join(
        (struct.pack("<III", len(name), len(desc), kind), name, bytes(-len(name) % 4), desc, bytes(-len(desc) % 4))
    )


def pvh_elf(entry: int = 0x100000, base: int = 0x100000, size: int = 0x2000) -> bytes:
    """An x86-64 kernel with a PVH note."""
    code = b"\xf4" * 64
    return elf([(base, code, size)], 0xFFFFFFFF80000000 + base, X86_64, virtual=0xFFFFFFFF80000000,
               notes=note(b"Xen", 18, struct.pack("<Q", entry)))  # fmt: skip


def arm64_image(
    size: int = 8192, text_offset: int = 0, image_size: int | None = None, flags: int = 0xA, magic: bytes = b"ARM\x64"
) -> bytes:
    """A Linux arm64 Image whose first instruction branches past the header."""
    claimed = size if image_size is None else image_size
    head = struct.pack("<IIQQQQQQ4sI", 0x14000010, 0, text_offset, claimed, flags, 0, 0, 0, magic, 0)
    return head.ljust(size, b"\x1f")


def cpio(
    files: Sequence[tuple[str, bytes, int]] = (("init", b"#!/bin/sh\n", 0o100755), ("etc", b"", 0o040755)),
) -> bytes:
    """A newc archive with its trailer, padded to 512 bytes."""
    out = b""
    for number, (name, data, mode) in enumerate([*files, ("TRAILER!!!", b"", 0)]):
        raw = name.encode() + b"\0"
        numbers = (number + 1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0)
        out += b"070701" + b"".join(b"%08X" % n for n in numbers) + raw
        out += bytes(-len(out) % 4) + data
        out += bytes(-len(out) % 4)
    return out + bytes(-len(out) % 512)


def tree() -> Node:
    """A small devicetree."""
    root = Node("")
    root["#address-cells"] = cells(2)
    root["#size-cells"] = cells(2)
    root["compatible"] = strings("linux,dummy-virt")
    memory = root.add("memory@40000000")
    memory["device_type"] = strings("memory")
    memory["reg"] = cells64(0x40000000, 1 << 27)
    uart = root.add("pl011@9000000")
    uart["compatible"] = strings("arm,pl011", "arm,primecell")
    uart["reg"] = cells64(0x9000000, 0x1000)
    root.add("chosen")["stdout-path"] = strings("/pl011@9000000")
    return root


def dtb() -> bytes:
    """The same as a blob."""
    return emit(tree())


def bundle(folder: Path, **changes: object) -> Path:
    """A bundle folder with a kernel, an ELF and an initramfs; `changes` go into its manifest."""
    files = {
        "Image": arm64_image(),
        "hatch.elf": elf([(0x40200000, b"\x1f" * 64, 64)], 0x40200000, symbols=[("_start", 0x40200000, 64, 0x12)]),
        "initramfs.cpio": cpio(),
        "abi.json": b"{}",
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    manifest: dict[str, object] = {
        "format": 1, "name": "hatch", "arch": "aarch64", "board": "virt", "kernel": "Image", "elf": "hatch.elf",
        "initrd": "initramfs.cpio", "append": "quiet", "abi": "abi.json",
        "files": {n: {"sha256": hashlib.sha256(d).hexdigest(), "size": len(d)} for n, d in files.items()},
        "programs": {"/bin/sh": "programs/sh"}, "tests": {"fork": 7},
    }  # fmt: skip
    manifest.update(changes)
    (folder / "manifest.json").write_text(json.dumps({k: v for k, v in manifest.items() if v is not None}))
    return folder
