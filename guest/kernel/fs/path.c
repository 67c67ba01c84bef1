/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a path to an inode: path_resolution(7).

   The walk keeps the path it has come by as text, without links, dots and double slashes. `..` takes the last
   component off that text and walks again from the root, so a parent needs no pointer; a link's text is put in front
   of what is left to walk. */
#include <abi/errno.h>
#include <fs.h>
#include <page.h>
#include <string.h>
#include <task.h>

struct inode *vfs_root(void);

struct walk {
    struct inode *inode; /* where we are, a reference */
    char *done;          /* PATH_MAX: the way here, "/" or "/a/b" */
    char *rest;          /* PATH_MAX: what is still to go */
    u32 links;
};

static struct inode *cross_mounts(struct inode *inode)
{
    while (inode->mounted) {
        struct inode *root = inode_get(inode->mounted);

        inode_put(inode);
        inode = root;
    }
    return inode;
}

static void to_root(struct walk *w)
{
    inode_put(w->inode);
    w->inode = cross_mounts(inode_get(vfs_root()));
    w->done[0] = '\0';
}

/* One step down. On success w->inode is the child, which may be a link. */
static int step(struct walk *w, const char *name, size_t length)
{
    struct inode *child;
    size_t used = strlen(w->done);
    int error;

    if (!S_ISDIR(w->inode->mode))
        return -ENOTDIR;
    if (length > NAME_MAX || used + 1 + length + 1 > PATH_MAX)
        return -ENAMETOOLONG;
    error = w->inode->ops->lookup(w->inode, name, length, &child);
    if (error)
        return error;
    inode_put(w->inode);
    w->inode = cross_mounts(child);
    w->done[used] = '/';
    memcpy(w->done + used + 1, name, length);
    w->done[used + 1 + length] = '\0';
    return 0;
}

/* Walk `path`, which is known to be without links and dots, from the root. */
static int walk_canonical(struct walk *w, const char *path)
{
    to_root(w);
    while (*path) {
        const char *end;
        int error;

        if (*path == '/') {
            path++;
            continue;
        }
        end = strchr(path, '/');
        if (!end)
            end = path + strlen(path);
        error = step(w, path, (size_t)(end - path));
        if (error)
            return error;
        path = end;
    }
    return 0;
}

static int to_parent(struct walk *w)
{
    char *slash = strrchr(w->done, '/');
    char *way;
    int error;

    if (!S_ISDIR(w->inode->mode))
        return -ENOTDIR;
    if (!slash)
        return 0; /* the root is its own parent */
    *slash = '\0';
    way = kstrdup(w->done);
    if (!way)
        return -ENOMEM;
    error = walk_canonical(w, way);
    kfree(way);
    return error;
}

/* The link we stand on: go back to its directory and put its text in front of the rest. */
static int follow(struct walk *w)
{
    char *target;
    int length, error;
    size_t rest = strlen(w->rest);

    if (++w->links > SYMLINK_DEPTH_MAX)
        return -ELOOP;
    target = kmalloc(PATH_MAX);
    if (!target)
        return -ENOMEM;
    length = w->inode->ops->readlink(w->inode, target, PATH_MAX);
    if (length < 0) {
        error = length;
    } else if ((size_t)length + 1 + rest + 1 > PATH_MAX) {
        error = -ENAMETOOLONG;
    } else {
        memmove(w->rest + length + 1, w->rest, rest + 1);
        memcpy(w->rest, target, (size_t)length);
        w->rest[length] = '/';
        if (target[0] == '/') {
            to_root(w);
            error = 0;
        } else {
            char *slash = strrchr(w->done, '/');
            *slash = '\0';
            strlcpy(target, w->done, PATH_MAX);
            error = walk_canonical(w, target);
        }
    }
    kfree(target);
    return error;
}

