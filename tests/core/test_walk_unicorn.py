# SPDX-License-Identifier: GPL-2.0-or-later
"""The Python page walks against Unicorn's own walkers, called directly in the stock library.

Only the C core may build on Unicorn's private side (emu/core/unicorn_abi.h); this test looks at it from outside, in the
unmodified library of the same version, so that the oracle owes nothing to our own code. Records with UNICORN_DIFFERS
are left out; the generators' modules say why each of those exists.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.core import walkgen, walkgen_aarch64, walkgen_x86_64

unicorn = pytest.importorskip("unicorn")
pytestmark = pytest.mark.skipif(unicorn.__version__ != "2.1.4", reason="private layouts are those of Unicorn 2.1.4")

PAIRS = 200_000  # compared, per architecture

AARCH64_CPU = 0x1B8  # uc_struct.cpu
AARCH64_ENV = 0xA350  # ARMCPU.env
FAULT_TYPE, FAULT_LEVEL = 0, 16  # ARMMMUFaultInfo
FAULT_STATUS = {
    1: 0b001000,
    5: 0b001100,
    6: 0b000100,
    7: 0b000000,
}  # ARMFault_AccessFlag Permission Translation AddressSize
E10_0, E10_1 = 0x10, 0x12  # ARMMMUIdx of EL0 and EL1
X86_ENV = 0x8A50  # X86CPU.env
CR, EFER, HFLAGS, ERROR_CODE = 0x1A8, 0x250, 0xB0, 0x1508  # CPUX86State
EXCEPTION_INDEX = 0x81A0  # CPUState
HF_LMA = 1 << 14
KSMAP, USER, KNOSMAP = 0, 1, 2  # mmu_idx


def library() -> ctypes.CDLL:
    return ctypes.CDLL(str(Path(unicorn.__file__).parent / "lib" / "libunicorn.so.2"))


def records(batch: walkgen.Batch) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], walkgen.Cell]]:
    questions = walkgen.RECORD.iter_unpack(bytes(batch.records))
    return zip(questions, walkgen.RESULT.iter_unpack(bytes(batch.results)), batch.cells, strict=True)


def test_aarch64_agrees_with_unicorns_walker() -> None:
    from unicorn import arm64_const as arm

    uc = unicorn.Uc(unicorn.UC_ARCH_ARM64, unicorn.UC_MODE_ARM)
    uc.ctl_set_page_size(walkgen.PAGE)
    uc.ctl_set_cpu_model(arm.UC_CPU_ARM64_A72)

    def write_register(op0: int, op1: int, crn: int, crm: int, op2: int, value: int) -> None:
        uc.reg_write(arm.UC_ARM64_REG_CP_REG, (crn, crm, op0, op1, op2, value))

    lib = library()
    walk = lib.get_phys_addr_aarch64
    walk.restype = ctypes.c_bool
    walk.argtypes = [ctypes.c_void_p, ctypes.c_uint64, ctypes.c_int, ctypes.c_int, *[ctypes.c_void_p] * 6]
    mapped = False
    compared = 0
    for batch in walkgen.batches(walkgen_aarch64, PAIRS * 8 // 5, seed=1):
        if not mapped:
            uc.mem_map(batch.base, len(batch.before))
            write_register(3, 6, 1, 1, 0, 0x531)  # SCR_EL3: non-secure, EL2 is AArch64
            write_register(3, 4, 1, 1, 0, 1 << 31)  # HCR_EL2: EL1 is AArch64
            uc.reg_write(arm.UC_ARM64_REG_PSTATE, 0x3C5)
            cpu = ctypes.c_void_p.from_address(uc._uch.value + AARCH64_CPU).value
            assert cpu is not None
            env = cpu + AARCH64_ENV
            mapped = True
        uc.mem_write(batch.base, batch.before)
        sctlr, tcr, ttbr0, ttbr1, _, _ = batch.registers
        write_register(3, 0, 2, 0, 2, tcr)
        write_register(3, 0, 2, 0, 0, ttbr0)
        write_register(3, 0, 2, 0, 1, ttbr1)
        write_register(3, 0, 1, 0, 0, sctlr)
        physical, protection, size = ctypes.c_uint64(), ctypes.c_int(), ctypes.c_uint64()
        attributes, info = ctypes.create_string_buffer(64), ctypes.create_string_buffer(64)
        out = [ctypes.addressof(o) for o in (physical, attributes, protection, size, info)]
        for (va, access, privilege, flags, _), (pa, perms, _, fault, ok, *_), cell in records(batch):
            if flags & walkgen.UNICORN_DIFFERS:
                continue
            ctypes.memset(out[4], 0, 64)  # a fault left there would be taken for one on the table walk
            failed = walk(env, va, access, E10_1 if privilege == 1 else E10_0, *out, None)
            if failed:
                kind = ctypes.c_int.from_buffer(info, FAULT_TYPE).value
                level = ctypes.c_int.from_buffer(info, FAULT_LEVEL).value
                theirs: tuple[int, ...] = (0, FAULT_STATUS.get(kind, 0xFF00) | level)
                ours: tuple[int, ...] = (ok, fault)
            else:
                theirs = (1, physical.value & -walkgen.PAGE, protection.value)
                ours = (ok, pa, (perms if privilege != 1 else perms >> 3) & 7)
            assert ours == theirs, f"va {va:#x} access {access} privilege {privilege} {cell}"
            compared += 1
    assert compared >= PAIRS


def test_x86_64_agrees_with_unicorns_walker_and_its_accessed_and_dirty_bits() -> None:
    from unicorn import x86_const as x86

    uc = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_64)
    uc.ctl_set_cpu_model(x86.UC_CPU_X86_EPYC_ROME)
    lib = library()
    lib.qemu_get_cpu_x86_64.restype = ctypes.c_void_p
    lib.qemu_get_cpu_x86_64.argtypes = [ctypes.c_void_p, ctypes.c_int]
    lib.tlb_flush_x86_64.argtypes = [ctypes.c_void_p]
    walk: Any = lib.x86_cpu_tlb_fill_x86_64
    walk.restype = ctypes.c_bool
    walk.argtypes = [ctypes.c_void_p, ctypes.c_uint64, *[ctypes.c_int] * 3, ctypes.c_bool, ctypes.c_void_p]
    cpu = 0
    compared = 0
    for batch in walkgen.batches(walkgen_x86_64, PAIRS * 5 // 4, seed=1):
        if not cpu:
            uc.mem_map(batch.base, len(batch.before))
            cpu = lib.qemu_get_cpu_x86_64(uc._uch, -1)
        uc.mem_write(batch.base, batch.before)
        cr0, cr3, cr4, efer, rflags, _ = batch.registers
        for offset, value in ((CR, cr0), (CR + 24, cr3), (CR + 32, cr4), (EFER, efer)):
            ctypes.c_uint64.from_address(cpu + X86_ENV + offset).value = value
        hidden = ctypes.c_uint32.from_address(cpu + X86_ENV + HFLAGS)
        hidden.value = hidden.value | HF_LMA if efer & 0x400 else hidden.value & ~HF_LMA
        lib.tlb_flush_x86_64(cpu)
        for (va, access, privilege, flags, _), (_, _, _, fault, ok, *_), cell in records(batch):
            smap = cr4 >> 21 & 1 and (privilege == 2 or not rflags >> 18 & 1)
            found = walk(cpu, va, 1, access, USER if privilege == 0 else KSMAP if smap else KNOSMAP, True, None)
            if flags & walkgen.UNICORN_DIFFERS:
                continue  # asked all the same: the accessed bits above the missing table are set by both
            vector = ctypes.c_int32.from_address(cpu + EXCEPTION_INDEX).value
            code = ctypes.c_int32.from_address(cpu + X86_ENV + ERROR_CODE).value
            theirs = (1, 0) if found else (0, code if vector == 14 else 0x8000)
            assert (ok, fault) == theirs, f"va {va:#x} access {access} privilege {privilege} {cell}"
            compared += 1
        assert bytes(uc.mem_read(batch.base, len(batch.after))) == batch.after
    assert compared >= PAIRS
