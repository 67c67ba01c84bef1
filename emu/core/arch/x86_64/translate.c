/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unicorn_arch.h"

static bool block_key(char *env, uint64_t *pc, uint64_t *cs_base, uint32_t *flags)
{
    *cs_base = AT(uint64_t, env, ENV_SEGS + SEG_CS * SEG_SIZE + SEG_BASE);
    *pc = *cs_base + AT(uint64_t, env, ENV_EIP);
    *flags = AT(uint32_t, env, ENV_HFLAGS) | (uint32_t)(AT(uint64_t, env, ENV_EFLAGS) & BLOCK_EFLAGS);
    return true;
}

#include "../../translate.inc"
