// SPDX-License-Identifier: GPL-2.0-or-later
//
// mmap and munmap of anonymous memory: zeros, holes, limits, and what they refuse.

#include "tap.h"

#include <arch/machine.h>

enum { RW = PROT_READ | PROT_WRITE, PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS };

// The kernel's own answer.
static long map(unsigned long address, unsigned long length, int flags, int fd)
{
    return __syscall(__NR_mmap, address, length, (long)RW, (long)flags, (long)fd, 0L);
}

static long unmap(const void *address, unsigned long length)
{
    return __syscall(__NR_munmap, address, length);
}

static bool all_zero(const char *from, size_t length)
{
    for (size_t i = 0; i < length; i += 8)
        if (*(const long *)(from + i))
            return false;
    return true;
}

static int touch(void *address)
{
    return *(volatile char *)address = 1, 0;
}

static bool churn(void)
{
    for (int i = 0; i < 400; i++) {
        char *pages = map_pages(16, RW);
        if (pages == MAP_FAILED || *pages)
            return false;
        pages[0] = pages[15 * PAGE] = 1;
        if (munmap(pages, 16 * PAGE))
            return false;
    }
    return true;
}

// Many maps at once, each with its own contents, unmapped in another order.
static bool scatter(void)
{
    long *pages[64];

    for (long i = 0; i < 64; i++) {
        pages[i] = map_pages(1 + (size_t)i % 3, RW);
        if (pages[i] == MAP_FAILED)
            return false;
        *pages[i] = i;
    }
    for (long i = 0; i < 64; i += 2)
        if (*pages[i] != i || munmap(pages[i], (1 + (size_t)i % 3) * PAGE))
            return false;
    for (long i = 1; i < 64; i += 2)
        if (*pages[i] != i || munmap(pages[i], (1 + (size_t)i % 3) * PAGE))
            return false;
    return true;
}

int main(void)
{
    plan(26);
    char *pages = map_pages(8, RW);
    ok(pages != MAP_FAILED && (uintptr_t)pages % PAGE == 0, "a mapping begins at a page");
    ok(all_zero(pages, 8 * PAGE), "and holds zeros");
    memset(pages, 1, 8 * PAGE);

    same(unmap(pages + 2 * PAGE, 2 * PAGE), 0, "a hole can be made");
    same(pages[2 * PAGE - 1] + pages[4 * PAGE], 2, "both sides of it are as they were");
    same(in_child(touch, pages + 2 * PAGE), -SIGSEGV, "its first byte is gone");
    same(in_child(touch, pages + 4 * PAGE - 1), -SIGSEGV, "its last byte is gone");
    same(unmap(pages + 2 * PAGE, 2 * PAGE), 0, "unmapping a hole is no error");
    same(map((unsigned long)pages + 3 * PAGE, PAGE, PRIVATE | MAP_FIXED, -1), (long)pages + 3 * PAGE,
         "MAP_FIXED maps into the hole");
    ok(all_zero(pages + 3 * PAGE, PAGE) && pages[4 * PAGE] == 1, "with zeros, and beside what was there");
    same(map((unsigned long)pages + 5 * PAGE, PAGE, PRIVATE | MAP_FIXED, -1), (long)pages + 5 * PAGE,
         "MAP_FIXED replaces what is there");
    ok(all_zero(pages + 5 * PAGE, PAGE) && pages[4 * PAGE] == 1 && pages[6 * PAGE] == 1, "that page, and no other");
    same(unmap(pages, 8 * PAGE), 0, "one call unmaps parts and holes alike");
    same(in_child(touch, pages + 6 * PAGE), -SIGSEGV, "and then nothing is left");

    pages = map_pages(1, RW);
    same(unmap(pages, 100), 0, "a length is rounded up to pages");
    same(in_child(touch, pages + 200), -SIGSEGV, "so the page is gone");

    same(map(0, 0, PRIVATE, -1), -EINVAL, "length 0 is EINVAL");
    same(map(0x10001, PAGE, PRIVATE | MAP_FIXED, -1), -EINVAL, "MAP_FIXED within a page is EINVAL");
    same(map(0, PAGE, MAP_ANONYMOUS, -1), -EINVAL, "neither shared nor private is EINVAL");
    same(map(0, PAGE, MAP_PRIVATE, -1), -EBADF, "a file mapping without file is EBADF");
    same(map(0, 1UL << 60, PRIVATE, -1), -ENOMEM, "more than the address space is ENOMEM");
    same(map(0, -1UL, PRIVATE, -1), -ENOMEM, "a length that wraps around is ENOMEM");
    same(map(KERNEL_ADDRESS, PAGE, PRIVATE | MAP_FIXED, -1), -ENOMEM, "MAP_FIXED in the kernel's half is ENOMEM");
    same(unmap((void *)0x10001, PAGE), -EINVAL, "unmapping within a page is EINVAL");
    same(unmap((void *)0x10000, 0), -EINVAL, "unmapping nothing is EINVAL");
    ok(churn(), "400 times 64 KiB, one after the other: pages are reused, and clean");
    ok(scatter(), "64 mappings at once keep apart");
    return done();
}
