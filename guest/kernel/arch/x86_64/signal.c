/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The signal frame on the user stack, as Linux lays it out on x86-64 (uapi asm/sigcontext.h,
   asm-generic/ucontext.h): the return address into the program's restorer, ucontext with the interrupted registers,
   siginfo, and above them the FXSAVE image. */
#include <abi/errno.h>
#include <abi/signal.h>
#include <arch.h>
#include <arch/local.h>
#include <mm.h>
#include <signal.h>
#include <string.h>
#include <task.h>

#define RED_ZONE 128      /* below rsp belongs to the running function: System V ABI, section 3.2.2 */
#define FRAME_ALIGN 64
#define MXCSR_BITS 0xffffu /* a reserved bit would make FXRSTOR fault in the kernel */
#define FXSAVE_MXCSR 24
#define SS_DISABLE 2
/* What a handler may change of the flags: OF DF SF ZF AF PF CF, TF, RF, AC. */
#define RFLAGS_USER 0x50dd5UL

struct user_siginfo {
    s32 si_signo, si_errno, si_code, pad;
    union {
        u64 si_addr;
        struct {
            s32 si_pid;
            u32 si_uid;
            s32 si_status;
        };
        u8 bytes[112];
    };
};

struct user_sigcontext {
    u64 r8, r9, r10, r11, r12, r13, r14, r15;
    u64 rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip;
    u64 eflags;
    u16 cs, gs, fs, ss;
    u64 err, trapno, oldmask, cr2;
    u64 fpstate; /* address of the FXSAVE image */
    u64 reserved[8];
};

struct user_ucontext {
    u64 uc_flags, uc_link;
    u64 ss_sp, ss_flags, ss_size;
    struct user_sigcontext mcontext;
    u64 uc_sigmask;
};

struct signal_frame {
    u64 return_address; /* the handler returns here */
    struct user_ucontext uc;
    struct user_siginfo info;
};

_Static_assert(sizeof(struct user_siginfo) == 128, "siginfo_t");
_Static_assert(sizeof(struct user_sigcontext) == 256, "struct sigcontext");
_Static_assert(sizeof(struct user_ucontext) == 40 + 256 + 8, "ucontext_t");
/* The image follows at the next multiple of FRAME_ALIGN, so that rsp + 8 at the handler's first instruction is a
   multiple of 16. */
#define FPU_OFFSET ALIGN_UP(sizeof(struct signal_frame) + 8, FRAME_ALIGN)

static void save_context(struct user_sigcontext *sc, const struct trapframe *tf)
{
    sc->r8 = tf->r8;
    sc->r9 = tf->r9;
    sc->r10 = tf->r10;
    sc->r11 = tf->r11;
    sc->r12 = tf->r12;
    sc->r13 = tf->r13;
    sc->r14 = tf->r14;
    sc->r15 = tf->r15;
    sc->rdi = tf->rdi;
    sc->rsi = tf->rsi;
    sc->rbp = tf->rbp;
    sc->rbx = tf->rbx;
    sc->rdx = tf->rdx;
    sc->rax = tf->rax;
    sc->rcx = tf->rcx;
    sc->rsp = tf->rsp;
    sc->rip = tf->rip;
    sc->eflags = tf->rflags;
    sc->cs = (u16)tf->cs;
    sc->ss = (u16)tf->ss;
    if (!arch_tf_in_syscall(tf)) {
        sc->err = tf->error_code;
        sc->trapno = tf->vector;
    }
}

static void restore_context(struct trapframe *tf, const struct user_sigcontext *sc)
{
    tf->r8 = sc->r8;
    tf->r9 = sc->r9;
    tf->r10 = sc->r10;
    tf->r11 = sc->r11;
    tf->r12 = sc->r12;
    tf->r13 = sc->r13;
    tf->r14 = sc->r14;
    tf->r15 = sc->r15;
    tf->rdi = sc->rdi;
    tf->rsi = sc->rsi;
    tf->rbp = sc->rbp;
    tf->rbx = sc->rbx;
    tf->rdx = sc->rdx;
    tf->rax = sc->rax;
    tf->rcx = sc->rcx;
    tf->rsp = sc->rsp;
    tf->rip = sc->rip;
    /* Only the arithmetic flags are the program's to choose, and the segments are not at all. */
    tf->rflags = (sc->eflags & RFLAGS_USER) | RFLAGS_FIXED | RFLAGS_IF;
    tf->cs = USER_CS;
    tf->ss = USER_SS;
    tf->vector = VECTOR_RETURN;
}

