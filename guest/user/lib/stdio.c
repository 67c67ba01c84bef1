// SPDX-License-Identifier: GPL-2.0-or-later
//
// <stdio.h>: streams. One buffer a stream, which holds either input not yet taken or output not yet written.

#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct FILE {
    int fd;
    int mode;                           // _IOFBF, _IOLBF, _IONBF; MODE_BY_TTY until the first output
    bool eof, error, writing, on_heap;
    size_t start, end;                  // the part of the buffer in use
    FILE *next;                         // all open streams, for fflush(NULL)
    char buffer[BUFSIZ];
};

enum { MODE_BY_TTY = -1 };

static FILE standard[3] = {
    {.fd = STDIN_FILENO, .mode = _IOFBF, .next = &standard[1]},
    {.fd = STDOUT_FILENO, .mode = MODE_BY_TTY, .next = &standard[2]},
    {.fd = STDERR_FILENO, .mode = _IONBF},
};
FILE *const stdin = &standard[0], *const stdout = &standard[1], *const stderr = &standard[2];
static FILE *streams = &standard[0];

static int write_all(FILE *file, const char *from, size_t length)
{
    while (length) {
        ssize_t n = write(file->fd, from, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            file->error = true;
            return EOF;
        }
        from += n;
        length -= (size_t)n;
    }
    return 0;
}

// Output goes to the kernel; input not yet taken is given back to it (lseek), so that a child or another reader of the
// same open file goes on where this stream stands. A pipe or terminal cannot, and keeps it.
static int flush(FILE *file)
{
    size_t start = file->start, length = file->end - file->start;

    if (file->writing) {
        file->start = file->end = 0;
        file->writing = false;
        return write_all(file, file->buffer + start, length);
    }
    if (length && lseek(file->fd, -(off_t)length, SEEK_CUR) >= 0)
        file->start = file->end = 0;
    return 0;
}

int fflush(FILE *file)
{
    int saved = errno, result = 0;

    if (file)
        return flush(file);
    for (FILE *each = streams; each; each = each->next)
        if (each->writing)
            result |= flush(each);
    if (!result)
        errno = saved;
    return result;
}

void __stdio_exit(void)
{
    fflush(NULL);
}

FILE *fdopen(int fd, const char *mode)
{
    if (!strchr("rwa", *mode)) {
        errno = EINVAL;
        return NULL;
    }
    FILE *file = calloc(1, sizeof(*file));
    if (!file)
        return NULL;
    file->fd = fd;
    file->mode = MODE_BY_TTY;
    file->on_heap = true;
    file->next = streams;
    streams = file;
    return file;
}

FILE *fopen(const char *restrict path, const char *restrict mode)
{
    int flags = strchr(mode, '+') ? O_RDWR : *mode == 'r' ? O_RDONLY : O_WRONLY;

    if (*mode == 'w')
        flags |= O_CREAT | O_TRUNC;
    if (*mode == 'a')
        flags |= O_CREAT | O_APPEND;
    if (strchr(mode, 'x'))
        flags |= O_EXCL;
    if (strchr(mode, 'e'))
        flags |= O_CLOEXEC;
    int fd = open(path, flags, 0666);
    if (fd < 0)
        return NULL;
    FILE *file = fdopen(fd, mode);
    if (!file)
        close(fd);
    return file;
}

int fclose(FILE *file)
{
    int result = flush(file);

    for (FILE **link = &streams; *link; link = &(*link)->next) {
        if (*link == file) {
            *link = file->next;
            break;
        }
    }
    result |= close(file->fd);
    if (file->on_heap)
        free(file);
    return result ? EOF : 0;
}

// The buffer is always our own: a caller's and its size are hints, as the standard has it.
int setvbuf(FILE *restrict file, char *restrict buffer, int mode, size_t size)
{
    (void)buffer, (void)size;
    if (mode != _IOFBF && mode != _IOLBF && mode != _IONBF)
        return -1;
    file->mode = mode;
    return 0;
}

int fileno(FILE *file)
{
    return file->fd;
}

int feof(FILE *file)
{
    return file->eof;
}

int ferror(FILE *file)
{
    return file->error;
}

void clearerr(FILE *file)
{
    file->eof = file->error = false;
}

// ---- output ----

static size_t put_bytes(FILE *file, const char *from, size_t length)
{
    if (!file->writing) {
        flush(file);
        file->start = file->end = 0;
        file->writing = true;
        if (file->mode == MODE_BY_TTY) {
            int saved = errno;
            file->mode = isatty(file->fd) ? _IOLBF : _IOFBF;
            errno = saved;
        }
    }
    if (file->mode == _IONBF || length >= sizeof(file->buffer)) {
        if (flush(file) || write_all(file, from, length))
            return 0;
        return length;
    }
    if (length > sizeof(file->buffer) - file->end) {
        if (flush(file))
            return 0;
        file->writing = true;
    }
    memcpy(file->buffer + file->end, from, length);
    file->end += length;
    if (file->mode == _IOLBF && memchr(from, '\n', length) && flush(file))
        return 0;
    return length;
}

