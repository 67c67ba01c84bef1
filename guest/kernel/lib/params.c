/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel command line, and the boot loader's memory lists. Parameters are Linux's
   (Documentation/admin-guide/kernel-parameters): `quiet`, `debug`, `loglevel=N`, `init=PATH`; a word with `=` that the
   kernel does not know goes to init's environment, one without to its arguments, and all after `--` too. A dot marks a
   module's parameter and is passed to nobody, as on Linux. */
#include <boot.h>
#include <panic.h>
#include <printk.h>
#include <string.h>

#define PARAMS_MAX 64
#define INIT_WORDS 32

static char line[COMMAND_LINE_SIZE];
static char *names[PARAMS_MAX], *values[PARAMS_MAX];
static u32 count;

static char *argument_words[INIT_WORDS + 2] = { "init" };
static char *environment_words[INIT_WORDS + 3] = { "HOME=/", "TERM=linux" };
char **const init_args = argument_words, **const init_envs = environment_words;

struct boot_info boot_info;
phys_t kernel_phys;

static bool known(const char *name)
{
    static const char *const list[] = { "quiet",    "debug", "loglevel", "init", "console",
                                        "earlycon", "root",  "ro",       "rw",   "rdinit" };

    for (u32 i = 0; i < ARRAY_SIZE(list); i++)
        if (!strcmp(name, list[i]))
            return true;
    return false;
}

static void append(char **words, u32 max, char *word)
{
    u32 i = 0;

    while (words[i])
        i++;
    if (i < max)
        words[i] = word;
}

/* The next word, double quotes protecting spaces (and removed); NULL at the end. */
static char *next_word(char **at)
{
    char *p = *at, *word, *to;
    bool quoted = false;

    while (*p == ' ' || *p == '\t' || *p == '\n')
        p++;
    if (!*p)
        return NULL;
    word = to = p;
    for (; *p && (quoted || (*p != ' ' && *p != '\t' && *p != '\n')); p++) {
        if (*p == '"')
            quoted = !quoted;
        else
            *to++ = *p;
    }
    *at = *p ? p + 1 : p;
    *to = 0;
    return word;
}

void params_init(const char *cmdline)
{
    char *at = line, *word;
    bool for_init = false;
    u64 level;

    strlcpy(line, cmdline, sizeof(line));
    while ((word = next_word(&at))) {
        char *equals = strchr(word, '=');

        if (for_init) {
            append(argument_words, INIT_WORDS + 1, word);
            continue;
        }
        if (!strcmp(word, "--")) {
            for_init = true;
            continue;
        }
        if (equals)
            *equals = 0;
        if (!known(word) && !strchr(word, '.')) {
            if (equals)
                *equals = '=';
            append(equals ? environment_words : argument_words, equals ? INIT_WORDS + 2 : INIT_WORDS + 1, word);
            continue;
        }
        if (count < PARAMS_MAX) {
            names[count] = word;
            values[count++] = equals ? equals + 1 : "";
        }
    }
    if (param_get("quiet"))
        console_loglevel = LOG_WARNING;
    if (param_get("debug"))
        console_loglevel = 10;
    if (param_get("loglevel") && !parse_u64(param_get("loglevel"), &level))
        console_loglevel = MIN(level, 15UL);
}

const char *param_get(const char *name)
{
    for (u32 i = count; i > 0; i--) /* the last one wins */
        if (!strcmp(names[i - 1], name))
            return values[i - 1];
    return NULL;
}

/* Insert [start, end) into an ascending list, joining what touches. */
static void add_range(struct boot_range *list, u32 *n, phys_t start, phys_t end)
{
    u32 i = 0, j;

    if (start >= end)
        return;
    while (i < *n && list[i].end < start)
        i++;
    for (j = i; j < *n && list[j].start <= end; j++) {
        start = MIN(start, list[j].start);
        end = MAX(end, list[j].end);
    }
    if (j == i) {
        if (*n == BOOT_RANGES)
            return; /* memory beyond that stays unused; reservations never come near */
        memmove(&list[i + 1], &list[i], (*n - i) * sizeof(*list));
        (*n)++;
    } else if (j > i + 1) {
        memmove(&list[i + 1], &list[j], (*n - j) * sizeof(*list));
        *n -= j - i - 1;
    }
    list[i] = (struct boot_range){ start, end };
}

void boot_add_memory(phys_t start, phys_t end)
{
    add_range(boot_info.memory, &boot_info.memory_count, start, end);
}

void boot_add_reserved(phys_t start, phys_t end)
{
    add_range(boot_info.reserved, &boot_info.reserved_count, start, end);
}
