/*
 * What became of the calls, each second and in the end.
 */
#include "app/flood/flood.h"

#include <stdio.h>
#include <stdlib.h>

static int by_size(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;

    return one < other ? -1 : one > other;
}

/* In milliseconds; sorts what has been measured so far. */
static double setup_ms(struct flood_calls *calls, double part)
{
    if (calls->setup_count == 0) {
        return 0;
    }
    uint32_t at = (uint32_t)(part * (calls->setup_count - 1));
    return calls->setup_us[at] / 1000.0;
}

static void setup_sort(struct flood_calls *calls)
{
    qsort(calls->setup_us, calls->setup_count, sizeof(*calls->setup_us), by_size);
}

static uint64_t again(const struct flood_calls *calls)
{
    return calls->again_asked + calls->again_answered;
}

static double share(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : (double)part / (double)whole;
}

void flood_told(const struct flood_wish *wish, struct flood_calls *calls,
                const struct flood_sent *sent, uint32_t second)
{
    uint64_t attacks = 0;

    for (unsigned i = 0; i < ATTACK_COUNT; i++) {
        attacks += sent->sent[i];
    }
    if (!wish->is_json) {
        printf(
            "%3u s  calls %llu, answered %llu, refused %llu, sent again %llu;  attack %llu sent, "
            "%llu not\n",
            second, (unsigned long long)calls->offered, (unsigned long long)calls->answered,
            (unsigned long long)calls->refused, (unsigned long long)again(calls),
            (unsigned long long)attacks, (unsigned long long)sent->unsent);
        fflush(stdout);
    }
}

static void summed_json(struct flood_calls *calls, const struct flood_sent *sent, double seconds)
{
    printf("{\"seconds\":%.3f,\"offered\":%llu,\"answered\":%llu,\"completed\":%llu,"
           "\"refused\":%llu,\"silent\":%llu,\"no_slot\":%llu,\"success\":%.6f,"
           "\"asked_again\":%llu,\"answered_again\":%llu,\"again_per_call\":%.4f,"
           "\"setup_ms\":{\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f},\"attack\":{",
           seconds, (unsigned long long)calls->offered, (unsigned long long)calls->answered,
           (unsigned long long)calls->completed, (unsigned long long)calls->refused,
           (unsigned long long)calls->silent, (unsigned long long)calls->slots_missing,
           share(calls->completed, calls->offered), (unsigned long long)calls->again_asked,
           (unsigned long long)calls->again_answered, share(again(calls), calls->offered),
           setup_ms(calls, 0.5), setup_ms(calls, 0.99), setup_ms(calls, 1));
    for (unsigned i = 0; i < ATTACK_COUNT; i++) {
        printf("%s\"%s\":%llu", i == 0 ? "" : ",", flood_attack_name((enum flood_attack)i),
               (unsigned long long)sent->sent[i]);
    }
    printf("},\"unsent\":%llu}\n", (unsigned long long)sent->unsent);
}

void flood_summed(const struct flood_wish *wish, struct flood_calls *calls,
                  const struct flood_sent *sent, double seconds)
{
    setup_sort(calls);
    if (wish->is_json) {
        summed_json(calls, sent, seconds);
        return;
    }
    printf("\ncalls      %llu offered, %llu answered, %llu completed (%.2f %%), %llu refused, "
           "%llu silent\n",
           (unsigned long long)calls->offered, (unsigned long long)calls->answered,
           (unsigned long long)calls->completed, 100 * share(calls->completed, calls->offered),
           (unsigned long long)calls->refused, (unsigned long long)calls->silent);
    printf("sent again %llu by the caller, %llu by the called: %.3f a call\n",
           (unsigned long long)calls->again_asked, (unsigned long long)calls->again_answered,
           share(again(calls), calls->offered));
    printf("setup      p50 %.2f ms, p99 %.2f ms, longest %.2f ms\n", setup_ms(calls, 0.5),
           setup_ms(calls, 0.99), setup_ms(calls, 1));
    for (unsigned i = 0; i < ATTACK_COUNT; i++) {
        if (sent->sent[i] > 0) {
            printf("attack     %-11s %llu, %.0f/s\n", flood_attack_name((enum flood_attack)i),
                   (unsigned long long)sent->sent[i], (double)sent->sent[i] / seconds);
        }
    }
}
