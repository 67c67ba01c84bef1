# SPDX-License-Identifier: GPL-2.0-or-later
"""Python's own `unicorn` package and the core live in one process, whichever is imported first."""

from __future__ import annotations

import subprocess
import sys

import pytest

STOCK = """
def stock():
    from unicorn import UC_ARCH_ARM64, UC_ARCH_X86, UC_HOOK_BLOCK, UC_MODE_64, UC_MODE_ARM, Uc
    from unicorn.arm64_const import UC_ARM64_REG_X0
    from unicorn.x86_const import UC_X86_REG_RAX, UC_X86_REG_RBX
    blocks = []
    x86 = Uc(UC_ARCH_X86, UC_MODE_64)
    x86.mem_map(0x1000, 0x1000)
    x86.hook_add(UC_HOOK_BLOCK, lambda *a: blocks.append(a[1]))
    x86.mem_write(0x1000, bytes.fromhex("0f31 48ffc3 48ffc3 f4"))  # rdtsc; inc rbx; inc rbx; hlt
    x86.emu_start(0x1000, 0)
    assert x86.reg_read(UC_X86_REG_RBX) == 2 and x86.reg_read(UC_X86_REG_RAX) != 0 and blocks == [0x1000]
    arm = Uc(UC_ARCH_ARM64, UC_MODE_ARM)
    arm.mem_map(0x1000, 0x1000)
    arm.mem_write(0x1000, bytes.fromhex("00040091 00040091 00040091"))  # add x0, x0, #1, three times
    arm.emu_start(0x1000, 0x100C, count=2)
    assert arm.reg_read(UC_ARM64_REG_X0) == 2
"""
OURS = """
def ours():
    from emu.core import _core
    core = _core.Core("aarch64")
    core.ram(0x40000000, 1 << 20)
    core.seal(0)
    core.write_phys(0x40000000, bytes.fromhex("00040091") * 3 + bytes.fromhex("00000014"))
    core.set_reg(0, "pc", (0x40000000).to_bytes(8, "little"))
    assert core.run(1000) == (1, 0) and core.get_reg(0, "x0") == 3 and core.icount() == 1000
    from pathlib import Path
    return {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "libunicorn" in line}
"""


ORDERS = ("stock(); n = ours(); stock(); ours()", "n = ours(); stock(); ours(); stock(); n = ours()")


@pytest.mark.parametrize("order", ORDERS)
def test_both_libraries_work_unaffected(order: str) -> None:
    script = STOCK + OURS + order + "\nassert len(n) == 2, n\n"
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, timeout=60)
