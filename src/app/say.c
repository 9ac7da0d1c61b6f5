#include "app/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { SAY_MAX = 1024 }; /* one write, so that lines of several processes do not mix */

void say(const char *format, ...)
{
    static const char name[] = "sipwarden: ";
    char line[SAY_MAX];
    size_t len = sizeof(name) - 1;
    va_list arguments;

    (void)snprintf(line, sizeof(line), "%s", name);
    va_start(arguments, format);
    int more = vsnprintf(line + len, sizeof(line) - len - 1, format, arguments);
    va_end(arguments);
    if (more < 0) {
        return;
    }
    len += (size_t)more < sizeof(line) - len - 1 ? (size_t)more : sizeof(line) - len - 2;
    line[len++] = '\n';
    (void)!write(STDERR_FILENO, line, len);
}
