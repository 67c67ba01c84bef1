# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeded mutations of every file format that the loader reads, biased to headers.

    for m in mutations(seed=1, count=2000):   # m.kernel, m.initrd, m.dtb, m.board, m.name

Half of the mutations of each format hit a field of a header (with values that tend to break readers: zero, one, the
ends of the range, the file's own size and its neighbours, a flipped bit), the others truncate, extend, overwrite or
duplicate bytes anywhere. The same seed makes the same files on every host.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tests.unit import samples

__all__ = ["FORMATS", "Mutation", "fields", "mutations", "sources"]

Field = tuple[int, int]
"""Offset and size in bytes of a header field."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One set of files to boot, exactly one of them mutated.

    Attributes:
        name: `FORMAT-NUMBER: what was done`.
        board: `virt` or `pc`.
        header: whether the mutation hit a header.
    """

    name: str
    board: str
    kernel: bytes
    initrd: bytes | None
    dtb: bytes | None
    header: bool


def _elf_fields(data: bytes) -> list[Field]:
    phoff = int.from_bytes(data[32:40], "little")
    count = int.from_bytes(data[56:58], "little")
    found = [(4, 1), (5, 1), (6, 1), (16, 2), (18, 2), (20, 4), (24, 8), (32, 8), (40, 8), (52, 2), (54, 2), (56, 2),
             (58, 2), (60, 2), (62, 2)]  # fmt: skip
    for i in range(count):
        found += [(phoff + 56 * i + at, 4 if at < 8 else 8) for at in (0, 4, 8, 16, 24, 32, 40, 48)]
    return found


def _note_fields(data: bytes) -> list[Field]:
    at = data.find(b"Xen\0") - 12
    return [(at, 4), (at + 4, 4), (at + 8, 4), (at + 12, 4), (at + 16, 8)] if at >= 0 else _elf_fields(data)


def _image_fields(data: bytes) -> list[Field]:
    return [(0, 4), (4, 4), (8, 8), (16, 8), (24, 8), (32, 8), (40, 8), (48, 8), (56, 4), (60, 4)]


def _cpio_fields(data: bytes) -> list[Field]:
    heads = [i for i in range(0, min(len(data), 1 << 16), 4) if data[i : i + 6] == b"070701"]
    return [(h + at, 6 if at == 0 else 8) for h in heads for at in (0, *range(6, 110, 8))]


def _dtb_fields(data: bytes) -> list[Field]:
    start = int.from_bytes(data[8:12], "big")
    tokens = [(start + at, 4) for at in range(0, min(len(data) - start, 400), 4)]
    return [(at, 4) for at in range(0, 40, 4)] + tokens


FORMATS: Mapping[str, tuple[str, str, Callable[[bytes], list[Field]]]] = {
    "elf": ("virt", "kernel", _elf_fields),
    "image": ("virt", "kernel", _image_fields),
    "pvh-elf": ("pc", "kernel", _elf_fields),
    "pvh-note": ("pc", "kernel", _note_fields),
    "cpio": ("virt", "initrd", _cpio_fields),
    "dtb": ("virt", "dtb", _dtb_fields),
}
"""Format -> board it boots on, which file of the boot it is, its header fields."""


def sources() -> dict[str, bytes]:
    """A valid file of each format; a caller may put real ones in their place."""
    pvh = samples.pvh_elf()
    return {
        "elf": samples.elf([(0x40200000, b"\x14" * 64, 4096), (0x40300000, b"\1" * 32, 32)], 0x40200000),
        "image": samples.arm64_image(),
        "pvh-elf": pvh,
        "pvh-note": pvh,
        "cpio": samples.cpio(),
        "dtb": samples.dtb(),
    }


def fields(format: str, data: bytes) -> list[Field]:
    """The header fields of a valid file."""
    return FORMATS[format][2](data)


def _value(rng: random.Random, size: int, file_size: int) -> int:
    top = 8 * size
    choice = rng.randrange(6)
    if choice == 0:
        value = rng.choice((0, 1, 2, 3, 4, 7, 8, 0x40, 0xFF, 0xFFF, 0x1000, 0xFFFF))
    elif choice == 1:
        value = (1 << top) - rng.choice((1, 2, 8, 0x1000))
    elif choice == 2:
        value = 1 << rng.randrange(top)
    elif choice == 3:
        value = (1 << rng.randrange(top)) - 1
    elif choice == 4:
        value = file_size + rng.choice((-8, -1, 0, 1, 8))
    else:
        value = rng.getrandbits(top)
    return value & (1 << top) - 1


def _mutate_header(rng: random.Random, format: str, data: bytes) -> tuple[bytes, str]:
    out = bytearray(data)
    done: list[str] = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        at, size = rng.choice(fields(format, data))
        if at + size > len(out):
            continue
        if rng.random() < 0.3:
            bit = rng.randrange(8 * size)
            out[at + bit // 8] ^= 1 << bit % 8
            done.append(f"flip bit {bit} of the field at {at:#x}")
            continue
        value = _value(rng, size, len(data))
        if format == "cpio":
            raw = b"%0*X" % (size, value) if rng.random() < 0.8 else value.to_bytes(size, "little")
            out[at : at + size] = raw[-size:]
        else:
            out[at : at + size] = value.to_bytes(size, "big" if format == "dtb" else "little")
        done.append(f"field at {at:#x} = {value:#x}")
    return bytes(out), ", ".join(done) or "nothing"


def _mutate_body(rng: random.Random, data: bytes) -> tuple[bytes, str]:
    kind = rng.randrange(5)
    at = rng.randrange(len(data))
    if kind == 0:
        return data[:at], f"cut at {at:#x}"
    if kind == 1:
        extra = rng.randbytes(rng.choice((1, 4, 64, 4096)))
        return data + extra, f"{len(extra)} bytes more"
    size = min(rng.choice((1, 2, 4, 8, 64)), len(data) - at)
    if kind == 2:
        return data[:at] + rng.randbytes(size) + data[at + size :], f"{size} random bytes at {at:#x}"
    if kind == 3:
        return data[:at] + data[at + size :], f"{size} bytes removed at {at:#x}"
    return data[: at + size] + data[at : at + size] + data[at + size :], f"{size} bytes doubled at {at:#x}"


def mutations(seed: int, count: int, base: Mapping[str, bytes] | None = None) -> Iterator[Mutation]:
    """`count` boots, the formats in turn.

    Args:
        seed: the same seed makes the same files.
        base: valid files by format, instead of those of `sources`.
    """
    rng = random.Random(seed)
    good = {**sources(), **(base or {})}
    formats = list(FORMATS)
    for number in range(count):
        format = formats[number % len(formats)]
        board, role, _ = FORMATS[format]
        header = number // len(formats) % 2 == 0
        data, what = _mutate_header(rng, format, good[format]) if header else _mutate_body(rng, good[format])
        files: dict[str, bytes | None] = {"initrd": None, "dtb": None}
        kernel = good["image"]
        if role == "kernel":
            kernel = data
        else:
            files[role] = data
        yield Mutation(f"{format}-{number}: {what}", board, kernel, files["initrd"], files["dtb"], header)
