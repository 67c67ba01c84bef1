/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptor tables. A table belongs to one process; its entries are references to open files, which others may
   share. */
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <fs.h>
#include <page.h>
#include <string.h>
#include <task.h>

#define BIT_WORD(fd) ((fd) / 64)
#define BIT_MASK(fd) (1UL << ((fd) % 64))

struct files *files_create(void)
{
    struct files *files = kzalloc(sizeof *files);

    if (!files)
        return NULL;
    atomic_set(&files->refs, 1);
    spin_init(&files->lock, "files", LOCK_FILES);
    return files;
}

struct files *files_fork(struct files *files)
{
    struct files *copy = files_create();

    if (!copy)
        return NULL;
    spin_lock(&files->lock);
    for (int fd = 0; fd < OPEN_MAX; fd++) {
        copy->open[fd] = files->open[fd];
        if (copy->open[fd])
            file_get(copy->open[fd]);
    }
    memcpy(copy->close_on_exec, files->close_on_exec, sizeof copy->close_on_exec);
    spin_unlock(&files->lock);
    return copy;
}

void files_put(struct files *files)
{
    if (!files || !atomic_dec_and_test(&files->refs))
        return;
    for (int fd = 0; fd < OPEN_MAX; fd++)
        file_put(files->open[fd]);
    kfree(files);
}

/* Take `fd` out of the table; the caller drops the reference, outside the lock, because a driver's release may
   sleep. */
static struct file *take(struct files *files, int fd)
{
    struct file *file = files->open[fd];

    files->open[fd] = NULL;
    files->close_on_exec[BIT_WORD(fd)] &= ~BIT_MASK(fd);
    return file;
}

static void put(struct files *files, int fd, struct file *file, bool close_on_exec)
{
    files->open[fd] = file;
    if (close_on_exec)
        files->close_on_exec[BIT_WORD(fd)] |= BIT_MASK(fd);
    else
        files->close_on_exec[BIT_WORD(fd)] &= ~BIT_MASK(fd);
}

void files_close_on_exec(struct files *files)
{
    for (int fd = 0; fd < OPEN_MAX; fd++) {
        struct file *file = NULL;

        spin_lock(&files->lock);
        if (files->close_on_exec[BIT_WORD(fd)] & BIT_MASK(fd))
            file = take(files, fd);
        spin_unlock(&files->lock);
        file_put(file);
    }
}

int files_open_console(struct files *files)
{
    int error;
    struct file *console = file_open_at("/", "/dev/console", O_RDWR, 0, &error);

    if (!console)
        return error;
    spin_lock(&files->lock);
    for (int fd = 0; fd < 3; fd++) {
        if (fd)
            file_get(console);
        put(files, fd, console, false);
    }
    spin_unlock(&files->lock);
    return 0;
}

struct file *fd_get(int fd)
{
    struct files *files = current->files;
    struct file *file;

    if (fd < 0 || fd >= OPEN_MAX)
        return NULL;
    spin_lock(&files->lock);
    file = files->open[fd];
    if (file)
        file_get(file);
    spin_unlock(&files->lock);
    return file;
}

int fd_install(struct file *file, int least, bool close_on_exec)
{
    struct files *files = current->files;
    int fd;

    spin_lock(&files->lock);
    for (fd = least; fd < OPEN_MAX && files->open[fd]; fd++)
        ;
    if (fd < OPEN_MAX)
        put(files, fd, file, close_on_exec);
    spin_unlock(&files->lock);
    if (fd < OPEN_MAX)
        return fd;
    file_put(file);
    return -EMFILE;
}

int fd_replace(struct file *file, int fd, bool close_on_exec)
{
    struct files *files = current->files;
    struct file *old;

    if (fd < 0 || fd >= OPEN_MAX) {
        file_put(file);
        return -EBADF;
    }
    spin_lock(&files->lock);
    old = take(files, fd);
    put(files, fd, file, close_on_exec);
    spin_unlock(&files->lock);
    file_put(old);
    return fd;
}

int fd_close(int fd)
{
    struct files *files = current->files;
    struct file *file;

    if (fd < 0 || fd >= OPEN_MAX)
        return -EBADF;
    spin_lock(&files->lock);
    file = take(files, fd);
    spin_unlock(&files->lock);
    if (!file)
        return -EBADF;
    file_put(file);
    return 0;
}
