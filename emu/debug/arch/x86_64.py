# SPDX-License-Identifier: GPL-2.0-or-later
"""Exception entry and return on x86-64.

Source: Intel SDM volume 3A: 6.14 (64-bit interrupt and exception handling, figure 6-9 "stack usage"), 6.14.1 (gates),
6.14.4 (stack switching), 6.14.5 (IST), 6.12.1.3 (flags), 5.8.8 (SYSCALL, SYSRET), 7.7 (TSS), 10.5.1 (LVT); volume 2
(IRET, SYSCALL, SYSRET).
"""

from __future__ import annotations

from emu.arch.walk import Access, Privilege
from emu.arch.x86_64 import exceptions, sysregs
from emu.bits import Reg
from emu.debug.cards import Card, Fact, Moment, Registers, State, bit_changes
from emu.wires.events import Event, Kind

__all__ = ["HIDDEN", "completes", "disassembler", "entry", "interrupted", "is_fault", "returned", "shadows", "state"]

HIDDEN = frozenset(
    {"rip", "ftag", "fctrl", "fstat"}
    | {f"{s}_{part}" for s in ("cs", "ds", "es", "ss", "fs", "gs", "ldt", "tr") for part in ("limit", "flags")}
    | {f"{s}_base" for s in ("cs", "ds", "es", "ss")}
)
EFER_LMA = 1 << 10
DESC_L, DESC_B = 1 << 21, 1 << 22  # in the attributes of a segment, bits 63:32 of its descriptor
PAGE_FAULT = 14
GATE = 16
DEBUG = 1
APIC, LVT_TIMER = "apic", 0x320
OPCODES_INT = (0xCC, 0xCD, 0xCE, 0xF1)  # INT3, INT n, INTO, INT1
OPCODE_IRET, OPCODE_SYSRET = b"\xcf", b"\x0f\x07"
LEGACY_PREFIXES = bytes(range(0x40, 0x50)) + b"\x66"  # REX too
_PF_ERROR = Reg(
    "error code", 32, "P 0", "W/R 1", "U/S 2", "RSVD 3", "I/D 4", "PK 5", "SS 6",
    names={
        "P": {0: "not present", 1: "protection"}, "W/R": {0: "read", 1: "write"}, "U/S": {0: "supervisor", 1: "user"},
        "I/D": {1: "fetch"},
    },
)  # fmt: skip


def _cpl(registers: Registers) -> int:
    return registers.cs & 3


def state(registers: Registers) -> State:
    """Where the CPU stands: CPL, RFLAGS, RSP."""
    flags = registers.rflags
    text = sysregs.RFLAGS.fields_text(flags)
    return State(f"CPL {_cpl(registers)}", registers.rip, registers.rsp, "RSP", flags, "RFLAGS", text)


def shadows(registers: Registers) -> frozenset[str]:
    """No register is another's view."""
    return frozenset()


def disassembler(registers: Registers) -> str:
    """By the attributes of CS: 64-bit, 32-bit or 16-bit code."""
    if registers.efer & EFER_LMA and registers.cs_flags & DESC_L:
        return "x86_64"
    return "x86_32" if registers.cs_flags & DESC_B else "x86_16"


def completes(event: Event, code: bytes) -> bool:
    """SYSCALL, the INT instructions, the trap of a single step; all else is taken at the instruction that follows."""
    if event.kind != Kind.EXCEPTION:
        return False
    return exceptions.is_syscall(event.code) or event.code == DEBUG or code[:1] in [bytes([b]) for b in OPCODES_INT]


def interrupted(moment: Moment) -> Registers:
    """Undo the entry: what was pushed is what was there."""
    event, before, after = moment.event, moment.before, moment.after
    if not after.efer & EFER_LMA:
        return after.but(rip=event.pc, rflags=event.c)
    pushed = dict(_pushed(moment))
    return after.but(rip=event.pc, rflags=event.c, rsp=pushed["RSP"], cs=pushed["CS"], ss=pushed["SS"], cr2=before.cr2)


def is_fault(event: Event) -> bool:
    """Page faults."""
    return event.code == PAGE_FAULT


