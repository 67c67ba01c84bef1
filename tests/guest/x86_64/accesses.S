/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Accesses that the 16550, the door and the PIIX4's power management do not have, then a loop with one of them and an
 * access to nothing in the middle of its code, then the end. The twin is aarch64/accesses.S. */
    .section .note.Xen, "a", @note
    .long 4, 4, 18                  /* XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .long _start

    .text
    .code32
    .globl _start
_start:
    mov $0x3fd, %dx                 /* LSR of COM1 */
    mov $0x55, %al
    out %al, %dx                    /* is read-only */
    mov $0x5d8, %dx                 /* the door's EXIT is write-only */
    in %dx, %eax
    mov $0x3f9, %dx
    in %dx, %eax                    /* IER has 8 bits */
    mov $0x60c, %dx                 /* beyond PM_TMR */
    in %dx, %eax                    /* reserved */
    mov $0x3fd, %dx
    in %dx, %al                     /* and LSR is as it was */
    mov %eax, %ebx

    mov $0xfd000000, %edi           /* nothing: reads all ones */
    mov $200, %ecx
1:  add %ecx, %esi
    inc %esi
    mov (%edi), %eax
    sub %eax, %esi
    out %al, %dx
    inc %esi
    dec %ecx
    jnz 1b

    mov $0x5d8, %dx
    mov $7, %eax
    out %eax, %dx                   /* the door's EXIT */
    jmp .
