/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files: inodes, open files, descriptor tables.

     descriptor  a small number in a process's table (struct files)
     file        an open file description: position and flags, shared by dup and fork
     inode       the object itself, in one file system

   Paths are walked from the root as text: `..` takes the last component off the text and starts over, so that no
   inode needs to know its parent. Directories therefore remember the path they were opened by. */
#pragma once
#include <abi/stat.h>
#include <atomic.h>
#include <list.h>
#include <mutex.h>
#include <spinlock.h>
#include <types.h>

#define PATH_MAX 4096
#define NAME_MAX 255
#define SYMLINK_DEPTH_MAX 40 /* as Linux: more is -ELOOP */
#define OPEN_MAX 256

struct inode;
struct file;
struct super;

/* Where a read puts or a write gets its bytes: user or kernel memory. */
struct io {
    u64 at;      /* next address */
    size_t left; /* bytes wanted from here on */
    bool user;
};

int io_put(struct io *io, const void *from, size_t n); /* n <= left; 0 or -EFAULT */
int io_get(struct io *io, void *to, size_t n);
int io_put_zeros(struct io *io, size_t n);

/* Takes one directory entry; false: no room, stop. `next` is the position behind it. */
struct dir_sink {
    bool (*emit)(struct dir_sink *sink, const char *name, size_t length, u64 ino, u32 mode, u64 next);
};

struct inode_ops {
    /* A new reference, or -ENOENT. */
    int (*lookup)(struct inode *dir, const char *name, size_t length, struct inode **out);
    int (*create)(struct inode *dir, const char *name, size_t length, u32 mode, u64 rdev, struct inode **out);
    int (*readlink)(struct inode *inode, char *out, size_t size); /* length, not NUL-terminated */
    int (*truncate)(struct inode *inode, u64 size);
    void (*free)(struct inode *inode); /* the last reference is gone */
};

struct file_ops {
    int (*open)(struct inode *inode, struct file *file);
    void (*release)(struct file *file);
    /* Bytes moved, or an errno when none were. `position` is the file's own or pread's. */
    ssize_t (*read)(struct file *file, struct io *io, u64 *position);
    ssize_t (*write)(struct file *file, struct io *io, u64 *position);
    int (*iterate)(struct file *file, struct dir_sink *sink, u64 *position);
    long (*ioctl)(struct file *file, u32 request, u64 arg);
    bool seekable;
};

struct inode {
    struct super *super;
    u64 ino;
    const struct inode_ops *ops;
    const struct file_ops *fops; /* NULL for a device: by its number */
    struct inode *mounted;       /* root of the file system mounted here */
    u64 rdev;
    void *data;                  /* the file system's */
    atomic_t refs;

    spinlock_t lock;             /* guards what follows */
    u32 mode, nlink, uid, gid;
    u64 size;
    u64 mtime_ns;                /* since 1970; the other two times read the same */
};

/* One mounted file system. */
struct super {
    const char *type;
    u64 dev; /* st_dev */
    struct inode *root;
    u64 next_ino;
};

struct file {
    struct inode *inode;
    const struct file_ops *ops;
    int flags;         /* O_ACCMODE and status flags */
    char *path;        /* of a directory: absolute, without links */
    void *data;        /* the driver's */
    atomic_t refs;
    struct mutex lock; /* guards position over a whole read or write */
    u64 position;
};

struct files {
    atomic_t refs;
    spinlock_t lock; /* guards what follows */
    struct file *open[OPEN_MAX];
    u64 close_on_exec[OPEN_MAX / 64];
};

/* ---- fs/vfs.c ---- */
void vfs_init(void);
struct inode *inode_create(struct super *super, u32 mode); /* one reference; NULL: no memory */
struct inode *inode_get(struct inode *inode);
void inode_put(struct inode *inode);
void inode_stat(struct inode *inode, struct stat *st);
int vfs_mount(const char *path, struct inode *root);

/* ---- fs/path.c ---- */
enum { WALK_FOLLOW = 1 }; /* also follow a link that is the last component */
/* `base` is an absolute path without links, used when `path` is relative. On success a new reference; `canonical`
   (PATH_MAX bytes, may be NULL) receives the path without links. */
int path_walk(const char *base, const char *path, int how, struct inode **out, char *canonical);
/* The directory that `path`'s last component is in, and that component (NAME_MAX + 1 bytes). */
int path_parent(const char *base, const char *path, struct inode **dir, char *name);
int path_mknod(const char *path, u32 mode, u64 rdev, struct inode **out); /* out may be NULL; -EEXIST */

/* ---- fs/open.c ---- */
/* Relative to the running task's directory; to `base`. */
struct file *file_open(const char *path, int flags, int mode, int *error);
struct file *file_open_at(const char *base, const char *path, int flags, int mode, int *error);
void file_get(struct file *file);
void file_put(struct file *file);
ssize_t file_read_at(struct file *file, void *buffer, size_t n, u64 offset); /* into kernel memory; short at the end */
bool file_is_executable(struct file *file); /* a regular file with an x bit */
u64 file_size(struct file *file);

/* ---- fs/files.c ---- */
struct files *files_create(void);
struct files *files_fork(struct files *files); /* a copy of the table; the open files are shared */
void files_put(struct files *files);
void files_close_on_exec(struct files *files);
int files_open_console(struct files *files);   /* 0, 1, 2 = /dev/console */
struct file *fd_get(int fd);                   /* of the running task, a new reference; NULL: -EBADF */
int fd_install(struct file *file, int least, bool close_on_exec); /* takes over the reference; the number or -EMFILE */
int fd_replace(struct file *file, int fd, bool close_on_exec);    /* dup2: closes what was there */
int fd_close(int fd);

/* ---- file systems ---- */
struct inode *ramfs_root(struct super *super);
int ramfs_symlink(struct inode *dir, const char *name, size_t length, const char *target, size_t target_length);
ssize_t ramfs_append(struct inode *inode, const void *data, size_t n); /* for initramfs.c */
int initramfs_unpack(const void *cpio, size_t n);
struct inode *procfs_root(void);

/* ---- fs/devfs.c: devices by number ---- */
int device_register(const char *name, u64 rdev, u32 permissions, const struct file_ops *ops); /* and a node in /dev */
const struct file_ops *device_ops(u64 rdev);
void devfs_init(void);
void door_init(void); /* dev/door.c: /dev/door, when the machine has one */
extern const struct file_ops null_ops, zero_ops, full_ops, random_ops; /* dev/mem.c */
extern const struct file_ops kmsg_ops;                                 /* dev/kmsg.c */
