/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The core's face to Python: `emu.core._core`. Only emu/core/ imports it. Arguments are checked here, so that nothing a
 * caller passes can bring the process down.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chips/chips.h"
#include "module.h"

/* ---- calling Python from the guest's side ---------------------------------------------------------------------- */

void module_enter(struct module *m)
{
    if (m->thread) {
        PyEval_RestoreThread(m->thread);
        m->thread = NULL;
        m->inside = true;
    }
}

void module_leave(struct module *m)
{
    if (m->inside) {
        m->inside = false;
        m->thread = PyEval_SaveThread();
    }
}

/* Keep the first exception of a run; the run ends at the next instruction. */
void module_error(struct module *m, enum stop_reason why)
{
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    if (trace && value)
        PyException_SetTraceback(value, trace);
    Py_XDECREF(type);
    Py_XDECREF(trace);
    if (m->error)
        Py_XDECREF(value);
    else
        m->error = value;
    core_end(m->core, why, 0);
}

bool drain(struct core *c)
{
    struct module *m = c->owner;
    bool nested = m->thread != NULL, ok = true;
    if (nested)
        module_enter(m);
    unsigned n = c->ring_head;
    c->ring_head = 0;
    if (m->on_events) {
        Py_ssize_t size = (Py_ssize_t)(n * sizeof(struct event));
        PyObject *r = PyObject_CallFunction(m->on_events, "y#", (char *)c->ring, size);
        ok = r != NULL;
        Py_XDECREF(r);
        if (!ok)
            module_error(m, STOP_DEVICE_ERROR);
    }
    if (nested)
        module_leave(m);
    return ok;
}

/* Signals are looked at about 50 times a second of host time, however short the slices are. */
static bool poll_signals(struct core *c)
{
    struct module *m = c->owner;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    uint64_t now = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
    if (now < m->next_poll)
        return true;
    m->next_poll = now + 20;
    module_enter(m);
    bool ok = PyErr_CheckSignals() == 0;
    if (ok && m->on_poll) {
        PyObject *r = PyObject_CallNoArgs(m->on_poll);
        ok = r != NULL;
        Py_XDECREF(r);
    }
    if (!ok)
        module_error(m, STOP_SIGNAL);
    module_leave(m);
    return ok;
}

static bool idle(struct core *c, uint64_t until)
{
    struct module *m = c->owner;
    if (!m->on_idle)
        return false;
    module_enter(m);
    PyObject *r = PyObject_CallFunction(m->on_idle, "K", (unsigned long long)until);
    int given = r ? PyObject_IsTrue(r) : -1;
    Py_XDECREF(r);
    if (given < 0)
        module_error(m, STOP_DEVICE_ERROR);
    module_leave(m);
    return given == 1;
}

/* ---- building -------------------------------------------------------------------------------------------------- */

static int fail(const char *message)
{
    PyErr_SetString(PyExc_ValueError, message);
    return -1;
}

static int core_init(PyObject *self, PyObject *args, PyObject *kwds)
{
    static char *keys[] = {"arch", "ncpu", "clock_num", "clock_den", "quantum", NULL};
    struct module *m = (struct module *)self;
    const char *arch, *error = unicorn_check();
    unsigned ncpu = 1;
    unsigned long long num = 1, den = 1, quantum = 10000;
    if (error) {
        PyErr_SetString(PyExc_OSError, error);
        return -1;
    }
    if (!PyArg_ParseTupleAndKeywords(args, kwds, "s|IKKK", keys, &arch, &ncpu, &num, &den, &quantum))
        return -1;
    const struct arch *a = !strcmp(arch, "aarch64") ? &arch_aarch64 : !strcmp(arch, "x86_64") ? &arch_x86_64 : NULL;
    if (!a)
        return fail("arch must be 'aarch64' or 'x86_64'");
    if (!num || !den || !quantum || num >> 32 || den >> 32)
        return fail("clock_num, clock_den and quantum must be positive, the clock's below 2**32");
    if (m->core)
        return fail("a core is made once");
    if (!(m->core = core_new(a, ncpu, &error)))
        return fail(error);
    m->core->clock_num = num;
    m->core->clock_den = den;
    m->core->quantum = quantum;
    m->core->owner = m;
    m->core->drain = drain;
    m->core->poll = poll_signals;
    m->core->idle = idle;
    return 0;
}

