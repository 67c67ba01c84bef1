/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a device in Python may ask of the machine; driving chips from tools.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"

PyObject *py_set_line(PyObject *self, PyObject *args)
{
    unsigned chip, input;
    int level;
    struct core *c = ready(self, true);
    if (!c || !PyArg_ParseTuple(args, "IIp", &chip, &input, &level))
        return NULL;
    if (chip >= c->nchips || !c->chips[chip].ops->line)
        return done("no such input");
    if (event_wanted(c, EVENT_LINE))
        event_put(c->active,
                  (struct event){.kind = EVENT_LINE, .code = (uint16_t)chip, .a = input, .b = (uint64_t)level});
    c->chips[chip].ops->line(&c->chips[chip], input, level);
    Py_RETURN_NONE;
}

PyObject *py_output(PyObject *self, PyObject *args)
{
    unsigned chip, out;
    int level;
    unsigned long long value = 0;
    struct core *c = ready(self, true);
    if (!c || !PyArg_ParseTuple(args, "IIp|K", &chip, &out, &level, &value))
        return NULL;
    if (chip >= c->nchips)
        return done("no such chip");
    core_chip_host.output(c, chip, out, level, value);
    Py_RETURN_NONE;
}

PyObject *py_timer(PyObject *self, PyObject *args)
{
    unsigned chip, index;
    unsigned long long when;
    struct core *c = ready(self, true);
    if (!c || !PyArg_ParseTuple(args, "IIK", &chip, &index, &when))
        return NULL;
    if (chip >= c->nchips || !c->chips[chip].ops->timer)
        return done("no such chip");
    core_timer(c, chip, index, when);
    Py_RETURN_NONE;
}

PyObject *py_cpu_input(PyObject *self, PyObject *args)
{
    unsigned cpu;
    int input;
    unsigned long long value;
    struct core *c = ready(self, true);
    if (!c || !PyArg_ParseTuple(args, "IiK", &cpu, &input, &value))
        return NULL;
    if (cpu >= c->ncpu || input < CHIP_CPU_IRQ || input > CHIP_CPU_SIPI)
        return done("no such CPU or input");
    core_chip_host.cpu_input(c, 0, cpu, (enum chip_cpu_input)input, value);
    Py_RETURN_NONE;
}

PyObject *py_fault(PyObject *self, PyObject *args)
{
    unsigned chip, size;
    int why;
    unsigned long long offset, value;
    struct core *c = ready(self, true);
    if (!c || !PyArg_ParseTuple(args, "IiKIK", &chip, &why, &offset, &size, &value))
        return NULL;
    core_chip_host.fault(c, chip, (enum chip_fault)why, offset, size, value);
    Py_RETURN_NONE;
}

PyObject *py_event(PyObject *self, PyObject *args)
{
    unsigned kind, code;
    unsigned long long a = 0, b = 0;
    struct core *c = ready(self, true);
    if (!c || !PyArg_ParseTuple(args, "II|KK", &kind, &code, &a, &b))
        return NULL;
    if (!kind || kind >= EVENT_KINDS)
        return done("no such event kind");
    if (event_wanted(c, (enum event_kind)kind))
        event_put(c->active, (struct event){.kind = (uint8_t)kind, .code = (uint16_t)code, .a = a, .b = b});
    Py_RETURN_NONE;
}

PyObject *py_chip_read(PyObject *self, PyObject *args)
{
    unsigned chip, bank, size, cpu = 0;
    unsigned long long offset;
    struct core *c = ready(self, true);
    if (!c || !PyArg_ParseTuple(args, "IIKI|I", &chip, &bank, &offset, &size, &cpu))
        return NULL;
    if (chip >= c->nchips || cpu >= c->ncpu || (size != 1 && size != 2 && size != 4 && size != 8))
        return done("no such chip, CPU or size");
    return PyLong_FromUnsignedLongLong(c->chips[chip].ops->read(&c->chips[chip], bank, offset, size, cpu));
}

PyObject *py_chip_write(PyObject *self, PyObject *args)
{
    unsigned chip, bank, size, cpu = 0;
    unsigned long long offset, value;
    struct core *c = ready(self, true);
    if (!c || !PyArg_ParseTuple(args, "IIKIK|I", &chip, &bank, &offset, &size, &value, &cpu))
        return NULL;
    if (chip >= c->nchips || cpu >= c->ncpu || (size != 1 && size != 2 && size != 4 && size != 8))
        return done("no such chip, CPU or size");
    c->chips[chip].ops->write(&c->chips[chip], bank, offset, size, value, cpu);
    Py_RETURN_NONE;
}
