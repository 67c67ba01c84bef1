/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies between kernel and user memory. Each instruction that touches user memory has an entry in .ex_table: when
   its page cannot be made present, trap.c continues at the fixup, and what rep left in rcx is the number of units
   not copied.

   rdi = to, rsi = from, rdx = bytes; result: bytes not copied. Eight bytes a step, then the rest. */
    .cfi_sections .debug_frame

.macro FIXUP at, to
    .pushsection .ex_table, "a", @progbits
    .balign 4
    .long \at - .
    .long \to - .
    .popsection
.endm

.macro OPEN_USER_ACCESS
    cmpb $0, cpu_has_smap(%rip)
    je .Lopen\@
    stac
.Lopen\@:
.endm

.macro CLOSE_USER_ACCESS
    cmpb $0, cpu_has_smap(%rip)
    je .Lclose\@
    clac
.Lclose\@:
.endm

/* The two copies differ only in which side is the user's; either side's fault arrives at the same two instructions. */
.macro COPY name
    .balign 16
    .globl \name
    .type \name, @function
\name:
    OPEN_USER_ACCESS
    movq %rdx, %rcx
    shrq $3, %rcx
    andl $7, %edx
1:  rep movsq
    movl %edx, %ecx
2:  rep movsb
3:  CLOSE_USER_ACCESS
    movq %rcx, %rax
    ret
4:  leaq (%rdx, %rcx, 8), %rcx /* faulted among the words: rcx of them and the tail are left */
    jmp 3b
    FIXUP 1b, 4b
    FIXUP 2b, 3b
    .size \name, . - \name
.endm

    .text
    COPY arch_copy_from_user
    COPY arch_copy_to_user

/* size_t arch_clear_user(u64 to, size_t n) */
    .balign 16
    .globl arch_clear_user
    .type arch_clear_user, @function
arch_clear_user:
    OPEN_USER_ACCESS
    movq %rsi, %rcx
    shrq $3, %rcx
    andl $7, %esi
    xorl %eax, %eax
1:  rep stosq
    movl %esi, %ecx
2:  rep stosb
3:  CLOSE_USER_ACCESS
    movq %rcx, %rax
    ret
4:  leaq (%rsi, %rcx, 8), %rcx
    jmp 3b
    FIXUP 1b, 4b
    FIXUP 2b, 3b
    .size arch_clear_user, . - arch_clear_user

    .section .note.GNU-stack, "", @progbits
