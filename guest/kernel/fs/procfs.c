/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc: proc(5), the part that ps needs. Nothing is stored: inodes are made by lookup, a file's text by open. */
#include <abi/errno.h>
#include <arch.h>
#include <fs.h>
#include <mm.h>
#include <panic.h>
#include <string.h>
#include <task.h>
#include <time.h>

#define TEXT_MAX 2048
#define USER_HZ 100 /* the unit of times in /proc/PID/stat on every Linux */
#define KIB 1024

/* Text that is being written; what does not fit is lost, the length is kept true. */
struct text {
    char *at;
    size_t left;
};

static void __printf(2, 3) add(struct text *text, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(text->at, text->left, format, args);
    va_end(args);
    n = MIN(n, (int)text->left - 1);
    text->at += n;
    text->left -= (size_t)n;
}

/* ---- What the files say. `task` is NULL in files that belong to no process. ---- */

struct sizes {
    u64 virtual_bytes, resident_pages;
};

static struct sizes task_sizes(struct task *task)
{
    struct sizes sizes = { 0 };
    u64 flags = spin_lock_irqsave(&tasks_lock);
    struct mm *mm = task->mm;

    if (mm)
        mm_get(mm);
    spin_unlock_irqrestore(&tasks_lock, flags);
    if (mm) {
        sizes.virtual_bytes = mm_virtual_size(mm);
        sizes.resident_pages = mm->resident;
        mm_put(mm);
    }
    return sizes;
}

static pid_t parent_pid(struct task *task)
{
    u64 flags = spin_lock_irqsave(&tasks_lock);
    pid_t pid = task->parent ? task->parent->pid : 0;

    spin_unlock_irqrestore(&tasks_lock, flags);
    return pid;
}

static void signal_sets(struct task *task, u64 *ignored, u64 *caught)
{
    *ignored = *caught = 0;
    for (int sig = 1; sig <= 64; sig++) {
        u64 handler = task->signals.actions[sig - 1].handler;

        if (handler == (u64)SIG_IGN)
            *ignored |= 1UL << (sig - 1);
        else if (handler != (u64)SIG_DFL)
            *caught |= 1UL << (sig - 1);
    }
}

static void write_stat(struct text *t, struct task *task)
{
    struct sizes sizes = task_sizes(task);
    u64 ignored, caught;

    signal_sets(task, &ignored, &caught);
    /* (1) pid to (8) tpgid; no process is attached to a terminal by number yet: tty_nr 0, tpgid -1 */
    add(t, "%d (%s) %c %d %d %d 0 -1 ", task->pid, task->name, task_state_letter(task), parent_pid(task), task->pgid,
        task->sid);
    /* (9) flags, (10) minflt, cminflt, majflt, cmajflt, (14) utime, stime, cutime, cstime */
    add(t, "%u %lu 0 0 0 %lu %lu 0 0 ", task->kernel_thread ? 0x200000u : 0u, task->minor_faults,
        task->user_ticks * USER_HZ / HZ, task->kernel_ticks * USER_HZ / HZ);
    /* (18) priority, nice, num_threads, itrealvalue, (22) starttime, vsize, rss, rsslim */
    add(t, "20 0 1 0 %llu %lu %lu %lu ", (task->start_ns - boot_ns()) / (NSEC_PER_SEC / USER_HZ), sizes.virtual_bytes,
        sizes.resident_pages, ~0UL);
    /* (26) startcode, endcode, startstack, kstkesp, kstkeip, (31) signal, blocked, sigignore, sigcatch */
    add(t, "0 0 0 0 0 %lu %lu %lu %lu ", task->signals.pending & 0x7fffffff, task->signals.blocked & 0x7fffffff,
        ignored & 0x7fffffff, caught & 0x7fffffff);
    /* (35) wchan, nswap, cnswap, (38) exit_signal, (39) processor, rt_priority, policy, (42) blkio, guest, cguest */
    add(t, "0 0 0 %d %u 0 0 0 0 0 ", task->exit_signal, task->cpu);
    /* (45) start_data, end_data, start_brk, arg_start, arg_end, env_start, env_end, (52) exit_code */
    add(t, "0 0 0 0 0 0 0 %d\n", task->exit_status);
}

static const char *state_word(char letter)
{
    switch (letter) {
    case 'R':
        return "running";
    case 'S':
        return "sleeping";
    case 'D':
        return "disk sleep";
    case 'T':
        return "stopped";
    default:
        return "zombie";
    }
}

