/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The signal frame on the user stack, as Linux lays it out on arm64 (uapi asm/sigcontext.h, asm/ucontext.h): siginfo,
   ucontext with the interrupted registers and the FP record, and above both a frame record for unwinders. */
#include <abi/errno.h>
#include <abi/signal.h>
#include <arch.h>
#include <mm.h>
#include <signal.h>
#include <string.h>
#include <task.h>

#define FPSIMD_MAGIC 0x46508001
#define PSTATE_FLAGS 0xf0000000UL /* N Z C V: all of pstate that a handler may change */

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

struct fpsimd_record {
    u32 magic, size;
    u32 fpsr, fpcr;
    u64 vregs[64];
};

struct user_sigcontext {
    u64 fault_address;
    u64 regs[31], sp, pc, pstate;
    u64 pad;
    struct fpsimd_record fpsimd;
    u8 rest[4096 - sizeof(struct fpsimd_record)]; /* begins with the terminating empty record */
};

struct user_ucontext {
    u64 uc_flags, uc_link;
    u64 ss_sp, ss_flags, ss_size;
    u64 uc_sigmask;
    u8 pad[128];
    struct user_sigcontext mcontext;
};

struct signal_frame {
    struct user_siginfo info;
    struct user_ucontext uc;
    u64 record[2]; /* x29, x30 of the interrupted code */
};

_Static_assert(sizeof(struct user_siginfo) == 128, "siginfo_t");
_Static_assert(offsetof(struct user_ucontext, mcontext) == 176 && offsetof(struct user_sigcontext, fpsimd) == 288,
               "ucontext_t");
_Static_assert(sizeof(struct user_ucontext) == 176 + 288 + 4096, "ucontext_t");

void fp_save(struct fp_state *state);
void fp_load(const struct fp_state *state);

int arch_signal_frame(struct trapframe *tf, int sig, const struct signal_action *action,
                      const struct signal_detail *detail, u64 blocked)
{
    struct task *task = current;
    struct signal_frame *frame = kzalloc(sizeof(*frame));
    u64 at = ALIGN_DOWN(tf->sp - sizeof(*frame), 16UL);
    int error = -EFAULT;

    if (!frame)
        return -ENOMEM;
    fp_save(&task->arch.fp);
    frame->info.si_signo = sig;
    frame->info.si_code = detail->code;
    if (detail->code > 0 && sig != SIGCHLD) {
        frame->info.si_addr = detail->value;
        frame->uc.mcontext.fault_address = detail->value;
    } else {
        frame->info.si_pid = detail->value;
        frame->info.si_status = detail->status;
    }
    frame->uc.uc_sigmask = blocked;
    frame->uc.ss_flags = 2; /* SS_DISABLE: no alternate stack */
    memcpy(frame->uc.mcontext.regs, tf->x, sizeof(tf->x));
    frame->uc.mcontext.sp = tf->sp;
    frame->uc.mcontext.pc = tf->pc;
    frame->uc.mcontext.pstate = tf->pstate;
    frame->uc.mcontext.fpsimd.magic = FPSIMD_MAGIC;
    frame->uc.mcontext.fpsimd.size = sizeof(struct fpsimd_record);
    frame->uc.mcontext.fpsimd.fpsr = task->arch.fp.fpsr;
    frame->uc.mcontext.fpsimd.fpcr = task->arch.fp.fpcr;
    memcpy(frame->uc.mcontext.fpsimd.vregs, task->arch.fp.v, sizeof(task->arch.fp.v));
    frame->record[0] = tf->x[29];
    frame->record[1] = tf->x[30];
    if (tf->sp > sizeof(*frame) && !copy_to_user(at, frame, sizeof(*frame))) {
        tf->x[0] = sig;
        tf->x[1] = at + offsetof(struct signal_frame, info);
        tf->x[2] = at + offsetof(struct signal_frame, uc);
        tf->x[29] = at + offsetof(struct signal_frame, record);
        tf->x[30] = action->flags & SA_RESTORER ? action->restorer : task->mm->sigreturn;
        tf->sp = at;
        tf->pc = action->handler;
        tf->syscall = NO_SYSCALL;
        error = 0;
    }
    kfree(frame);
    return error;
}

int arch_signal_return(struct trapframe *tf, u64 *blocked)
{
    struct task *task = current;
    struct user_ucontext *uc = kmalloc(sizeof(*uc));
    int error = -EFAULT;

    if (!uc)
        return -ENOMEM;
    if (!copy_from_user(uc, tf->sp + offsetof(struct signal_frame, uc), sizeof(*uc)) &&
        uc->mcontext.fpsimd.magic == FPSIMD_MAGIC && uc->mcontext.fpsimd.size == sizeof(struct fpsimd_record)) {
        memcpy(tf->x, uc->mcontext.regs, sizeof(tf->x));
        tf->sp = uc->mcontext.sp;
        tf->pc = uc->mcontext.pc;
        tf->pstate = uc->mcontext.pstate & PSTATE_FLAGS; /* the rest stays EL0 with interrupts on */
        tf->syscall = NO_SYSCALL;
        task->arch.fp.fpsr = uc->mcontext.fpsimd.fpsr;
        task->arch.fp.fpcr = uc->mcontext.fpsimd.fpcr;
        memcpy(task->arch.fp.v, uc->mcontext.fpsimd.vregs, sizeof(task->arch.fp.v));
        fp_load(&task->arch.fp);
        *blocked = uc->uc_sigmask;
        error = 0;
    }
    kfree(uc);
    return error;
}

const void *arch_sigreturn_code(size_t *size)
{
    static const u32 code[] = { 0xd2801168 /* mov x8, #139 (rt_sigreturn) */, 0xd4000001 /* svc #0 */ };

    *size = sizeof(code);
    return code;
}
