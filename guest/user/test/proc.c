// SPDX-License-Identifier: GPL-2.0-or-later
//
// /proc: each process is a directory with its number, whose stat and status say what proc(5) says.

#include "tap.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

// A whole small file; its length or -1.
static int slurp(pid_t pid, const char *name, char *text, size_t size)
{
    char path[64];
    int length = 0;

    snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return -1;
    for (ssize_t n; (n = read(fd, text + length, size - 1 - (size_t)length)) > 0;)
        length += (int)n;
    text[length] = '\0';
    close(fd);
    return length;
}

static char state_of(pid_t pid)
{
    char text[1024];

    return slurp(pid, "stat", text, sizeof(text)) > 0 && strrchr(text, ')') ? strrchr(text, ')')[2] : '?';
}

// A child gets to its state in its own time.
static char state_after_a_while(pid_t pid, char wanted)
{
    for (int tries = 0; tries < 100 && state_of(pid) != wanted; tries++)
        sleep_us(500);
    return state_of(pid);
}

static const char *field(const char *status, const char *name)
{
    static char value[64];
    const char *line = strstr(status, name);

    value[0] = '\0';
    if (line && (line == status || line[-1] == '\n')) {
        line += strlen(name);
        line += strspn(line, " \t");
        strlcpy(value, line, sizeof(value));
        *strchrnul(value, '\n') = '\0';
    }
    return value;
}

static int sleep_long(void *unused)
{
    (void)unused;
    sleep(5);
    return 0;
}

static int nothing(void *unused)
{
    (void)unused;
    return 0;
}

static bool listed(pid_t pid)
{
    DIR *dir = opendir("/proc");
    bool found = false;

    for (struct dirent *entry; dir && (entry = readdir(dir));)
        found |= isdigit(entry->d_name[0]) && atoi(entry->d_name) == pid;
    closedir(dir);
    return found;
}

int main(int argc, char **argv)
{
    char text[4096], prefix[64];
    const char *own = strrchr(own_path(argv), '/');
    struct stat status;
    pid_t pid = getpid();

    (void)argc;
    plan(18);
    own = own ? own + 1 : own_path(argv);
    ok(slurp(pid, "stat", text, sizeof(text)) > 0, "/proc/PID/stat can be read");
    snprintf(prefix, sizeof(prefix), "%d (%s) R %d ", pid, own, getppid());
    if (!ok(!strncmp(text, prefix, strlen(prefix)), "it begins with pid, name, state and parent"))
        diagnose("%s", text);
    int fields = 1;
    for (const char *c = strrchr(text, ')') ? strrchr(text, ')') : ""; *c; c++)
        fields += *c == ' ';
    same(fields + 1 >= 24, 1, "and goes on with more");
    ok(strlen(text) && text[strlen(text) - 1] == '\n' && strchr(text, '\n') == text + strlen(text) - 1,
       "all in one line");

    ok(slurp(pid, "status", text, sizeof(text)) > 0, "/proc/PID/status can be read");
    ok(!strcmp(field(text, "Name:"), own), "Name");
    ok(field(text, "State:")[0] == 'R', "State");
    same(atoi(field(text, "Pid:")), pid, "Pid");
    same(atoi(field(text, "PPid:")), getppid(), "PPid");

    same(listed(pid), 1, "/proc lists us");
    snprintf(text, sizeof(text), "/proc/%d", pid);
    ok(stat(text, &status) == 0 && S_ISDIR(status.st_mode), "as a directory");
    ok(open("/proc/999999999/stat", O_RDONLY) == -1 && errno == ENOENT, "a process that is not there is ENOENT");

    pid = start(sleep_long, NULL);
    same(state_after_a_while(pid, 'S'), 'S', "a sleeping process is S");
    kill(pid, SIGKILL);
    finish(pid);
    pid = start(nothing, NULL);
    same(state_after_a_while(pid, 'Z'), 'Z', "one that has ended but was not waited for is Z");
    same(listed(pid), 1, "and is still listed");
    finish(pid);
    same(listed(pid), 0, "afterwards it is not");
    same(state_of(pid), '?', "and has no files");
    same(state_of(1) != '?', 1, "process 1 is there");
    return done();
}
