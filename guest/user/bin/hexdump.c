// SPDX-License-Identifier: GPL-2.0-or-later
//
// hexdump: files (as one) in hexadecimal and text, 16 bytes a line; equal lines are folded to one "*".

#include "program.h"

#include <ctype.h>
#include <stdbool.h>
#include <unistd.h>

static void print_line(unsigned long offset, const unsigned char *bytes, size_t length)
{
    printf("%08lx ", offset);
    for (size_t i = 0; i < 16; i++) {
        if (i < length)
            printf("%s%02x", i % 8 ? " " : i ? "  " : " ", bytes[i]);
        else
            printf("%s  ", i % 8 ? " " : "  ");
    }
    printf("  |");
    for (size_t i = 0; i < length; i++)
        putchar(isprint(bytes[i]) ? bytes[i] : '.');
    printf("|\n");
}

struct dump {
    unsigned char line[16], last[16];
    size_t length;
    unsigned long offset, limit;
    bool folded;
};

static void dump_byte(struct dump *dump, int c)
{
    dump->line[dump->length++] = (unsigned char)c;
    if (dump->length < 16)
        return;
    if (dump->offset && !memcmp(dump->line, dump->last, 16)) {
        if (!dump->folded)
            puts("*");
        dump->folded = true;
    } else {
        print_line(dump->offset, dump->line, 16);
        dump->folded = false;
    }
    memcpy(dump->last, dump->line, 16);
    dump->offset += 16;
    dump->length = 0;
}

static bool dump_file(struct dump *dump, FILE *file, const char *name)
{
    while (dump->offset + dump->length < dump->limit) {
        int c = getc(file);
        if (c == EOF)
            break;
        dump_byte(dump, c);
    }
    if (ferror(file))
        complain("hexdump", name);
    return !ferror(file);
}

int main(int argc, char **argv)
{
    struct dump dump = {.limit = ~0UL};
    bool good = true;
    int option;

    answer_help(argc, argv, "hexdump [-C] [-n LENGTH] [FILE]...");
    while ((option = getopt(argc, argv, "Cn:")) != -1) {
        if (option == '?')
            return 1;
        if (option == 'n')
            dump.limit = strtoul(optarg, NULL, 0);
    }
    if (optind == argc)
        good = dump_file(&dump, stdin, "-");
    for (int i = optind; i < argc; i++) {
        FILE *file = fopen(argv[i], "r");
        if (!file) {
            complain("hexdump", argv[i]);
            good = false;
            continue;
        }
        good &= dump_file(&dump, file, argv[i]);
        fclose(file);
    }
    if (dump.length)
        print_line(dump.offset, dump.line, dump.length);
    if (dump.offset + dump.length)
        printf("%08lx\n", dump.offset + dump.length);
    return finish("hexdump", good ? 0 : 1);
}
