// SPDX-License-Identifier: GPL-2.0-or-later
//
// sleep: waits for the sum of its operands: decimal seconds, or with a suffix s, m, h or d.

#include "program.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

// Nanoseconds, saturating; false when `text` is no time.
static bool parse_time(const char *text, uint64_t *ns)
{
    static const struct { char suffix; uint32_t seconds; } units[] = {
        {'\0', 1}, {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400},
    };
    uint64_t whole = 0, fraction = 0, scale = 1000000000;
    bool digits = false;

    for (; isdigit(*text); text++, digits = true)
        if (whole < UINT32_MAX)
            whole = whole * 10 + (uint64_t)(*text - '0');
    if (*text == '.')
        for (text++; isdigit(*text); text++, digits = true)
            fraction += (scale /= 10) * (uint64_t)(*text - '0');
    for (unsigned i = 0; digits && i < sizeof(units) / sizeof(*units); i++) {
        if (text[0] == units[i].suffix && (!text[0] || !text[1])) {
            if (whole > UINT32_MAX / 86400)
                whole = UINT32_MAX / 86400;
            *ns += (whole * 1000000000 + fraction) * units[i].seconds;
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    uint64_t ns = 0;

    answer_help(argc, argv, "sleep NUMBER[smhd]...");
    if (argc < 2) {
        fprintf(stderr, "sleep: missing operand (try 'sleep --help')\n");
        return 1;
    }
    for (int i = 1; i < argc; i++)
        if (!parse_time(argv[i], &ns))
            usage_error(1, "sleep", "invalid time interval", argv[i]);
    struct timespec left = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
    while (nanosleep(&left, &left) < 0) {
        if (errno != EINTR) {
            complain("sleep", "cannot sleep");
            return 1;
        }
    }
    return 0;
}
