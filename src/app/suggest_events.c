/*
 * The contract that events show: what was stripped or refused because no contract names it.
 *
 * An event has no whole message, so only what a control found is known: methods (CT-SEG-03),
 * headers (CT-SEG-09) and kinds of bodies (CT-FW-14).  Of a peer in 'observe' that is what stands
 * between it and its first day.
 */
#include "app/suggest.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { EVENT_LINE_MAX = 1 << 20 };

static struct slice member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text == NULL ? SLICE_NONE : slice_string(text);
}

static uint16_t zone_named(const struct policy *policy, struct slice name)
{
    for (uint32_t i = 0; i < policy->zone_count; i++) {
        if (slice_equal(policy->zones[i].name, name)) {
            return (uint16_t)i;
        }
    }
    return POLICY_NONE;
}

static uint16_t peer_named(const struct policy *policy, struct slice name)
{
    for (uint32_t i = 0; name.len > 0 && i < policy->peer_count; i++) {
        if (slice_equal(policy->peers[i].name, name)) {
            return (uint16_t)i;
        }
    }
    return POLICY_NONE;
}

static void finding_note(struct neighbour *neighbour, const json_t *finding, struct slice method)
{
    struct slice control = member(finding, "control"), evidence = member(finding, "evidence");

    if (slice_equal(control, SLICE("CT-SEG-03"))) {
        enum sip_method known = sip_method_find(method);

        neighbour->methods |= known < SIP_METHOD_COUNT ? 1U << known : 0;
    } else if (slice_equal(control, SLICE("CT-SEG-09"))) {
        enum sip_header_name header = sip_header_find(evidence);

        if (header == SIP_HEADER_UNKNOWN) {
            suggest_name(&neighbour->private_headers, evidence);
        } else {
            neighbour->headers[header / 64] |= 1ULL << (header % 64);
        }
    } else if (slice_equal(control, SLICE("CT-FW-14")) &&
               slice_equal(member(finding, "rule"), SLICE("HYG-B01"))) {
        suggest_name(&neighbour->bodies,
                     slice_trim(slice_head(evidence, slice_find(evidence, ';'))));
    }
}

/* "2026-11-25T..." to the day, which is all that is written of it. */
static void time_note(struct suggesting *all, struct slice when)
{
    struct tm day = {.tm_mday = 0};

    if (when.len < 10 || strptime(when.at, "%Y-%m-%d", &day) == NULL) {
        return;
    }
    uint64_t when_us = (uint64_t)timegm(&day) * 1000000;
    all->first_us = all->first_us == 0 || when_us < all->first_us ? when_us : all->first_us;
    all->last_us = when_us > all->last_us ? when_us : all->last_us;
}

static void event_note(struct suggesting *all, const json_t *event)
{
    const json_t *ours = json_object_get(event, "sipwarden");
    const json_t *findings = json_object_get(ours, "findings"), *finding;
    uint16_t zone = zone_named(all->watch.policy, member(ours, "zone"));
    uint16_t peer = peer_named(all->watch.policy, member(ours, "peer"));
    struct address address = {.family = ADDRESS_NONE};
    size_t index;

    time_note(all, member(event, "@timestamp"));
    (void)address_read(&address, member(json_object_get(event, "source"), "ip"));
    if (zone == POLICY_NONE || peer == POLICY_NONE) {
        return; /* a stranger's message was not read further than his address */
    }
    struct neighbour *neighbour = suggest_neighbour(all, zone, peer, &address);
    if (neighbour == NULL) {
        return;
    }
    neighbour->requests++;
    json_array_foreach(findings, index, finding)
    {
        finding_note(neighbour, finding, member(json_object_get(event, "sip"), "method"));
    }
}

bool suggest_events(struct suggesting *all, const char *path, struct fault *fault)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    char *line = malloc(EVENT_LINE_MAX);
    bool is_read = file != NULL && line != NULL;

    while (is_read && fgets(line, EVENT_LINE_MAX, file) != NULL) {
        json_t *event = json_loads(line, 0, NULL);

        all->messages += event != NULL;
        event_note(all, event);
        json_decref(event);
    }
    if (!is_read) {
        fault_set(fault, "%s: %s", path, strerror(errno));
    }
    if (file != NULL && file != stdin) {
        (void)fclose(file);
    }
    free(line);
    return is_read;
}
