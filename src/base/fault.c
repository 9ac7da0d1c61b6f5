#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>

bool fault_set(struct fault *fault, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (vsnprintf(fault->text, sizeof(fault->text), format, arguments) < 0) {
        fault->text[0] = '\0';
    }
    va_end(arguments);
    return false;
}
