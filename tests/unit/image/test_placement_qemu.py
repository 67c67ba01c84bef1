# SPDX-License-Identifier: GPL-2.0-or-later
"""The same files put into RAM by QEMU 7.2: what is where must be what our plan says."""

from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from emu.bits import MIB
from emu.image import boot_pc, boot_virt, pvh
from emu.image.load import LoadPlan, Ram
from tests.unit import samples

MEMORY = ["-m", "512", "-nodefaults", "-display", "none", "-no-reboot", "-qmp", "stdio"]
VIRT = ["qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a72", "-S", *MEMORY]
PC = ["qemu-system-x86_64", "-M", "pc", "-cpu", "max", *MEMORY]
FDT_MAGIC = b"\xd0\x0d\xfe\xed"


class Qemu:
    """A QEMU driven by QMP on its standard input and output (docs/interop/qmp-spec)."""

    def __init__(self, command: list[str]) -> None:
        if shutil.which(command[0]) is None:
            pytest.skip(f"{command[0]} is not installed")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.answer()
        self.execute("qmp_capabilities")

    def answer(self) -> dict[str, object]:
        assert self.process.stdout is not None
        while True:
            line = self.process.stdout.readline()
            assert line, "QEMU ended"
            message: dict[str, object] = json.loads(line)
            if "event" not in message:
                return message

    def execute(self, command: str, **arguments: object) -> object:
        assert self.process.stdin is not None
        print(json.dumps({"execute": command, "arguments": arguments}), file=self.process.stdin, flush=True)
        return self.answer()["return"]

    def monitor(self, line: str) -> str:
        return str(self.execute("human-monitor-command", **{"command-line": line}))

    def memory(self, address: int, size: int) -> bytes:
        text = self.monitor(f"xp /{size}xb {address:#x}")
        return bytes(int(b, 16) for b in re.findall(r"0x([0-9a-f]{2})\b", text))

    def register(self, name: str) -> int:
        found = re.search(rf"\b{name}=([0-9a-f]+)", self.monitor("info registers"))
        assert found is not None
        return int(found[1], 16)

    def __enter__(self) -> Qemu:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


def write(folder: Path, data: bytes, name: str) -> Path:
    (folder / name).write_bytes(data)
    return folder / name


KERNELS: dict[str, tuple[bytes, bool]] = {
    "Image in the first page": (samples.arm64_image(8192, 0), True),
    "Image at an offset": (samples.arm64_image(8192, 0x90000), True),
    "Image with a large bss": (samples.arm64_image(8192, 0, 200 * MIB + 1), True),
    "Image without image_size": (samples.arm64_image(8192, 0x100000, 0), True),
    "flat binary": (b"\x1f\x20\x03\xd5" * 1000, True),
    "ELF with room for a devicetree": (samples.elf([(0x4010_0000, b"\x1f" * 64, 64)], 0x4010_0010), False),
    "ELF without": (samples.elf([(0x400F_F000, b"\x1f" * 64, 64)], 0x400F_F000), False),
    "ELF at a virtual address": (samples.elf([(0x4020_0000, b"\x1f" * 64, 64)], 0xFFFF_0000_4020_0010,
                                             virtual=0xFFFF_0000_0000_0000), False),
}  # fmt: skip


@pytest.mark.parametrize("name", KERNELS)
def test_virt_is_loaded_as_qemu_does(name: str, tmp_path: Path) -> None:
    kernel, linux = KERNELS[name]
    path = write(tmp_path, kernel, "kernel")
    initrd = write(tmp_path, samples.cpio(), "initrd") if linux else None
    plan = boot_virt.plan(path, Ram(0x4000_0000, 512 * MIB), samples.tree, initrd=initrd)
    command = [*VIRT, "-kernel", str(path), *(["-initrd", str(initrd)] if initrd else [])]
    with Qemu(command) as qemu:
        for segment in plan.segments:
            if segment.what != "the devicetree":
                assert qemu.memory(segment.address, 64) == segment.data[:64], segment.what
        at = plan.dtb[0] if plan.dtb else 0x4000_0000
        assert (qemu.memory(at, 4) == FDT_MAGIC) == (plan.dtb is not None)
        if linux:
            # QEMU's start-up code at the base of RAM ends in the values it loads: devicetree, then entry point.
            values = struct.unpack("<QQ", qemu.memory(0x4000_0000 + 24, 16))
            assert values == (plan.registers["x0"], plan.pc)
        else:
            assert (qemu.register("PC"), qemu.register("X00")) == (plan.pc, 0)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "QEMU did not reach the kernel"
        time.sleep(0.1)


def start_info(read: Callable[[int, int], bytes], at: int) -> tuple[object, ...]:
    """What a kernel finds from ebx on: modules, command line, memory map."""
    magic, version, _, modules, modlist, line, _, memmap, entries, _ = struct.unpack("<4I4Q2I", read(at, 56))
    return (
        magic,
        version,
        [struct.unpack("<QQ", read(modlist + 32 * i, 16)) for i in range(modules)],
        read(line, 12),
        [struct.unpack("<QQI", read(memmap + 24 * i, 20)) for i in range(entries)],
    )


def test_pvh_is_loaded_as_qemu_does(tmp_path: Path) -> None:
    kernel, initrd = write(tmp_path, samples.pvh_elf(), "kernel"), write(tmp_path, samples.cpio(), "initrd")
    plan: LoadPlan = boot_pc.plan(kernel, Ram(0, 512 * MIB), initrd=initrd, append="hello world")
    block = next(s for s in plan.segments if s.address == plan.registers["rbx"])

    def ours(address: int, size: int) -> bytes:
        return block.data[address - block.address :][:size]

    with Qemu([*PC, "-kernel", str(kernel), "-initrd", str(initrd), "-append", "hello world"]) as qemu:
        until(lambda: qemu.register("EIP") == plan.pc + 1)  # after the `hlt` that the kernel consists of
        assert start_info(qemu.memory, qemu.register("EBX")) == start_info(ours, block.address)
        assert start_info(ours, block.address)[0] == pvh.MAGIC
        assert plan.initrd is not None
        assert qemu.memory(plan.initrd[0], 64) == initrd.read_bytes()[:64]
