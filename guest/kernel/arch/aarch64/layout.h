/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual address map of AArch64: 48-bit addresses, 4 KiB pages. Also read by assembly. */
#pragma once

/* TTBR0 half: the user's. */
#define USER_TOP 0x0001000000000000
#define STACK_TOP USER_TOP           /* the first user stack ends here */
#define ELF_DYN_BASE 0x0000aaaaaaaaa000 /* static position-independent programs: two thirds up, as Linux */

/* TTBR1 half: the kernel's. One top-level entry (512 GiB) is the granule of this list. */
#define PHYSMAP_BASE 0xffff000000000000 /* all RAM */
#define KERNEL_BASE 0xffff800000000000  /* the image, W^X by 4 KiB page */
#define IOREMAP_BASE 0xffffc00000000000 /* device registers */
#define FDT_BASE 0xffffe00000000000     /* the devicetree, until the physmap exists */
