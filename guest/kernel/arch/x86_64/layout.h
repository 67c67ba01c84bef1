/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual address space. The hardware's 48 bits leave two halves; the upper one is the kernel's:

     0000000000000000  user, up to USER_TOP (its last page stays empty: a SYSCALL there could not return)
     ffff888000000000  physmap: all RAM at PHYSMAP_BASE + physical address
     ffffc90000000000  device memory (arch_ioremap)
     ffffffff80000000  the kernel's image at KERNEL_BASE + physical address */
#pragma once

#define PHYSMAP_BASE 0xffff888000000000
#define IOREMAP_BASE 0xffffc90000000000
#define IOREMAP_SIZE 0x0000000040000000 /* one page directory pointer entry */
#define KERNEL_BASE 0xffffffff80000000
#define USER_TOP 0x00007ffffffff000
#define STACK_TOP USER_TOP               /* the first user stack ends here */
#define ELF_DYN_BASE 0x0000555555554000  /* static position-independent programs: two thirds up, as Linux */
