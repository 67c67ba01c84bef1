/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's own symbol table, linked in by the toolchain's second pass (functions only, ascending). */
#pragma once
#include <types.h>

/* Name of the function that contains `address` and the offset into it; NULL when it is not in the kernel's text. */
const char *ksym_lookup(u64 address, u64 *offset);
/* "name+0x12" or the bare number, for messages. */
void ksym_format(char *out, size_t size, u64 address);
/* The same for a return address: the call it belongs to may be its function's last instruction. */
void ksym_format_return(char *out, size_t size, u64 return_address);