static int run(struct walk *w, int how)
{
    bool must_be_directory = false;
    int error = 0;

    while (!error) {
        char name[NAME_MAX + 1];
        char *start = w->rest, *end;
        size_t length;
        bool last;

        while (*start == '/')
            start++;
        if (!*start)
            break;
        end = strchr(start, '/');
        length = end ? (size_t)(end - start) : strlen(start);
        last = true;
        for (char *p = start + length; *p && last; p++)
            last = *p == '/';
        must_be_directory = last && end != NULL;
        if (length > NAME_MAX)
            return -ENAMETOOLONG;
        memcpy(name, start, length);
        name[length] = '\0';
        memmove(w->rest, start + length, strlen(start + length) + 1);

        if (length == 1 && name[0] == '.') {
            error = S_ISDIR(w->inode->mode) ? 0 : -ENOTDIR;
        } else if (length == 2 && name[0] == '.' && name[1] == '.') {
            error = to_parent(w);
        } else {
            error = step(w, name, length);
            if (!error && S_ISLNK(w->inode->mode) && (!last || must_be_directory || (how & WALK_FOLLOW)))
                error = follow(w);
        }
    }
    if (!error && must_be_directory && !S_ISDIR(w->inode->mode))
        error = -ENOTDIR;
    return error;
}

int path_walk(const char *base, const char *path, int how, struct inode **out, char *canonical)
{
    struct walk w = { 0 };
    int error;

    if (!*path)
        return -ENOENT;
    if (strlen(path) >= PATH_MAX)
        return -ENAMETOOLONG;
    w.done = kmalloc(PATH_MAX);
    w.rest = kmalloc(PATH_MAX);
    if (!w.done || !w.rest) {
        error = -ENOMEM;
    } else {
        strlcpy(w.rest, path, PATH_MAX);
        error = walk_canonical(&w, path[0] == '/' ? "/" : base);
        if (!error)
            error = run(&w, how);
    }
    if (error) {
        inode_put(w.inode);
    } else {
        *out = w.inode;
        if (canonical)
            strlcpy(canonical, w.done[0] ? w.done : "/", PATH_MAX);
    }
    kfree(w.done);
    kfree(w.rest);
    return error;
}

int path_parent(const char *base, const char *path, struct inode **dir, char *name)
{
    size_t length = strlen(path), end = length, start;
    char *parent;
    int error;

    if (!length)
        return -ENOENT;
    if (length >= PATH_MAX)
        return -ENAMETOOLONG;
    while (end > 0 && path[end - 1] == '/')
        end--;
    for (start = end; start > 0 && path[start - 1] != '/'; start--)
        ;
    length = end - start;
    if (length > NAME_MAX)
        return -ENAMETOOLONG;
    if (length == 0 || (path[start] == '.' && (length == 1 || (length == 2 && path[start + 1] == '.'))))
        return -EEXIST; /* "/", "." and ".." are always there */
    memcpy(name, path + start, length);
    name[length] = '\0';

    parent = kmalloc(PATH_MAX);
    if (!parent)
        return -ENOMEM;
    memcpy(parent, path, start);
    strlcpy(parent + start, start ? "" : ".", 2);
    error = path_walk(base, parent, WALK_FOLLOW, dir, NULL);
    kfree(parent);
    if (!error && !S_ISDIR((*dir)->mode)) {
        inode_put(*dir);
        error = -ENOTDIR;
    }
    return error;
}

int path_mknod(const char *path, u32 mode, u64 rdev, struct inode **out)
{
    char name[NAME_MAX + 1];
    struct inode *dir, *inode;
    int error = path_parent("/", path, &dir, name);

    if (error)
        return error;
    error = dir->ops->create ? dir->ops->create(dir, name, strlen(name), mode, rdev, &inode) : -EPERM;
    inode_put(dir);
    if (error)
        return error;
    inode->mtime_ns = 0; /* the kernel's own nodes look the same at every boot */
    if (out)
        *out = inode;
    else
        inode_put(inode);
    return 0;
}
