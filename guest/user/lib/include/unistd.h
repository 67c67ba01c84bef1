// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <abi/fcntl.h>  // SEEK_*
#include <abi/syscall_numbers.h>
#include <sys/types.h>

#define STDIN_FILENO 0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2

extern char **environ;

// The gate to the kernel (arch/*/syscall.S). __syscall gives the kernel's own answer, -errno on failure; syscall sets
// errno and gives -1. Every argument must be passed as long or a pointer.
long __syscall(long number, ...);
long syscall(long number, ...);

ssize_t read(int fd, void *buffer, size_t count);
ssize_t write(int fd, const void *buffer, size_t count);
int close(int fd);
off_t lseek(int fd, off_t offset, int whence);
int dup(int fd);
int dup2(int fd, int target);
int dup3(int fd, int target, int flags);
int isatty(int fd);
int chdir(const char *path);
char *getcwd(char *buffer, size_t size);

pid_t fork(void);
int execve(const char *path, char *const argv[], char *const envp[]);
int execv(const char *path, char *const argv[]);
int execvp(const char *name, char *const argv[]);
_Noreturn void _exit(int status);
pid_t getpid(void);
pid_t getppid(void);
uid_t getuid(void);
uid_t geteuid(void);
gid_t getgid(void);
gid_t getegid(void);

// Job control
pid_t setsid(void);
int setpgid(pid_t pid, pid_t group);
pid_t getpgid(pid_t pid);
pid_t getpgrp(void);
pid_t getsid(pid_t pid);
pid_t tcgetpgrp(int fd);
int tcsetpgrp(int fd, pid_t group);

int brk(void *address);
void *sbrk(intptr_t change);
unsigned sleep(unsigned seconds);
int usleep(unsigned microseconds);
int sched_yield(void);

int getopt(int argc, char *const argv[], const char *options);
extern char *optarg;
extern int optind, opterr, optopt;
