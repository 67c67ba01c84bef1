# SPDX-License-Identifier: GPL-2.0-or-later
"""Exception entry and return on AArch64.

Source: Arm ARM (DDI 0487) D1.3 (exception entry, vectors, what is saved), D1.3.4 (return), C5.2 (PSTATE, SPSR), D17.2
(ESR_EL1, FAR_EL1, VBAR_EL1); GICv2 architecture (IHI 0048B) 4.4.8 "GICC_HPPIR".
"""

from __future__ import annotations

from emu.arch.aarch64 import exceptions, sysregs
from emu.arch.walk import Access, Privilege
from emu.bits import Reg
from emu.debug.cards import Card, Fact, Moment, Registers, State, bit_changes
from emu.wires.events import Event, Kind

__all__ = ["HIDDEN", "completes", "disassembler", "entry", "interrupted", "is_fault", "returned", "shadows", "state"]

HIDDEN = frozenset({"pc"})
SPSEL, MODE_EL, NRW = 1, 0xC, 0x10
INTID_NONE = 1020  # and above: nothing is pending
GIC, CPU_INTERFACE, GICC_HPPIR = "gic", 1, 0x18
TIMERS = {26: "EL2 physical timer", 27: "virtual timer", 29: "secure physical timer", 30: "physical timer"}
_ISS_DATA = Reg(
    "ISS", 25, "DFSC 5:0", "WnR 6", "S1PTW 7", "CM 8", "EA 9", "FnV 10", "AR 14", "SF 15", "SRT 20:16", "SSE 21",
    "SAS 23:22", "ISV 24",
)  # fmt: skip
_ISS_FETCH = Reg("ISS", 25, "IFSC 5:0", "S1PTW 7", "EA 9", "FnV 10")
_KINDS = ("synchronous", "IRQ", "FIQ", "SError")
_FAULTS = frozenset({0x20, 0x21, 0x24, 0x25})
_FETCHES = frozenset({0x20, 0x21})
_TRAPS = frozenset({0x15, 0x16, 0x17, 0x11})  # the preferred return address is that of the next instruction


def _level(pstate: int) -> int:
    return pstate >> 2 & 3


def _pstate(value: int) -> str:
    """PSTATE by its fields; the mode is said even where it is 0."""
    text = sysregs.PSTATE.fields_text(value)
    return text if value & 0x1F else f"{sysregs.PSTATE['M'].text(0)} {text}".rstrip()


def state(registers: Registers) -> State:
    """Where the CPU stands: exception level, PSTATE, the stack pointer that SPSel selects."""
    p = registers.pstate
    level = _level(p)
    name = f"SP_EL{level if p & SPSEL else 0}"
    return State(f"EL{level}", registers.pc, registers.sp, name, p, "PSTATE", _pstate(p))


def shadows(registers: Registers) -> frozenset[str]:
    """The bank that `sp` stands for."""
    p = registers.pstate
    return frozenset({"sp_el1" if _level(p) and p & SPSEL else "sp_el0"})


def disassembler(registers: Registers) -> str:
    """A64, or A32 where PSTATE.nRW says so."""
    return "arm" if registers.pstate & NRW else "aarch64"


def completes(event: Event, code: bytes) -> bool:
    """SVC, HVC and SMC; all else is taken at the instruction that follows."""
    return event.kind == Kind.EXCEPTION and event.code in _TRAPS


def interrupted(moment: Moment) -> Registers:
    """Undo the entry: PC and PSTATE are saved, the other bank of SP is still there."""
    event, before, after = moment.event, moment.before, moment.after
    sp = after.sp_el1 if event.c & MODE_EL and event.c & SPSEL else after.sp_el0
    return after.but(
        pc=event.pc,
        pstate=event.c,
        sp=sp,
        elr_el1=before.elr_el1,
        spsr_el1=before.spsr_el1,
        esr_el1=before.esr_el1,
        far_el1=before.far_el1,
    )


def is_fault(event: Event) -> bool:
    """Data and instruction aborts."""
    return event.code in _FAULTS


def _syndrome(esr: int) -> Fact:
    ec, iss = esr >> 26 & 0x3F, esr & 0x1FFFFFF
    meaning = exceptions.CLASSES.get(ec, ("", "reserved"))[1]
    text = f"EC={ec:#x} {exceptions.mnemonic(esr)}, {meaning}; IL={esr >> 25 & 1}"
    if ec in _FAULTS:
        layout = _ISS_FETCH if ec in _FETCHES else _ISS_DATA
        status = exceptions.FAULT_STATUS.get(iss & 0x3F, "reserved")
        text += f"; ISS={iss:#x}: {layout.fields_text(iss)} ({status})"
    else:
        text += f"; ISS={iss:#x}"
    return Fact("ESR_EL1", esr, text)


def _source(moment: Moment) -> Fact:
    """Which interrupt: the highest pending one of the GIC's CPU interface, which reading does not acknowledge."""
    intid = moment.probe(GIC, CPU_INTERFACE, GICC_HPPIR) & 0x3FF
    if intid >= INTID_NONE:
        return Fact("GICC_HPPIR", intid, "no interrupt is pending any more: reading GICC_IAR will give a spurious one")
    if intid < 16:
        what = "software generated interrupt"
    elif intid < 32:
        what = TIMERS.get(intid, f"private peripheral interrupt {intid - 16}")
    else:
        irq = f"SPI {intid - 32}"
        what = next((f"{r.name}, {irq}" for r in moment.machine.board.present() if irq in r.irqs), irq)
    return Fact("GICC_HPPIR", intid, f"INTID {intid}: {what}; GICC_IAR acknowledges it")


