/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Exceptions of instructions, INT n, debug, privilege.
 */
#include "probe.h"

    .section .probes, "ax"
    .globl nothing
nothing: /* where pending interrupts arrive */
    nop
    nop
    done

/* Exceptions of instructions: SDM volume 3, 6.15 */
    probe "int3", BOTH
    int3
    probe "int 3 in two bytes", BOTH
    .byte 0xcd, 3
    probe "icebp", BOTH
    .byte 0xf1
    probe "into", BOTH
    .byte 0xce
    probe "ud2", BOTH
    ud2
    probe "ud2, AC, NT and IOPL saved", (BOTH | AC | NT | IOPL3)
    ud2
    probe "push es, not in 64-bit mode", BOTH
    .byte 0x06
    probe "lock nop", BOTH
    .byte 0xf0, 0x90
    probe "mov cs", BOTH
    .byte 0x8e, 0xc8
    probe "16 bytes of instruction", BOTH
    .fill 15, 1, 0x66
    nop
    probe "div by zero", BOTH
    xorl %ecx, %ecx
    divl %ecx
    probe "idiv overflow", BOTH
    movl $0x80000000, %eax
    cdq
    movl $-1, %ecx
    idivl %ecx
    probe "div overflow", BOTH
    movl $2, %edx
    movl $2, %ecx
    divl %ecx
    probe "fld1, CR0.TS", BOTH, with_ts
    fld1
    done
    probe "movaps, CR0.TS", BOTH, with_ts
    movaps %xmm0, %xmm1
    done
    probe "fwait, CR0.TS and MP", BOTH, with_ts
    fwait
    done
    probe "fld1, CR0.EM", BOTH, with_em
    fld1
    done
    probe "movaps, CR0.EM", BOTH, with_em
    movaps %xmm0, %xmm1
    done
    probe "movaps, CR4.OSFXSR=0", BOTH, with_no_osfxsr
    movaps %xmm0, %xmm1
    done
    probe "movaps, unaligned", BOTH, 0, (USER_DATA + 8)
    movaps (%rdi), %xmm1
    done
    probe "cmpxchg16b, unaligned", BOTH, 0, (USER_DATA + 8)
    cmpxchg16b (%rdi)
    done
    probe "fxsave, unaligned", BOTH, 0, (USER_DATA + 8)
    fxsave (%rdi)
    done
    probe "x87 divide by zero, unmasked", BOTH, 0, USER_DATA
    fninit
    movw $0x37b, 0x100(%rdi)
    fldcw 0x100(%rdi)
    fld1
    fldz
    fdivrp
    fwait
    done
    probe "SSE divide by zero, unmasked", BOTH, 0, USER_DATA
    fninit
    movl $0x1d80, 0x100(%rdi)
    ldmxcsr 0x100(%rdi)
    xorps %xmm0, %xmm0
    divss %xmm0, %xmm0
    movl $1, %eax
    cvtsi2ss %eax, %xmm1
    divss %xmm0, %xmm1
    done
    probe "ldmxcsr, reserved bit", BOTH, 0, USER_DATA
    movl $0x11f80, 0x100(%rdi)
    ldmxcsr 0x100(%rdi)
    done
    probe "unaligned, CR0.AM and AC", (BOTH | AC), with_am, (USER_DATA + 1)
    movl (%rdi), %eax
    xorl %eax, %eax
    done

/* INT n: gates, privilege, stacks */
    probe "int 0x83, trap gate", (BOTH | IF_)
    int $0x83
    probe "int 0x80, interrupt gate", BOTH
    int $0x80
    probe "int 0x81, DPL 0", BOTH
    int $0x81
    probe "int 0x82, not present", BOTH
    int $0x82
    probe "int 0x84, task gate", BOTH
    int $0x84
    probe "int 0x85, null selector", BOTH
    int $0x85
    probe "int 0x86, data selector", BOTH
    int $0x86
    probe "int 0x87, absent code segment", BOTH
    int $0x87
    probe "int 0x88, IST3", BOTH
    int $0x88
    probe "int 0x89, IST7 is beyond the TSS limit", BOTH, with_short_tss
    int $0x89
    probe "int 0x8a, selector beyond the GDT", BOTH
    int $0x8a
    probe "int 0x8b, ring 3 handler", BOTH
    int $0x8b
    probe "int 0x90, beyond the IDT limit", BOTH, with_short_idt
    int $0x90
    probe "int 0xd, DPL 0", RING3
    int $0xd
    probe "int 0x83, misaligned stack", BOTH, with_odd_rsp0
    subq $5, %rsp
    int $0x83

