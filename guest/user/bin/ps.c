// SPDX-License-Identifier: GPL-2.0-or-later
//
// ps: the processes there are, from /proc/PID/stat: "pid (comm) state ppid ...", proc(5).

#include "program.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>

struct process {
    int pid, ppid;
    char state;
    char name[64];
};

// The name may hold blanks and brackets itself, so it ends at the last bracket.
static bool read_process(const char *pid, struct process *process)
{
    char path[64], line[512];

    snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;                   // it ended since the directory was read
    bool good = fgets(line, sizeof(line), file);
    fclose(file);
    char *open = good ? strchr(line, '(') : NULL, *close = good ? strrchr(line, ')') : NULL;
    if (!open || !close || close < open || close[1] != ' ' || !close[2])
        return false;
    *close = '\0';
    process->pid = atoi(line);
    process->ppid = atoi(close + 3);
    process->state = close[2];
    strlcpy(process->name, open + 1, sizeof(process->name));
    return true;
}

static int by_pid(const void *a, const void *b)
{
    return ((const struct process *)a)->pid - ((const struct process *)b)->pid;
}

int main(int argc, char **argv)
{
    struct process *list = NULL;
    size_t count = 0, room = 0;

    answer_help(argc, argv, "ps");
    for (int i = 1; i < argc; i++)      // all processes are shown in any case
        if (strspn(argv[i], "-aAexf") != strlen(argv[i]))
            usage_error(1, "ps", "unsupported option", argv[i]);
    DIR *proc = opendir("/proc");
    if (!proc) {
        complain("ps", "/proc");
        return 1;
    }
    for (struct dirent *entry; (entry = readdir(proc));) {
        if (!isdigit(entry->d_name[0]))
            continue;
        if (count == room) {
            room = room ? room * 2 : 32;
            list = realloc(list, room * sizeof(*list));
            if (!list) {
                complain("ps", "process list");
                return 1;
            }
        }
        if (read_process(entry->d_name, &list[count]))
            count++;
    }
    closedir(proc);
    if (count)
        qsort(list, count, sizeof(*list), by_pid);
    puts("  PID  PPID S CMD");
    for (size_t i = 0; i < count; i++)
        printf("%5d %5d %c %s\n", list[i].pid, list[i].ppid, list[i].state, list[i].name);
    return finish("ps", 0);
}
