// SPDX-License-Identifier: GPL-2.0-or-later
//
// Our own library: formats, numbers, strings, memory, sorting, jumps, streams.

#include "tap.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>

__attribute__((format(printf, 3, 4))) static bool prints(const char *expected, int length, const char *format, ...)
{
    char text[128];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    bool good = !strcmp(text, expected) && n == length;
    if (!good)
        diagnose("\"%s\" (%d), expected \"%s\" (%d)", text, n, expected, length);
    return good;
}

static void test_printf(void)
{
    char text[8];

    ok(prints("-5 +5  5 005 5  |", 17, "%d %+d % d %03d %-3d|", -5, 5, 5, 5, 5), "%%d with its flags");
    ok(prints("-9223372036854775808 18446744073709551615", 41, "%ld %lu", LONG_MIN, ULONG_MAX),
       "the largest numbers");
    ok(prints("ff 0XFF 0377 00ff 0", 19, "%x %#X %#o %.4x %#x", 255, 255, 255, 255, 0), "%%x, %%X and %%o");
    ok(prints("[   ab][ab   ][a][abc]", 22, "[%5s][%-5s][%.1s][%s]", "ab", "ab", "abc", "abc"), "%%s");
    ok(prints("[  -0042][7  ]", 14, "[%*.*lld][%-*d]", 7, 4, -42LL, -3, 7), "width and precision as arguments");
    ok(prints("0x1000 c % 12 4294967295 -1", 27, "%p %c %% %zu %u %hhd", (void *)0x1000, 'c', (size_t)12, UINT_MAX,
              255),
       "%%p, %%c, %%z, %%hh");
    same(snprintf(text, sizeof(text), "%s", "0123456789"), 10, "snprintf tells the length it would need");
    ok(!strcmp(text, "0123456"), "and cuts the text");
}

static void test_numbers(void)
{
    char *end;

    ok(strtol(" -42abc", &end, 10) == -42 && *end == 'a', "strtol stops behind the number");
    ok(strtol("0x1fg", &end, 0) == 31 && *end == 'g' && strtol("010", NULL, 0) == 8, "and finds the base");
    errno = 0;
    ok(strtol("9223372036854775808", NULL, 10) == LONG_MAX && errno == ERANGE, "and saturates");
    errno = 0;
    ok(strtol("-9223372036854775808", NULL, 10) == LONG_MIN && errno == 0, "but not at the smallest number");
    ok(strtoul("18446744073709551615", NULL, 10) == ULONG_MAX && errno == 0, "strtoul takes the largest");
    ok(strtol("zz", &end, 10) == 0 && *end == 'z', "no number is 0, and nothing is taken");
}

static void test_strings(void)
{
    char text[32] = "abcdefghij", *rest, other[16];

    memmove(text + 2, text, 8);
    ok(!strcmp(text, "ababcdefgh"), "memmove upward in itself");
    memmove(text, text + 2, 9);
    ok(!strcmp(text, "abcdefgh"), "and downward");
    ok(strstr("one two", "two") && !strstr("one", "two") && strchr("abc", 'c') && strrchr("abca", 'a')[1] == 0,
       "strstr, strchr, strrchr");
    ok(memcmp("abcdefgh1", "abcdefgh2", 9) < 0 && !memcmp("abcdefgh1", "abcdefgh2", 8) && strcmp("\xff", "a") > 0,
       "comparisons are of unsigned bytes");
    strcpy(text, ",a,,b,");
    char *first = strtok_r(text, ",", &rest), *second = strtok_r(NULL, ",", &rest);
    ok(!strcmp(first, "a") && !strcmp(second, "b") && !strtok_r(NULL, ",", &rest), "strtok_r");
    ok(strlcpy(other, "0123456789abcdefXY", sizeof(other)) == 18 && strlen(other) == 15, "strlcpy cuts, and tells");
}

