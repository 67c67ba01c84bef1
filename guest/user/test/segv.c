// SPDX-License-Identifier: GPL-2.0-or-later
//
// Memory protection: what a program may not touch kills it with SIGSEGV, it alone.

#include "tap.h"

#include <arch/machine.h>

typedef void function(void);

static const long constant = 5;

static int read_at(void *address)
{
    return (int)(*(volatile long *)address & 0x7f);
}

static int write_at(void *address)
{
    *(volatile long *)address = 1;
    return 0;
}

static int call_at(void *address)
{
    __asm__ volatile("" : "+r"(address));    // calling null is undefined in C, so C is not to know
    ((function *)address)();
    return 0;
}

static int read_ignoring(void *address)
{
    signal(SIGSEGV, SIG_IGN);
    return read_at(address);
}

static int read_blocking(void *address)
{
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    return read_at(address);
}

static int read_across(void *page)
{
    return read_at((char *)page + PAGE - 4);
}

static void *page_with_code(int protection)
{
    void *page = map_pages(1, PROT_READ | PROT_WRITE | protection);

    memcpy(page, return_code, sizeof(return_code));
    publish_code(page);
    return page;
}

int main(void)
{
    char *pages = map_pages(2, PROT_READ | PROT_WRITE);
    char code_on_stack[64] __attribute__((aligned(16)));
    static char code_in_data[64] __attribute__((aligned(16)));
    void *hole = pages + PAGE;

    plan(24);
    munmap(hole, PAGE);
    memcpy(code_on_stack, return_code, sizeof(return_code));
    publish_code(code_on_stack);
    memcpy(code_in_data, return_code, sizeof(return_code));
    publish_code(code_in_data);

    same(in_child(read_at, pages), 0, "reading what is mapped is fine");
    same(in_child(read_at, NULL), -SIGSEGV, "reading address 0 is SIGSEGV");
    same(in_child(write_at, NULL), -SIGSEGV, "writing address 0 is SIGSEGV");
    same(in_child(call_at, NULL), -SIGSEGV, "calling address 0 is SIGSEGV");
    same(in_child(read_at, hole), -SIGSEGV, "reading what was unmapped is SIGSEGV");
    same(in_child(write_at, hole), -SIGSEGV, "writing what was unmapped is SIGSEGV");
    same(in_child(call_at, hole), -SIGSEGV, "calling what was unmapped is SIGSEGV");
    same(in_child(read_across, pages), -SIGSEGV, "a word that is half mapped is SIGSEGV");
    same(in_child(read_at, (void *)&constant), 5, "constants can be read");
    same(in_child(write_at, (void *)&constant), -SIGSEGV, "writing a constant is SIGSEGV");
    same(in_child(read_at, (void *)main) >= 0, 1, "program text can be read");
    same(in_child(write_at, (void *)main), -SIGSEGV, "writing program text is SIGSEGV");
    same(in_child(call_at, code_on_stack), -SIGSEGV, "executing the stack is SIGSEGV");
    same(in_child(call_at, code_in_data), -SIGSEGV, "executing data is SIGSEGV");
    same(in_child(call_at, page_with_code(0)), -SIGSEGV, "executing a mapping without PROT_EXEC is SIGSEGV");
    same(in_child(call_at, page_with_code(PROT_EXEC)), 0, "executing a mapping with PROT_EXEC is fine");
    same(in_child(read_at, (void *)KERNEL_ADDRESS), -SIGSEGV, "reading the kernel's half is SIGSEGV");
    same(in_child(write_at, (void *)KERNEL_ADDRESS), -SIGSEGV, "writing the kernel's half is SIGSEGV");
    same(in_child(call_at, (void *)KERNEL_ADDRESS), -SIGSEGV, "calling the kernel's half is SIGSEGV");
    same(in_child(read_at, (void *)BEYOND_USER), -SIGSEGV, "reading beyond every half is SIGSEGV");
    same(in_child(read_at, map_pages(1, PROT_NONE)), -SIGSEGV, "reading a PROT_NONE mapping is SIGSEGV");
    same(in_child(write_at, map_pages(1, PROT_READ)), -SIGSEGV, "writing a PROT_READ mapping is SIGSEGV");
    same(in_child(read_ignoring, NULL), -SIGSEGV, "a fault cannot be ignored");
    same(in_child(read_blocking, NULL), -SIGSEGV, "a fault cannot be blocked");
    return done();
}
