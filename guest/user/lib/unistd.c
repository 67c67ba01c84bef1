// SPDX-License-Identifier: GPL-2.0-or-later
//
// What <unistd.h> and <dirent.h> add on top of system calls: PATH search, directories as streams, options.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int execv(const char *path, char *const argv[])
{
    return execve(path, argv, environ);
}

// Tries each folder of PATH. A file that is there but may not be run is remembered: EACCES says more than ENOENT.
int execvp(const char *name, char *const argv[])
{
    char path[256];
    int error = ENOENT;

    if (strchr(name, '/'))
        return execv(name, argv);
    const char *list = getenv("PATH");
    if (!list)
        list = "/bin:/test";
    for (const char *end;; list = end + 1) {
        end = strchrnul(list, ':');
        int length = (int)(end - list);
        if (snprintf(path, sizeof(path), "%.*s%s%s", length, list, length ? "/" : "", name) <
            (int)sizeof(path)) {
            execv(path, argv);
            if (errno == EACCES)
                error = EACCES;
            else if (errno != ENOENT && errno != ENOTDIR)
                return -1;
        }
        if (!*end)
            break;
    }
    errno = error;
    return -1;
}

// ---- directories ----

struct DIR {
    int fd;
    size_t start, end;
    struct dirent entry;
    char buffer[2048] __attribute__((aligned(8)));
};

DIR *fdopendir(int fd)
{
    DIR *dir = malloc(sizeof(*dir));

    if (dir) {
        dir->fd = fd;
        dir->start = dir->end = 0;
    }
    return dir;
}

DIR *opendir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return NULL;
    DIR *dir = fdopendir(fd);
    if (!dir)
        close(fd);
    return dir;
}

struct dirent *readdir(DIR *dir)
{
    if (dir->start == dir->end) {
        long n = syscall(__NR_getdents64, (long)dir->fd, dir->buffer, sizeof(dir->buffer));
        if (n <= 0)
            return NULL;
        dir->start = 0;
        dir->end = (size_t)n;
    }
    struct linux_dirent64 *raw = (struct linux_dirent64 *)(dir->buffer + dir->start);
    dir->start += raw->d_reclen;
    dir->entry.d_ino = raw->d_ino;
    dir->entry.d_off = raw->d_off;
    dir->entry.d_reclen = sizeof(dir->entry);
    dir->entry.d_type = raw->d_type;
    strlcpy(dir->entry.d_name, raw->d_name, sizeof(dir->entry.d_name));
    return &dir->entry;
}

void rewinddir(DIR *dir)
{
    lseek(dir->fd, 0, SEEK_SET);
    dir->start = dir->end = 0;
}

int dirfd(DIR *dir)
{
    return dir->fd;
}

int closedir(DIR *dir)
{
    int fd = dir->fd;

    free(dir);
    return close(fd);
}

// ---- getopt: POSIX's, which stops at the first operand ----

char *optarg;
int optind = 1, opterr = 1, optopt;

int getopt(int argc, char *const argv[], const char *options)
{
    static int inside;                  // position in a group of letters (-la), 0 at its start

    if (!inside) {
        if (optind >= argc || argv[optind][0] != '-' || !argv[optind][1])
            return -1;
        if (!strcmp(argv[optind], "--")) {
            optind++;
            return -1;
        }
        inside = 1;
    }
    const char *letter = argv[optind] + inside++;
    const char *known = *letter == ':' ? NULL : strchr(options, *letter);
    int last = !letter[1];
    optopt = *letter;
    if (known && known[1] == ':') {
        inside = 0;
        optarg = last ? argv[++optind] : (char *)letter + 1;
        optind++;
        if (!last || optarg)
            return *known;
        if (opterr)
            fprintf(stderr, "%s: option requires an argument -- '%c'\n", argv[0], optopt);
        return '?';
    }
    if (last) {
        inside = 0;
        optind++;
    }
    if (!known) {
        if (opterr)
            fprintf(stderr, "%s: invalid option -- '%c'\n", argv[0], optopt);
        return '?';
    }
    return *known;
}
