/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A guest that mixes everything whose timing could slip: paging, rings 3 and 0, system calls by SYSCALL and INT, faults
 * that are mapped away, undefined instructions, a breakpoint, REP, LOCK, SSE, RDTSC, RDRAND, code that changes its own
 * block, shadows of STI and MOV SS, HLT, an instruction across two pages and interrupts of the local APIC's timer.
 * r15 counts rounds in ring 3; at the end the kernel stops the timer and waits for ever. Starts in flat 64-bit mode.
 */
.equ PML4, 0x200000
.equ PDPT, 0x201000
.equ PD_KERNEL, 0x202000
.equ PD_USER, 0x203000
.equ PT_USER, 0x204000
.equ PD_DEVICES, 0x205000
.equ PAGES, 6
.equ USER, 0x40000000           /* code at +0, +0x3000, +0x4000; data at +0x1000; what comes and goes at +0x2000 */
.equ NEXT, 0x3ff5               /* near the end of its page */
.equ APIC, 0xfee00000
.equ SVR, 0xf0
.equ EOI, 0xb0
.equ LVT_TIMER, 0x320
.equ INITIAL_COUNT, 0x380
.equ CURRENT_COUNT, 0x390
.equ DIVIDE, 0x3e0
.equ VECTOR, 0x20
.equ PERIOD, 700
.ifndef ROUNDS
.equ ROUNDS, 3000
.endif

.macro gate vector, handler, dpl=0, ist=0
    mov $\vector, %edi
    mov $\handler, %esi
    mov $(0x8e00 | \dpl << 13 | \ist), %edx
    call set_gate
.endm

.text
.code64
.global _start
_start:
    mov $stack, %rsp
    mov $PML4, %edi
    xor %eax, %eax
    mov $(PAGES * 512), %ecx
    cld
    rep stosq
    movq $(PDPT | 7), PML4
    movq $(PD_KERNEL | 3), PDPT
    movq $(PD_USER | 7), PDPT + 8
    movq $(PD_DEVICES | 3), PDPT + 24
    movq $0x83, PD_KERNEL                        /* 0..2 MiB and 2..4 MiB, for ring 0 */
    movq $0x200083, PD_KERNEL + 8
    mov $(APIC & 0xffe00000 | 0x9b), %eax
    mov %rax, PD_DEVICES + (APIC >> 21 & 511) * 8
    movq $(PT_USER | 7), PD_USER
    mov $(user + 7), %eax
    mov %rax, PT_USER
    mov $(data + 7), %eax
    bts $63, %rax
    mov %rax, PT_USER + 8
    mov $(user + 0x1007), %eax
    mov %rax, PT_USER + 24
    mov $(user + 0x2007), %eax
    mov %rax, PT_USER + 32
    mov $PML4, %eax
    mov %rax, %cr3
    mov $0xc0000080, %ecx                        /* EFER: SCE LME NXE */
    mov $0x901, %eax
    xor %edx, %edx
    wrmsr
    mov $0x6a0, %eax                             /* CR4: PAE PGE OSFXSR OSXMMEXCPT */
    mov %rax, %cr4
    mov $0x80010033, %eax
    mov %rax, %cr0
    mov $tss, %eax                               /* its descriptor */
    mov %ax, gdt_tss + 2
    shr $16, %eax
    mov %al, gdt_tss + 4
    mov %ah, gdt_tss + 7
    lgdt gdtr
    lidt idtr
    pushq $8
    pushq $1f
    lretq
1:  mov $0x10, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $0x30, %eax
    ltr %ax
    mov $0xc0000081, %ecx                        /* STAR, LSTAR, FMASK */
    xor %eax, %eax
    mov $0x001b0008, %edx
    wrmsr
    inc %ecx
    mov $system_call, %eax
    xor %edx, %edx
    wrmsr
    mov $0xc0000084, %ecx
    mov $0x40700, %eax
    wrmsr
    gate 3, breakpoint, 3
    gate 6, undefined
    gate 14, page_fault, 0, 1
    gate 0x80, back, 3
    gate VECTOR, tick
    mov $APIC, %ebx
    movl $0x1ff, SVR(%rbx)
    movl $VECTOR, LVT_TIMER(%rbx)                /* one shot */
    movl $0xb, DIVIDE(%rbx)
    movl $PERIOD, INITIAL_COUNT(%rbx)
    pushq $0x23
    pushq $(USER + 0x1ff0)
    pushq $0x202
    pushq $0x2b
    pushq $USER
