// SPDX-License-Identifier: GPL-2.0-or-later
//
// Files: opening and its errors, offsets and who shares them, vectors, status, working directory.

#include "tap.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>

static const char *program;

static long open_errno(const char *path, long flags)
{
    long fd = __syscall(__NR_openat, (long)AT_FDCWD, path, flags, 0600L);

    if (fd >= 0)
        close((int)fd);
    return fd >= 0 ? 0 : fd;
}

static void test_open(void)
{
    char below[300], longer[300];
    int fd = open("/", O_RDONLY | O_DIRECTORY), other;

    snprintf(below, sizeof(below), "%s/below", program);
    memset(longer, 'n', sizeof(longer) - 1);
    longer[0] = '/';
    longer[sizeof(longer) - 1] = '\0';
    same(open_errno("/no/such/file", O_RDONLY), -ENOENT, "a path through nothing is ENOENT");
    same(open_errno("", O_RDONLY), -ENOENT, "the empty path is ENOENT");
    same(open_errno(below, O_RDONLY), -ENOTDIR, "a path through a file is ENOTDIR");
    same(open_errno(program, O_RDONLY | O_DIRECTORY), -ENOTDIR, "O_DIRECTORY on a file is ENOTDIR");
    same(open_errno("/", O_WRONLY), -EISDIR, "a directory cannot be opened for writing: EISDIR");
    same(open_errno(longer, O_RDONLY), -ENAMETOOLONG, "a name of 298 bytes is ENAMETOOLONG");
    same(__syscall(__NR_openat, -1L, "relative", 0L, 0L), -EBADF, "a relative path from no directory is EBADF");
    same(__syscall(__NR_openat, 9999L, "/", 0L, 0L) >= 0, 1, "an absolute path needs no directory");
    ok(fd >= 0 && openat(fd, program[0] == '/' ? program + 1 : ".", O_RDONLY) >= 0,
       "a path is looked up from the directory of a descriptor");
    ok(open("/./..//.", O_RDONLY) >= 0, "dots and doubled slashes lead back to the root");

    other = open(program, O_RDONLY);
    close(fd);
    same(open(program, O_RDONLY), fd, "the lowest free descriptor is taken");
    same(close(fd), 0, "close");
    ok(close(fd) == -1 && errno == EBADF, "a closed descriptor is EBADF");
    close(other);
}

static void test_read(void)
{
    char head[8], again[8], byte;
    int fd = open(program, O_RDONLY), copy = dup(fd), second = open(program, O_RDONLY);
    off_t size = lseek(fd, 0, SEEK_END);
    struct stat status;

    ok(size > PAGE, "SEEK_END tells the size");
    same(read(fd, head, 1), 0, "at the end read returns 0");
    same(lseek(fd, -3, SEEK_END), size - 3, "SEEK_END with an offset");
    same(read(fd, head, sizeof(head)), 3, "read gives what there is");
    same(lseek(fd, 10, SEEK_END), size + 10, "the offset may lie behind the end");
    same(read(fd, head, 1), 0, "where nothing can be read");
    ok(lseek(fd, -1, SEEK_SET) == -1 && errno == EINVAL, "a negative offset is EINVAL");
    ok(lseek(fd, 0, 77) == -1 && errno == EINVAL, "an unknown whence is EINVAL");

    lseek(fd, 0, SEEK_SET);
    ok(read(fd, head, 4) == 4 && !memcmp(head, "\x7f" "ELF", 4), "a program begins as one");
    same(lseek(copy, 0, SEEK_CUR), 4, "a duplicate shares the offset");
    same(lseek(second, 0, SEEK_CUR), 0, "a second open does not");
    close(fd);
    same(read(copy, &byte, 1), 1, "a duplicate lives on when the original is closed");
    same(dup3(second, copy, 0), copy, "dup3 replaces an open descriptor");
    same(lseek(copy, 0, SEEK_CUR), 0, "with its own offset");
    ok(dup3(second, second, 0) == -1 && errno == EINVAL, "dup3 onto itself is EINVAL");
    ok(dup3(9999, copy, 0) == -1 && errno == EBADF, "dup3 of nothing is EBADF");

    struct iovec vector[3] = {{head, 3}, {NULL, 0}, {again, 5}};
    lseek(second, 0, SEEK_SET);
    same(readv(second, vector, 3), 8, "readv fills several buffers, empty ones too");
    lseek(second, 0, SEEK_SET);
    char whole[8];
    read(second, whole, 8);
    ok(!memcmp(head, whole, 3) && !memcmp(again, whole + 3, 5), "in their order");
    same(__syscall(__NR_readv, (long)second, vector, -1L), -EINVAL, "a negative number of buffers is EINVAL");
    same(__syscall(__NR_write, (long)second, "x", 1L), -EBADF, "writing to a descriptor open for reading is EBADF");

    same(fstat(second, &status), 0, "fstat");
    ok(S_ISREG(status.st_mode) && status.st_size == size && status.st_nlink >= 1 && status.st_mode & S_IXUSR,
       "tells type, size, links and mode");
    struct stat by_path;
    ok(stat(program, &by_path) == 0 && by_path.st_ino == status.st_ino && by_path.st_dev == status.st_dev,
       "newfstatat finds the same file by its path");
    ok(stat("/", &by_path) == 0 && S_ISDIR(by_path.st_mode), "and the root is a directory");
    ok(fstatat(second, "", &by_path, AT_EMPTY_PATH) == 0 && by_path.st_ino == status.st_ino,
       "AT_EMPTY_PATH asks for the descriptor itself");
    int directory = open("/", O_RDONLY);
    ok(read(directory, head, 1) == -1 && errno == EISDIR, "reading a directory is EISDIR");
    close(directory);
    close(copy);
    close(second);
}

