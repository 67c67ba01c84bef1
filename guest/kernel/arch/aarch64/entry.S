/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the boot loader to kernel_main(). The file starts with the header that makes it a Linux arm64 Image
   (Documentation/arch/arm64/booting.rst): entered with the MMU off, interrupts masked, x0 = physical address of the
   devicetree.

   Step 1  drop from EL2 to EL1 if the loader left us there
   Step 2  clear .bss and take the boot stack, both still by physical address
   Step 3  build the kernel's page tables (mmu.c) and load them
   Step 4  turn the MMU on through an identity map and jump to the linked address
   Step 5  install vectors and per-CPU data, go to C */
#include <arch/layout.h>

    .section .head.text, "ax"
    .globl image_header
image_header:
    b primary_entry            /* code0: executable */
    .long 0                    /* code1 */
    .quad 0                    /* text_offset: at the 2 MiB boundary itself */
    .quad __image_size         /* memory wanted, .bss included */
    .quad 0xa                  /* flags: little endian, 4 KiB pages, anywhere in RAM */
    .quad 0, 0, 0
    .ascii "ARM\x64"
    .long 0

    .text
    .globl primary_entry
    .type primary_entry, %function
primary_entry:
    mov x21, x0                /* the devicetree, kept over all steps */

    /* Step 1 */
    mrs x0, CurrentEL
    cmp x0, #(2 << 2)
    b.ne 1f
    mov x0, #(1 << 31)         /* HCR_EL2.RW: EL1 is AArch64; nothing trapped */
    msr hcr_el2, x0
    mov x0, #3                 /* CNTHCTL_EL2.EL1PCTEN, EL1PCEN: EL1 may use the physical counter */
    msr cnthctl_el2, x0
    msr cntvoff_el2, xzr
    mrs x0, id_aa64pfr0_el1    /* a GICv3 CPU interface: EL1 may use its system registers */
    ubfx x0, x0, #24, #4
    cbz x0, 2f
    mrs x0, s3_4_c12_c9_5      /* ICC_SRE_EL2 */
    orr x0, x0, #1             /* SRE */
    orr x0, x0, #8             /* Enable */
    msr s3_4_c12_c9_5, x0
    isb
2:  mov x0, #0x33ff            /* CPTR_EL2 RES1 bits, no traps */
    msr cptr_el2, x0
    mov x0, #0x3c5             /* EL1h, DAIF masked */
    msr spsr_el2, x0
    adr x0, 1f
    msr elr_el2, x0
    eret
1:
    msr spsel, #1
    ldr x0, =0x30d00800        /* SCTLR_EL1 RES1 bits only: MMU and caches off, whatever the loader left */
    msr sctlr_el1, x0
    isb

    /* Step 2 */
    adrp x0, __bss_start
    add x0, x0, :lo12:__bss_start
    adrp x1, __bss_end
    add x1, x1, :lo12:__bss_end
2:  stp xzr, xzr, [x0], #16
    cmp x0, x1
    b.lo 2b
    adrp x0, boot_stack_top
    add x0, x0, :lo12:boot_stack_top
    mov sp, x0
    mov x29, xzr

    /* Step 3 */
    adrp x20, image_header     /* physical address of the image: 2 MiB aligned */
    mov x0, x20
    mov x1, x21
    bl mmu_build_boot_tables   /* returns the physical address of struct boot_tables */
    ldp x1, x2, [x0]           /* kernel root, identity root */
    msr ttbr1_el1, x1
    msr ttbr0_el1, x2
    ldr x1, [x0, #16]          /* MAIR */
    msr mair_el1, x1
    ldr x1, [x0, #24]          /* TCR */
    msr tcr_el1, x1
    mov x1, #(3 << 20)         /* CPACR_EL1.FPEN: no trap, user programs use FP and SIMD freely */
    msr cpacr_el1, x1
    dsb ish
    tlbi vmalle1
    ic iallu
    dsb nsh
    isb

    /* Step 4 */
    ldr x1, [x0, #32]          /* SCTLR */
    ldr x2, =higher_half
    msr sctlr_el1, x1
    isb
    br x2
higher_half:
    ldr x1, [x0, #40]          /* an empty user half: x0's page is covered by the identity map until here */
    msr ttbr0_el1, x1
    isb
    tlbi vmalle1
    dsb nsh
    isb

    /* Step 5 */
    ldr x0, =vectors
    msr vbar_el1, x0
    ldr x0, =cpus
    msr tpidr_el1, x0
    ldr x1, =boot_task
    str x0, [x0]               /* cpu->self */
    str x1, [x0, #8]           /* cpu->running: so that `current` is valid from the first line of C */
    ldr x1, =boot_stack_top
    mov sp, x1
    ldr x0, =kernel_phys
    str x20, [x0]
    ldr x0, =boot_fdt
    str x21, [x0]
    mov x29, xzr
    mov x30, xzr
    bl kernel_main
    .size primary_entry, . - primary_entry

    .section .bss
    .balign 16
boot_stack:
    .skip 16384
    .globl boot_stack, boot_stack_top
boot_stack_top:
