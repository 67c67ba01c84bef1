/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The symbol table of the second link pass. In the first pass these weak, empty tables stand in. */
#include <boot.h>
#include <ksyms.h>
#include <string.h>

__weak const u32 ksym_count = 0;
__weak const u32 ksym_offsets[1] = { 0 }; /* from __text_start, ascending */
__weak const u32 ksym_names[1] = { 0 };   /* into ksym_strings */
__weak const char ksym_strings[1] = "";

/* Read through volatile: the compiler sees the weak definitions and must not believe their values. */
static u32 table_size(void)
{
    return *(const volatile u32 *)&ksym_count;
}

const char *ksym_lookup(u64 address, u64 *offset)
{
    const volatile u32 *offsets = ksym_offsets, *names = ksym_names;
    u32 low = 0, high = table_size();
    u64 at = address - (u64)__text_start;

    if (address < (u64)__text_start || address >= (u64)__text_end || !high || at < offsets[0])
        return NULL;
    while (high - low > 1) {
        u32 middle = (low + high) / 2;

        if (offsets[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    *offset = at - offsets[low];
    return ksym_strings + names[low];
}

static void format(char *out, size_t size, u64 address, u64 back)
{
    u64 offset;
    const char *name = ksym_lookup(address - back, &offset);

    if (name)
        snprintf(out, size, "%s+%#lx", name, (unsigned long)(offset + back));
    else
        snprintf(out, size, "%#lx", (unsigned long)address);
}

void ksym_format(char *out, size_t size, u64 address)
{
    format(out, size, address, 0);
}

void ksym_format_return(char *out, size_t size, u64 return_address)
{
    format(out, size, return_address, 1);
}
