/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Measuring loops without an operating system; the same PVH ELF runs on us and on QEMU (-M pc). Before each loop its
 * letter goes to COM1, 'z' after the last: the host takes the time at each letter.
 *
 *   a ALU   m load/add/store   c call/return   b branches   s syscall/sysretq   n int 0x80/iretq   p page fault, mapped
 *   and unmapped   t TLB miss   i interrupt, from the ICR to EOI   w LAPIC register write
 */
#include "counts.h"

.equ PML4, 0x200000              /* PML4, PDPT, PD of RAM, PD of devices, window: PD and PT, user PD and PT */
.equ WINDOW, 0x40000000
.equ USER, 0x40200000
.equ LAPIC, 0xfee00000
.equ KCODE, 0x08
.equ KDATA, 0x10
.equ UCODE, 0x2b                 /* user: 0x20 data, 0x28 code */
.equ TSS_SEL, 0x30

.macro begin letter
    mov $\letter, %al
    mov $0x3f8, %dx
    out %al, %dx
.endm
.macro gate vector, handler, dpl=0
    mov $\vector, %edi
    lea \handler(%rip), %rsi
    mov $(0x8e | \dpl << 5), %edx
    call set_gate
.endm

.section .note, "a", @note
    .long 4, 4, 18
    .asciz "Xen"
    .long _start

.text
.code32
.global _start
_start:
    cld
    mov $PML4, %edi
    xor %eax, %eax
    mov $(8 * 1024), %ecx
    rep stosl
    movl $(PML4 + 0x1007), PML4
    movl $(PML4 + 0x2003), PML4 + 0x1000          /* 0..1 GiB */
    movl $(PML4 + 0x4007), PML4 + 0x1008          /* 1..2 GiB: window and user */
    movl $(PML4 + 0x3003), PML4 + 0x1018          /* 3..4 GiB: devices */
    mov $(PML4 + 0x2000), %edi
    mov $0x83, %eax
    mov $512, %ecx
1:  mov %eax, (%edi)
    add $0x200000, %eax
    add $8, %edi
    dec %ecx
    jnz 1b
    movl $(0xfee0009b), PML4 + 0x3000 + ((LAPIC - 0xc0000000) >> 21) * 8
    movl $(PML4 + 0x5007), PML4 + 0x4000
    movl $(PML4 + 0x6007), PML4 + 0x4008
    mov $(PML4 + 0x5000), %edi
    mov $0x400063, %eax                           /* window pages onto RAM at 4 MiB, accessed and dirty, NX below */
    mov $512, %ecx
1:  mov %eax, (%edi)
    movl $0x80000000, 4(%edi)
    add $0x1000, %eax
    add $8, %edi
    dec %ecx
    jnz 1b
    mov $user, %eax
    or $0x65, %eax
    mov %eax, PML4 + 0x6000
    mov $PML4, %eax
    mov %eax, %cr3
    mov $0x620, %eax                              /* PAE, OSFXSR, OSXMMEXCPT */
    mov %eax, %cr4
    mov $0xc0000080, %ecx
    rdmsr
    or $0x901, %eax                               /* SCE, LME, NXE */
    wrmsr
    mov $0x80010003, %eax                         /* PG, WP, MP, PE */
    mov %eax, %cr0
    lgdt gdtr
    ljmp $KCODE, $long
.code64
long:
    mov $KDATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $stack, %rsp
    mov $tss, %rax
    mov %ax, gdt_tss + 2
    shr $16, %rax
    mov %al, gdt_tss + 4
    movq $stack, tss + 4
    mov $TSS_SEL, %eax
    ltr %ax
    gate 14, fault
    gate 0x20, irq
    gate 0x80, int80, 3
    lidt idtr
    mov $0xc0000081, %ecx
    xor %eax, %eax
    mov $0x001b0008, %edx
    wrmsr
    mov $0xc0000082, %ecx
    mov $entry, %eax
    xor %edx, %edx
    wrmsr
    mov $0xc0000084, %ecx
    mov $0x200, %eax
    wrmsr
    mov $LAPIC, %r15
    movl $0x1ff, 0xf0(%r15)                       /* software enable */
    mov $0xff, %al                                /* firmware left the PIC's timer running */
    out %al, $0x21
    out %al, $0xa1

    begin 'a'
    mov $(ALU / 16), %r12
