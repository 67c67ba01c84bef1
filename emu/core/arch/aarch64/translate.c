/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unicorn_arch.h"

/* False where the flags in env are not the block's key yet (single-stepping, guarded branches). */
static bool block_key(char *env, uint64_t *pc, uint64_t *cs_base, uint32_t *flags)
{
    uint32_t f = AT(uint32_t, env, ENV_HFLAGS);
    *pc = AT(uint64_t, env, ENV_PC);
    *cs_base = 0;
    *flags = f;
    return (f & HFLAGS_AARCH64) && !(f & HFLAGS_SS) && !AT(uint32_t, env, ENV_BTYPE);
}

#include "../../translate.inc"
