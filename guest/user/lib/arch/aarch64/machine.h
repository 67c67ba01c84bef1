// SPDX-License-Identifier: GPL-2.0-or-later
//
// What a test program has to know of the processor: instructions with an outcome, addresses with a meaning.
#pragma once

#include <abi/signal.h>
#include <stdint.h>

#define MACHINE "aarch64"               // utsname.machine
#define ELF_MACHINE 183                 // EM_AARCH64

#define KERNEL_ADDRESS 0xffff800000000000UL
#define BEYOND_USER 0x0001000000000000UL    // not translated by TTBR0, nor by TTBR1

// ---- every register that user code sees, around one system call (machine.S) ----

struct registers {
    uint64_t general[31];               // x0..x30; x0..x5 and x8 are the call's
    uint64_t flags;                     // NZCV
    uint64_t control, status;           // FPCR, FPSR
    uint64_t vector[32][2];             // v0..v31
};

enum { NUMBER_REGISTER = 8, RESULT_REGISTER = 0, GENERAL_REGISTERS = 31, VECTOR_REGISTERS = 32 };
#define FLAGS_PATTERN 0xa0000000UL      // N and C
#define FLAGS_MASK 0xf0000000UL
#define CONTROL_PATTERN 0x00c00000UL    // round toward zero
#define CONTROL_DEFAULT 0UL
#define STATUS_PATTERN 0x00000010UL     // IXC: inexact, cumulative
#define NEVER_COMPARED(n) 0             // the kernel keeps all but the result

static const uint8_t argument_registers[6] = {0, 1, 2, 3, 4, 5};

// Loads all of `before`, makes the call, stores all into `after`. Callee-saved registers are put back for C.
void registers_across_syscall(const struct registers *before, struct registers *after);

// Loads all vector registers and the control register from `before`, spins, and counts the registers that differ.
unsigned long hold_vectors(const struct registers *before, unsigned long spins);

static inline uint64_t float_control(void)
{
    uint64_t value;

    __asm__ volatile("mrs %0, fpcr" : "=r"(value));
    return value;
}

// ---- instructions ----

// Division by zero gives 0, and the most negative number by -1 gives itself: no exception.
enum { DIVIDE_SIGNAL = 0, BREAKPOINT_SIGNAL = SIGTRAP, UNDEFINED_SIGNAL = SIGILL, PRIVILEGED_SIGNAL = SIGILL };
#define DIVIDE_BY_ZERO 0L
#define DIVIDE_OVERFLOW INT64_MIN

static inline long divide(long a, long b)
{
    long result;

    __asm__ volatile("sdiv %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

static inline void breakpoint(void)
{
    __asm__ volatile("brk #0");
}

static inline void undefined_instruction(void)
{
    __asm__ volatile("udf #0");
}

struct instruction {
    const char *text;
    void (*run)(void);
};

#define INSTRUCTION(function, assembly) \
    static void function(void) { __asm__ volatile(assembly ::: "x0", "memory"); }

INSTRUCTION(run_mrs, "mrs x0, sctlr_el1")
INSTRUCTION(run_msr, "msr vbar_el1, x0")
INSTRUCTION(run_daif, "msr daifset, #2")
INSTRUCTION(run_tlbi, "tlbi vmalle1")
INSTRUCTION(run_eret, "eret")
INSTRUCTION(run_hvc, "hvc #0")
INSTRUCTION(run_smc, "smc #0")

static const struct instruction privileged[] = {
    {"mrs sctlr_el1", run_mrs}, {"msr vbar_el1", run_msr}, {"msr daifset", run_daif}, {"tlbi vmalle1", run_tlbi},
    {"eret", run_eret}, {"hvc", run_hvc}, {"smc", run_smc},
};

// A function that returns, as data; it must be made visible to instruction fetch before it is called.
static const uint32_t return_code[] = {0xd65f03c0};     // ret

static inline void publish_code(const void *code)
{
    __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb" ::"r"(code) : "memory");
}
