/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the loader's hands to C, on the boot CPU.

   The loader found our PVH note (Xen ELF note 18, PHYS32_ENTRY) and entered in 32-bit protected mode: flat segments,
   paging off, interrupts off, EBX = physical address of the start info (Xen, public/arch-x86/hvm/start_info.h).

     Step 1  clear .bss, which holds the boot tables and the boot stack
     Step 2  check that this CPU has long mode and no-execute pages
     Step 3  build boot page tables: the low 4 GiB at 0, at the direct map and (2 GiB) at the kernel's addresses
     Step 4  switch on PAE, long mode, paging
     Step 5  jump to 64-bit code at the high address, take the boot stack, drop the low mapping later (mmu.c)
     Step 6  per-CPU data, then kernel_main()

   Code here runs at its load address while it is linked 0xffffffff80000000 higher: PHYS() takes that off. */
#include <arch/cpu.h>
#include <arch/trapframe.h>

#define KERNEL_BASE 0xffffffff80000000
#define PHYS(symbol) ((symbol) - KERNEL_BASE)

#define CR0_BOOT 0x80010033 /* PG WP NE ET MP PE */
#define CR4_BOOT 0x00000620 /* OSXMMEXCPT OSFXSR PAE */
#define MSR_EFER 0xc0000080
#define MSR_GS_BASE 0xc0000101
#define EFER_BOOT 0x900 /* NXE LME; SCE comes with the SYSCALL entry (cpu.c) */

#define PAGE_TABLE 0x003 /* present, writable */
#define PAGE_2M 0x083    /* present, writable, page size */

    .cfi_sections .debug_frame

    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 4, 18 /* name size, descriptor size, XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .long PHYS(pvh_entry)

    .section .head.text, "ax"
    .code32
    .globl pvh_entry
    .type pvh_entry, @function
pvh_entry:
    cli
    cld

1:  /* Step 1: clear .bss. */
    movl $PHYS(__bss_start), %edi
    movl $PHYS(__bss_end), %ecx
    subl %edi, %ecx
    shrl $2, %ecx
    xorl %eax, %eax
    rep stosl
    movl %ebx, %ebp /* CPUID destroys ebx */
    movl $PHYS(boot_stack_top), %esp

2:  /* Step 2: check the CPU. */
    movl $0x80000000, %eax
    cpuid
    cmpl $0x80000001, %eax
    jb unsupported_cpu
    movl $0x80000001, %eax
    cpuid
    andl $((1 << 29) | (1 << 20)), %edx /* LM, NX */
    cmpl $((1 << 29) | (1 << 20)), %edx
    jne unsupported_cpu

3:  /* Step 3: four page directories map 0 to 4 GiB in 2 MiB pages. */
    movl $PHYS(boot_page_directories), %edi
    movl $PAGE_2M, %eax
    xorl %edx, %edx
    movl $2048, %ecx
3:  movl %eax, (%edi)
    movl %edx, 4(%edi)
    addl $0x200000, %eax
    addl $8, %edi
    loop 3b
    /* The low and the direct map use all four; the kernel's top 2 GiB the first two. */
    movl $PHYS(boot_page_directories + PAGE_TABLE), %eax
    movl %eax, PHYS(boot_pdpt_low)
    movl %eax, PHYS(boot_pdpt_high + 510 * 8)
    addl $0x1000, %eax
    movl %eax, PHYS(boot_pdpt_low + 8)
    movl %eax, PHYS(boot_pdpt_high + 511 * 8)
    addl $0x1000, %eax
    movl %eax, PHYS(boot_pdpt_low + 16)
    addl $0x1000, %eax
    movl %eax, PHYS(boot_pdpt_low + 24)
    movl $PHYS(boot_pdpt_low + PAGE_TABLE), %eax
    movl %eax, PHYS(boot_pml4)           /* 0 */
    movl %eax, PHYS(boot_pml4 + 273 * 8) /* 0xffff888000000000 */
    movl $PHYS(boot_pdpt_high + PAGE_TABLE), %eax
    movl %eax, PHYS(boot_pml4 + 511 * 8) /* 0xffffff8000000000 */

4:  /* Step 4: on with it. A CPU may need the first instruction after PG to be a jump: step 5 is one. */
    movl $CR4_BOOT, %eax
    movl %eax, %cr4
    movl $PHYS(boot_pml4), %eax
    movl %eax, %cr3
    movl $MSR_EFER, %ecx
    movl $EFER_BOOT, %eax
    xorl %edx, %edx
    wrmsr
    lgdt PHYS(boot_gdt_pointer)
    movl $CR0_BOOT, %eax
    movl %eax, %cr0

5:  /* Step 5: a far jump loads the 64-bit code segment; the next one reaches the linked address. */
    ljmp $SELECTOR_KERNEL_CODE, $PHYS(entry_64)

unsupported_cpu:
    movl $PHYS(unsupported_text), %esi
    movw $0x3f8, %dx
1:  lodsb
    testb %al, %al
    jz 2f
    outb %al, %dx
    jmp 1b
2:  hlt
    jmp 2b

    .code64
entry_64:
    movq $6f, %rax
    jmp *%rax
6:  /* Step 6: null data segments, the boot stack, this CPU's data, a frame-pointer chain that ends here. */
    xorl %eax, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %fs
    movl %eax, %gs
    movl $SELECTOR_KERNEL_DATA, %eax
    movl %eax, %ss
    movq $boot_stack_top, %rsp
    movl %ebp, %eax
    movq %rax, pvh_start_info
    /* this_cpu() and `current` hold from the first line of C. */
    movq $cpus, %rax
    movq %rax, CPU_SELF(%rax)
    movq $boot_task, CPU_CURRENT(%rax)
    movl $MSR_GS_BASE, %ecx
    movq %rax, %rdx
    shrq $32, %rdx
    wrmsr
    xorl %ebp, %ebp
    call kernel_main
    .size pvh_entry, . - pvh_entry

    .section .rodata
unsupported_text:
    .asciz "Hatch needs a 64-bit CPU with no-execute pages\r\n"
    .balign 8
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff /* kernel code: 64-bit, DPL 0 */
    .quad 0x00cf93000000ffff /* kernel data */
boot_gdt_pointer:
    .word . - boot_gdt - 1
    .long PHYS(boot_gdt)

    .section .bss
    .balign 4096
    .globl boot_pml4
boot_pml4:
    .skip 4096
boot_pdpt_low:
    .skip 4096
boot_pdpt_high:
    .skip 4096
boot_page_directories:
    .skip 4 * 4096
    .globl boot_stack
    .globl boot_stack_top
boot_stack:
    .skip 16384
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
