/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every way into the kernel and the ways out.

     vector_entries   256 stubs, one per vector, in one table: what the IDT points at
     trap_entry       makes the frame (trapframe.h), calls trap_dispatch, goes back by iretq
     paranoid_entry   the same for vectors that may strike between an entry and its swapgs: NMI, #DF, #MC
     syscall_entry    SYSCALL: no stack, no frame from the CPU; makes the same frame, goes back by sysretq where it may

   GS holds this CPU's `struct cpu` in the kernel and the user's base in user mode; swapgs exchanges the two at every
   change of side. User mode cannot give its GS a kernel address (CR4.FSGSBASE is off and arch_prctl refuses), so
   the sign of the base tells the paranoid entry on which side of a swapgs it struck. */
#include <arch/cpu.h>
#include <arch/trapframe.h>

#define MSR_GS_BASE 0xc0000101
#define USER_ADDRESS_BITS 47

    .cfi_sections .debug_frame

/* Save what the CPU did not: the frame below the vector. */
.macro SAVE_REGISTERS
    pushq %rdi
    pushq %rsi
    pushq %rdx
    pushq %rcx
    pushq %rax
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
.endm

.macro RESTORE_REGISTERS
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rax
    popq %rcx
    popq %rdx
    popq %rsi
    popq %rdi
.endm

/* An interrupt may have found AC set, by the user or by a user copy: SMAP protects again from here on. */
.macro CLOSE_USER_ACCESS
    cmpb $0, cpu_has_smap(%rip)
    je .Lno_smap\@
    clac
.Lno_smap\@:
.endm

/* One stub: an error code where the CPU pushes none, the vector, and on to the common part. */
.macro VECTOR number, error=0, entry=trap_entry
    .balign 16
vector_\number:
    .if \error == 0
    pushq $0
    .endif
    pushq $\number
    jmp \entry
    .pushsection .rodata.vectors, "a", @progbits
    .quad vector_\number
    .popsection
.endm

    .section .rodata.vectors, "a", @progbits
    .balign 8
    .globl vector_entries
vector_entries:

    .text
    /* Exceptions: SDM volume 3, table 6-1. */
    VECTOR 0                                 /* #DE divide error */
    VECTOR 1                                 /* #DB debug */
    VECTOR 2, error=0, entry=paranoid_entry  /* non-maskable interrupt */
    VECTOR 3                                 /* #BP breakpoint */
    VECTOR 4                                 /* #OF overflow */
    VECTOR 5                                 /* #BR bound range */
    VECTOR 6                                 /* #UD invalid opcode */
    VECTOR 7                                 /* #NM device not available */
    VECTOR 8, error=1, entry=paranoid_entry  /* #DF double fault */
    VECTOR 9                                 /* coprocessor overrun, not since the 486 */
    VECTOR 10, error=1                       /* #TS invalid TSS */
    VECTOR 11, error=1                       /* #NP segment not present */
    VECTOR 12, error=1                       /* #SS stack segment */
    VECTOR 13, error=1                       /* #GP general protection */
    VECTOR 14, error=1                       /* #PF page fault */
    VECTOR 15                                /* reserved */
    VECTOR 16                                /* #MF x87 floating point */
    VECTOR 17, error=1                       /* #AC alignment check */
    VECTOR 18, error=0, entry=paranoid_entry /* #MC machine check */
    VECTOR 19                                /* #XM SIMD floating point */
    VECTOR 20                                /* #VE virtualisation */
    VECTOR 21, error=1                       /* #CP control protection */
    VECTOR 22                                /* 22 to 31 reserved */
    VECTOR 23
    VECTOR 24
    VECTOR 25
    VECTOR 26
    VECTOR 27
    VECTOR 28
    VECTOR 29, error=1                       /* #VC VMM communication */
    VECTOR 30, error=1                       /* #SX security */
    VECTOR 31
    /* Interrupts: 0x30 ISA lines, 0xe0 the masked 8259s, 0xf0 on the local APIC's own; the rest lead to a log line. */
    .altmacro
    .set number, 32
    .rept 224
    VECTOR %number
    .set number, number + 1
    .endr
    .noaltmacro

    .balign 16
    .type trap_entry, @function
trap_entry:
    cld
    SAVE_REGISTERS
    CLOSE_USER_ACCESS
    testb $SELECTOR_RPL_USER, TF_CS(%rsp)
    jz 1f
    swapgs
1:  movq %rsp, %rdi /* rbp is still the interrupted code's: backtraces go on through it */
    call trap_dispatch
    .globl trap_return
trap_return:
    /* Back by iretq. No interrupt from here on: the frame and GS belong to two sides at once. */
    cli
    testb $SELECTOR_RPL_USER, TF_CS(%rsp)
    jz 1f
    swapgs
1:  RESTORE_REGISTERS
    addq $16, %rsp /* vector, error code */
    .globl trap_iretq
trap_iretq:
    iretq
    .size trap_entry, . - trap_entry

    .balign 16
    .type paranoid_entry, @function
paranoid_entry:
    cld
    SAVE_REGISTERS
    CLOSE_USER_ACCESS
    movl $MSR_GS_BASE, %ecx
    rdmsr
    xorl %ebx, %ebx /* rbx survives the call: did we swap? */
    testl %edx, %edx
    js 1f
    swapgs
    incl %ebx
1:  movq %rsp, %rdi
    call trap_dispatch
    cli
    testl %ebx, %ebx
    jz 2f
    swapgs
2:  RESTORE_REGISTERS
    addq $16, %rsp
    iretq
    .size paranoid_entry, . - paranoid_entry

    /* rcx = user rip, r11 = user rflags, rax = number; rsp still the user's; IA32_FMASK cleared IF, DF, TF, AC, NT. */
    .balign 16
    .globl syscall_entry
    .type syscall_entry, @function
syscall_entry:
    swapgs
    movq %rsp, %gs:CPU_SCRATCH
    movq %gs:CPU_KERNEL_STACK, %rsp
    pushq $USER_SS
    pushq %gs:CPU_SCRATCH
    pushq %r11
    pushq $USER_CS
    pushq %rcx
    pushq %rax
    pushq $VECTOR_SYSCALL
    SAVE_REGISTERS
    movq %rsp, %rdi
    call trap_dispatch
    cli
    /* sysretq takes rip from rcx and rflags from r11: it fits only if the frame (which a signal or execve may have
       changed) still agrees. With a non-canonical rcx Intel's sysretq faults in kernel mode on the user's stack;
       so only a rip below the hole goes that way, and everything else by iretq. */
    movq TF_RIP(%rsp), %rcx
    cmpq %rcx, TF_RCX(%rsp)
    jne trap_return
    movq TF_RFLAGS(%rsp), %r11
    cmpq %r11, TF_R11(%rsp)
    jne trap_return
    cmpq $USER_CS, TF_CS(%rsp)
    jne trap_return
    cmpq $USER_SS, TF_SS(%rsp)
    jne trap_return
    testq $(RFLAGS_TF | RFLAGS_RF), %r11
    jnz trap_return
    movq %rcx, %rax
    shrq $USER_ADDRESS_BITS, %rax
    jnz trap_return
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    addq $8, %rsp /* r11 is loaded */
    popq %r10
    popq %r9
    popq %r8
    popq %rax
    addq $8, %rsp /* rcx is loaded */
    popq %rdx
    popq %rsi
    popq %rdi
    movq TF_RSP - TF_VECTOR(%rsp), %rsp
    swapgs
    sysretq
    .size syscall_entry, . - syscall_entry

    .section .note.GNU-stack, "", @progbits
