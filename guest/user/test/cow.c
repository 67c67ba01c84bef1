// SPDX-License-Identifier: GPL-2.0-or-later
//
// After fork, memory is the same and private both ways: data, bss, heap, stack and mappings, whoever writes first.

#include "tap.h"

#include <fcntl.h>

enum { WORDS = 8 * PAGE / sizeof(long) };

static long data[16] = {1, 2, 3};
static long bss[WORDS];
static long *heap, *mapped;
static const char *program;

static void fill(long *words, long seed)
{
    for (long i = 0; i < (long)WORDS; i++)
        words[i] = seed + i;
}

static bool holds(const long *words, long seed)
{
    for (long i = 0; i < (long)WORDS; i++)
        if (words[i] != seed + i)
            return false;
    return true;
}

static int child_sees(void *on_stack)
{
    return holds(bss, 100) && holds(heap, 200) && holds(mapped, 300) && holds(on_stack, 400) && data[1] == 2 ? 0 : 1;
}

static int child_writes(void *on_stack)
{
    data[1] = -2;
    fill(bss, -100);
    fill(heap, -200);
    fill(mapped, -300);
    fill(on_stack, -400);
    return holds(bss, -100) && holds(heap, -200) && holds(mapped, -300) && holds(on_stack, -400) ? 0 : 1;
}

// The parent writes while this child sleeps.
static int child_sleeps_and_sees(void *on_stack)
{
    sleep_us(3000);
    return child_sees(on_stack);
}

// The kernel writes on the program's behalf: the copy has to be made there too.
static int child_reads_file(void *unused)
{
    int fd = open(program, O_RDONLY);

    (void)unused;
    return read(fd, mapped, PAGE) == PAGE && !memcmp(mapped, "\x7f" "ELF", 4) ? 0 : 1;
}

static int grandchild_writes(void *unused)
{
    (void)unused;
    mapped[0] = 77;
    return mapped[0] == 77 ? 0 : 1;
}

static int child_forks_and_sees(void *unused)
{
    (void)unused;
    mapped[1] = 55;
    return in_child(grandchild_writes, NULL) == 0 && mapped[0] == 300 && mapped[1] == 55 ? 0 : 1;
}

static int write_one_page(void *page)
{
    mapped[(long)page * PAGE / (long)sizeof(long)] = -1;
    return 0;
}

int main(int argc, char **argv)
{
    long on_stack[WORDS];

    (void)argc;
    plan(9);
    program = own_path(argv);
    heap = malloc(sizeof(bss));
    mapped = map_pages(8, PROT_READ | PROT_WRITE);
    fill(bss, 100);
    fill(heap, 200);
    fill(mapped, 300);
    fill(on_stack, 400);

    same(in_child(child_sees, on_stack), 0, "a child sees data, bss, heap, stack and mappings as they were");
    same(in_child(child_writes, on_stack), 0, "a child can write all of them");
    same(child_sees(on_stack), 0, "and the parent does not see it");

    pid_t pid = start(child_sleeps_and_sees, on_stack);
    same(child_writes(on_stack), 0, "the parent can write all of them after fork");
    same(finish(pid), 0, "and the child does not see it");

    data[1] = 2;
    fill(mapped, 300);
    same(in_child(child_reads_file, NULL), 0, "read(2) into a shared page works in a child");
    ok(holds(mapped, 300), "and the parent does not see that either");
    same(in_child(child_forks_and_sees, NULL), 0, "three generations have three copies");

    for (long page = 0; page < 8; page++)
        in_child(write_one_page, (void *)page);
    ok(holds(mapped, 300), "eight children that write one page each change nothing here");
    return done();
}
