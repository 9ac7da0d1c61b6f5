/*
 * A wheel per digit of the time written to the base of 64.
 *
 * A timer lies at the level of the highest digit in which its deadline differs from now, in the
 * slot of that digit.  So whatever lies at one level is due before anything at the next, the next
 * busy slot is found by a bit scan however far away it is, and a timer's place stays the same until
 * time reaches its slot; there it is placed anew, lower.
 */
#include "base/wheel.h"

#include <stddef.h>

enum { DIGIT_BITS = 6, TURN_BITS = DIGIT_BITS * WHEEL_LEVELS };

static unsigned digit(uint64_t time_ms, unsigned level)
{
    return (unsigned)(time_ms >> (DIGIT_BITS * level)) & (WHEEL_SLOTS - 1);
}

/* The level of a deadline later than now; WHEEL_LEVELS when it is beyond this turn. */
static unsigned wheel_level(const struct wheel *wheel, uint64_t due_ms)
{
    unsigned highest = 63 - (unsigned)__builtin_clzll(due_ms ^ wheel->now_ms);

    return highest < TURN_BITS ? highest / DIGIT_BITS : WHEEL_LEVELS;
}

static void list_push(struct wheel_timer **list, struct wheel_timer *timer)
{
    timer->next = *list;
    timer->link = list;
    if (timer->next != NULL) {
        timer->next->link = &timer->next;
    }
    *list = timer;
}

/* At the end, so that what is due earlier is taken earlier. */
static void due_push(struct wheel *wheel, struct wheel_timer *timer)
{
    timer->next = NULL;
    timer->link = wheel->due_end;
    *wheel->due_end = timer;
    wheel->due_end = &timer->next;
}

static void wheel_place(struct wheel *wheel, struct wheel_timer *timer)
{
    if (timer->due_ms <= wheel->now_ms) {
        due_push(wheel, timer);
        return;
    }
    unsigned level = wheel_level(wheel, timer->due_ms);
    if (level == WHEEL_LEVELS) {
        list_push(&wheel->far, timer);
        return;
    }
    unsigned slot = digit(timer->due_ms, level);
    list_push(&wheel->slots[level][slot], timer);
    wheel->busy[level] |= (uint64_t)1 << slot;
}

static void list_place(struct wheel *wheel, struct wheel_timer *list)
{
    while (list != NULL) {
        struct wheel_timer *next = list->next;

        wheel_place(wheel, list);
        list = next;
    }
}

void wheel_init(struct wheel *wheel, uint64_t now_ms)
{
    *wheel = (struct wheel){.now_ms = now_ms};
    wheel->due_end = &wheel->due;
}

void wheel_set(struct wheel *wheel, struct wheel_timer *timer, uint64_t due_ms)
{
    wheel_stop(wheel, timer);
    timer->due_ms = due_ms;
    wheel_place(wheel, timer);
    wheel->count++;
}

/* Clears the bit of the slot that a timer left, when it was the last there. */
static void wheel_note_left(struct wheel *wheel, uint64_t due_ms)
{
    unsigned level = wheel_level(wheel, due_ms);

    if (level == WHEEL_LEVELS) {
        return;
    }
    unsigned slot = digit(due_ms, level);
    if (wheel->slots[level][slot] == NULL) {
        wheel->busy[level] &= ~((uint64_t)1 << slot);
    }
}

void wheel_stop(struct wheel *wheel, struct wheel_timer *timer)
{
    if (!wheel_is_set(timer)) {
        return;
    }
    *timer->link = timer->next;
    if (timer->next != NULL) {
        timer->next->link = timer->link;
    }
    if (timer->due_ms > wheel->now_ms) {
        wheel_note_left(wheel, timer->due_ms);
    } else if (timer->next == NULL) {
        wheel->due_end = timer->link;
    }
    timer->next = NULL;
    timer->link = NULL;
    wheel->count--;
}

/* The lowest busy level and the time its first busy slot begins; WHEEL_LEVELS when all are empty,
 * and then the time the next turn begins. */
static unsigned wheel_next_slot(const struct wheel *wheel, uint64_t *begins_ms)
{
    for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
        if (wheel->busy[level] != 0) {
            unsigned shift = DIGIT_BITS * level;
            uint64_t slot = (uint64_t)__builtin_ctzll(wheel->busy[level]);

            *begins_ms = wheel->now_ms >> (shift + DIGIT_BITS) << (shift + DIGIT_BITS);
            *begins_ms |= slot << shift;
            return level;
        }
    }
    *begins_ms = ((wheel->now_ms >> TURN_BITS) + 1) << TURN_BITS;
    return WHEEL_LEVELS;
}

static struct wheel_timer *wheel_empty_slot(struct wheel *wheel, unsigned level)
{
    struct wheel_timer **slot = &wheel->far;

    if (level < WHEEL_LEVELS) {
        slot = &wheel->slots[level][digit(wheel->now_ms, level)];
        wheel->busy[level] &= ~((uint64_t)1 << digit(wheel->now_ms, level));
    }
    struct wheel_timer *list = *slot;
    *slot = NULL;
    return list;
}

static void wheel_advance(struct wheel *wheel, uint64_t now_ms)
{
    while (wheel->now_ms < now_ms) {
        uint64_t begins_ms;
        unsigned level = wheel_next_slot(wheel, &begins_ms);
        bool is_none_left = level == WHEEL_LEVELS && wheel->far == NULL;

        if (is_none_left || begins_ms > now_ms) {
            wheel->now_ms = now_ms;
            return;
        }
        wheel->now_ms = begins_ms;
        list_place(wheel, wheel_empty_slot(wheel, level));
    }
}

struct wheel_timer *wheel_take(struct wheel *wheel, uint64_t now_ms)
{
    wheel_advance(wheel, now_ms);
    struct wheel_timer *timer = wheel->due;
    if (timer != NULL) {
        wheel_stop(wheel, timer);
    }
    return timer;
}

uint64_t wheel_next_ms(const struct wheel *wheel)
{
    uint64_t begins_ms;

    if (wheel->due != NULL) {
        return wheel->now_ms;
    }
    if (wheel->count == 0) {
        return UINT64_MAX;
    }
    (void)wheel_next_slot(wheel, &begins_ms);
    return begins_ms;
}