def entry(moment: Moment) -> Card:
    """SYSCALL, or an exception or interrupt through the IDT."""
    if not moment.interrupt and exceptions.is_syscall(moment.event.code):
        return _syscall(moment)
    event, before, after = moment.event, moment.before, moment.after
    vector = event.code
    old, new = state(before), state(after)
    if moment.interrupt:
        name = "NMI" if vector == 2 else "IRQ"
        source = _source(moment, vector)
        title, cause = f"{name}: vector {vector:#x}, {source}", [Fact("vector", vector, source)]
    else:
        name = exceptions.mnemonic(vector)
        error = event.a if vector in exceptions.VECTORS and exceptions.VECTORS[vector].error_code else None
        title = exceptions.describe(vector, error, event.b)
        cause = [Fact("vector", vector, f"{name} {exceptions.describe_vector(vector)}")]
        if vector == PAGE_FAULT:
            cause.append(Fact("error code", event.a, _PF_ERROR.fields_text(event.a, every=True)))
            cause.append(Fact("CR2", after.cr2, "the linear address that faulted"))
        elif error is not None:
            cause.append(Fact("error code", error, exceptions.selector_error(error) if vector in range(10, 14) else ""))
    card = Card("entry", name, title, event.icount, old, new, cause)
    if not moment.interrupt and vector == PAGE_FAULT:
        access = Access.FETCH if event.a & 16 else Access.WRITE if event.a & 2 else Access.READ
        # An access of the CPU itself (to a descriptor, to the stack of an entry) is not excused from SMAP.
        privileges = (Privilege.USER,) if event.a & 4 else (Privilege.KERNEL, Privilege.OTHER)
        card.walk = moment.walk(after.cr2, access, privileges, event.a)
    if not after.efer & EFER_LMA:
        card.why = "outside long mode: 8-byte gates, which are not decoded here"
        return card
    gate = _gate(moment, card, vector)
    rflags = _frame(moment, card)
    card.changes = bit_changes(sysregs.RFLAGS, rflags, after.rflags)
    _stack(moment, card, gate, old.sp)
    card.hardware.append(f"RIP = {event.target:#x}, CS = {after.cs:#x}: CPL {_cpl(before)} -> {_cpl(after)}")
    if gate is not None:
        masks = gate.type == 14
        clears = "TF, NT, RF and IF: an interrupt gate masks interrupts" if masks else "TF, NT and RF: a trap gate"
        card.hardware.append(f"RFLAGS: clears {clears}")
    card.software = ["rax-rdx, rsi, rdi, rbp, r8-r15: none of them is saved"]
    if _cpl(before) == 3:
        card.software.append("GS base: SWAPGS, as the user's is still there")
        card.software.append("FS base, if another program may run before the return")
    if vector == PAGE_FAULT and not moment.interrupt:
        card.software.append("CR2, before the next page fault overwrites it")
    card.software += [
        "x87 and SSE state, if the handler or another program uses it",
    ]
    if moment.interrupt and vector != 2:
        card.software.append("the end of interrupt to the controller, before IRET")
    return card


def _source(moment: Moment, vector: int) -> str:
    """Who raised it: the local APIC's timer if its LVT entry has this vector, else the lines that are high."""
    if vector == 2:
        return "non-maskable interrupt"
    if moment.probe(APIC, 0, LVT_TIMER) & 0xFF == vector:
        return "the local APIC's timer (LVT timer entry has this vector)"
    rows = {irq: r.name for r in moment.machine.board.present() for irq in r.irqs}
    high = [f"{chip} input {pin}" + (f" ({rows[f'IRQ {pin}']})" if f"IRQ {pin}" in rows else "")
            for chip, pin in moment.lines if chip != APIC]  # fmt: skip
    return f"lines high: {', '.join(high)}" if high else "external interrupt"


def _gate(moment: Moment, card: Card, vector: int) -> sysregs.Gate | None:
    base = moment.after.idt_base
    raw = moment.bytes(base + GATE * vector, GATE)
    card.vector = [
        Fact("IDT base", base, f"limit {moment.after.idt_limit:#x}"),
        Fact("offset", GATE * vector, f"vector {vector} x 16 bytes"),
    ]
    if len(raw) != GATE:
        card.why = "the gate cannot be read"
        return None
    gate = sysregs.Gate.unpack(raw)
    card.vector.append(Fact("gate", int.from_bytes(raw, "little"), str(gate)))
    low = moment.word(moment.after.gdt_base + (gate.selector & ~7))
    if low is not None:
        card.vector.append(Fact("code segment", gate.selector, str(sysregs.SegmentDescriptor.unpack(low))))
    who = "interrupts" if moment.interrupt else "exceptions"
    card.why = f"{who} of this vector number go through this gate; the gate's DPL counts for INT n only"
    return gate


def _pushed(moment: Moment) -> list[tuple[str, int]]:
    """The frame that an entry through the IDT pushed, read back from the stack, lowest address first."""
    after, before, vector = moment.after, moment.before, moment.event.code
    words = [moment.word(after.rsp + 8 * i) or 0 for i in range(6)]
    pushes = not moment.interrupt and vector in exceptions.VECTORS and exceptions.VECTORS[vector].error_code
    # INT n pushes no error code whatever its vector: then the second word is CS.
    has_error = pushes and not (words[1] == before.cs and words[2] != before.cs)
    names = (["error code"] if has_error else []) + ["RIP", "CS", "RFLAGS", "RSP", "SS"]
    return list(zip(names, words, strict=False))


def _frame(moment: Moment, card: Card) -> int:
    """Show what was pushed. Returns the RFLAGS in it."""
    rflags = 0
    for i, (name, word) in enumerate(_pushed(moment)):
        text = f"[RSP+{8 * i:#04x}]" if i else "[RSP]"
        if name == "RIP":
            text += " where to go on"
        elif name == "RFLAGS":
            text += f" {sysregs.RFLAGS.fields_text(word)}"
            rflags = word
        elif name == "CS":
            text += f" CPL {word & 3}"
        card.saved.append(Fact(name, word, text))
    return rflags


