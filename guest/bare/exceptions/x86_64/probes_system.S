/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reserved bits, segments, SYSCALL, faults in delivery, interrupts.
 */
#include "probe.h"

    .section .probes, "ax"
/* Reserved bits and values */
    probe "mov cr0, NW without CD", RING0, with_cr0
    movq %cr0, %rax
    orq $0x20000000, %rax
    movq %rax, %cr0
    movq %cr0, %rax
    done
    probe "mov cr0, bit 32", RING0, with_cr0
    movq %cr0, %rax
    btsq $32, %rax
    movq %rax, %cr0
    movq %cr0, %rax
    done
    probe "mov cr8, bit 4", RING0
    movl $0x10, %eax
    movq %rax, %cr8
    movq %cr8, %rax
    movq $0, %rcx
    movq %rcx, %cr8
    done
    probe "mov cr8 and back", RING0
    movl $5, %eax
    movq %rax, %cr8
    movq %cr8, %rax
    movq $0, %rcx
    movq %rcx, %cr8
    done
    probe "mov cr1", RING0
    .byte 0x0f, 0x20, 0xc8
    done
    probe "rdmsr of none", RING0
    movl $0x12345678, %ecx
    rdmsr
    done
    probe "wrmsr of none", RING0
    movl $0x12345678, %ecx
    wrmsr
    done
    probe "wrmsr EFER, reserved bit 9", RING0, with_efer
    movl $0xc0000080, %ecx
    rdmsr
    orl $0x200, %eax
    wrmsr
    rdmsr
    done
    probe "wrmsr EFER, LME off while paging", RING0, with_efer
    movl $0xc0000080, %ecx
    rdmsr
    andl $~0x100, %eax
    wrmsr
    rdmsr
    done
    probe "wrmsr FS_BASE, non-canonical", RING0
    movl $0xc0000100, %ecx
    movl $0x80000000, %edx
    wrmsr
    xorl %edx, %edx
    wrmsr
    done
    probe "wrmsr LSTAR, non-canonical", RING0
    movl $0xc0000082, %ecx
    rdmsr
    movl %eax, %esi
    movl %edx, %edi
    movl $0x80000000, %edx
    wrmsr
    movl %esi, %eax
    movl %edi, %edx
    wrmsr
    done
    probe "lgdt, non-canonical base", RING0, 0, USER_DATA
    movl $0x80000000, 0x106(%rdi)
    lgdt 0x100(%rdi)
    sgdt 0x110(%rdi)
    lgdt gdt_again
    done
    probe "lidt over the end of a page", RING0, 0, (PAGE_ABSENT - 4)
    lidt (%rdi)
    done

/* Segments */
    .irp reg, ds, es, fs, gs, ss
    .irp selector, 0, ABSENT_DATA, KERNEL_DATA, EXECUTE_ONLY, BEYOND
    probe "mov \reg, \selector", BOTH, with_segments
    movl $\selector, %eax
    movl %eax, %\reg
    done
    .endr
    .endr
    probe "mov ss, read-only data", BOTH, with_segments
    movl $READ_ONLY_DATA, %eax
    movl %eax, %ss
    done
    probe "mov ds, LDT selector without an LDT", BOTH, with_segments
    movl $0x1004, %eax
    movl %eax, %ds
    done
    probe "ltr, busy", RING0, with_tss
    movl $TSS_SELECTOR, %eax
    ltr %ax
    done
    probe "ltr, null", RING0, with_tss
    xorl %eax, %eax
    ltr %ax
    done
    probe "ltr, a data segment", RING0, with_tss
    movl $KERNEL_DATA, %eax
    ltr %ax
    done
    probe "lldt, a data segment", RING0
    movl $KERNEL_DATA, %eax
    lldt %ax
    done
.macro far_return text, modes, selector
    probe "lretq, \text", \modes
    pushq $\selector
    leaq 1f(%rip), %rax
    pushq %rax
    lretq
1:  done
.endm
    far_return "null", BOTH, 0
    far_return "absent code", BOTH, ABSENT_CODE
    far_return "data", BOTH, KERNEL_DATA
    far_return "kernel code from ring 3", RING3, KERNEL_CODE
    far_return "beyond the GDT", BOTH, BEYOND
    probe "lretq, non-canonical", RING0
    pushq $KERNEL_CODE
    movq $NON_CANONICAL, %rax
    pushq %rax
    lretq
.macro interrupt_return text, modes, cs, ss, flags=2
    probe "iretq, \text", \modes
    movq %rsp, %rdx
    pushq $\ss
    pushq %rdx
    pushq $\flags
    pushq $\cs
    leaq 1f(%rip), %rax
    pushq %rax
    iretq