/* Debug: SDM volume 3, 17.2, 17.3 */
    probe "nop, TF", (BOTH | TF)
    nop
    nop
    done
    probe "ud2, TF", (BOTH | TF)
    ud2
    probe "popf sets TF", BOTH
    pushfq
    orq $0x100, (%rsp)
    popfq
    nop
    nop
    done
    probe "int 0x83, TF", (BOTH | TF)
    int $0x83
    probe "mov ss holds TF back", (BOTH | TF)
    movl %ss, %eax
    movl %eax, %ss
    nop
    nop
    done
    probe "rep stosb, TF", (BOTH | TF), 0, (USER_DATA + 0x200)
    rep stosb
    done
    probe "breakpoint in DR0", BOTH, with_breakpoint
    nop
    nop
    done
    probe "watchpoint in DR1", BOTH, with_watchpoint, USER_DATA
    movl %eax, 4(%rdi)
    movl 8(%rdi), %eax
    movl %eax, 12(%rdi)
    nop
    done
    probe "mov dr0, DR7.GD", RING0, with_general_detect
    movq %dr0, %rax
    done
    probe "mov dr0", RING3
    movq %dr0, %rax
    done
    probe "mov dr4, CR4.DE", RING0, with_de
    movq %dr4, %rax
    done

/* Privileged instructions, and those that bits of CR4 and RFLAGS make so */
    .irp insn, cli, sti, hlt, clts, wbinvd, invd, swapgs
    probe "\insn", RING3
    \insn
    done
    .endr
    .irp reg, cr0, cr2, cr3, cr4, cr8
    probe "mov \reg, rax", RING3
    movq %rax, %\reg
    done
    probe "mov rax, \reg", RING3
    movq %\reg, %rax
    done
    .endr
    probe "lgdt", RING3, 0, USER_DATA
    lgdt (%rdi)
    done
    probe "lidt", RING3, 0, USER_DATA
    lidt (%rdi)
    done
    probe "ltr", RING3
    ltr %ax
    done
    probe "lldt", RING3
    lldt %ax
    done
    probe "lmsw", RING3
    lmsw %ax
    done
    probe "invlpg", RING3, 0, USER_DATA
    invlpg (%rdi)
    done
    probe "rdmsr", RING3
    rdmsr
    done
    probe "wrmsr", RING3
    wrmsr
    done
    probe "sysretq", RING3
    sysretq
    done
    probe "sysexit", RING3
    sysexit
    done
    probe "rdpmc, CR4.PCE=0", RING3
    rdpmc
    done
    probe "rdtsc", RING3
    rdtsc
    xorl %eax, %eax
    done
    probe "rdtsc, CR4.TSD", BOTH, with_tsd
    rdtsc
    xorl %eax, %eax
    done
    probe "rdtscp, CR4.TSD", RING3, with_tsd
    rdtscp
    xorl %eax, %eax
    done
    probe "popf cannot change IF and IOPL", RING3
    pushq $0x3202
    popfq
    pushfq
    popq %rax
    done
    probe "cli, IOPL 3", (RING3 | IOPL3 | IF_)
    cli
    pushfq
    popq %rax
    done
    probe "popf, IOPL 3", (RING3 | IOPL3)
    pushq $0x202
    popfq
    pushfq
    popq %rax
    done
    probe "in al, 0x80", (RING3)
    inb $0x80, %al
    done
    probe "out 0x80, al", (RING3)
    outb %al, $0x80
    done
    probe "outsb", RING3, 0, USER_DATA
    movl $0x80, %edx
    movq %rdi, %rsi
    outsb
    done
    probe "out 0x80, al, IOPL 3", (RING3 | IOPL3)
    outb %al, $0x80
    done
    probe "out 0x80, al, open in the bitmap", RING3, with_bitmap
    outb %al, $0x80
    done
    probe "out 0x80, ax, open in the bitmap", RING3, with_bitmap
    outw %ax, $0x80
    done
    probe "out 0x81, ax, half open", RING3, with_bitmap
    outw %ax, $0x81
    done
    probe "out 0x82, al, closed in the bitmap", RING3, with_bitmap
    outb %al, $0x82
    done
    probe "out 0x3ff, al, at the end of the bitmap", RING3, with_bitmap
    movl $0x3ff, %edx
    outb %al, %dx
    done
    probe "out 0x500, al, beyond the bitmap", RING3, with_bitmap
    movl $0x500, %edx
    outb %al, %dx
    done