def _stack(moment: Moment, card: Card, gate: sysregs.Gate | None, old: int) -> None:
    after = moment.after
    size = 8 * len(card.saved)
    raw = moment.bytes(after.tr_base, 104)
    tss = sysregs.Tss.unpack(raw) if len(raw) == 104 else None
    if gate is not None and gate.ist and tss is not None:
        top, where = tss.ist[gate.ist - 1], f"IST{gate.ist} of the TSS, as the gate says"
    elif _cpl(moment.before) > _cpl(after) and tss is not None:
        top, where = tss.rsp0, "RSP0 of the TSS, as the privilege rises"
    else:
        moved = f"{size} bytes pushed: RSP {old:#x} -> {after.rsp:#x}"
        card.hardware.append(f"stack: stays, aligned down to 16 bytes; {moved}")
        return
    card.vector.append(Fact("TSS", after.tr_base, f"{where.split(' ')[0]}={top:#x}"))
    card.hardware.append(f"stack: RSP {old:#x} -> {top:#x} ({where}); {size} bytes pushed: RSP={after.rsp:#x}")


def _syscall(moment: Moment) -> Card:
    event, before, after = moment.event, moment.before, moment.after
    title = f"SYSCALL: system call {moment.call(event.d)[0]}"
    card = Card("entry", "SYSCALL", title, event.icount, state(before), state(after), moment.syscall())
    card.changes = bit_changes(sysregs.RFLAGS, event.c, after.rflags)
    card.vector = [
        Fact("IA32_LSTAR", after.lstar, "becomes RIP: no IDT, no gate, no memory is read"),
        Fact("IA32_STAR", after.star, f"bits 47:32: CS={after.star >> 32 & 0xFFFC:#x}, SS=CS+8"),
        Fact("IA32_FMASK", after.fmask, f"clears in RFLAGS: {sysregs.RFLAGS.fields_text(after.fmask)}"),
    ]
    card.why = "EFER.SCE=1: SYSCALL in 64-bit mode goes where the MSR IA32_LSTAR points"
    card.saved = [
        Fact("RCX", after.rcx, "RIP of the instruction after SYSCALL"),
        Fact("R11", after.r11, f"RFLAGS as they were: {sysregs.RFLAGS.fields_text(after.r11)}"),
    ]
    card.hardware = [
        f"CS={after.cs:#x}, SS={after.ss:#x}: CPL {_cpl(before)} -> {_cpl(after)}",
        f"stack: RSP stays the user's {after.rsp:#x}; nothing is pushed",
    ]
    card.software = [
        "RSP: SWAPGS, then a kernel stack from per-CPU data, before the first push",
        "rcx and r11, which hold the way back; rax, rdx, rbx, rbp, rsi, rdi, r8-r10, r12-r15 as it needs",
        "x87 and SSE state, if the kernel or another program uses it",
    ]
    return card


def returned(moment: Moment) -> Card:
    """IRETQ, SYSRETQ, or a far return to a lower privilege."""
    event, before = moment.event, moment.before
    after = moment.after.but(rip=event.target)
    code = moment.bytes(event.pc, 4).lstrip(LEGACY_PREFIXES)
    back = "back to the user's program" if _cpl(after) == 3 else "back to the interrupted kernel code"
    old, new = state(before), state(after)
    if code.startswith(OPCODE_SYSRET):
        name = "SYSRET"
        saved = [
            Fact("RCX", before.rcx, "becomes RIP"),
            Fact("R11", before.r11, f"becomes RFLAGS: {sysregs.RFLAGS.fields_text(before.r11)}"),
            Fact("IA32_STAR", before.star, f"bits 63:48: CS={after.cs:#x}, SS={after.ss:#x}"),
        ]
        hardware = [f"stack: RSP stays {after.rsp:#x}; nothing is popped"]
        software = ["had put RSP back to the user's and swapped GS before SYSRET"]
        why = "the way back is in rcx and r11, where SYSCALL had put it"
    else:
        name = "IRET" if code.startswith(OPCODE_IRET) else "RETF"
        names = ("RIP", "CS", "RFLAGS", "RSP", "SS") if name == "IRET" else ("RIP", "CS", "RSP", "SS")
        words = [moment.word(before.rsp + 8 * i) or 0 for i in range(len(names))]
        saved = [Fact(n, words[i], f"popped from {before.rsp + 8 * i:#x}") for i, n in enumerate(names)]
        hardware = [f"stack: {8 * len(names)} bytes popped, then RSP {before.rsp:#x} -> {after.rsp:#x}"]
        if name == "IRET":
            hardware.append("NMIs are let in again")
        software = ["had put the general registers back, removed the error code, and swapped GS if it went to CPL 3"]
        why = "the way back is the frame on the stack"
    card = Card("return", name, f"{name}: CPL {_cpl(after)}, {back}", event.icount, old, new)
    card.changes = bit_changes(sysregs.RFLAGS, before.rflags, after.rflags)
    card.saved, card.why, card.hardware, card.software = saved, why, hardware, software
    card.hardware.insert(0, f"CS={after.cs:#x}, SS={after.ss:#x}: CPL {_cpl(before)} -> {_cpl(after)}")
    return card