static void test_write(void)
{
    const char *path = scratch_path("files-scratch");
    char text[32] = "";
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0640);
    struct stat status;

    ok(fd >= 0 && fstat(fd, &status) == 0 && status.st_size == 0, "O_CREAT and O_TRUNC give an empty file");
    same(status.st_mode & S_IFMT, S_IFREG, "that is regular");
    same(write(fd, "hello", 5), 5, "write");
    struct iovec vector[2] = {{", ", 2}, {"world", 5}};
    same(writev(fd, vector, 2), 7, "writev goes on there");
    lseek(fd, 0, SEEK_SET);
    ok(read(fd, text, sizeof(text)) == 12 && !memcmp(text, "hello, world", 12), "read gives it back");
    lseek(fd, PAGE, SEEK_SET);
    write(fd, "!", 1);
    same(lseek(fd, 0, SEEK_END), PAGE + 1, "a write behind the end makes the file longer");
    lseek(fd, 12, SEEK_SET);
    ok(read(fd, text, 4) == 4 && !memcmp(text, "\0\0\0\0", 4), "the gap holds zeros");
    close(fd);

    same(open_errno(path, O_RDWR | O_CREAT | O_EXCL), -EEXIST, "O_EXCL on a file that is there is EEXIST");
    fd = open(path, O_WRONLY | O_APPEND);
    lseek(fd, 0, SEEK_SET);
    write(fd, "?", 1);
    same(lseek(fd, 0, SEEK_END), PAGE + 2, "O_APPEND writes at the end, wherever the offset was");
    same(read(fd, text, 1), -1, "a descriptor open for writing cannot be read");
    close(fd);
    fd = open(path, O_WRONLY | O_TRUNC);
    same(lseek(fd, 0, SEEK_END), 0, "O_TRUNC empties it");
    close(fd);
}

static int count_offset(void *fd)
{
    char byte;

    return read((int)(intptr_t)fd, &byte, 1) == 1 && lseek((int)(intptr_t)fd, 0, SEEK_CUR) == 3 ? 0 : 1;
}

static int close_it(void *fd)
{
    return close((int)(intptr_t)fd);
}

static void test_processes(void)
{
    char path[256], here[256];
    int fd = open(program, O_RDONLY);

    lseek(fd, 2, SEEK_SET);
    same(in_child(count_offset, (void *)(intptr_t)fd), 0, "a child has the descriptor");
    same(lseek(fd, 0, SEEK_CUR), 3, "and shares its offset");
    same(in_child(close_it, (void *)(intptr_t)fd), 0, "a child closes it");
    same(lseek(fd, 0, SEEK_CUR), 3, "and the parent still has it");
    close(fd);

    getcwd(here, sizeof(here));
    same(chdir("/"), 0, "chdir");
    same(__syscall(__NR_getcwd, path, sizeof(path)), 2, "getcwd returns the length, with the NUL");
    ok(!strcmp(path, "/"), "and the path");
    same(__syscall(__NR_getcwd, path, 1L), -ERANGE, "a buffer too small for it is ERANGE");
    ok(chdir("/no/such") == -1 && errno == ENOENT, "chdir to nothing is ENOENT");
    chdir(here);
    same(__syscall(__NR_chdir, program), -ENOTDIR, "chdir to a file is ENOTDIR");
}

int main(int argc, char **argv)
{
    (void)argc;
    program = own_path(argv);
    plan(60);
    test_open();
    test_read();
    test_write();
    test_processes();
    return done();
}