back:
    iretq

set_gate:                                        /* edi vector, esi handler, edx attributes */
    shl $4, %edi
    mov %si, idt(%rdi)
    movw $8, idt + 2(%rdi)
    mov %dx, idt + 4(%rdi)
    shr $16, %esi
    mov %si, idt + 6(%rdi)
    ret

system_call:
    swapgs
    mov %rsp, user_stack
    mov $stack, %rsp
    cmp $60, %eax
    je end
    movq $0, PT_USER + 16                        /* take the third page away again */
    invlpg USER + 0x2000
    mov $APIC, %eax
    mov CURRENT_COUNT(%rax), %eax                /* time, seen through a device */
    xor %eax, seen
    test $7, %r15b
    jnz 1f
    sti
    hlt                                          /* until the timer */
    cli
1:  mov %cr8, %rax
    mov %rax, %cr8
    mov user_stack, %rsp
    swapgs
    sysretq
page_fault:
    push %rax
    mov $(data + 0x1007), %eax
    bts $63, %rax
    mov %rax, PT_USER + 16
    pop %rax
    add $8, %rsp
    iretq
undefined:
    addq $2, (%rsp)
    iretq
breakpoint:
    push %rax
    mov %ss, %eax
    sti
    mov %eax, %ss
    nop
    cli
    pop %rax
    iretq
tick:
    push %rax
    push %rdx
    incq ticks
    rdtsc
    mov %eax, ticks + 8
    mov $APIC, %eax
    movl $PERIOD, INITIAL_COUNT(%rax)
    movl $0, EOI(%rax)
    pop %rdx
    pop %rax
    iretq
end:
    mov $APIC, %eax
    movl $0x10000, LVT_TIMER(%rax)
1:  hlt
    jmp 1b

.balign 8
.global ticks
ticks: .quad 0, 0
user_stack: .quad 0
seen: .quad 0
gdt: .quad 0, 0x00af9a000000ffff, 0x00cf92000000ffff, 0x00cffa000000ffff, 0x00cff2000000ffff, 0x00affa000000ffff
gdt_tss: .quad 0x0000890000000067, 0
gdtr: .word . - gdt - 1
    .quad gdt
idtr: .word 0xfff
    .quad idt
.balign 16
tss: .long 0
    .quad stack, 0, 0, 0, fault_stack           /* RSP0, and IST1 at its place */
    .skip 0x68 - 44
.balign 4096
idt: .skip 4096
    .skip 4096
fault_stack:
    .skip 4096
stack:
data: .skip 8192

.balign 4096
user:
    xor %r15d, %r15d
    mov $(USER + 0x1000), %ebx
round:
    mov %r15, %rax
    imul $77, %rax, %rax
    add $13, %rax
    xor %rax, %rdx
    rol $7, %rdx
    mov %rdx, (%rbx)
    add 8(%rbx), %rdx
    mov %rdx, 8(%rbx)
    lea 16(%rbx), %rdi
    mov %rbx, %rsi
    mov $5, %ecx
    rep movsb
    xor %ecx, %ecx
    rep stosq
    lock incq 128(%rbx)
    call leaf
    mov $1, %eax
    syscall
    rdtsc
    xor %rax, %r14
    rdrand %rax
    xor %rax, %r14
    int $0x80
    mov %r15, 0x1000(%rbx)                       /* faults every time */
    ud2
    int3
    cvtsi2sd %r15, %xmm1
    addsd %xmm1, %xmm0
    test $1, %r15b
    jz 2f
    add $3, %r9
    jmp 3f
2:  sub $2, %r9
3:  lea 4f - user + USER, %rdi
    mov %r15b, 1(%rdi)                           /* changes what follows in this block */
    inc %r8
4:  mov $0x11, %al
    add %rax, %r9
    mov $60, %ecx
5:  dec %ecx
    jnz 5b
    pushfq
    popfq
    mov $(USER + NEXT), %eax
    jmp *%rax
leaf:
    inc %r11
    ret
    .org user + NEXT - 0x2000
    nop
    inc %r12
    movabs $0x1122334455667788, %r13             /* lies in both pages */
    inc %r15
    mov $(USER + round - user), %eax
    cmp $ROUNDS, %r15
    jae 6f
    jmp *%rax
6:  mov $60, %eax
    syscall
    .org user + 0x3000