int arch_signal_frame(struct trapframe *tf, int sig, const struct signal_action *action,
                      const struct signal_detail *detail, u64 blocked)
{
    struct task *task = current;
    struct signal_frame *frame;
    u64 fpu, at;
    int error = -EFAULT;

    if (!(action->flags & SA_RESTORER))
        return -EFAULT; /* Linux demands one on x86-64 */
    if (action->handler >= USER_TOP)
        return -EFAULT; /* IRETQ to a non-canonical address would fault here, in the kernel */
    if (tf->rsp < FPU_OFFSET + FXSAVE_SIZE + RED_ZONE + FRAME_ALIGN)
        return -EFAULT;
    frame = kzalloc(sizeof *frame);
    if (!frame)
        return -ENOMEM;
    fpu = ALIGN_DOWN(tf->rsp - RED_ZONE - FXSAVE_SIZE, (u64)FRAME_ALIGN);
    at = fpu - FPU_OFFSET + 8;
    fxsave(task->arch.fpu);
    frame->return_address = action->restorer;
    frame->info.si_signo = sig;
    frame->info.si_code = detail->code;
    if (detail->code > 0 && sig != SIGCHLD) {
        frame->info.si_addr = detail->value;
        frame->uc.mcontext.cr2 = detail->value;
    } else {
        frame->info.si_pid = (s32)detail->value;
        frame->info.si_status = detail->status;
    }
    frame->uc.uc_sigmask = blocked;
    frame->uc.ss_flags = SS_DISABLE; /* no alternate stack */
    save_context(&frame->uc.mcontext, tf);
    frame->uc.mcontext.fpstate = fpu;
    if (!copy_to_user(fpu, task->arch.fpu, FXSAVE_SIZE) && !copy_to_user(at, frame, sizeof *frame)) {
        tf->rdi = (u64)sig;
        tf->rsi = at + offsetof(struct signal_frame, info);
        tf->rdx = at + offsetof(struct signal_frame, uc);
        tf->rax = 0; /* a handler without a prototype: no vector arguments */
        tf->rsp = at;
        tf->rip = action->handler;
        tf->rflags &= ~(u64)(RFLAGS_DF | RFLAGS_RF | RFLAGS_TF);
        tf->vector = VECTOR_RETURN;
        error = 0;
    }
    kfree(frame);
    return error;
}

/* What sigreturn reads: into a place of its own, since a fault in the middle may switch tasks, which saves to the
   task's. */
struct saved_context {
    u8 fpu[FXSAVE_SIZE] __aligned(16);
    struct user_ucontext uc;
};

static int read_context(struct saved_context *saved, u64 at)
{
    u32 mxcsr;

    if (copy_from_user(&saved->uc, at + offsetof(struct signal_frame, uc), sizeof saved->uc))
        return -EFAULT;
    if (saved->uc.mcontext.rip >= USER_TOP)
        return -EFAULT; /* as in arch_signal_frame() */
    if (!saved->uc.mcontext.fpstate) {
        memcpy(saved->fpu, fpu_initial, FXSAVE_SIZE);
        return 0;
    }
    if (copy_from_user(saved->fpu, saved->uc.mcontext.fpstate, FXSAVE_SIZE))
        return -EFAULT;
    memcpy(&mxcsr, saved->fpu + FXSAVE_MXCSR, sizeof mxcsr);
    mxcsr &= MXCSR_BITS;
    memcpy(saved->fpu + FXSAVE_MXCSR, &mxcsr, sizeof mxcsr);
    return 0;
}

int arch_signal_return(struct trapframe *tf, u64 *blocked)
{
    struct saved_context *saved = kmalloc(sizeof *saved);
    int error;

    if (!saved)
        return -ENOMEM;
    error = read_context(saved, tf->rsp - sizeof(u64)); /* the handler's return took the address off */
    if (!error) {
        fxrstor(saved->fpu);
        restore_context(tf, &saved->uc.mcontext);
        *blocked = saved->uc.uc_sigmask;
    }
    kfree(saved);
    return error;
}

const void *arch_sigreturn_code(size_t *size)
{
    *size = 0;
    return NULL;
}
