/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The start (PVH: 32-bit, paging off), the handlers, and the way into a probe and back.
 */
#include "layout.h"

    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 4, 18 /* XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .long pvh_entry

    .section .head, "ax"
    .code32
    .globl pvh_entry
pvh_entry:
    cld
    movl $__bss_start, %edi
    movl $__bss_end, %ecx
    subl %edi, %ecx
    xorl %eax, %eax
    rep stosb
    movl %ebx, start_info
    /* 0 to 4 GiB in 2 MiB pages */
    movl $boot_pd, %edi
    movl $0x83, %eax
    movl $2048, %ecx
1:  movl %eax, (%edi)
    addl $0x200000, %eax
    addl $8, %edi
    loop 1b
    movl $boot_pd + 3, boot_pdpt
    movl $boot_pd + 0x1003, boot_pdpt + 8
    movl $boot_pd + 0x2003, boot_pdpt + 16
    movl $boot_pd + 0x3003, boot_pdpt + 24
    movl $boot_pdpt + 3, pml4
    movl $0x620, %eax /* PAE, OSFXSR, OSXMMEXCPT */
    movl %eax, %cr4
    movl $pml4, %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx
    movl $0x900, %eax /* EFER: LME, NXE */
    xorl %edx, %edx
    wrmsr
    lgdt gdt_pointer
    movl $0x80010033, %eax /* PG WP NE ET MP PE */
    movl %eax, %cr0
    ljmp $KERNEL_CODE, $1f
    .code64
1:  movl $KERNEL_DATA, %eax
    movl %eax, %ss
    movl %eax, %ds
    movl %eax, %es
    movl $stack_main_end, %esp
    call main
    hlt

    .section .data
    .balign 16
    .globl gdt
gdt:
    .quad 0
    .quad 0x00af9b000000ffff
    .quad 0x00cf93000000ffff
    .quad 0x00cff3000000ffff
    .quad 0x00affb000000ffff
    .quad 0, 0               /* the TSS: state.c */
    .quad 0x00cff3000000ffff & ~(1 << 47)
    .quad 0x00affb000000ffff & ~(1 << 47)
    .quad 0x00aff9000000ffff
    .quad 0x00cff1000000ffff
gdt_pointer:
    .word . - gdt - 1
    .quad gdt

    .text
    .globl enter
enter:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, resume
    movq 56(%rsp), %rax
    pushq %r8
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    movq %r9, %rdi
    movq %rax, %rsi
    xorl %eax, %eax
    xorl %ebx, %ebx
    xorl %ecx, %ecx
    xorl %edx, %edx
    iretq

/* Every vector: the CPU's error code or a zero, then the vector. */
    .balign 4096
    .globl handlers
handlers:
    .set n, 0
    .rept 256
    .balign 16
    .if !(n == 8 || (n >= 10 && n <= 14) || n == 17 || n == 21 || n == 29 || n == 30)
    pushq $0
    .endif
    pushq $n
    jmp caught
    .set n, n + 1
    .endr

caught:
    movq %rax, record + RECORD_RAX
    popq record + RECORD_VECTOR
    popq record + RECORD_ERROR
    movq (%rsp), %rax
    movq %rax, record + RECORD_RIP
    movq 8(%rsp), %rax
    movq %rax, record + RECORD_CS
    movq 16(%rsp), %rax
    movq %rax, record + RECORD_RFLAGS
    movq 24(%rsp), %rax
    movq %rax, record + RECORD_RSP
    movq 32(%rsp), %rax
    movq %rax, record + RECORD_SS
    leaq 40(%rsp), %rax
    movq %rax, record + RECORD_FRAME
    movq %cr2, %rax
    movq %rax, record + RECORD_CR2
back:
    movq $stack_main_end - 2048, %rsp /* below whatever main() uses; the probe's stack may be anything */
    pushq $KERNEL_DATA /* by IRETQ, which also ends the blocking of NMIs */
    pushq resume
    pushq $2
    pushq $KERNEL_CODE
    pushq $1f
    iretq
1:  popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    ret

/* What LSTAR points to: no frame, so what it would hold is collected. The error is R11. */
    .globl syscall_entry
syscall_entry:
    movq %rax, record + RECORD_RAX
    movq %rsp, record + RECORD_RSP
    movq $stack_main_end - 2048, %rsp
    pushfq
    popq record + RECORD_RFLAGS
    movq $SYSCALL_VECTOR, record + RECORD_VECTOR
    movq %r11, record + RECORD_ERROR
    movq %rcx, record + RECORD_RIP
    movl %cs, %eax
    movq %rax, record + RECORD_CS
    movl %ss, %eax
    movq %rax, record + RECORD_SS
    movq $0, record + RECORD_FRAME
    jmp back

    .bss
    .balign 4096
    .globl pml4, record, start_info
pml4:
    .skip 4096
boot_pdpt:
    .skip 4096
boot_pd:
    .skip 4 * 4096
.irp name, probe, rsp0, ist1, ist2, ist3, ist4
    .globl stack_\name
stack_\name:
    .skip STACK_SIZE
.endr
    .skip 16384
stack_main_end:
record:
    .skip 128
resume:
    .skip 8
start_info:
    .skip 8
