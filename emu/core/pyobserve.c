/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Events, counters and callbacks, for Python.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"

PyObject *py_observe(PyObject *self, PyObject *args)
{
    unsigned long long want, hash, brk;
    unsigned size;
    struct core *c = ready(self, true);
    if (!c || !PyArg_ParseTuple(args, "KKKI", &want, &hash, &brk, &size))
        return NULL;
    if (size > 1u << 20)
        return done("the event ring must have at most 2**20 records");
    if (c->ring_head && !drain(c))
        return PyErr_Occurred() ? NULL : done("the event callback failed");
    if (size != c->ring_size) {
        free(c->ring);
        c->ring = size ? malloc(size * sizeof *c->ring) : NULL;
        c->ring_size = c->ring ? size : 0;
        if (size && !c->ring)
            return PyErr_NoMemory();
    }
    c->want_kinds = c->ring ? want : 0;
    c->hash_kinds = hash;
    c->break_kinds = brk;
    Py_RETURN_NONE;
}

PyObject *py_last_event(PyObject *self, PyObject *none)
{
    (void)none;
    struct core *c = ready(self, true);
    return c ? PyBytes_FromStringAndSize((char *)&c->last_event, sizeof c->last_event) : NULL;
}

static int put(PyObject *d, const char *key, uint64_t value)
{
    PyObject *v = PyLong_FromUnsignedLongLong(value);
    int r = v ? PyDict_SetItemString(d, key, v) : -1;
    Py_XDECREF(v);
    return r;
}

PyObject *py_stats(PyObject *self, PyObject *none)
{
    (void)none;
    struct core *c = ready(self, true);
    PyObject *d = c ? PyDict_New() : NULL;
    if (!d)
        return NULL;
    struct tlb_stats t = {0};
    uint64_t irqs = 0, exceptions[64] = {0};
    for (unsigned i = 0; i < c->ncpu; i++) {
        const struct tlb_stats *s = &c->cpu[i]->stats;
        t.fills += s->fills, t.hits += s->hits, t.misses += s->misses, t.faults += s->faults,
            t.evictions += s->evictions;
        t.flush_all += s->flush_all, t.flush_asid += s->flush_asid, t.flush_va += s->flush_va;
        irqs += c->cpu[i]->irqs;
        for (int k = 0; k < 64; k++)
            exceptions[k] += c->cpu[i]->exceptions[k];
    }
    PyObject *list = PyList_New(64);
    for (int k = 0; list && k < 64; k++)
        PyList_SetItem(list, k, PyLong_FromUnsignedLongLong(exceptions[k]));
    if (!list || PyDict_SetItemString(d, "exceptions", list) || put(d, "irqs", irqs) || put(d, "fills", t.fills) ||
        put(d, "hits", t.hits) || put(d, "misses", t.misses) || put(d, "faults", t.faults) ||
        put(d, "evictions", t.evictions) || put(d, "flush_all", t.flush_all) || put(d, "flush_asid", t.flush_asid) ||
        put(d, "flush_va", t.flush_va) || put(d, "event_hash", c->event_hash) || put(d, "dirty_pages", c->ndirty) ||
        put(d, "idle_ns", c->ms->idle_ns))
        Py_CLEAR(d);
    Py_XDECREF(list);
    return d;
}

static int set_callback(PyObject **slot, PyObject *value)
{
    if (value == Py_None || !value)
        value = NULL;
    else if (!PyCallable_Check(value)) {
        PyErr_SetString(PyExc_TypeError, "not callable");
        return -1;
    }
    Py_XINCREF(value);
    Py_XDECREF(*slot);
    *slot = value;
    return 0;
}

int set_on_events(PyObject *s, PyObject *v, void *x)
{
    return (void)x, set_callback(&((struct module *)s)->on_events, v);
}
int set_on_idle(PyObject *s, PyObject *v, void *x) { return (void)x, set_callback(&((struct module *)s)->on_idle, v); }
int set_on_poll(PyObject *s, PyObject *v, void *x) { return (void)x, set_callback(&((struct module *)s)->on_poll, v); }
