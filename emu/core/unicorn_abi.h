/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The one seam to Unicorn's private side. Every private offset, constant and symbol that the core uses is named in this
 * file, in unicorn_abi.c, or in arch/<arch>/unicorn_arch.h, and nowhere else. They are those of the PyPI wheel of
 * Unicorn 2.1.4 for Linux x86-64 (glibc); unicorn_abi.c refuses any other library in one line before the first guest
 * instruction.
 *
 * How the core gets in: its extension has a private copy of the library beside it and is linked to that copy by
 * DT_NEEDED $ORIGIN/priv/libunicorn.so.2. The copy's look-ups go to the global scope, then to our extension, then to
 * itself, so a function that we export under one of its names takes the place of its own ("interposition"). The library
 * that Python's `unicorn` package loads never sees us.
 */
#ifndef TRAPDOOR_UNICORN_ABI_H
#define TRAPDOOR_UNICORN_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AT(type, base, offset) (*(type *)((char *)(base) + (offset)))

/* struct uc_struct */
#define UC_CPU 0x1b8         /* CPUState of the engine */
#define UC_TCG 0x300         /* TCGContext */
#define UC_STOP_REQUEST 0x56d

/* CPUState: the same offsets for both targets */
#define CS_CFLAGS_NEXT_TB 0x18    /* one-shot translation flags: low 15 bits = most instructions in the next block */
#define CS_INTERRUPT_REQUEST 0x1c
#define CS_COUNTER 0x30           /* icount_extra, unused by Unicorn: our counter of instructions left */
#define CS_ICOUNT_DECR_PTR 0x130  /* -> u16 low, u16 high; high != 0 leaves the chain of blocks */
#define CS_TB_JMP_CACHE 0x138
#define CS_OPAQUE 0x8170          /* unused by Unicorn: our struct cpu */
#define CS_MEM_IO_PC 0x8178       /* host return address of an MMIO access */
#define CS_HALTED 0x8198
#define CS_EXCEPTION_INDEX 0x81a0
#define CS_CLASS 0x81b0
#define CS_NEG 0x81c0             /* CPUNegativeOffsetState: the soft TLB first */

/* CPUClass */
#define CC_TLB_FILL 0x48
#define CC_EXEC_INTERRUPT 0x90

/* Soft TLB descriptors behind CS_NEG: their size follows the host's clock unless the window is pinned. */
#define TLB_DESC 0x20
#define TLB_DESC_SIZE 0x2b8
#define TLB_DESC_WINDOW_BEGIN 0x10

/* TranslationBlock */
#define TB_PC 0x0
#define TB_CS_BASE 0x8
#define TB_FLAGS 0x10
#define TB_ICOUNT 0x16 /* u16: guest instructions */
#define TB_CFLAGS 0x18
#define TB_TC_PTR 0x20
#define TB_TC_SIZE 0x28
#define TB_PAGE_ADDR 0x48 /* ram_addr_t[2]: the physical pages it was translated from */
#define TB_CFLAGS_COMPARE 0xeffff
#define TB_COUNT_MASK 0x7fff
#define TB_EXIT_REQUESTED 3

/* TCG: operations and conditions that the counting code emits */
#define TCG_EPILOGUE 0x98 /* TCGContext: where translated code returns to the main loop */
#define TCGOP_ARGS 0x18 /* u64 each */
#define OP_SET_LABEL 0x01
#define OP_MOVI_I32 0x06
#define OP_MOVI_I64 0x40
#define OP_LD_I64 0x49
#define OP_ST_I64 0x4d
#define OP_ADD_I64 0x4e
#define OP_SUB_I64 0x4f
#define COND_LT 2
#define TYPE_I32 0
#define TYPE_I64 1

#define INTERRUPT_HARD 0x2

/* Symbols of the library: looked up in the private copy, never in the process. */
void *unicorn_symbol(const char *name);

/* NULL, or one line saying why this library cannot be used and what to do. Called once, before any engine is opened. */
const char *unicorn_check(void);

/* The path of the private copy, for `emu doctor`. */
const char *unicorn_path(void);

/* `static` function pointer to the original of an interposed (or a merely called) function. */
#define ORIGINAL(type, variable, name) \
    static __typeof__(type) variable;  \
    if (!variable)                     \
    *(void **)(&variable) = unicorn_symbol(name)

#endif
