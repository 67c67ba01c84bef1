/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A device written in Python, as a chip. Its object has read(bank, offset, size, cpu) and write(bank, offset, size,
 * value, cpu), and if it needs them line(input, level), timer(index), message(value).
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "module.h"

static struct python_chip *of(struct chip *c)
{
    struct core *core = c->host_arg;
    return &((struct module *)core->owner)->chips[c->id];
}

/* `nested`: the callback runs while the guest does; a device may also be driven from Python itself. */
static void finish(struct python_chip *p, PyObject *result, bool nested)
{
    if (!result)
        module_error(p->owner, STOP_DEVICE_ERROR);
    Py_XDECREF(result);
    if (nested)
        module_leave(p->owner);
}

static bool start(struct python_chip *p)
{
    bool nested = p->owner->thread != NULL;
    if (nested)
        module_enter(p->owner);
    return nested;
}

static uint64_t chip_read(struct chip *c, unsigned bank, uint64_t offset, unsigned size, unsigned cpu)
{
    struct python_chip *p = of(c);
    bool nested = start(p);
    PyObject *r = PyObject_CallFunction(p->read, "IKII", bank, (unsigned long long)offset, size, cpu);
    uint64_t value = r ? PyLong_AsUnsignedLongLongMask(r) : 0;
    if (r && PyErr_Occurred())
        Py_CLEAR(r);
    finish(p, r, nested);
    return value;
}

static void chip_write(struct chip *c, unsigned bank, uint64_t offset, unsigned size, uint64_t value, unsigned cpu)
{
    struct python_chip *p = of(c);
    bool nested = start(p);
    finish(p,
           PyObject_CallFunction(p->write, "IKIKI", bank, (unsigned long long)offset, size, (unsigned long long)value,
                                 cpu),
           nested);
}

static void chip_line(struct chip *c, unsigned input, bool level)
{
    struct python_chip *p = of(c);
    bool nested = start(p);
    finish(p, PyObject_CallFunction(p->line, "IO", input, level ? Py_True : Py_False), nested);
}

static void chip_deadline(struct chip *c, unsigned index)
{
    struct python_chip *p = of(c);
    bool nested = start(p);
    finish(p, PyObject_CallFunction(p->timer, "I", index), nested);
}

static void chip_message(struct chip *c, uint64_t value)
{
    struct python_chip *p = of(c);
    bool nested = start(p);
    finish(p, PyObject_CallFunction(p->message, "K", (unsigned long long)value), nested);
}

static bool method(PyObject *object, const char *name, bool required, PyObject **to)
{
    *to = PyObject_GetAttrString(object, name);
    if (!*to && !required && PyErr_ExceptionMatches(PyExc_AttributeError))
        PyErr_Clear();
    return *to || !PyErr_Occurred();
}

bool python_chip_init(struct python_chip *p, struct module *owner, PyObject *object, uint32_t state_size)
{
    p->owner = owner;
    p->ops = (struct chip_ops){.name = "python", .state_size = state_size, .read = chip_read, .write = chip_write};
    if (!method(object, "read", true, &p->read) || !method(object, "write", true, &p->write) ||
        !method(object, "line", false, &p->line) || !method(object, "timer", false, &p->timer) ||
        !method(object, "message", false, &p->message)) {
        python_chip_free(p);
        return false;
    }
    p->ops.line = p->line ? chip_line : NULL;
    p->ops.timer = p->timer ? chip_deadline : NULL;
    p->ops.message = p->message ? chip_message : NULL;
    return true;
}

void python_chip_free(struct python_chip *p)
{
    Py_CLEAR(p->read);
    Py_CLEAR(p->write);
    Py_CLEAR(p->line);
    Py_CLEAR(p->timer);
    Py_CLEAR(p->message);
}