def entry(moment: Moment) -> Card:
    """An exception taken to EL1."""
    event, before, after = moment.event, moment.before, moment.after
    spsr, esr = event.c, event.a
    old, new = state(before), state(after)
    if moment.interrupt:
        kind = 2 if event.code else 1
        name = _KINDS[kind]
        source = _source(moment) if kind == 1 else Fact(name, None, "fast interrupt")
        title, cause = f"{name}: {source.text.partition(';')[0]}", [source]
    else:
        kind, name = 0, exceptions.mnemonic(esr)
        title, cause = f"{name}: {exceptions.describe(esr, event.b)}", [_syndrome(esr)]
        if exceptions.fault_address_valid(esr):
            cause.append(Fact("FAR_EL1", after.far_el1, "the virtual address that faulted"))
        if exceptions.is_syscall(esr):
            cause += moment.syscall()
            title += f", system call {moment.call(event.d)[0]}"
    card = Card("entry", name, title, event.icount, old, new, cause)
    if not moment.interrupt and event.code in _FAULTS:
        access = Access.FETCH if event.code in _FETCHES else Access.WRITE if esr >> 6 & 1 else Access.READ
        # LDTR and STTR at EL1 have EL0's rights, and the syndrome does not tell them from other loads and stores.
        privileges = (Privilege.KERNEL, Privilege.OTHER) if event.code & 1 else (Privilege.USER,)
        card.walk = moment.walk(after.far_el1, access, privileges, esr & 0x3F)
    card.changes = bit_changes(sysregs.PSTATE, spsr, after.pstate)
    offset = event.target - after.vbar_el1
    card.vector = [
        Fact("VBAR_EL1", after.vbar_el1, "base of the vector table"),
        Fact("offset", offset, exceptions.VECTORS.get(offset, "no vector")),
    ]
    if spsr & NRW:
        where = "from a lower exception level in AArch32: slots from 0x600"
    elif not spsr & MODE_EL:
        where = "from a lower exception level (EL0, AArch64): slots from 0x400"
    elif spsr & SPSEL:
        where = "from EL1 itself, which used SP_EL1 (SPx): slots from 0x200"
    else:
        where = "from EL1 itself, which used SP_EL0: slots from 0x000"
    card.why = f"{where}; {_KINDS[kind]}: +{0x80 * kind:#x} in them"
    if moment.interrupt:
        resume = "the instruction that did not run yet"
    elif event.code in _TRAPS:
        resume = "the instruction after the call"
    else:
        resume = "the instruction that raised it, to run again"
    card.saved = [
        Fact("ELR_EL1", after.elr_el1, f"return address: {resume}"),
        Fact("SPSR_EL1", after.spsr_el1, f"PSTATE as it was: {_pstate(after.spsr_el1)}"),
    ]
    card.hardware = [
        f"PC = VBAR_EL1 + {offset:#x}",
        "PSTATE: EL1 with SP_EL1 (M=EL1h); D, A, I, F set: no interrupt until software allows it",
        f"stack pointer: {old.sp_name}={old.sp:#x} -> {new.sp_name}={new.sp:#x}, nothing is written to memory"
        if old.sp_name != new.sp_name
        else f"stack pointer: stays {new.sp_name}, nothing is written to memory",
    ]
    if not moment.interrupt:
        valid = exceptions.fault_address_valid(esr)
        card.hardware.append("ESR_EL1 says what happened" + (", FAR_EL1 at which address" if valid else ""))
    card.software = ["x0-x30: none of them is saved"]
    if not spsr & MODE_EL:
        card.software.append("SP_EL0 and TPIDR_EL0, if another program may run before the return")
    card.software += [
        "ELR_EL1 and SPSR_EL1, before anything can raise the next exception: it overwrites them",
        "v0-v31, FPSR, FPCR, if the handler or another program uses them",
    ]
    return card


def returned(moment: Moment) -> Card:
    """ERET from EL1: the state comes from SPSR_EL1 and ELR_EL1 as they were before it."""
    event, before = moment.event, moment.before
    new = state(moment.after.but(pc=event.target))
    old = state(before)
    level = f"EL{_level(event.c)}"
    back = "back to the user's program" if level == "EL0" else "back to the interrupted kernel code"
    card = Card("return", "ERET", f"ERET: {level}, {back}", event.icount, old, new)
    card.changes = bit_changes(sysregs.PSTATE, before.pstate, moment.after.pstate)
    card.saved = [
        Fact("ELR_EL1", before.elr_el1, "becomes PC"),
        Fact("SPSR_EL1", before.spsr_el1, f"becomes PSTATE: {_pstate(before.spsr_el1)}"),
    ]
    card.why = "SPSR_EL1.M says to which exception level and with which stack pointer"
    card.hardware = [
        "PC = ELR_EL1, PSTATE = SPSR_EL1",
        f"stack pointer: {old.sp_name}={old.sp:#x} -> {new.sp_name}={new.sp:#x}, nothing is read from memory"
        if old.sp_name != new.sp_name
        else f"stack pointer: stays {new.sp_name}, nothing is read from memory",
        "the exclusive monitor is cleared: a store-exclusive of the interrupted code fails and is tried again",
    ]
    card.software = ["had put back x0-x30, and SP_EL0 where it had changed it, before ERET"]
    return card