size_t fwrite(const void *restrict from, size_t size, size_t count, FILE *restrict file)
{
    size_t length = size * count;

    return length && put_bytes(file, from, length) == length ? count : 0;
}

int fputc(int c, FILE *file)
{
    char byte = (char)c;

    return put_bytes(file, &byte, 1) ? (unsigned char)c : EOF;
}

int putc(int c, FILE *file)
{
    return fputc(c, file);
}

int putchar(int c)
{
    return fputc(c, stdout);
}

int fputs(const char *restrict s, FILE *restrict file)
{
    size_t length = strlen(s);

    return put_bytes(file, s, length) == length ? 0 : EOF;
}

int puts(const char *s)
{
    return fputs(s, stdout) || fputc('\n', stdout) == EOF ? EOF : 0;
}

static void put_file(void *sink, const char *text, size_t length)
{
    put_bytes(sink, text, length);
}

// An unbuffered stream gets each message in one write, so that lines of several processes do not mix.
int vfprintf(FILE *restrict file, const char *restrict format, va_list args)
{
    bool unbuffered = file->mode == _IONBF;

    if (unbuffered)
        file->mode = _IOFBF;
    int count = __format(put_file, file, format, args);
    if (unbuffered) {
        file->mode = _IONBF;
        flush(file);
    }
    return file->error ? -1 : count;
}

int vdprintf(int fd, const char *restrict format, va_list args)
{
    FILE file = {.fd = fd, .mode = _IONBF};

    return vfprintf(&file, format, args);
}

// ---- input ----

// At least one byte in the buffer, or false at the end and on failure.
static bool fill(FILE *file)
{
    if (file->writing)
        flush(file);
    if (file->start < file->end)
        return true;
    if (file == stdin && stdout->writing && stdout->mode == _IOLBF)
        flush(stdout);                  // a prompt without newline shows before the answer is read
    ssize_t n;
    do
        n = read(file->fd, file->buffer, sizeof(file->buffer));
    while (n < 0 && errno == EINTR);
    file->start = 0;
    file->end = n > 0 ? (size_t)n : 0;
    if (n == 0)
        file->eof = true;
    if (n < 0)
        file->error = true;
    return n > 0;
}

int fgetc(FILE *file)
{
    return fill(file) ? (unsigned char)file->buffer[file->start++] : EOF;
}

int getc(FILE *file)
{
    return fgetc(file);
}

int getchar(void)
{
    return fgetc(stdin);
}

int ungetc(int c, FILE *file)
{
    if (c == EOF || file->writing)
        return EOF;
    if (file->start == 0) {
        if (file->end == sizeof(file->buffer))
            return EOF;
        memmove(file->buffer + 1, file->buffer, file->end++);
        file->start = 1;
    }
    file->buffer[--file->start] = (char)c;
    file->eof = false;
    return c;
}

size_t fread(void *restrict to, size_t size, size_t count, FILE *restrict file)
{
    size_t wanted = size * count, got = 0;

    while (got < wanted && fill(file)) {
        size_t length = file->end - file->start;
        if (length > wanted - got)
            length = wanted - got;
        memcpy((char *)to + got, file->buffer + file->start, length);
        file->start += length;
        got += length;
    }
    return size ? got / size : 0;
}

char *fgets(char *restrict to, int size, FILE *restrict file)
{
    int length = 0;

    while (length < size - 1) {
        int c = fgetc(file);
        if (c == EOF)
            break;
        to[length++] = (char)c;
        if (c == '\n')
            break;
    }
    if (!length)
        return NULL;
    to[length] = '\0';
    return to;
}

ssize_t getline(char **restrict line, size_t *restrict room, FILE *restrict file)
{
    size_t length = 0;

    if (!*line)
        *room = 0;
    for (int c = 0; c != '\n';) {
        if (length + 2 > *room) {
            size_t grown = *room ? *room * 2 : 128;
            char *moved = realloc(*line, grown);
            if (!moved)
                return -1;
            *line = moved;
            *room = grown;
        }
        c = fgetc(file);
        if (c == EOF)
            break;
        (*line)[length++] = (char)c;
    }
    if (!length)
        return -1;
    (*line)[length] = '\0';
    return (ssize_t)length;
}

int fseek(FILE *file, off_t offset, int whence)
{
    flush(file);
    if (lseek(file->fd, offset, whence) < 0)
        return -1;
    file->start = file->end = 0;
    file->eof = false;
    return 0;
}

off_t ftell(FILE *file)
{
    off_t here = lseek(file->fd, 0, SEEK_CUR);
    off_t pending = (off_t)(file->end - file->start);

    return here < 0 ? -1 : file->writing ? here + pending : here - pending;
}

void rewind(FILE *file)
{
    fseek(file, 0, SEEK_SET);
    file->error = false;
}
