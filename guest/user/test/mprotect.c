// SPDX-License-Identifier: GPL-2.0-or-later
//
// mprotect: permissions change page by page, at once, and only where something is mapped.

#include "tap.h"

#include <arch/machine.h>

enum { RW = PROT_READ | PROT_WRITE };

typedef void function(void);

static int read_at(void *address)
{
    return *(volatile char *)address;
}

static int write_at(void *address)
{
    *(volatile char *)address = 9;
    return 0;
}

static int call_at(void *address)
{
    ((function *)address)();
    return 0;
}

static int protect_in_child(void *page)
{
    return mprotect(page, PAGE, PROT_NONE) == 0 ? 0 : 1;
}

static long protect(const void *address, size_t length, long protection)
{
    return __syscall(__NR_mprotect, address, length, protection);
}

int main(void)
{
    char *pages = map_pages(5, RW);

    plan(24);
    memset(pages, 7, 5 * PAGE);
    same(protect(pages + PAGE, PAGE, PROT_READ), 0, "a page can be made read-only");
    same(pages[PAGE], 7, "it is read as before");
    same(in_child(write_at, pages + PAGE), -SIGSEGV, "but not written");
    same(in_child(write_at, pages + PAGE - 1), 0, "the page in front is");
    same(in_child(write_at, pages + 2 * PAGE), 0, "and the one behind");
    same(protect(pages + PAGE, PAGE, RW), 0, "it can be made writable again");
    pages[PAGE] = 8;
    same(pages[PAGE], 8, "and is written");

    same(protect(pages + 2 * PAGE, 2 * PAGE, PROT_NONE), 0, "pages can be taken away");
    same(in_child(read_at, pages + 2 * PAGE), -SIGSEGV, "the first of them");
    same(in_child(read_at, pages + 4 * PAGE - 1), -SIGSEGV, "to the last");
    same(__syscall(__NR_uname, pages + 3 * PAGE), -EFAULT, "also from the kernel's copies");
    same(protect(pages, 5 * PAGE, PROT_READ), 0, "one call joins pages of different permissions");
    ok(pages[0] == 7 && pages[2 * PAGE] == 7 && pages[4 * PAGE] == 7, "whose contents were kept");

    // Written, then executable, as a translator of programs would do it.
    char *code = map_pages(1, RW);
    memcpy(code, return_code, sizeof(return_code));
    publish_code(code);
    same(in_child(call_at, code), -SIGSEGV, "data cannot be called");
    same(protect(code, PAGE, PROT_READ | PROT_EXEC), 0, "until it is made executable");
    same(in_child(call_at, code), 0, "then it can");
    same(in_child(write_at, code), -SIGSEGV, "and not be written any more");

    protect(pages, PAGE, RW);
    same(in_child(protect_in_child, pages), 0, "a child changes its own pages");
    pages[0] = 1;
    same(pages[0], 1, "and not ours");

    same(protect(pages + 1, PAGE, RW), -EINVAL, "an address within a page is EINVAL");
    same(protect(pages, 0, PROT_NONE), 0, "no pages: nothing to do");
    same(pages[0], 1, "so nothing is done");
    munmap(pages + 2 * PAGE, PAGE);
    same(protect(pages, 5 * PAGE, RW), -ENOMEM, "a range with a hole is ENOMEM");
    same(protect((void *)KERNEL_ADDRESS, PAGE, RW), -ENOMEM, "and so is the kernel's half");
    return done();
}
