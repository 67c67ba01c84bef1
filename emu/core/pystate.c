/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Memory, registers, translations and snapshots, for Python.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"

PyObject *py_read_phys(PyObject *self, PyObject *args)
{
    unsigned long long pa;
    Py_ssize_t n;
    struct core *c = ready(self, true);
    if (!c || !PyArg_ParseTuple(args, "Kn", &pa, &n))
        return NULL;
    if (n < 0 || (size_t)n > c->ram_size)
        return done("more bytes than there is RAM");
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, n);
    if (bytes && phys_read(c, pa, PyBytes_AsString(bytes), (size_t)n) != (size_t)n) {
        Py_DECREF(bytes);
        return done("not RAM");
    }
    return bytes;
}

PyObject *py_write_phys(PyObject *self, PyObject *args)
{
    unsigned long long pa;
    Py_buffer data;
    struct core *c = ready(self, true);
    if (!c || !PyArg_ParseTuple(args, "Ky*", &pa, &data))
        return NULL;
    size_t n = (size_t)data.len;
    bool whole = phys_write(c, pa, data.buf, n) == n;
    PyBuffer_Release(&data);
    return done(whole ? NULL : "not RAM");
}

static struct cpu *cpu_arg(struct core *c, unsigned n)
{
    if (n < c->ncpu)
        return c->cpu[n];
    PyErr_SetString(PyExc_IndexError, "no such CPU");
    return NULL;
}

PyObject *py_get_reg(PyObject *self, PyObject *args)
{
    unsigned n;
    const char *name;
    unsigned char value[16] = {0};
    size_t size = 0;
    struct core *c = ready(self, true);
    struct cpu *cpu;
    if (!c || !PyArg_ParseTuple(args, "Is", &n, &name) || !(cpu = cpu_arg(c, n)))
        return NULL;
    if (!c->arch->get_reg(cpu, name, value, &size)) {
        PyErr_SetString(PyExc_KeyError, name);
        return NULL;
    }
    if (size == 8) {
        uint64_t v;
        memcpy(&v, value, 8);
        return PyLong_FromUnsignedLongLong(v);
    }
    return PyObject_CallMethod((PyObject *)&PyLong_Type, "from_bytes", "y#s", (char *)value, (Py_ssize_t)size,
                               "little");
}

PyObject *py_set_reg(PyObject *self, PyObject *args)
{
    unsigned n;
    const char *name;
    Py_buffer value;
    struct core *c = ready(self, true);
    struct cpu *cpu;
    if (!c || !PyArg_ParseTuple(args, "Isy*", &n, &name, &value))
        return NULL;
    bool ok = false;
    if ((cpu = cpu_arg(c, n))) {
        ok = value.len <= 16 && c->arch->set_reg(cpu, name, value.buf, (size_t)value.len);
        if (!ok)
            PyErr_SetString(PyExc_KeyError, name);
    }
    PyBuffer_Release(&value);
    if (!ok)
        return NULL;
    Py_RETURN_NONE;
}

PyObject *py_set_running(PyObject *self, PyObject *args)
{
    unsigned n;
    int on;
    struct core *c = ready(self, true);
    struct cpu *cpu;
    if (!c || !PyArg_ParseTuple(args, "Ip", &n, &on) || !(cpu = cpu_arg(c, n)))
        return NULL;
    cpu->st->running = on != 0;
    cpu->st->waiting = 0;
    Py_RETURN_NONE;
}

PyObject *py_reg_names(PyObject *self, PyObject *none)
{
    (void)none;
    struct core *c = ready(self, true);
    PyObject *list = c ? PyList_New(0) : NULL;
    for (const char *const *p = c ? c->arch->reg_names : NULL; list && *p; p++) {
        PyObject *s = PyUnicode_FromString(*p);
        if (!s || PyList_Append(list, s) < 0)
            Py_CLEAR(list);
        Py_XDECREF(s);
    }
    return list;
}

static PyObject *walk_tuple(const struct walk *w)
{
    return Py_BuildValue("(OKIIII)", w->ok ? Py_True : Py_False, (unsigned long long)w->pa, (unsigned)w->perms,
                         (unsigned)w->fault, (unsigned)w->level, (unsigned)w->shift);
}

