/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * CPU 0 writes a function, CPU 1 calls it, ROUNDS times; results[i] is what the i-th version returned. Flat 64-bit
 * mode without paging, as the engine starts.
 */
.equ ROUNDS, 400
.text
.global _start
_start:
    mov $1, %rcx
1:  mov %ecx, code+1             /* mov $rcx, %eax */
    mov %rcx, mailbox
2:  cmp mailbox+8, %rcx
    jne 2b
    inc %rcx
    cmp $ROUNDS, %rcx
    jb 1b
3:  hlt
    jmp 3b

.global second
second:
    mov $stack, %rsp
    xor %esi, %esi
1:  mov mailbox, %rcx
    cmp %rsi, %rcx
    je 1b
    mov %rcx, %rsi
    call code
    mov %rax, results(,%rsi,8)
    mov %rsi, mailbox+8
    cmp $ROUNDS - 1, %rsi
    jne 1b
3:  hlt
    jmp 3b

.balign 4096
code:
    mov $0, %eax
    ret
.balign 4096
mailbox: .quad 0, 0
.balign 4096
.global results
results: .skip 8 * ROUNDS
.balign 4096
    .skip 4096
stack:
.quad 0