static void write_status(struct text *t, struct task *task)
{
    struct sizes sizes = task_sizes(task);
    char letter = task_state_letter(task);
    u64 ignored, caught;

    signal_sets(task, &ignored, &caught);
    add(t, "Name:\t%s\nUmask:\t%04o\nState:\t%c (%s)\n", task->name, task->umask, letter, state_word(letter));
    add(t, "Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n", task->pid, task->pid, parent_pid(task));
    add(t, "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nFDSize:\t%d\nGroups:\t\n", OPEN_MAX);
    if (sizes.virtual_bytes)
        add(t, "VmSize:\t%8lu kB\nVmRSS:\t%8lu kB\n", sizes.virtual_bytes / KIB,
            sizes.resident_pages * PAGE_SIZE / KIB);
    add(t, "Threads:\t1\nSigPnd:\t%016lx\nShdPnd:\t%016x\nSigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n",
        task->signals.pending, 0, task->signals.blocked, ignored, caught);
}

static void write_uptime(struct text *t, struct task *task)
{
    u64 centiseconds = (clock_ns() - boot_ns()) / (NSEC_PER_SEC / 100);

    (void)task;
    add(t, "%lu.%02lu 0.00\n", centiseconds / 100, centiseconds % 100);
}

static void write_meminfo(struct text *t, struct task *task)
{
    (void)task;
    add(t, "MemTotal:       %8lu kB\nMemFree:        %8lu kB\n", pages_total() * PAGE_SIZE / KIB,
        pages_free() * PAGE_SIZE / KIB);
}

static const struct proc_file {
    const char *name;
    void (*write)(struct text *t, struct task *task);
} process_files[] = { { "stat", write_stat }, { "status", write_status } },
  root_files[] = { { "meminfo", write_meminfo }, { "uptime", write_uptime } };

/* ---- Inodes ---- */

/* inode->data: which object. A process's files have its pid, the others 0. */
struct node {
    pid_t pid;
    const struct proc_file *file; /* NULL: a directory, or /proc/self */
};

static struct super proc_super = { .type = "proc", .dev = 4 };
static const struct inode_ops root_ops, process_ops, file_inode_ops, self_ops;
static const struct file_ops root_dir_ops, process_dir_ops, text_ops;

/* Numbers are a function of the object, so that stat and getdents agree: the root is 1, then 16 for each pid. */
#define INO_ROOT 1UL
#define INO_SELF 2UL
#define INO_ROOT_FILE(i) (4UL + (u64)(i))
#define INO_PROCESS(pid) ((u64)(pid) * 16)
#define INO_PROCESS_FILE(pid, i) (INO_PROCESS(pid) + 1 + (u64)(i))

static struct inode *node_create(u64 ino, u32 mode, pid_t pid, const struct proc_file *file,
                                 const struct inode_ops *ops, const struct file_ops *fops)
{
    struct inode *inode = inode_create(&proc_super, mode);
    struct node *node = kmalloc(sizeof *node);

    if (!inode || !node) {
        kfree(inode);
        kfree(node);
        return NULL;
    }
    *node = (struct node){ pid, file };
    inode->data = node;
    inode->ino = ino;
    inode->ops = ops;
    inode->fops = fops;
    inode->mtime_ns = clock_realtime_ns();
    return inode;
}

static void node_free(struct inode *inode)
{
    kfree(inode->data);
}

struct inode *procfs_root(void)
{
    struct inode *root = node_create(INO_ROOT, S_IFDIR | 0555, 0, NULL, &root_ops, &root_dir_ops);

    if (!root)
        panic("no memory for /proc");
    proc_super.root = root;
    return root;
}

static bool is_name(const char *name, size_t length, const char *wanted)
{
    return strlen(wanted) == length && !memcmp(name, wanted, length);
}

static pid_t parse_pid(const char *name, size_t length)
{
    pid_t pid = 0;

    if (length == 0 || length > 6 || name[0] == '0')
        return 0;
    for (size_t i = 0; i < length; i++) {
        if (name[i] < '0' || name[i] > '9')
            return 0;
        pid = pid * 10 + (name[i] - '0');
    }
    return pid;
}

static int root_lookup(struct inode *dir, const char *name, size_t length, struct inode **out)
{
    struct task *task;
    pid_t pid;

    (void)dir;
    *out = NULL;
    if (is_name(name, length, "self")) {
        *out = node_create(INO_SELF, S_IFLNK | 0777, 0, NULL, &self_ops, NULL);
        return *out ? 0 : -ENOMEM;
    }
    for (u32 i = 0; i < ARRAY_SIZE(root_files); i++)
        if (is_name(name, length, root_files[i].name)) {
            *out = node_create(INO_ROOT_FILE(i), S_IFREG | 0444, 0, &root_files[i], &file_inode_ops, &text_ops);
            return *out ? 0 : -ENOMEM;
        }
    pid = parse_pid(name, length);
    task = pid ? task_find(pid) : NULL;
    if (!task)
        return -ENOENT;
    task_put(task);
    *out = node_create(INO_PROCESS(pid), S_IFDIR | 0555, pid, NULL, &process_ops, &process_dir_ops);
    return *out ? 0 : -ENOMEM;
}

