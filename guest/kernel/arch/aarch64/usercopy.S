/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies between kernel and user memory. LDTR and STTR access memory with the user's rights, so a kernel address, a
   read-only page or PROT_NONE faults here just as it would in the user's own code; trap_page_fault() then either makes
   the page present or continues at the fixup, which returns the number of bytes not copied. */

/* A user access that may fault, and its entry in the exception table (relative to itself, twice). */
.macro user insn:vararg
9999:
    \insn
    .pushsection .ex_table, "a"
    .balign 4
    .long 9999b - .
    .long .Lfault - .
    .popsection
.endm

    .text
/* size_t arch_copy_from_user(void *to, u64 from, size_t n) */
    .globl arch_copy_from_user
    .type arch_copy_from_user, %function
arch_copy_from_user:
    cmp x2, #32
    b.lo 2f
1:  user ldtr x3, [x1]
    user ldtr x4, [x1, #8]
    user ldtr x5, [x1, #16]
    user ldtr x6, [x1, #24]
    stp x3, x4, [x0]
    stp x5, x6, [x0, #16]
    add x1, x1, #32
    add x0, x0, #32
    sub x2, x2, #32
    cmp x2, #32
    b.hs 1b
2:  cmp x2, #8
    b.lo 4f
3:  user ldtr x3, [x1]
    str x3, [x0], #8
    add x1, x1, #8
    sub x2, x2, #8
    b 2b
4:  cbz x2, .Ldone
5:  user ldtrb w3, [x1]
    strb w3, [x0], #1
    add x1, x1, #1
    sub x2, x2, #1
    b 4b
    .size arch_copy_from_user, . - arch_copy_from_user

/* size_t arch_copy_to_user(u64 to, const void *from, size_t n) */
    .globl arch_copy_to_user
    .type arch_copy_to_user, %function
arch_copy_to_user:
    cmp x2, #32
    b.lo 2f
1:  ldp x3, x4, [x1]
    ldp x5, x6, [x1, #16]
    user sttr x3, [x0]
    user sttr x4, [x0, #8]
    user sttr x5, [x0, #16]
    user sttr x6, [x0, #24]
    add x1, x1, #32
    add x0, x0, #32
    sub x2, x2, #32
    cmp x2, #32
    b.hs 1b
2:  cmp x2, #8
    b.lo 4f
3:  ldr x3, [x1], #8
    user sttr x3, [x0]
    add x0, x0, #8
    sub x2, x2, #8
    b 2b
4:  cbz x2, .Ldone
5:  ldrb w3, [x1], #1
    user sttrb w3, [x0]
    add x0, x0, #1
    sub x2, x2, #1
    b 4b
    .size arch_copy_to_user, . - arch_copy_to_user

/* size_t arch_clear_user(u64 to, size_t n) */
    .globl arch_clear_user
    .type arch_clear_user, %function
arch_clear_user:
    mov x2, x1
1:  cmp x2, #8
    b.lo 3f
    user sttr xzr, [x0]
    add x0, x0, #8
    sub x2, x2, #8
    b 1b
3:  cbz x2, .Ldone
    user sttrb wzr, [x0]
    add x0, x0, #1
    sub x2, x2, #1
    b 3b
    .size arch_clear_user, . - arch_clear_user

.Ldone:
.Lfault:
    mov x0, x2
    ret
