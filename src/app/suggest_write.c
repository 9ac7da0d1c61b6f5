/*
 * The contract in words of a policy.
 */
#include "app/suggest.h"

#include "app/verbs.h"
#include "base/must.h"
#include "guard/event.h"

#include <stdio.h>
#include <stdlib.h>

static int prefix_order(const void *left, const void *right)
{
    return strcmp(left, right);
}

/* What begins the same is written once; one digit less, until few are left. */
static uint32_t prefixes_gather(struct neighbour *neighbour)
{
    for (size_t digits = PREFIX_DIGITS; digits > 0; digits--) {
        uint32_t kept = 0;

        for (uint32_t i = 0; i < neighbour->prefix_count; i++) {
            if (strlen(neighbour->prefixes[i]) > digits + 1) {
                neighbour->prefixes[i][digits + 1] = '\0';
            }
        }
        qsort(neighbour->prefixes, neighbour->prefix_count, sizeof(neighbour->prefixes[0]),
              prefix_order);
        for (uint32_t i = 0; i < neighbour->prefix_count; i++) {
            if (kept == 0 || !slice_starts(slice_string(neighbour->prefixes[i]),
                                           slice_string(neighbour->prefixes[kept - 1]))) {
                memmove(neighbour->prefixes[kept++], neighbour->prefixes[i],
                        sizeof(neighbour->prefixes[0]));
            }
        }
        neighbour->prefix_count = kept;
        if (kept <= PREFIXES_SHOWN) {
            return kept;
        }
    }
    return 0;
}

static void list_item(struct text *text, bool *has_any, const char *key, struct slice word)
{
    if (!*has_any) {
        text_put_format(text, "    %s: [", key);
    } else {
        text_put_string(text, ", ");
    }
    text_put_json(text, word);
    *has_any = true;
}

static void list_close(struct text *text, bool has_any)
{
    text_put_string(text, has_any ? "]\n" : "");
}

static void names_write(struct text *text, const char *key, const struct names *names,
                        bool *has_any)
{
    for (uint32_t i = 0; i < names->count; i++) {
        list_item(text, has_any, key, slice_string(names->at[i]));
    }
}

static void lists_write(struct text *text, struct neighbour *neighbour)
{
    bool has_any = false;

    for (unsigned i = 0; i < TRANSPORT_COUNT; i++) {
        if ((neighbour->transports >> i & 1) != 0) {
            list_item(text, &has_any, "transports", slice_string(transport_name(i)));
        }
    }
    list_close(text, has_any);
    has_any = false;
    for (unsigned i = 0; i < SIP_METHOD_COUNT; i++) {
        if ((neighbour->methods >> i & 1) != 0) {
            list_item(text, &has_any, "methods", sip_method_token((enum sip_method)i));
        }
    }
    list_close(text, has_any);
    has_any = false;
    for (unsigned i = 1; i < SIP_HEADER_COUNT; i++) {
        if ((neighbour->headers[i / 64] >> (i % 64) & 1) != 0) {
            list_item(text, &has_any, "headers", sip_header_spelling((enum sip_header_name)i));
        }
    }
    names_write(text, "headers", &neighbour->private_headers, &has_any);
    list_close(text, has_any);
    has_any = false;
    names_write(text, "bodies", &neighbour->bodies, &has_any);
    list_close(text, has_any);
    has_any = false;
    uint32_t count = neighbour->has_many_prefixes ? 0 : prefixes_gather(neighbour);
    for (uint32_t i = 0; i < count; i++) {
        list_item(text, &has_any, "numbers", slice_string(neighbour->prefixes[i]));
    }
    list_close(text, has_any);
}

static uint32_t with_room(uint32_t seen, uint32_t least)
{
    uint64_t figure = ((uint64_t)seen * SPARE_PERCENT + 99) / 100;

    return figure < least ? least : (uint32_t)figure;
}

static void date_write(struct text *text, uint64_t when_us)
{
    char room[32];
    struct text whole;

    text_init(&whole, room, sizeof(room));
    event_write_time(&whole, when_us);
    text_put(text, slice_head(text_slice(&whole), strlen("2026-12-31")));
}

static void neighbour_write(struct suggesting *all, struct text *text, struct neighbour *neighbour)
{
    const struct policy *policy = all->watch.policy;
    const struct policy_zone *zone = &policy->zones[neighbour->zone];

    text_put_format(text,
                    "  # %llu requests and %llu responses of it; at most %u requests in a "
                    "second and %u calls at the same time\n  ",
                    (unsigned long long)neighbour->requests,
                    (unsigned long long)neighbour->responses, neighbour->most_in_second,
                    neighbour->most_calls);
    if (neighbour->peer != POLICY_NONE) {
        text_put(text, policy->peers[neighbour->peer].name);
        text_put_format(text, ":\n    zone: %.*s\n", (int)zone->name.len, zone->name.at);
    } else {
        text_put_format(text,
                        "new-%u:   # nobody of the policy\n    zone: %.*s\n    addresses: [\"",
                        (unsigned)(neighbour - all->neighbours) + 1, (int)zone->name.len,
                        zone->name.at);
        address_write_host(text, &neighbour->address, false);
        text_put_string(text, "\"]\n");
    }
    lists_write(text, neighbour);
    text_put_format(text, "    rate: %u/s\n    calls: %u\n",
                    with_room(neighbour->most_in_second, RATE_LEAST),
                    with_room(neighbour->most_calls, CALLS_LEAST));
    text_put_string(text, "    observe: true\n    observe-until: \"");
    date_write(text, all->last_us + (uint64_t)OBSERVED_DAYS * 86400 * 1000000);
    text_put_string(text, "\"\n");
}

int suggest_print(struct suggesting *all)
{
    char *room = malloc(OUTPUT_MAX);
    struct text text;

    must(room != NULL);
    text_init(&text, room, OUTPUT_MAX);
    text_put_format(&text, "# What %llu messages from ", (unsigned long long)all->messages);
    date_write(&text, all->first_us);
    text_put_string(&text, " to ");
    date_write(&text, all->last_us);
    text_put_string(&text, " show of each neighbour: optional methods and headers, kinds of "
                           "bodies,\n# numbers of callers, and rates with half as much again. A "
                           "draft: strike what was never agreed on.\n");
    if (all->neighbour_count == 0) {
        text_put_string(&text, "# No neighbour is in it: the zones of the policy were not "
                               "recognised.\n");
    } else {
        text_put_string(&text, "peers:\n");
    }
    for (uint32_t i = 0; i < all->neighbour_count; i++) {
        neighbour_write(all, &text, &all->neighbours[i]);
    }
    if (all->unkept > 0) {
        text_put_format(&text, "# %u messages were of further strangers, who are not listed\n",
                        all->unkept);
    }
    must(!text.is_full);
    bool is_out = fwrite(text.at, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
    free(room);
    return is_out && !all->is_unreadable ? EXIT_OK : EXIT_RUNTIME;
}
