/* SPDX-License-Identifier: GPL-2.0-or-later */
/* execve(2): replace the running task's program, and the stack that the new one starts with (System V ABI, process
   initialisation):

     sp -> argc, argv[] 0, envp[] 0, auxv pairs up to AT_NULL, alignment, 16 random bytes, platform name, argument and
   environment strings, the program's path, top of the stack */
#include <abi/auxvec.h>
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/signal.h>
#include <arch.h>
#include <elf.h>
#include <fs.h>
#include <mm.h>
#include <printk.h>
#include <random.h>
#include <string.h>
#include <task.h>

#define STACK_START_SIZE (128UL << 10) /* mapped at first; it grows on demand */
#define AUX_PAIRS 20
#define USER_HZ 100 /* the unit of times(2) and /proc, whatever HZ is */

struct stack_builder {
    u64 sp;
    int error;
};

static u64 push(struct stack_builder *stack, const void *data, size_t n)
{
    stack->sp -= n;
    if (!stack->error)
        stack->error = copy_to_user(stack->sp, data, n);
    return stack->sp;
}

static u64 push_string(struct stack_builder *stack, const char *s)
{
    return push(stack, s, strlen(s) + 1);
}

/* The pointers to consecutive strings that start at user address `at`, ended by a null pointer. Returns the place
   behind. */
static u64 *point_at(u64 *words, const char **string, u64 *at, u32 count)
{
    while (count--) {
        size_t n = strlen(*string) + 1;

        *words++ = *at;
        *string += n;
        *at += n;
    }
    *words++ = 0;
    return words;
}

/* Build the stack in the new, current address space; its pointer, or an errno in *error. */
static u64 build_stack(struct mm *mm, const char *path, const struct exec_args *args, const struct elf_image *image,
                       int *error)
{
    struct stack_builder stack = { .sp = mm->stack_top - 8 }; /* a null word ends the string area, as on Linux */
    u64 execfn, strings, platform, random_at, *words, *at, n;
    const char *string = args->strings;
    u8 random[16];

    random_bytes(random, sizeof(random));
    execfn = push_string(&stack, path);
    strings = push(&stack, args->strings, args->bytes);
    platform = push_string(&stack, arch_name);
    stack.sp = ALIGN_DOWN(stack.sp, 16UL);
    random_at = push(&stack, random, sizeof(random));

    words = kmalloc((1 + args->argc + 1 + args->envc + 1 + 2 * AUX_PAIRS) * sizeof(u64));
    if (!words) {
        *error = -ENOMEM;
        return 0;
    }
    mm->arg_start = strings;
    words[0] = args->argc;
    at = point_at(words + 1, &string, &strings, args->argc);
    mm->arg_end = mm->env_start = strings;
    at = point_at(at, &string, &strings, args->envc);
    mm->env_end = strings;

    const u64 auxv[][2] = {
        { AT_HWCAP, arch_hwcap() },
        { AT_PAGESZ, PAGE_SIZE },
        { AT_CLKTCK, USER_HZ },
        { AT_PHDR, image->phdr },
        { AT_PHENT, sizeof(struct elf_segment) },
        { AT_PHNUM, image->phnum },
        { AT_BASE, 0 },
        { AT_FLAGS, 0 },
        { AT_ENTRY, image->entry },
        { AT_UID, 0 },
        { AT_EUID, 0 },
        { AT_GID, 0 },
        { AT_EGID, 0 },
        { AT_SECURE, 0 },
        { AT_RANDOM, random_at },
        { AT_EXECFN, execfn },
        { AT_PLATFORM, platform },
        { AT_NULL, 0 },
    };
    _Static_assert(ARRAY_SIZE(auxv) <= AUX_PAIRS, "room for the auxiliary vector");
    memcpy(at, auxv, sizeof(auxv));
    at += 2 * ARRAY_SIZE(auxv);

    n = (at - words) * sizeof(u64);
    stack.sp = ALIGN_DOWN(stack.sp - n, 16UL) + n; /* so that the pointer is 16-aligned after the push */
    push(&stack, words, n);
    kfree(words);
    *error = stack.error;
    return stack.sp;
}

/* The page with the code that returns from signal handlers, where the architecture wants one. */
static int map_sigreturn(struct mm *mm)
{
    size_t size;
    const void *code = arch_sigreturn_code(&size);
    u64 at;
    int error;

    if (!code)
        return 0;
    at = mm_find_free(mm, PAGE_SIZE);
    error = mm_map(mm, at, PAGE_SIZE, VM_READ | VM_WRITE, NULL, 0, 0);
    if (!error)
        error = copy_to_user(at, code, size);
    if (!error)
        error = mm_protect(mm, at, PAGE_SIZE, VM_READ | VM_EXEC);
    mm->sigreturn = at;
    return error;
}

/* A new address space with the program mapped; NULL and an errno in *error. */
static struct mm *load_program(const char *path, struct elf_image *image, int *error)
{
    struct file *file = file_open(path, O_RDONLY, 0, error);
    struct mm *mm = NULL;

    if (!file)
        return NULL;
    *error = -EACCES;
    if (file_is_executable(file)) {
        *error = -ENOMEM;
        mm = mm_create();
    }
    if (mm) {
        *error = elf_load(mm, file, image);
        if (!*error)
            *error = mm_map(mm, mm->stack_top - STACK_START_SIZE, STACK_START_SIZE, VM_READ | VM_WRITE | VM_GROWSDOWN,
                            NULL, 0, 0);
        if (*error) {
            mm_put(mm);
            mm = NULL;
        } else {
            mm->brk_start = mm->brk = ALIGN_UP(image->end, PAGE_SIZE);
        }
    }
    file_put(file);
    return mm;
}

int task_exec(const char *path, struct exec_args *args)
{
    struct task *task = current;
    const char *base = strrchr(path, '/');
    struct mm *old = task->mm, *mm;
    struct elf_image image;
    int error = 0;
    u64 sp;

    mm = load_program(path, &image, &error);
    if (!mm)
        return error;

    /* From here on the old program is gone: what fails now kills. */
    task->mm = mm;
    mm_switch(mm);
    if (old)
        mm_put(old);
    task_vfork_done(task);
    sp = build_stack(mm, path, args, &image, &error);
    if (!error)
        error = map_sigreturn(mm);
    strlcpy(task->name, base ? base + 1 : path, TASK_NAME);
    files_close_on_exec(task->files);
    signal_exec(task);
    task->clear_child_tid = 0;
    task->kernel_thread = false;
    arch_task_exec(task, arch_task_trapframe(task), image.entry, sp);
    if (error)
        signal_force(SIGKILL, SI_KERNEL, 0);
    return 0;
}
