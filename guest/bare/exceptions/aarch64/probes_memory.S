/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Data aborts, address translation, instruction aborts.
 */
#include "probe.h"

    .section .probes, "ax"
/* Data aborts: each level, each cause, each kind of access */
.macro data text, modes, address, with=0
    probe "ldr, \text", \modes, \with, \address
    ldr x0, [x0]
    done
    probe "str, \text", \modes, \with, \address
    str x1, [x0]
    mov x0, #0
    done
.endm
    data "translation, level 0", ALL, L0_INVALID
    data "translation, level 0, reserved block", ALL, L0_BLOCK
    data "translation, level 1", ALL, L1_INVALID
    data "translation, level 2", ALL, L2_INVALID
    data "translation, level 3", ALL, (PAGE_INVALID + 0x123)
    data "translation, level 3, reserved block", ALL, PAGE_BLOCK
    data "access flag, level 1", ALL, (L1_NO_AF + 0x80000)
    data "access flag, level 2", ALL, (L2_NO_AF + 0x80000)
    data "access flag, level 3", ALL, PAGE_NO_AF
    data "EL1 read-only, level 1", ALL, (L1_KERNEL_RO + 0x80ff8)
    data "EL1 read-only, level 2", ALL, (L2_KERNEL_RO + 0x80ff8)
    data "EL1 read-only, level 3", ALL, PAGE_KERNEL_RO
    data "EL1 read/write", ALL, (PAGE_KERNEL + 8)
    data "EL0 read-only", ALL, PAGE_USER_RO
    data "EL0 read/write", ALL, (USER_DATA + 8)
    data "APTable read-only", ALL, TABLE_READ_ONLY
    data "APTable not for EL0", ALL, (TABLE_KERNEL + 8)
    data "address size, level 2", ALL, L2_TOO_FAR
    data "address size, level 2 table", ALL, TABLE_TOO_FAR
    data "address size, level 3", ALL, PAGE_TOO_FAR
    data "address size, IPS 32 bits, level 3", EL1, PAGE_NOWHERE, with_ips32
    data "external abort", ALL, (PAGE_NOWHERE + 0x10)
    data "external abort, mapped flat", EL1, NO_MEMORY
    data "external abort on the walk", ALL, TABLE_NOWHERE
    data "hole between TTBR0 and TTBR1", ALL, HOLE
    data "TTBR1, mapped", ALL, UPPER_DATA
    data "TTBR1, level 0", ALL, UPPER_INVALID
    data "TTBR1, EPD1", ALL, UPPER_DATA, with_epd1
    data "TTBR1, beyond T1SZ", ALL, UPPER_DATA, with_t1sz
    data "tagged, TBI0=0", ALL, (TAGGED + USER_DATA + 8)
    data "tagged, TBI0=1", ALL, (TAGGED + USER_DATA + 8), with_tbi0
    data "tagged, TBI0=1, level 3", ALL, (TAGGED + PAGE_INVALID), with_tbi0
    data "kernel", EL0, 0x40080000

    probe "ldtr, EL1 page", ALL, 0, PAGE_KERNEL
    ldtr x0, [x0]
    done
    probe "ldtr, EL0 page", ALL, 0, PAGE_USER_RO
    ldtr x0, [x0]
    done
    probe "sttr, EL1 page", ALL, 0, (PAGE_KERNEL + 16)
    sttr x1, [x0]
    done
    probe "sttr, EL0 read-only page", ALL, 0, PAGE_USER_RO
    sttr x1, [x0]
    done
    probe "sttr, EL0 page", ALL, 0, (USER_DATA + 16)
    sttr x1, [x0]
    mov x0, #0
    done
    probe "ldp over a page's end", ALL, 0, (PAGE_INVALID - 8)
    ldp x2, x3, [x0]
    done
    probe "ldr over a page's end", ALL, 0, (PAGE_INVALID - 4)
    ldr x0, [x0]
    done
    probe "str over a page's end", ALL, 0, (PAGE_INVALID - 4)
    str x1, [x0]
    done
    probe "ldrb", ALL, 0, (PAGE_INVALID + 3)
    ldrb w0, [x0]
    done
    probe "ldr with writeback keeps its base", ALL, 0, PAGE_INVALID
    ldr x1, [x0, #8]!
    done
    probe "ldr q0", ALL, with_fp, PAGE_INVALID
    ldr q0, [x0]
    done
    probe "dc zva", EL1, 0, PAGE_INVALID
    dc zva, x0
    done
    probe "dc zva, read-only", EL1, 0, PAGE_USER_RO
    dc zva, x0
    done
    probe "prfm never faults", ALL, 0, PAGE_INVALID
    prfm pldl1keep, [x0]
    mov x0, #0
    done
    probe "ldxr, unaligned", ALL, 0, (USER_DATA + 4)
    ldxr x0, [x0]
    done
    probe "stxr, unaligned", ALL, 0, (USER_DATA + 4)
    stxr w2, x1, [x0]
    mov x0, #0
    done
    probe "ldaxp, unaligned", ALL, 0, (USER_DATA + 8)
    ldaxp x2, x3, [x0]
    mov x0, #0
    done
    probe "stlr, unaligned", ALL, 0, (USER_DATA + 0x101)
    stlr x1, [x0]
    mov x0, #0
    done
    probe "ldar, unaligned", ALL, 0, (USER_DATA + 0x101)
    ldar x0, [x0]
    mov x0, #0
    done
    probe "ldxr, translation", ALL, 0, PAGE_INVALID
    ldxr x0, [x0]
    done
    probe "ldr, unaligned, A=0", ALL, 0, (USER_DATA + 1)
    ldr x0, [x0]
    mov x0, #0
    done
    probe "ldr, unaligned, A=1", ALL, with_alignment, (USER_DATA + 1)
    ldr x0, [x0]
    mov x0, #0
    done
    probe "strh, unaligned, A=1", ALL, with_alignment, (USER_DATA + 0x101)
    strh w1, [x0]
    mov x0, #0
    done

/* Address translation instructions: PAR_EL1 */
.macro translate text, operation, address
    probe "at \operation, \text", EL1H, 0, \address
    at \operation, x0
    isb
    mrs x0, par_el1
    done
.endm
    .irp operation, s1e1r, s1e1w, s1e0r, s1e0w
    translate "EL0 read/write", \operation, (USER_DATA + 0x678)
    translate "EL1 read-only", \operation, PAGE_KERNEL_RO
    translate "EL0 read-only", \operation, PAGE_USER_RO
    translate "device", \operation, PAGE_DEVICE
    translate "translation, level 0", \operation, L0_INVALID
    translate "translation, level 3", \operation, PAGE_INVALID
    translate "access flag, level 2", \operation, L2_NO_AF
    translate "address size, level 3", \operation, PAGE_TOO_FAR
    translate "external abort on the walk", \operation, TABLE_NOWHERE
    .endr

/* Instruction aborts and the PC */
.macro jump text, modes, address, with=0
    probe "br, \text", \modes, \with, \address
    br x0
.endm
    jump "translation, level 0", ALL, L0_INVALID
    jump "translation, level 1", ALL, L1_INVALID
    jump "translation, level 2", ALL, (L2_INVALID + 0x40)
    jump "translation, level 3", ALL, PAGE_INVALID
    jump "access flag, level 3", ALL, PAGE_CODE_NO_AF
    jump "access flag, level 1", ALL, L1_NO_AF
    jump "UXN and PXN", ALL, PAGE_USER_XN
    jump "EL1 code", EL0, PAGE_CODE_KERNEL
    jump "EL0 code, PXN", EL1, USER_CODE
    jump "EL0-writable page at EL1", EL1, PAGE_CODE_WRITABLE
    jump "EL0-writable page at EL0", EL0, PAGE_CODE_WRITABLE
    jump "UXNTable", (EL0 | EL1H), (TABLE_UXN + 0x1000)
    jump "PXNTable", (EL0 | EL1H), (TABLE_PXN + 0x1000)
    jump "EL1 read-only data, level 2", EL1, L2_KERNEL_RO
    jump "address size, level 3", ALL, PAGE_TOO_FAR
    jump "external abort on the walk", ALL, TABLE_NOWHERE
    jump "hole", ALL, HOLE
    jump "TTBR1, level 0", ALL, UPPER_INVALID
    jump "kernel", EL0, 0x40080000
    jump "PC alignment, +1", ALL, (USER_CODE + 1)
    jump "PC alignment, +2", ALL, (USER_CODE + 2)
    jump "PC alignment before translation", ALL, (PAGE_INVALID + 2)
    probe "ret, PC alignment", ALL, 0, (USER_CODE + 3)
    ret x0
    probe "eret, PC alignment", EL1H, 0, (USER_CODE + 2)
    msr elr_el1, x0
    msr spsr_el1, xzr
    isb
    eret
