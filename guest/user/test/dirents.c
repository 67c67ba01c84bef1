// SPDX-License-Identifier: GPL-2.0-or-later
//
// getdents64: whole records of a directory, in as many calls as the buffer needs, from any place it has told.

#include "tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

enum { MOST = 512 };

static char names[MOST][64];
static long offsets[MOST];

static long get(int fd, void *buffer, size_t size)
{
    return __syscall(__NR_getdents64, (long)fd, buffer, size);
}

// Reads the directory from where it stands with a buffer of `size` bytes; the number of names, or -1 where a record
// is not as it should be.
static int collect(int fd, size_t size, int first)
{
    char buffer[8192] __attribute__((aligned(8)));
    int count = first;

    for (long n; (n = get(fd, buffer, size)) != 0;) {
        if (n < 0 || n > (long)size)
            return -1;
        for (long at = 0; at < n;) {
            const struct linux_dirent64 *entry = (const void *)(buffer + at);
            if (entry->d_reclen % 8 || at + entry->d_reclen > n || count == MOST ||
                19 + strlen(entry->d_name) + 1 > entry->d_reclen || !entry->d_ino)
                return -1;
            strlcpy(names[count], entry->d_name, sizeof(names[count]));
            offsets[count++] = entry->d_off;
            at += entry->d_reclen;
        }
    }
    return count;
}

static int find(const char *name, int from, int to)
{
    for (int i = from; i < to; i++)
        if (!strcmp(names[i], name))
            return i;
    return -1;
}

static bool distinct(int count)
{
    for (int i = 0; i < count; i++)
        if (find(names[i], i + 1, count) >= 0)
            return false;
    return true;
}

int main(int argc, char **argv)
{
    char folder[256], buffer[512];
    struct stat status;

    (void)argc;
    plan(14);
    strlcpy(folder, own_path(argv), sizeof(folder));
    char *slash = strrchr(folder, '/');
    char *own = slash + 1, *end = slash + (slash == folder);
    char name[64];
    strlcpy(name, own, sizeof(name));
    *end = '\0';

    int fd = open(folder, O_RDONLY | O_DIRECTORY);
    int count = collect(fd, 8192, 0);
    ok(count > 2, "a directory is read to its end");
    same(get(fd, buffer, sizeof(buffer)), 0, "where the next call returns 0");
    ok(find(".", 0, count) >= 0 && find("..", 0, count) >= 0, "it has . and ..");
    ok(find(name, 0, count) >= 0, "and this program");
    ok(distinct(count), "each name once");

    lseek(fd, 0, SEEK_SET);
    same(collect(fd, 8192, 0), count, "after lseek to 0 it is read again");
    long middle = offsets[count / 2];
    char next[64];
    strlcpy(next, names[count / 2 + 1], sizeof(next));
    lseek(fd, 0, SEEK_SET);
    same(collect(fd, 64, 0), count, "a small buffer needs more calls, for the same names");
    ok(distinct(count), "each once");
    same(lseek(fd, middle, SEEK_SET), middle, "d_off is a place to seek to");
    ok(collect(fd, 8192, 0) == count - count / 2 - 1 && !strcmp(names[0], next), "where the next record follows");

    lseek(fd, 0, SEEK_SET);
    same(get(fd, buffer, 8), -EINVAL, "a buffer too small for one record is EINVAL");
    same(get(open(own_path(argv), O_RDONLY), buffer, sizeof(buffer)), -ENOTDIR, "a file has no entries: ENOTDIR");
    same(get(9999, buffer, sizeof(buffer)), -EBADF, "no descriptor: EBADF");
    DIR *dir = opendir("/");
    int types = 0;
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (entry->d_type == DT_UNKNOWN || (fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                                            (status.st_mode & S_IFMT) >> 12 == entry->d_type))
            types++;
        else
            types = -1000;
    ok(types > 2, "d_type is the type that fstatat tells");
    return done();
}