static int process_lookup(struct inode *dir, const char *name, size_t length, struct inode **out)
{
    const struct node *node = dir->data;

    for (u32 i = 0; i < ARRAY_SIZE(process_files); i++)
        if (is_name(name, length, process_files[i].name)) {
            *out = node_create(INO_PROCESS_FILE(node->pid, i), S_IFREG | 0444, node->pid, &process_files[i],
                               &file_inode_ops, &text_ops);
            return *out ? 0 : -ENOMEM;
        }
    return -ENOENT;
}

static int self_readlink(struct inode *inode, char *out, size_t size)
{
    char text[16];
    int n = snprintf(text, sizeof text, "%d", current->pid);

    (void)inode;
    memcpy(out, text, MIN((size_t)n, size));
    return (int)MIN((size_t)n, size);
}

/* ---- Directories: position = index of the next entry; processes follow at FIRST_PID + pid ---- */

#define FIRST_PID 16UL

static bool emit_dots(struct dir_sink *sink, u64 *position, u64 ino, u64 parent_ino)
{
    if (*position == 0) {
        if (!sink->emit(sink, ".", 1, ino, S_IFDIR, 1))
            return false;
        *position = 1;
    }
    if (*position == 1) {
        if (!sink->emit(sink, "..", 2, parent_ino, S_IFDIR, 2))
            return false;
        *position = 2;
    }
    return true;
}

static int root_iterate(struct file *file, struct dir_sink *sink, u64 *position)
{
    char name[16];

    if (!emit_dots(sink, position, file->inode->ino, file->inode->ino))
        return 0;
    for (; *position < 2 + ARRAY_SIZE(root_files); (*position)++) {
        u64 i = *position - 2;

        if (!sink->emit(sink, root_files[i].name, strlen(root_files[i].name), INO_ROOT_FILE(i), S_IFREG, *position + 1))
            return 0;
    }
    if (*position < FIRST_PID) {
        if (!sink->emit(sink, "self", 4, INO_SELF, S_IFLNK, FIRST_PID))
            return 0;
        *position = FIRST_PID;
    }
    for (;;) {
        pid_t pid = task_next_pid((pid_t)(*position - FIRST_PID));
        int n;

        if (!pid)
            return 0;
        n = snprintf(name, sizeof name, "%d", pid);
        if (!sink->emit(sink, name, (size_t)n, INO_PROCESS(pid), S_IFDIR, FIRST_PID + (u64)pid))
            return 0;
        *position = FIRST_PID + (u64)pid;
    }
}

static int process_iterate(struct file *file, struct dir_sink *sink, u64 *position)
{
    const struct node *node = file->inode->data;

    if (!emit_dots(sink, position, file->inode->ino, INO_ROOT))
        return 0;
    for (; *position < 2 + ARRAY_SIZE(process_files); (*position)++) {
        u64 i = *position - 2;

        if (!sink->emit(sink, process_files[i].name, strlen(process_files[i].name), INO_PROCESS_FILE(node->pid, i),
                        S_IFREG, *position + 1))
            return 0;
    }
    return 0;
}

/* ---- Files: one picture of the moment, taken at open ---- */

static int text_open(struct inode *inode, struct file *file)
{
    const struct node *node = inode->data;
    struct task *task = NULL;
    char *buffer;
    struct text text;

    if (node->pid) {
        task = task_find(node->pid);
        if (!task)
            return -ESRCH;
    }
    buffer = kmalloc(TEXT_MAX);
    if (buffer) {
        text = (struct text){ buffer, TEXT_MAX };
        buffer[0] = '\0';
        node->file->write(&text, task);
        file->data = buffer;
    }
    if (task)
        task_put(task);
    return buffer ? 0 : -ENOMEM;
}

static void text_release(struct file *file)
{
    kfree(file->data);
}

static ssize_t text_read(struct file *file, struct io *io, u64 *position)
{
    const char *text = file->data;
    size_t length = strlen(text), n;
    int error;

    if (*position >= length)
        return 0;
    n = MIN(length - *position, io->left);
    error = io_put(io, text + *position, n);
    if (error)
        return error;
    *position += n;
    return (ssize_t)n;
}

static const struct inode_ops root_ops = { .lookup = root_lookup, .free = node_free };
static const struct inode_ops process_ops = { .lookup = process_lookup, .free = node_free };
static const struct inode_ops file_inode_ops = { .free = node_free };
static const struct inode_ops self_ops = { .readlink = self_readlink, .free = node_free };
static const struct file_ops root_dir_ops = { .iterate = root_iterate, .seekable = true };
static const struct file_ops process_dir_ops = { .iterate = process_iterate, .seekable = true };
static const struct file_ops text_ops = {
    .open = text_open,
    .release = text_release,
    .read = text_read,
    .seekable = true,
};