/* A device in Python usually knows its machine: without these two such a pair would never be freed. */
static int core_traverse(PyObject *self, visitproc visit, void *arg)
{
    struct module *m = (struct module *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(m->on_events);
    Py_VISIT(m->on_idle);
    Py_VISIT(m->on_poll);
    Py_VISIT(m->error);
    for (unsigned i = 0; i < MAX_CHIPS; i++) {
        struct python_chip *p = &m->chips[i];
        Py_VISIT(p->read);
        Py_VISIT(p->write);
        Py_VISIT(p->line);
        Py_VISIT(p->timer);
        Py_VISIT(p->message);
    }
    return 0;
}

static int core_clear(PyObject *self)
{
    struct module *m = (struct module *)self;
    Py_CLEAR(m->on_events);
    Py_CLEAR(m->on_idle);
    Py_CLEAR(m->on_poll);
    Py_CLEAR(m->error);
    for (unsigned i = 0; i < MAX_CHIPS; i++)
        python_chip_free(&m->chips[i]);
    return 0;
}

static void core_dealloc(PyObject *self)
{
    struct module *m = (struct module *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (m->core)
        core_free(m->core);
    core_clear(self);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

/* The building methods need a machine that is not sealed, the others one that is; and none may come from another thread
 * while the guest runs (within a callback it does not: `thread` is taken back then). */
struct core *ready(PyObject *self, bool sealed)
{
    struct module *m = (struct module *)self;
    if (!m->core)
        PyErr_SetString(PyExc_ValueError, "the core was not made");
    else if (m->core->sealed != sealed)
        PyErr_SetString(PyExc_ValueError, sealed ? "seal() the machine first" : "the machine is sealed");
    else if (m->thread)
        PyErr_SetString(PyExc_ValueError, "the machine is running in another thread");
    else
        return m->core;
    return NULL;
}

PyObject *done(const char *error)
{
    if (error) {
        PyErr_SetString(PyExc_ValueError, error);
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *py_ram(PyObject *self, PyObject *args)
{
    unsigned long long base, size;
    struct core *c = ready(self, false);
    return c && PyArg_ParseTuple(args, "KK", &base, &size) ? done(core_ram(c, base, size)) : NULL;
}

static PyObject *py_chip(PyObject *self, PyObject *args)
{
    static const struct chip_ops *const all[] = {&gic_ops, &timer_ops, &apic_ops, &ioapic_ops, &pic_ops, &pit_ops};
    const char *name;
    unsigned long long config[4] = {0};
    struct core *c = ready(self, false);
    struct module *m = (struct module *)self;
    if (!c || !PyArg_ParseTuple(args, "s|KKKK", &name, &config[0], &config[1], &config[2], &config[3]))
        return NULL;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strcmp(all[i]->name, name)) {
            for (int j = 0; j < 4; j++)
                m->config[c->nchips][j] = config[j];
            int id = core_chip(c, all[i], m->config[c->nchips]);
            return id < 0 ? done("too many chips") : PyLong_FromLong(id);
        }
    return done("no such chip");
}

static PyObject *py_python_chip(PyObject *self, PyObject *args)
{
    PyObject *object;
    Py_ssize_t size;
    struct core *c = ready(self, false);
    struct module *m = (struct module *)self;
    if (!c || !PyArg_ParseTuple(args, "On", &object, &size))
        return NULL;
    if (size < 0 || size > 16 << 20 || c->nchips == MAX_CHIPS)
        return done("a device's state must be at most 16 MiB, and devices at most 64");
    struct python_chip *p = &m->chips[c->nchips];
    if (!python_chip_init(p, m, object, (uint32_t)size))
        return NULL;
    int id = core_chip(c, &p->ops, NULL);
    if (id < 0)
        return done("out of arena");
    PyObject *view = PyMemoryView_FromMemory((char *)c->chips[id].state, size, PyBUF_WRITE);
    return view ? Py_BuildValue("(iN)", id, view) : NULL;
}

static PyObject *py_window(PyObject *self, PyObject *args)
{
    int port;
    unsigned long long base, size;
    unsigned chip, bank;
    struct core *c = ready(self, false);
    return c && PyArg_ParseTuple(args, "pKKII", &port, &base, &size, &chip, &bank)
               ? done(core_window(c, port, base, size, chip, bank))
               : NULL;
}

static PyObject *py_wire(PyObject *self, PyObject *args)
{
    unsigned from, out, to, in;
    struct core *c = ready(self, false);
    return c && PyArg_ParseTuple(args, "IIII", &from, &out, &to, &in) ? done(core_wire(c, from, out, to, in)) : NULL;
}

static PyObject *py_role(PyObject *self, PyObject *args)
{
    const char *role;
    unsigned chip;
    struct core *c = ready(self, false);
    if (!c || !PyArg_ParseTuple(args, "sI", &role, &chip))
        return NULL;
    int *slot = !strcmp(role, "firmware") ? &c->firmware
                : !strcmp(role, "intc")   ? &c->intc
                : !strcmp(role, "timer")  ? &c->timer
                : !strcmp(role, "pic")    ? &c->pic
                                          : NULL;
    if (!slot || chip >= c->nchips)
        return done("no such role or chip");
    *slot = (int)chip;
    Py_RETURN_NONE;
}

static PyObject *py_seal(PyObject *self, PyObject *args)
{
    unsigned long long seed;
    struct core *c = ready(self, false);
    if (!c || !PyArg_ParseTuple(args, "K", &seed))
        return NULL;
    return done(core_seal(c, seed));
}

/* ---- running --------------------------------------------------------------------------------------------------- */

static PyObject *finish(struct module *m, enum stop_reason why)
{
    if (why == STOP_SIGNAL && m->error) { /* KeyboardInterrupt and the like go their usual way */
        PyObject *error = m->error;
        m->error = NULL;
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
        Py_DECREF(error);
        return NULL;
    }
    return Py_BuildValue("(iK)", (int)why, (unsigned long long)m->core->stop_code);
}

enum how { RUN, STEP, STEP_UNTIL };

/* RUN: at most `insns` up to virtual time `until`; STEP_UNTIL: up to address `until`. */
static PyObject *run(PyObject *self, uint64_t insns, uint64_t until, enum how how)
{
    struct module *m = (struct module *)self;
    struct core *c = ready(self, true);
    if (!c)
        return NULL;
    if (m->running) {
        PyErr_SetString(PyExc_ValueError, "the machine is running");
        return NULL;
    }
    m->running = true;
    m->thread = PyEval_SaveThread();
    enum stop_reason why = how == STEP         ? core_step(c)
                           : how == STEP_UNTIL ? core_step_until(c, until, insns)
                                               : core_run(c, insns, until);
    PyEval_RestoreThread(m->thread);
    m->thread = NULL;
    m->running = false;
    return finish(m, why);
}

/* "K" would take a negative number for a huge one. */
static int limit(PyObject *object, void *to)
{
    unsigned long long n = PyLong_AsUnsignedLongLong(object);
    *(uint64_t *)to = n;
    return n != (unsigned long long)-1 || !PyErr_Occurred();
}

static PyObject *py_run(PyObject *self, PyObject *args)
{
    uint64_t insns = NEVER, until = NEVER;
    return PyArg_ParseTuple(args, "|O&O&", limit, &insns, limit, &until) ? run(self, insns, until, RUN) : NULL;
}

static PyObject *py_step(PyObject *self, PyObject *none)
{
    (void)none;
    return run(self, 0, 0, STEP);
}

static PyObject *py_step_until_pc(PyObject *self, PyObject *args)
{
    uint64_t pc, insns = NEVER;
    return PyArg_ParseTuple(args, "O&|O&", limit, &pc, limit, &insns) ? run(self, insns, pc, STEP_UNTIL) : NULL;
}

static PyObject *py_stop(PyObject *self, PyObject *none)
{
    struct module *m = (struct module *)self;
    (void)none;
    if (m->core)
        core_stop(m->core);
    Py_RETURN_NONE;
}

static PyObject *py_end(PyObject *self, PyObject *args)
{
    int why;
    unsigned long long code = 0;
    struct core *c = ready(self, true);
    if (!c || !PyArg_ParseTuple(args, "i|K", &why, &code))
        return NULL;
    core_end(c, (enum stop_reason)why, code);
    Py_RETURN_NONE;
}

static PyObject *py_take_error(PyObject *self, PyObject *none)
{
    struct module *m = (struct module *)self;
    (void)none;
    PyObject *e = m->error;
    m->error = NULL;
    if (e)
        return e;
    Py_RETURN_NONE;
}

static PyObject *py_icount(PyObject *self, PyObject *none)
{
    (void)none;
    struct core *c = ready(self, true);
    return c ? PyLong_FromUnsignedLongLong(core_icount(c)) : NULL;
}

static PyObject *py_now(PyObject *self, PyObject *none)
{
    (void)none;
    struct core *c = ready(self, true);
    return c ? PyLong_FromUnsignedLongLong(core_now(c)) : NULL;
}

/* ---- the type ---- */

static PyMethodDef methods[] = {
    {"ram", py_ram, METH_VARARGS, "ram(base, size)"},
    {"chip", py_chip, METH_VARARGS, "chip(name, *config) -> id"},
    {"python_chip", py_python_chip, METH_VARARGS, "python_chip(object, state_size) -> (id, memoryview)"},
    {"window", py_window, METH_VARARGS, "window(port, base, size, chip, bank)"},
    {"wire", py_wire, METH_VARARGS, "wire(chip, output, chip, input)"},
    {"role", py_role, METH_VARARGS, "role('firmware'|'intc'|'timer'|'pic', chip)"},
    {"seal", py_seal, METH_VARARGS, "seal(seed)"},
    {"run", py_run, METH_VARARGS, "run(max_insns, until_ns) -> (reason, code)"},
    {"step", py_step, METH_NOARGS, "step() -> (reason, code)"},
    {"step_until_pc", py_step_until_pc, METH_VARARGS,
     "step_until_pc(pc, max_insns) -> (reason, code); EVENT: it is next"},
    {"stop", py_stop, METH_NOARGS, "stop(): from any thread"},
    {"end", py_end, METH_VARARGS, "end(reason, code): from a callback"},
    {"take_error", py_take_error, METH_NOARGS, "take_error() -> exception or None"},
    {"icount", py_icount, METH_NOARGS, "icount() -> instructions retired"},
    {"now", py_now, METH_NOARGS, "now() -> virtual ns"},
    {"set_line", py_set_line, METH_VARARGS, "set_line(chip, input, level)"},
    {"output", py_output, METH_VARARGS, "output(chip, output, level, value)"},
    {"timer", py_timer, METH_VARARGS, "timer(chip, index, when_ns)"},
    {"cpu_input", py_cpu_input, METH_VARARGS, "cpu_input(cpu, input, value)"},
    {"fault", py_fault, METH_VARARGS, "fault(chip, why, offset, size, value)"},
    {"event", py_event, METH_VARARGS, "event(kind, code, a, b)"},
    {"chip_read", py_chip_read, METH_VARARGS, "chip_read(chip, bank, offset, size, cpu) -> value"},
    {"chip_write", py_chip_write, METH_VARARGS, "chip_write(chip, bank, offset, size, value, cpu)"},
    {"read_phys", py_read_phys, METH_VARARGS, "read_phys(pa, n) -> bytes"},
    {"write_phys", py_write_phys, METH_VARARGS, "write_phys(pa, data)"},
    {"get_reg", py_get_reg, METH_VARARGS, "get_reg(cpu, name) -> int"},
    {"set_reg", py_set_reg, METH_VARARGS, "set_reg(cpu, name, bytes)"},
    {"set_running", py_set_running, METH_VARARGS, "set_running(cpu, on): powered on (PSCI CPU_ON, SIPI)"},
    {"reg_names", py_reg_names, METH_NOARGS, "reg_names() -> list"},
    {"walk", py_walk, METH_VARARGS, "walk(cpu, va, access, privilege) -> (ok, pa, perms, fault, level, shift)"},
    {"tlb", py_tlb, METH_VARARGS, "tlb(cpu) -> [(va, pa, perms, asid, shift)]"},
    {"snapshot", py_snapshot, METH_NOARGS, "snapshot() -> Snapshot"},
    {"restore", py_restore, METH_O, "restore(snapshot)"},
    {"state_hash", py_state_hash, METH_VARARGS, "state_hash(ram=True) -> int"},
    {"observe", py_observe, METH_VARARGS, "observe(want, hash, break, ring_size)"},
    {"last_event", py_last_event, METH_NOARGS, "last_event() -> 64 bytes"},
    {"stats", py_stats, METH_NOARGS, "stats() -> dict"},
    {NULL, NULL, 0, NULL},
};
static PyGetSetDef getset[] = {
    {"on_events", NULL, set_on_events, "called with the records of the ring, as bytes", NULL},
    {"on_idle", NULL, set_on_idle, "called with the ns until which all CPUs wait; true: input was given", NULL},
    {"on_poll", NULL, set_on_poll, "called about 50 times a second of host time", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
static PyType_Slot slots[] = {{Py_tp_init, (void *)core_init},
                              {Py_tp_dealloc, (void *)core_dealloc},
                              {Py_tp_traverse, (void *)core_traverse},
                              {Py_tp_clear, (void *)core_clear},
                              {Py_tp_methods, methods},
                              {Py_tp_getset, getset},
                              {Py_tp_doc, (void *)"One machine. See core.h; emu.core.cpu is its typed face."},
                              {0, NULL}};
static PyType_Spec spec = {"emu.core._core.Core", sizeof(struct module), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
                           slots};

static PyObject *mod_check(PyObject *self, PyObject *none)
{
    (void)self, (void)none;
    return Py_BuildValue("(zs)", unicorn_check(), unicorn_path());
}

static PyMethodDef functions[] = {
    {"check", mod_check, METH_NOARGS, "check() -> (why the library cannot be used or None, its path)"},
    {"walk_batch", module_walk_batch, METH_VARARGS,
     "walk_batch(arch, registers, memory, base, records) -> results; memory is changed by A and D updates"},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_core", NULL, -1, functions, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__core(void)
{
    PyObject *module = PyModule_Create(&definition), *type = module ? PyType_FromSpec(&spec) : NULL;
    PyObject *snapshot = type ? snapshot_type_new() : NULL;
    if (!snapshot || PyModule_AddObjectRef(module, "Core", type) || PyModule_AddObjectRef(module, "Snapshot", snapshot))
        Py_CLEAR(module);
    Py_XDECREF(type);
    return module;
}
