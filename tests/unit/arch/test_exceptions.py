# SPDX-License-Identifier: GPL-2.0-or-later
"""Syndromes and vectors in English."""

from __future__ import annotations

import pytest

from emu.arch.aarch64 import exceptions as arm
from emu.arch.aarch64 import sysregs as arm_sysregs
from emu.arch.x86_64 import exceptions as x86
from emu.arch.x86_64 import sysregs as x86_sysregs


@pytest.mark.parametrize(
    ("esr", "far", "text"),
    [
        (0x5600_0000, None, "svc #0x0"),
        (0x5A00_0001, None, "hvc #0x1"),
        (0xF200_0003, None, "brk #0x3"),
        (0x0200_0000, 0x1234, "undefined instruction"),
        (0x9200_0047, 0x1234, "EL0 write at 0x1234: translation fault, level 3"),
        (0x9600_000F, 0x1234, "EL1 read at 0x1234: permission fault, level 3"),
        (0x8200_0009, 0x1000, "EL0 instruction fetch at 0x1000: access flag fault, level 1"),
        (0x8600_0000, 0x1000, "EL1 instruction fetch at 0x1000: address size fault, level 0"),
        (0x9200_0145, 0x40, "EL0 cache maintenance at 0x40: translation fault, level 1"),
        (0x9600_0410, 0x40, "EL1 read: synchronous external abort"),
        (0x6232_C001, None, "trapped mrs x0, CTR_EL0"),
        (0x6238_3440, None, "trapped msr TPIDR_EL1, x2"),
        (0x1FE0_0000, None, "floating-point or SIMD access trapped by CPACR_EL1.FPEN"),
        (0x8A00_0000, 0x1002, "misaligned PC at 0x1002"),
        (0x0600_0001, None, "trapped WFE"),
        (0xD200_0062, 0x80, "watchpoint, write at 0x80"),
        (0xFFFF_FFFF, None, "reserved exception class 0x3f"),
    ],
)  # fmt: skip
def test_a_syndrome_is_a_sentence(esr: int, far: int | None, text: str) -> None:
    assert arm.describe(esr, far) == text


@pytest.mark.parametrize(
    ("kind", "spsr", "offset", "text"),
    [
        (0, 0x0, 0x400, "synchronous, EL0 (AArch64)"),
        (1, 0x5, 0x280, "IRQ, EL1"),
        (3, 0x4, 0x180, "SError, EL1 with SP_EL0"),
        (2, 0x10, 0x700, "FIQ, EL0 (AArch32)"),
    ],
)
def test_the_vector_depends_on_who_was_interrupted(kind: int, spsr: int, offset: int, text: str) -> None:
    assert arm.vector_offset(kind, spsr) == offset
    assert arm.describe_vector(0xFFFF_0000_0000_0800 + offset + 4, 0xFFFF_0000_0000_0800) == text


def test_every_exception_class_and_vector_has_a_sentence() -> None:
    for ec in range(64):
        assert arm.describe(ec << 26 | 1 << 25) and arm.mnemonic(ec << 26)
    for vector in range(0x101):
        assert x86.describe(vector, 0, 0) and x86.mnemonic(vector) and x86.describe_vector(vector)
    assert len(arm.VECTORS) == 16 and arm.is_syscall(0x5600_0000) and not arm.is_syscall(0)


@pytest.mark.parametrize(
    ("vector", "error", "cr2", "text"),
    [
        (0, None, None, "#DE divide error"),
        (3, None, None, "#BP breakpoint"),
        (8, 0, None, "#DF double fault"),
        (13, 0, None, "#GP general protection"),
        (13, 0x62, None, "#GP general protection: IDT entry 0xc"),
        (11, 0x1C, None, "#NP segment not present: LDT entry 0x3"),
        (10, 0x29, None, "#TS invalid TSS: GDT entry 0x5, external event"),
        (14, 0, 0x10, "#PF supervisor read at 0x10: page not present"),
        (14, 7, 0x10, "#PF user write at 0x10: protection violation"),
        (14, 0x15, 0x10, "#PF user instruction fetch at 0x10: protection violation"),
        (14, 9, 0x10, "#PF supervisor read at 0x10: reserved bit set"),
        (0x80, None, None, "interrupt 0x80"),
        (15, None, None, "reserved vector 15"),
        (0x100, None, None, "syscall"),
    ],
)
def test_a_vector_and_its_error_code_are_a_sentence(vector: int, error: int | None, cr2: int | None, text: str) -> None:
    assert x86.describe(vector, error, cr2) == text


def test_system_registers_decode() -> None:
    assert arm_sysregs.SPSR_EL1.text(0x3C5) == "SPSR_EL1=0x3c5 (M=5 EL1h F=1 I=1 A=1 D=1)"
    assert arm_sysregs.ENCODINGS[3, 0, 1, 0, 0].name == "SCTLR_EL1"
    assert arm_sysregs.encoding_name(3, 0, 15, 2, 0) == "S3_0_C15_C2_0"
    assert [arm_sysregs.decode_mair(a) for a in (0xFF, 0x44, 0x04, 0xF4)] == [
        "Normal write-back", "Normal non-cacheable", "Device-nGnRE", "Normal outer write-back, inner non-cacheable",
    ]  # fmt: skip
    assert x86_sysregs.BY_NAME["EFER"].text(0xD01) == "EFER=0xd01 (SCE=1 LME=1 LMA=1 NXE=1)"
    assert x86_sysregs.msr_name(0xC0000082) == "IA32_LSTAR" and x86_sysregs.msr_name(5) == "MSR 0x5"


def test_descriptors_decode() -> None:
    code = x86_sysregs.SegmentDescriptor.unpack(0x00AF_9A00_0000_FFFF)
    assert str(code) == "64-bit code base=0x0 limit=0xffffffff DPL=0"
    tss = x86_sysregs.SegmentDescriptor.unpack(0x8000_8912_3456_0067, 0xFFFF_FFFF)
    assert (tss.base, tss.limit, tss.system, tss.type) == (0xFFFF_FFFF_8012_3456, 0x67, True, 9)
    gate = x86_sysregs.Gate(0x8, 0xFFFF_FFFF_8000_1234, 1, 14, 3, True)
    assert x86_sysregs.Gate.unpack(gate.pack()) == gate
    assert str(gate) == "interrupt gate -> 0x8:0xffffffff80001234 DPL=3 IST=1"
    raw = bytes(4) + (0x1000).to_bytes(8, "little") + bytes(24) + (0x2000).to_bytes(8, "little") + bytes(58) + b"\x68\0"
    tss64 = x86_sysregs.Tss.unpack(raw)
    assert (tss64.rsp0, tss64.ist[0], tss64.io_map_base) == (0x1000, 0x2000, 0x68)
