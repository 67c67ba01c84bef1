// SPDX-License-Identifier: GPL-2.0-or-later
//
// The stack grows by itself, page by page, down to its limit; below that it is an address like any other.

#include "tap.h"

#include <fcntl.h>

enum { FRAME = 16 << 10 };

static const char *program;

// Recurses with a frame of 16 KiB, each touched at its low end only, and adds up what the frames hold.
__attribute__((noinline)) static long descend(long depth)
{
    volatile char frame[FRAME];

    __asm__ volatile("" : : "r"(frame) : "memory"); // its address is known elsewhere: no loop, no shared frame
    frame[0] = (char)(depth & 1);
    long below = depth > 1 ? descend(depth - 1) : 0;
    return below + frame[0];
}

static int use_bytes(void *bytes)
{
    long depth = (long)bytes / FRAME;

    return descend(depth) == (depth + 1) / 2 ? 0 : 1;
}

// The kernel writes to a page of the stack that has not been touched.
static int read_into_fresh_page(void *unused)
{
    char frame[64 * PAGE];
    int fd = open(program, O_RDONLY);

    (void)unused;
    return read(fd, frame, 4) == 4 && !memcmp(frame, "\x7f" "ELF", 4) ? 0 : 1;
}

__attribute__((noinline)) static int jump_over_pages(void *unused)
{
    volatile char frame[1 << 20];

    (void)unused;
    frame[0] = 42;                      // a megabyte below anything touched so far
    return frame[0];
}

static int clean_below(void *unused)
{
    volatile char frame[32 * PAGE];
    int sum = 0;

    (void)unused;
    for (int i = 0; i < 24 * PAGE; i += 512)
        sum |= frame[i];
    return sum;
}

static int start_far_below(void *here)
{
    volatile char *below = here;

    __asm__ volatile("" : "+r"(below));
    below[-(256L << 20)] = 1;
    return 0;
}

int main(int argc, char **argv)
{
    char here;

    (void)argc;
    program = own_path(argv);
    plan(8);
    same(in_child(use_bytes, (void *)(256L << 10)), 0, "the stack grows to 256 KiB");
    same(in_child(use_bytes, (void *)(4L << 20)), 0, "the stack grows to 4 MiB");
    same(in_child(jump_over_pages, NULL), 42, "it need not be touched page after page");
    same(in_child(read_into_fresh_page, NULL), 0, "it grows for the kernel's copies too");
    same(in_child(clean_below, NULL), 0, "fresh pages hold zeros");
    same(in_child(use_bytes, (void *)(1L << 30)), -SIGSEGV, "endless recursion ends with SIGSEGV");
    same(in_child(start_far_below, &here), -SIGSEGV, "256 MiB below the stack nothing is mapped");
    same(in_child(use_bytes, (void *)(4L << 20)), 0, "a new child has the whole stack to grow again");
    return done();
}