static int order(const void *a, const void *b)
{
    return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

static void test_memory(void)
{
    static unsigned char *blocks[200];
    static size_t sizes[200];
    static int numbers[500];
    unsigned seed = 1;
    bool good = true;

    // Blocks of all sizes come and go; each is filled with its own byte, and still is when it goes.
    for (int round = 0; round < 4000; round++) {
        seed = seed * 1103515245 + 12345;
        unsigned i = seed >> 16 & 127;
        for (size_t n = 0; n < sizes[i]; n++)
            good &= blocks[i][n] == i;
        if (round % 3 == 0) {
            size_t size = (seed >> 8 & 1023) + 1;
            blocks[i] = realloc(blocks[i], size);
            for (size_t n = 0; n < size && n < sizes[i]; n++)
                good &= blocks[i][n] == i;
            sizes[i] = size;
        } else {
            free(blocks[i]);
            sizes[i] = seed >> 12 & 511;
            blocks[i] = malloc(sizes[i]);
        }
        good &= blocks[i] && (uintptr_t)blocks[i] % 16 == 0;
        memset(blocks[i], (int)i, sizes[i]);
    }
    ok(good, "malloc, realloc and free keep blocks apart");
    char *before = sbrk(0);
    for (int round = 0; round < 2000; round++)
        free(malloc(5000));
    same((char *)sbrk(0) - before, 0, "freed memory is used again");
    char *big = malloc(1 << 20);
    memset(big, 1, 1 << 20);
    big = realloc(big, 3 << 20);
    ok(big && big[0] == 1 && big[(1 << 20) - 1] == 1, "large blocks");
    free(big);
    errno = 0;
    ok(!malloc((size_t)-1) && errno == ENOMEM && !calloc((size_t)1 << 33, (size_t)1 << 33),
       "impossible sizes are ENOMEM");

    for (int i = 0; i < 500; i++)
        numbers[i] = (int)((seed = seed * 1103515245 + 12345) >> 8) % 300;
    qsort(numbers, 500, sizeof(int), order);
    for (int i = 1; i < 500; i++)
        good &= numbers[i - 1] <= numbers[i];
    ok(good, "qsort");
    ok(bsearch(&numbers[77], numbers, 500, sizeof(int), order) != NULL, "bsearch");
}

static jmp_buf escape;

__attribute__((noinline)) static void jump(int value)
{
    longjmp(escape, value);
}

static void test_jumps(void)
{
    volatile int kept = 5;
    int value = setjmp(escape);

    if (!value) {
        kept = 6;
        jump(3);
    }
    ok(value == 3 && kept == 6, "longjmp comes back with its value");
    value = setjmp(escape);
    if (!value)
        jump(0);
    same(value, 1, "which is never 0");
}

static void test_streams(void)
{
    const char *path = scratch_path("libc-scratch");
    FILE *file = fopen(path, "w");
    char line[32], *grown = NULL;
    size_t room;

    for (int i = 0; i < 1000; i++)
        fprintf(file, "line %d\n", i);
    same(fclose(file), 0, "a stream of more than a buffer is written");
    file = fopen(path, "r");
    bool good = true;
    for (int i = 0; i < 999; i++) {
        char expected[32];
        snprintf(expected, sizeof(expected), "line %d\n", i);
        good &= fgets(line, sizeof(line), file) && !strcmp(line, expected);
    }
    ok(good, "and read back by lines");
    ok(getline(&grown, &room, file) == 9 && !strcmp(grown, "line 999\n"), "getline");
    ok(fgetc(file) == EOF && feof(file) && !ferror(file), "the end");
    rewind(file);
    ok(fgetc(file) == 'l' && ungetc('L', file) == 'L' && fread(line, 1, 6, file) == 6 && !memcmp(line, "Line 0", 6) &&
       ftell(file) == 6, "rewind, ungetc, fread, ftell");
    fclose(file);
    ok(!fopen("/no/such/file", "r") && errno == ENOENT, "fopen fails with errno");

    setenv("LIBC_TEST", "one", 1);
    setenv("LIBC_TEST", "two", 0);
    ok(!strcmp(getenv("LIBC_TEST"), "one") && setenv("LIBC_TEST", "two", 1) == 0 && !strcmp(getenv("LIBC_TEST"), "two"),
       "setenv");
    unsetenv("LIBC_TEST");
    ok(!getenv("LIBC_TEST"), "unsetenv");
}

int main(void)
{
    plan(36);
    test_printf();
    test_numbers();
    test_strings();
    test_memory();
    test_jumps();
    test_streams();
    return done();
}
