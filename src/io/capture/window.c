#include "io/capture/window.h"

#include "base/must.h"

void window_init(struct window *window, capture_read *read, void *from, char *memory, size_t max)
{
    *window = (struct window){.read = read, .from = from, .memory = memory, .max = max};
}

static void window_read(struct window *window)
{
    size_t room = window->max - window->end;
    ptrdiff_t got = window->read(window->from, window->memory + window->end, room);

    if (got <= 0) {
        window->is_ended = true;
        window->failure = got < 0 ? (int)-got : 0;
        return;
    }
    must((size_t)got <= room);
    window->end += (size_t)got;
}

bool window_fill(struct window *window, size_t len)
{
    must(len <= window->max);
    if (window->max - window->at < len || window->at == window->end) {
        memmove(window->memory, window->memory + window->at, window_left(window));
        window->end -= window->at;
        window->at = 0;
    }
    while (window_left(window) < len && !window->is_ended) {
        window_read(window);
    }
    return window_left(window) >= len;
}

bool window_skip(struct window *window, uint64_t len)
{
    while (len > window_left(window)) {
        len -= window_left(window);
        window_take(window, window_left(window));
        if (!window_need(window, 1)) {
            return false;
        }
    }
    window_take(window, (size_t)len);
    return true;
}
