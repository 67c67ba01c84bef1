// SPDX-License-Identifier: GPL-2.0-or-later
//
// cat: files, one after the other, to standard output. No stdio: what was read goes out at once, also from a terminal.

#include "program.h"

#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

static bool copy(int fd, const char *name)
{
    static char buffer[16 << 10];

    for (;;) {
        ssize_t n = read(fd, buffer, sizeof(buffer));
        if (n == 0)
            return true;
        if (n < 0) {
            complain("cat", name);
            return false;
        }
        for (ssize_t done = 0; done < n;) {
            ssize_t written = write(STDOUT_FILENO, buffer + done, (size_t)(n - done));
            if (written < 0) {
                complain("cat", "write error");
                exit(1);
            }
            done += written;
        }
    }
}

int main(int argc, char **argv)
{
    bool good = true;
    int option;

    answer_help(argc, argv, "cat [FILE]...");
    while ((option = getopt(argc, argv, "u")) != -1)    // -u (unbuffered) is what we are
        if (option == '?')
            return 1;
    if (optind == argc)
        good = copy(STDIN_FILENO, "-");
    for (int i = optind; i < argc; i++) {
        if (!strcmp(argv[i], "-")) {
            good &= copy(STDIN_FILENO, "-");
            continue;
        }
        int fd = open(argv[i], O_RDONLY);
        if (fd < 0) {
            complain("cat", argv[i]);
            good = false;
            continue;
        }
        good &= copy(fd, argv[i]);
        close(fd);
    }
    return good ? 0 : 1;
}
