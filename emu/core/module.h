/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Shared by the files that know Python: module.c (the type), pychip.c (devices in Python), batch.c (walks in bulk), and
 * the type's methods by subject: pyservices.c, pystate.c, pyobserve.c.
 */
#ifndef TRAPDOOR_MODULE_H
#define TRAPDOOR_MODULE_H

#include "core.h"

struct module;

struct python_chip {
    struct chip_ops ops;
    struct module *owner;
    PyObject *read, *write, *line, *timer, *message;
};

struct module {
    PyObject_HEAD struct core *core;
    PyThreadState *thread; /* saved while the guest runs without the GIL */
    bool inside;           /* the guest's side holds the GIL for a callback */
    bool running;
    uint64_t next_poll;
    PyObject *on_events, *on_idle, *on_poll, *error;
    uint64_t config[MAX_CHIPS][4];
    struct python_chip chips[MAX_CHIPS];
};

/* Bracket every call into Python from the guest's side. No frame between them may be left by longjmp. */
void module_enter(struct module *);
void module_leave(struct module *);
void module_error(struct module *, enum stop_reason why);

bool python_chip_init(struct python_chip *, struct module *, PyObject *object, uint32_t state_size);
void python_chip_free(struct python_chip *);
PyObject *module_walk_batch(PyObject *self, PyObject *args);

/* The core of `self`, in the wanted state, or NULL with an exception set; None, or ValueError(error). */
struct core *ready(PyObject *self, bool sealed);
PyObject *done(const char *error);
bool drain(struct core *);
PyObject *snapshot_type_new(void);

/* Methods of the type, in pyservices.c, pystate.c and pyobserve.c. */
PyObject *py_set_line(PyObject *self, PyObject *args);
PyObject *py_output(PyObject *self, PyObject *args);
PyObject *py_timer(PyObject *self, PyObject *args);
PyObject *py_cpu_input(PyObject *self, PyObject *args);
PyObject *py_fault(PyObject *self, PyObject *args);
PyObject *py_event(PyObject *self, PyObject *args);
PyObject *py_chip_read(PyObject *self, PyObject *args);
PyObject *py_chip_write(PyObject *self, PyObject *args);
PyObject *py_read_phys(PyObject *self, PyObject *args);
PyObject *py_write_phys(PyObject *self, PyObject *args);
PyObject *py_get_reg(PyObject *self, PyObject *args);
PyObject *py_set_reg(PyObject *self, PyObject *args);
PyObject *py_set_running(PyObject *self, PyObject *args);
PyObject *py_reg_names(PyObject *self, PyObject *none);
PyObject *py_walk(PyObject *self, PyObject *args);
PyObject *py_tlb(PyObject *self, PyObject *args);
PyObject *py_snapshot(PyObject *self, PyObject *none);
PyObject *py_restore(PyObject *self, PyObject *arg);
PyObject *py_state_hash(PyObject *self, PyObject *args);
PyObject *py_observe(PyObject *self, PyObject *args);
PyObject *py_last_event(PyObject *self, PyObject *none);
PyObject *py_stats(PyObject *self, PyObject *none);
int set_on_events(PyObject *s, PyObject *v, void *x);
int set_on_idle(PyObject *s, PyObject *v, void *x);
int set_on_poll(PyObject *s, PyObject *v, void *x);

#endif
