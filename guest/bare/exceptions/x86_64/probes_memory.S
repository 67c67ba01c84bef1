/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Addresses that are not canonical, page faults.
 */
#include "probe.h"

    .section .probes, "ax"
/* Addresses that are not canonical */
    probe "load, non-canonical", BOTH, 0, NON_CANONICAL
    movq (%rdi), %rax
    done
    probe "load, just above the hole's start", BOTH, 0, 0x800000000000
    movq (%rdi), %rax
    done
    probe "load over the hole's start", BOTH, 0, 0x7ffffffffffc
    movq (%rdi), %rax
    done
    probe "store, non-canonical", BOTH, 0, NON_CANONICAL
    movq %rax, (%rdi)
    done
    probe "load by rbp, non-canonical", BOTH, 0, NON_CANONICAL
    movq %rdi, %rbp
    movq (%rbp), %rax
    done
    probe "push, non-canonical", BOTH, 0, NON_CANONICAL
    movq %rdi, %rsp
    pushq %rax
    done
    probe "ret, non-canonical", BOTH, 0, NON_CANONICAL
    pushq %rdi
    ret
    probe "jmp, non-canonical", BOTH, 0, NON_CANONICAL
    jmp *%rdi
    probe "call, non-canonical", BOTH, 0, NON_CANONICAL
    call *%rdi

/* Page faults: each level, each bit of the error code */
.macro data text, modes, address, with=0
    probe "load, \text", \modes, \with, \address
    movl (%rdi), %eax
    done
    probe "store, \text", \modes, \with, \address
    movl %esi, (%rdi)
    done
.endm
    data "PML4 entry absent", BOTH, PML4_ABSENT
    data "PML4 entry reserved", BOTH, PML4_RESERVED
    data "PDPT entry absent", BOTH, PDPT_ABSENT
    data "PDPT entry reserved", BOTH, TABLE_RESERVED
    data "1 GiB page, read-only", BOTH, (PDPT_READ_ONLY + 0x100000)
    data "PD entry absent", BOTH, PD_ABSENT
    data "PD entry reserved", BOTH, PD_RESERVED
    data "2 MiB page, read-only", BOTH, (PD_READ_ONLY + 0x100000)
    data "PT entry absent", BOTH, (PAGE_ABSENT + 0x123)
    data "PT entry reserved", BOTH, PAGE_RESERVED
    data "supervisor, read/write", BOTH, (PAGE_KERNEL + 16)
    data "supervisor, read-only", BOTH, PAGE_KERNEL_RO
    data "user, read/write", BOTH, (USER_DATA + 16)
    data "user, read-only", BOTH, PAGE_USER_RO
    data "table read-only", BOTH, TABLE_READ_ONLY
    data "table supervisor", BOTH, (TABLE_KERNEL + 16)
    data "kernel", RING3, 0x100000
    data "user, SMAP", (RING0), (USER_DATA + 16), with_smap
    data "user, SMAP and AC", (RING0 | AC), (USER_DATA + 16), with_smap
    data "supervisor, SMAP", (RING0), (PAGE_KERNEL + 16), with_smap
    probe "store, supervisor read-only, WP=0", RING0, with_no_wp, (PAGE_KERNEL_RO + 16)
    movl %esi, (%rdi)
    done
    probe "store, user read-only, WP=0", RING0, with_no_wp, (PAGE_USER_RO + 16)
    movl %esi, (%rdi)
    done
    probe "store, 1 GiB page, WP=0", RING3, with_no_wp, (PDPT_READ_ONLY + 0x100000)
    movl %esi, (%rdi)
    done
    probe "load, no memory", BOTH, 0, PAGE_NOWHERE
    movl (%rdi), %eax
    xorl %eax, %eax /* what is read there is no business of the CPU */
    done
    probe "store, no memory", BOTH, 0, PAGE_NOWHERE
    movl %esi, (%rdi)
    done
    probe "load over a page's end", BOTH, 0, (PAGE_ABSENT - 2)
    movl (%rdi), %eax
    done
    probe "store over a page's end", BOTH, 0, (PAGE_ABSENT - 2)
    movl %esi, (%rdi)
    done
    probe "xadd is a write", BOTH, 0, PAGE_USER_RO
    lock xaddl %esi, (%rdi)
    done
    probe "cmpxchg is a write", BOTH, 0, PAGE_USER_RO
    movl $-1, %eax
    lock cmpxchgl %esi, (%rdi)
    done
    probe "add to memory", BOTH, 0, PAGE_USER_RO
    addl %esi, (%rdi)
    done
    probe "push", BOTH, 0, (PAGE_ABSENT + 0x10)
    movq %rdi, %rsp
    pushq %rax
    done
    probe "call", BOTH, 0, (PAGE_ABSENT + 0x10)
    movq %rdi, %rsp
    call 1f
1:  done
    probe "rep movsb stops in the middle", BOTH, 0, (PAGE_ABSENT - 3), USER_DATA
    movl $8, %ecx
    rep movsb
    done
    probe "prefetch never faults", BOTH, 0, PAGE_ABSENT
    prefetcht0 (%rdi)
    done
    probe "invlpg never faults", RING0, 0, PAGE_ABSENT
    invlpg (%rdi)
    done
    probe "fxrstor", BOTH, 0, PAGE_ABSENT
    fxrstor (%rdi)
    done
.macro jump text, modes, address, with=0
    probe "jmp, \text", \modes, \with, \address
    jmp *%rdi
.endm
    jump "PML4 entry absent", BOTH, PML4_ABSENT
    jump "PT entry absent", BOTH, PAGE_ABSENT
    jump "PT entry reserved", BOTH, PAGE_RESERVED
    jump "NX", BOTH, PAGE_USER_NX
    jump "table NX", BOTH, (TABLE_NX + 0x1000)
    jump "supervisor code", RING3, (PAGE_CODE_KERNEL + 3)
    jump "kernel", RING3, 0x100000
    jump "user code", RING0, USER_CODE
    jump "user code, SMEP", RING0, USER_CODE, with_smep
    probe "code over a page's end", BOTH, 0, (PAGE_ABSENT - 1)
    jmp *%rdi
