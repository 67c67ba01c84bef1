// SPDX-License-Identifier: GPL-2.0-or-later
//
// What a test program has to know of the processor: instructions with an outcome, addresses with a meaning.
#pragma once

#include <abi/signal.h>
#include <stdint.h>

#define MACHINE "x86_64"                // utsname.machine
#define ELF_MACHINE 62                  // EM_X86_64

#define KERNEL_ADDRESS 0xffff800000000000UL
#define BEYOND_USER 0x0000800000000000UL    // not canonical

// ---- every register that user code sees, around one system call (machine.S) ----

struct registers {
    uint64_t general[16];               // in the order of their encoding: rax rcx rdx rbx rsp rbp rsi rdi r8..r15
    uint64_t flags;                     // rflags
    uint64_t control, status;           // control and status bits of MXCSR
    uint64_t vector[16][2];             // xmm0..xmm15
};

enum { NUMBER_REGISTER = 0, RESULT_REGISTER = 0, GENERAL_REGISTERS = 16, VECTOR_REGISTERS = 16 };
#define FLAGS_PATTERN 0x000000000000085UL   // SF, PF (bit 2), CF
#define FLAGS_MASK 0x0000000000000cd5UL     // OF DF SF ZF AF PF CF
#define CONTROL_PATTERN 0x7f80UL        // round toward zero, all exceptions masked
#define CONTROL_DEFAULT 0x1f80UL
#define STATUS_PATTERN 0x0020UL         // PE: inexact
// rcx and r11 are taken by the instruction itself, rsp stays the stack.
#define NEVER_COMPARED(n) ((n) == 1 || (n) == 11 || (n) == 4)

static const uint8_t argument_registers[6] = {7, 6, 2, 10, 8, 9};

// Loads all of `before`, makes the call, stores all into `after`. Callee-saved registers are put back for C.
void registers_across_syscall(const struct registers *before, struct registers *after);

// Loads all vector registers and the control register from `before`, spins, and counts the registers that differ.
unsigned long hold_vectors(const struct registers *before, unsigned long spins);

static inline uint64_t float_control(void)
{
    uint32_t value;

    __asm__ volatile("stmxcsr %0" : "=m"(value));
    return value & 0xffc0;
}

// ---- instructions ----

// Both a zero divisor and a quotient that does not fit are #DE.
enum { DIVIDE_SIGNAL = SIGFPE, BREAKPOINT_SIGNAL = SIGTRAP, UNDEFINED_SIGNAL = SIGILL, PRIVILEGED_SIGNAL = SIGSEGV };
#define DIVIDE_BY_ZERO 0L
#define DIVIDE_OVERFLOW 0L

static inline long divide(long a, long b)
{
    long quotient, remainder;

    __asm__ volatile("cqto\n idivq %3" : "=&a"(quotient), "=&d"(remainder) : "0"(a), "r"(b));
    return quotient;
}

static inline void breakpoint(void)
{
    __asm__ volatile("int3");
}

static inline void undefined_instruction(void)
{
    __asm__ volatile("ud2");
}

struct instruction {
    const char *text;
    void (*run)(void);
};

#define INSTRUCTION(function, assembly) \
    static void function(void) { __asm__ volatile(assembly ::: "rax", "rcx", "rdx", "memory"); }

INSTRUCTION(run_hlt, "hlt")
INSTRUCTION(run_cli, "cli")
INSTRUCTION(run_in, "movw $0x60, %%dx\n inb %%dx, %%al")
INSTRUCTION(run_cr, "movq %%cr0, %%rax")
INSTRUCTION(run_rdmsr, "movl $0xc0000080, %%ecx\n rdmsr")
INSTRUCTION(run_lidt, "lidt (%%rsp)")
INSTRUCTION(run_int, "int $0x20")

static const struct instruction privileged[] = {
    {"hlt", run_hlt}, {"cli", run_cli}, {"in", run_in}, {"mov cr0", run_cr}, {"rdmsr", run_rdmsr}, {"lidt", run_lidt},
    {"int 0x20", run_int},
};

// A function that returns, as data; it must be made visible to instruction fetch before it is called.
static const uint8_t return_code[] = {0xc3};            // ret

static inline void publish_code(const void *code)
{
    (void)code;                         // stores are seen by instruction fetch
}
