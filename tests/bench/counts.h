/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much each loop of loops.S does: instructions for a, m, c, b; operations for the others. */
#define ALU 400000000
#define MEM 240000000
#define CALL 60000000
#define BRANCHY 140000000
#define SYSCALL 400000
#define INT80 200000
#define FAULT 200000
#define TLB 1024000
#define INTERRUPT 200000
#define WRITES 1000000
