/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which library this is, and whether it is the one that unicorn_abi.h describes.
 */
#include "unicorn_abi.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unicorn/unicorn.h>

/* Layouts that the core knows, by the library's build-id. One row today: the manylinux x86-64 wheel of 2.1.4. */
static const struct {
    const char *build_id, *what;
} known[] = {
    {"44285d3e80527122e9e361928189385906ec813e", "unicorn 2.1.4, manylinux x86-64"},
};

static void *handle;
static char path[4096], message[sizeof path + 256];

static void locate(void)
{
    Dl_info info;
    if (!handle && dladdr((void *)uc_open, &info) && info.dli_fname) {
        snprintf(path, sizeof path, "%s", info.dli_fname);
        handle = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
    }
}

void *unicorn_symbol(const char *name)
{
    locate();
    return handle ? dlsym(handle, name) : NULL;
}

const char *unicorn_path(void)
{
    locate();
    return path;
}

struct note {
    uintptr_t inside;
    char hex[64];
};

static int find_build_id(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    struct note *out = arg;
    bool ours = false;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        ours |= p->p_type == PT_LOAD && out->inside - (info->dlpi_addr + p->p_vaddr) < p->p_memsz;
    }
    for (int i = 0; ours && i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_NOTE)
            continue;
        const char *at = (const char *)(info->dlpi_addr + p->p_vaddr), *end = at + p->p_memsz;
        while (at + sizeof(ElfW(Nhdr)) <= end) {
            const ElfW(Nhdr) *n = (const void *)at;
            const char *name = at + sizeof *n;
            const unsigned char *desc = (const void *)(name + (n->n_namesz + 3) / 4 * 4);
            if (n->n_type == NT_GNU_BUILD_ID && n->n_namesz == 4 && !memcmp(name, "GNU", 4) && n->n_descsz < 32)
                for (unsigned j = 0; j < n->n_descsz; j++)
                    snprintf(out->hex + 2 * j, 3, "%02x", desc[j]);
            at = (const char *)desc + (n->n_descsz + 3) / 4 * 4;
        }
    }
    return ours;
}

/* Interposition is what everything rests on: our own name must be what the library's look-up finds. */
static bool interposed(void)
{
    extern void helper_check_exit_request_aarch64(void *, uint32_t), helper_check_exit_request_x86_64(void *, uint32_t);
    Dl_info ours, theirs;
    void *original = unicorn_symbol("helper_check_exit_request_aarch64");
    return original && dladdr((void *)helper_check_exit_request_aarch64, &ours) && dladdr(original, &theirs) &&
           ours.dli_fbase != theirs.dli_fbase && !strcmp(theirs.dli_fname, path);
}

const char *unicorn_check(void)
{
    locate();
    if (!handle) {
        snprintf(message, sizeof message, "the core's private copy of libunicorn is not loaded; reinstall trapdoor");
        return message;
    }
    struct note note = {.inside = (uintptr_t)dlsym(handle, "uc_open")};
    dl_iterate_phdr(find_build_id, &note);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(note.hex, known[i].build_id))
            return interposed() ? NULL : "another library in this process hides the core's functions from Unicorn";
    snprintf(
        message, sizeof message,
        "%s has build-id %s, which the core does not know; install unicorn==2.1.4 from PyPI and reinstall trapdoor",
        path, *note.hex ? note.hex : "(none)");
    return message;
}