PyObject *py_walk(PyObject *self, PyObject *args)
{
    unsigned n, access, privilege;
    unsigned long long va;
    struct core *c = ready(self, true);
    struct cpu *cpu;
    if (!c || !PyArg_ParseTuple(args, "IKII", &n, &va, &access, &privilege) || !(cpu = cpu_arg(c, n)))
        return NULL;
    if (access > ACCESS_FETCH || privilege > 2)
        return done("access and privilege must be 0 to 2");
    struct walk w = c->arch->walk(cpu, va, (enum access)access, privilege);
    return walk_tuple(&w);
}

PyObject *py_tlb(PyObject *self, PyObject *args)
{
    unsigned n;
    struct core *c = ready(self, true);
    struct cpu *cpu;
    if (!c || !PyArg_ParseTuple(args, "I", &n) || !(cpu = cpu_arg(c, n)))
        return NULL;
    PyObject *list = PyList_New(0);
    for (unsigned s = 0; list && s < TLB_SETS; s++)
        for (unsigned w = 0; list && w < TLB_WAYS; w++) {
            const struct tlb_entry *e = &cpu->tlb->e[s][w];
            if (!e->tag)
                continue;
            PyObject *t = Py_BuildValue("(KKIII)", (unsigned long long)(e->tag & ~1ull), (unsigned long long)e->pa,
                                        (unsigned)e->perms, (unsigned)e->asid, (unsigned)e->shift);
            if (!t || PyList_Append(list, t) < 0)
                Py_CLEAR(list);
            Py_XDECREF(t);
        }
    return list;
}

/* ---- snapshots ------------------------------------------------------------------------------------------------- */

struct snapshot_object {
    PyObject_HEAD struct module *owner;
    struct snapshot *snapshot;
};

static void snapshot_dealloc(PyObject *self)
{
    struct snapshot_object *o = (struct snapshot_object *)self;
    PyTypeObject *type = Py_TYPE(self);
    if (o->snapshot)
        snapshot_free(o->owner->core, o->snapshot);
    Py_XDECREF((PyObject *)o->owner);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

static PyType_Slot snapshot_slots[] = {{Py_tp_dealloc, (void *)snapshot_dealloc}, {0, NULL}};
static PyType_Spec snapshot_spec = {"emu.core._core.Snapshot", sizeof(struct snapshot_object), 0,
                                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, snapshot_slots};
static PyObject *snapshot_type;

PyObject *snapshot_type_new(void)
{
    if (!snapshot_type)
        snapshot_type = PyType_FromSpec(&snapshot_spec);
    return snapshot_type;
}

PyObject *py_snapshot(PyObject *self, PyObject *none)
{
    (void)none;
    struct module *m = (struct module *)self;
    struct core *c = ready(self, true);
    if (!c)
        return NULL;
    if (m->running)
        return done("the machine is running");
    struct snapshot *s = snapshot_take(c);
    if (!s)
        return PyErr_NoMemory();
    allocfunc alloc = (allocfunc)PyType_GetSlot((PyTypeObject *)snapshot_type, Py_tp_alloc);
    struct snapshot_object *o = (struct snapshot_object *)alloc((PyTypeObject *)snapshot_type, 0);
    if (!o) {
        snapshot_free(c, s);
        return NULL;
    }
    Py_INCREF(self);
    o->owner = m;
    o->snapshot = s;
    return (PyObject *)o;
}

PyObject *py_restore(PyObject *self, PyObject *arg)
{
    struct module *m = (struct module *)self;
    struct core *c = ready(self, true);
    if (!c)
        return NULL;
    if (!Py_IS_TYPE(arg, (PyTypeObject *)snapshot_type) || ((struct snapshot_object *)arg)->owner != m)
        return done("not a snapshot of this machine");
    if (m->running)
        return done("the machine is running");
    return done(snapshot_restore(c, ((struct snapshot_object *)arg)->snapshot));
}

PyObject *py_state_hash(PyObject *self, PyObject *args)
{
    int ram = 1;
    struct core *c = ready(self, true);
    return c && PyArg_ParseTuple(args, "|p", &ram) ? PyLong_FromUnsignedLongLong(core_state_hash(c, ram)) : NULL;
}