1:  done
.endm
    interrupt_return "same ring", RING0, KERNEL_CODE, KERNEL_DATA
    interrupt_return "same ring", RING3, USER_CODE_SELECTOR, USER_DATA_SELECTOR
    interrupt_return "null CS", BOTH, 0, KERNEL_DATA
    interrupt_return "absent CS", BOTH, ABSENT_CODE, KERNEL_DATA
    interrupt_return "data as CS", BOTH, KERNEL_DATA, KERNEL_DATA
    interrupt_return "ring 0 from ring 3", RING3, KERNEL_CODE, KERNEL_DATA
    interrupt_return "null SS to ring 3", RING0, USER_CODE_SELECTOR, 0
    interrupt_return "ring 0 SS to ring 3", RING0, USER_CODE_SELECTOR, KERNEL_DATA
    interrupt_return "absent SS to ring 3", RING0, USER_CODE_SELECTOR, (ABSENT_DATA + 3)
    interrupt_return "SS beyond the GDT", RING0, USER_CODE_SELECTOR, (BEYOND + 3)
    probe "iretq, NT", (BOTH | NT)
    iretq
    probe "iretq, non-canonical RIP to ring 3", RING0
    pushq $USER_DATA_SELECTOR
    pushq $0
    pushq $2
    pushq $USER_CODE_SELECTOR
    movq $NON_CANONICAL, %rax
    pushq %rax
    iretq
    probe "iretq, stack absent", BOTH
    movq $PAGE_ABSENT, %rsp
    iretq

/* SYSCALL and SYSRET */
    probe "syscall, EFER.SCE=0", BOTH
    syscall
    probe "syscall", (BOTH | IF_), with_syscall
    syscall
    probe "sysretq, EFER.SCE=0", RING0
    leaq 1f(%rip), %rcx
    subq $__probes_start, %rcx
    movabsq $USER_CODE, %rdx
    addq %rdx, %rcx
    movl $0x246, %r11d
    sysretq
1:  done
    probe "sysretq", RING0, with_syscall
    leaq 1f(%rip), %rcx
    subq $__probes_start, %rcx
    movabsq $USER_CODE, %rdx
    addq %rdx, %rcx
    movl $0x43, %r11d
    sysretq
1:  done
    probe "sysretq, non-canonical", RING0, with_syscall, NON_CANONICAL
    movq %rdi, %rcx
    movl $0x43, %r11d
    sysretq
    probe "sysenter, SYSENTER_CS=0", BOTH
    sysenter

/* Faults while an exception is delivered: SDM volume 3, 6.15, #DF */
    probe "ud2, gate absent", BOTH, with_absent_ud
    ud2
    probe "#GP, gate absent", BOTH, with_absent_gp, NON_CANONICAL
    movq (%rdi), %rax
    probe "ud2, RSP0 absent", RING3, with_bad_rsp0
    ud2
    probe "ud2, RSP0 absent, #PF has a stack", RING3, with_bad_rsp0_ist
    ud2
    probe "int 0x80, RSP0 absent, #PF has a stack", RING3, with_bad_rsp0_ist
    int $0x80
    probe "#GP, RSP0 absent, #PF has a stack", RING3, with_bad_rsp0_ist, NON_CANONICAL
    movq (%rdi), %rax
    probe "ud2, RSP0 non-canonical, #SS has a stack", RING3, with_far_rsp0_ist
    ud2
    probe "ud2, stack absent", RING0, 0, PAGE_ABSENT
    movq %rdi, %rsp
    ud2
    probe "ud2, stack non-canonical", RING0, 0, NON_CANONICAL
    movq %rdi, %rsp
    ud2
    probe "#PF, stack absent, #PF has a stack", RING0, with_bad_rsp0_ist, PAGE_ABSENT
    movq %rdi, %rsp
    pushq %rax

/* Interrupts */
    probe "IPI to self", (RING0 | IF_), 0, (APIC + 0x300), 0x40044
    movl %esi, (%rdi)
    jmp .
    probe "IPI pending, taken after iretq", (BOTH | IF_), with_ipi
    nop
    jmp .
    probe "IPI pending, sti and its shadow", RING0, with_ipi
    nop
    sti
    nop
    nop
    jmp .
    probe "IPI pending, popf", RING0, with_ipi
    pushq $0x202
    popfq
    nop
    jmp .
    probe "IPI pending, sti, IOPL 3", (RING3 | IOPL3), with_ipi
    nop
    sti
    nop
    nop
    jmp .
    probe "IPI pending, masked", RING0, with_ipi_drained
    nop
    done
    probe "two IPIs, the higher first", (BOTH | IF_), with_two_ipis
    nop
    jmp .
    probe "IPI held back by CR8", (RING0 | IF_), with_masked_ipi
    nop
    xorl %eax, %eax
    movq %rax, %cr8
    nop
    jmp .
    probe "hlt until the APIC timer", RING0, with_apic_timer
    sti
    hlt
    nop
    jmp .
    probe "APIC timer in a loop", (BOTH | IF_), with_apic_timer
    jmp .
    probe "NMI to self", RING0, with_nmi, (APIC + 0x300), 0x4400
    movl %esi, (%rdi)
    jmp .

    .section .rodata
    .balign 8
gdt_again:
    .word 0x57
    .quad gdt
