// SPDX-License-Identifier: GPL-2.0-or-later
//
// brk: moves the end of the heap, to the byte; answers with the end there is.

#include "tap.h"

static char *move_to(const char *address)
{
    return (char *)__syscall(__NR_brk, address);
}

static bool all_zero(const char *from, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (from[i])
            return false;
    return true;
}

static int touch(void *address)
{
    *(volatile char *)address = 1;
    return 0;
}

static int child_moves(void *end)
{
    char *more = (char *)end + 16 * PAGE;

    return move_to(more) == more && touch(more - 1) == 0 ? 0 : 1;
}

int main(void)
{
    char *start = move_to(NULL), *end = start + 5 * PAGE;

    plan(16);
    ok(start != NULL && move_to(start) == start, "brk(0) tells the end, and moving there changes nothing");
    same(move_to(end) - start, 5 * PAGE, "the heap grows");
    ok(all_zero(start, 5 * PAGE), "new pages hold zeros");
    memset(start, 0xa5, 5 * PAGE);
    same((unsigned char)end[-1], 0xa5, "the last new byte can be written");

    same(move_to(start + PAGE) - start, PAGE, "the heap shrinks");
    same((unsigned char)start[PAGE - 1], 0xa5, "what is left is as it was");
    same(in_child(touch, start + 2 * PAGE), -SIGSEGV, "what was given back is gone");
    same(move_to(end) - start, 5 * PAGE, "it grows again");
    ok(all_zero(start + PAGE, 4 * PAGE), "with zeros again");

    same(move_to(end + 100) - end, 100, "the end need not be a page's");
    same(in_child(touch, end + 99), 0, "a started page is whole");
    same(move_to((char *)1) - end, 100, "below its start the heap cannot end: nothing moves");
    same(move_to((char *)0x0000700000000000) - end, 100, "more than there can be: nothing moves");
    same(in_child(child_moves, end + 100), 0, "a child moves its own end");
    same(move_to(NULL) - end, 100, "and not ours");

    size_t grown = 0;
    for (char *more = end + 100; grown < 64 && move_to(more + PAGE) == more + PAGE; more += PAGE, grown++)
        touch(more + PAGE - 1);
    same((long)grown, 64, "it grows 64 times, a page each");
    move_to(start);
    return done();
}