1:  add %r12, %rax
    xor %rax, %rbx
    lea 5(%rbx), %rcx
    shr $3, %rcx
    sub %rbx, %rcx
    or %rax, %rcx
    xor %rcx, %rdx
    add %rdx, %rsi
    shl $1, %rsi
    sub %rcx, %rsi
    and %rdx, %rdi
    or %rsi, %rdi
    add $5, %rdi
    xor %rdi, %rbp
    dec %r12
    jnz 1b

    begin 'm'
    mov $(MEM / 8), %r12
    mov $WINDOW, %r13
1:  mov (%r13), %rax
    add %r12, %rax
    mov %rax, 8(%r13)
    mov 16(%r13), %rbx
    add %rax, %rbx
    mov %rbx, 24(%r13)
    dec %r12
    jnz 1b

    begin 'c'
    mov $(CALL / 6), %r12
    mov $(WINDOW + 0x10000), %rsp
1:  call 2f
    call 2f
    dec %r12
    jnz 1b
    jmp 3f
2:  ret
3:  mov $stack, %rsp

    begin 'b'
    mov $(BRANCHY / 7), %r12
1:  test $1, %r12b
    jz 2f
    inc %rax
2:  test $2, %r12b
    jz 3f
    inc %rbx
3:  dec %r12
    jnz 1b

    begin 's'
    mov $SYSCALL, %r12
    mov $USER, %ecx
    mov $0x2, %r11d
    xor %ebx, %ebx
    sysretq
after_s:
    begin 'n'
    mov $INT80, %r12
    mov $(USER + user80 - user), %ecx
    mov $0x2, %r11d
    sysretq
after_n:
    mov $stack, %rsp

    begin 'p'
    mov $FAULT, %r12
    mov $WINDOW, %r13
    mov PML4 + 0x5000, %r14
1:  movq $0, PML4 + 0x5000
    invlpg (%r13)
    mov %r12, (%r13)
    dec %r12
    jnz 1b

    begin 't'
    mov $(TLB / 256), %r12
1:  mov %cr3, %rax
    mov %rax, %cr3
    mov $WINDOW, %r13
    mov $256, %ecx
2:  mov (%r13), %rax
    add $0x1000, %r13
    dec %ecx
    jnz 2b
    dec %r12
    jnz 1b

    begin 'i'
    mov $INTERRUPT, %r12
    sti
1:  movl $0x40020, 0x300(%r15)                    /* to itself, vector 0x20 */
    nop
    dec %r12
    jnz 1b
    cli

    begin 'w'
    mov $WRITES, %r12
1:  movl $0, 0x80(%r15)
    dec %r12
    jnz 1b

    begin 'z'
    mov $0xf4, %dx
    xor %eax, %eax
    out %eax, %dx
1:  hlt
    jmp 1b

set_gate:
    shl $4, %edi
    add $idt, %edi
    mov %si, (%rdi)
    movw $KCODE, 2(%rdi)
    movb $0, 4(%rdi)
    mov %dl, 5(%rdi)
    shr $16, %rsi
    mov %si, 6(%rdi)
    shr $16, %rsi
    mov %esi, 8(%rdi)
    ret

entry:
    test %ebx, %ebx
    jnz after_s
    sysretq
int80:
    test %ebx, %ebx
    jnz after_n
    iretq
fault:
    mov %r14, PML4 + 0x5000
    add $8, %rsp
    iretq
irq:
    movl $0, 0xb0(%r15)
    iretq

.balign 8
gdt:
    .quad 0, 0x00af9a000000ffff, 0x00cf92000000ffff, 0, 0x00cff2000000ffff, 0x00affa000000ffff
gdt_tss:
    .quad 0x0000890000000067, 0
gdtr:
    .word gdtr - gdt - 1
    .quad gdt
idtr:
    .word 0xfff
    .quad idt
.balign 4096
user:
1:  syscall
    dec %r12
    jnz 1b
    mov $1, %ebx
    syscall
user80:
    xor %ebx, %ebx
1:  int $0x80
    dec %r12
    jnz 1b
    mov $1, %ebx
    int $0x80
.balign 4096
idt: .skip 4096
tss: .skip 104
.balign 4096
.skip 4096
stack: .quad 0
