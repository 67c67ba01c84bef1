// SPDX-License-Identifier: GPL-2.0-or-later
//
// Streams with a buffer each; no floating point in formats, no wide characters, no scanf.
#pragma once

#include <abi/fcntl.h>  // SEEK_*
#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

#define EOF (-1)
#define BUFSIZ 1024

enum { _IOFBF, _IOLBF, _IONBF };

typedef struct FILE FILE;
extern FILE *const stdin, *const stdout, *const stderr;

FILE *fopen(const char *restrict path, const char *restrict mode);
FILE *fdopen(int fd, const char *mode);
int fclose(FILE *file);
int fflush(FILE *file);                 // NULL: every stream
int setvbuf(FILE *restrict file, char *restrict buffer, int mode, size_t size);
int fileno(FILE *file);
int feof(FILE *file);
int ferror(FILE *file);
void clearerr(FILE *file);

size_t fread(void *restrict to, size_t size, size_t count, FILE *restrict file);
size_t fwrite(const void *restrict from, size_t size, size_t count, FILE *restrict file);
int fseek(FILE *file, off_t offset, int whence);
off_t ftell(FILE *file);
void rewind(FILE *file);

int fgetc(FILE *file);
int getc(FILE *file);
int getchar(void);
int ungetc(int c, FILE *file);
char *fgets(char *restrict to, int size, FILE *restrict file);
ssize_t getline(char **restrict line, size_t *restrict room, FILE *restrict file);
int fputc(int c, FILE *file);
int putc(int c, FILE *file);
int putchar(int c);
int fputs(const char *restrict s, FILE *restrict file);
int puts(const char *s);

__attribute__((format(printf, 1, 2))) int printf(const char *restrict format, ...);
__attribute__((format(printf, 2, 3))) int fprintf(FILE *restrict file, const char *restrict format, ...);
__attribute__((format(printf, 2, 3))) int dprintf(int fd, const char *restrict format, ...);
__attribute__((format(printf, 2, 3))) int sprintf(char *restrict to, const char *restrict format, ...);
__attribute__((format(printf, 3, 4))) int snprintf(char *restrict to, size_t size, const char *restrict format, ...);
int vprintf(const char *restrict format, va_list args);
int vfprintf(FILE *restrict file, const char *restrict format, va_list args);
int vdprintf(int fd, const char *restrict format, va_list args);
int vsnprintf(char *restrict to, size_t size, const char *restrict format, va_list args);

void perror(const char *what);
