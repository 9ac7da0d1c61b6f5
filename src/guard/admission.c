#include "guard/admission.h"

#include "guard/steps.h"

#include <stdlib.h>

enum { PEEK_MOST = 128 }; /* octets of a first line that are looked at */

struct admission *admission_new(uint32_t peers)
{
    struct admission *admission = calloc(1, sizeof(*admission));
    void *buckets = calloc(1, rates_size(ADMISSION_BUCKETS));
    void *sources = calloc(1, standings_size(ADMISSION_SOURCES));

    if (admission == NULL || buckets == NULL || sources == NULL) {
        free(admission);
        free(buckets);
        free(sources);
        return NULL;
    }
    rates_init(&admission->rates, buckets, ADMISSION_BUCKETS);
    standings_init(&admission->standings, sources, ADMISSION_SOURCES);
    admission->peer_count = peers;
    admission->shares = 1;
    admission->peers = calloc((size_t)peers + 1, sizeof(*admission->peers));
    admission->peer_ids = calloc((size_t)peers + 1, sizeof(*admission->peer_ids));
    admission->peer_rates = calloc((size_t)peers + 1, sizeof(*admission->peer_rates));
    admission->tide = tide_new();
    if (admission->tide == NULL || admission->peers == NULL || admission->peer_ids == NULL ||
        admission->peer_rates == NULL) {
        admission_free(admission);
        return NULL;
    }
    return admission;
}

void admission_free(struct admission *admission)
{
    if (admission != NULL) {
        free(admission->rates.buckets);
        free(admission->standings.places);
        free(admission->peers);
        free(admission->peer_ids);
        free(admission->peer_rates);
        tide_free(admission->tide);
        free(admission);
    }
}

static bool is_held_to_limits(enum zone_class class)
{
    return class != ZONE_CORE && class != ZONE_EMERGENCY_SERVICES;
}

struct admission *admission_of(const struct inspection *inspection)
{
    if (inspection->tallies == NULL || inspection->zone == POLICY_NONE ||
        !is_held_to_limits(inspection_zone(inspection)->class)) {
        return NULL;
    }
    return inspection->tallies->admission;
}

/* An IPv4 address whole; of IPv6 the /64, which is one subscriber's (CT-DOS-01). */
static uint64_t host_key(const struct state *state, uint16_t zone, const struct address *address,
                         uint16_t port)
{
    char bytes[4 + 8];
    unsigned len = address->family == ADDRESS_V4 ? 4 : 8;

    bytes[0] = (char)(zone & 255);
    bytes[1] = (char)(zone >> 8);
    bytes[2] = (char)(port & 255);
    bytes[3] = (char)(port >> 8);
    memcpy(bytes + 4, address->bytes, len);
    return hash_bytes(&state->key, slice_of(bytes, 4 + len));
}

uint64_t admission_host_key(const struct state *state, uint16_t zone, const struct address *address)
{
    return host_key(state, zone, address, 0);
}

uint64_t admission_flow_key(const struct state *state, uint16_t zone, const struct address *address)
{
    uint64_t host = host_key(state, zone, address, address->port);

    /* The whole of an IPv6 address: two devices of one /64 are two flows. */
    return address->family == ADDRESS_V4
               ? host
               : limit_join(host,
                            hash_bytes(&state->key, slice_of((const char *)address->bytes + 8, 8)));
}

uint64_t admission_peer_key(const struct state *state, uint32_t peer_id)
{
    return limit_join(state->key.k0, 1 + (uint64_t)peer_id);
}

uint64_t admission_user_key(const struct state *state, uint16_t zone, struct slice user)
{
    return limit_join(hash_bytes(&state->key, user), 0x100U + zone);
}

/* A peer's index may be another's after a new policy. */
static struct standing *peer_standing(struct admission *admission,
                                      const struct inspection *inspection)
{
    uint16_t peer = inspection->peer;
    uint32_t id = inspection->policy->peers[peer].id;

    if (peer >= admission->peer_count) {
        return NULL;
    }
    if (admission->peer_ids[peer] != id || admission->peers[peer].level != STANDING_CONTRACT) {
        admission->peer_ids[peer] = id;
        admission->peers[peer] =
            (struct standing){.level = STANDING_CONTRACT, .reason = STANDING_UNDER_CONTRACT};
        memset(admission->peer_rates[peer], 0, sizeof(admission->peer_rates[peer]));
    }
    return &admission->peers[peer];
}

void admission_place(struct inspection *inspection)
{
    struct admission *admission = admission_of(inspection);
    const struct address *remote = &inspection->packet->flow.remote;
    uint32_t now_s = (uint32_t)(inspection->now_ms / 1000);

    inspection->source = inspection->user = NULL;
    if (admission == NULL) {
        return;
    }
    if (inspection->peer != POLICY_NONE) {
        inspection->source = peer_standing(admission, inspection);
        return;
    }
    if (!inspection_zone(inspection)->accepts_unknown) {
        return;
    }
    inspection->source_key = admission_host_key(inspection->state, inspection->zone, remote);
    inspection->flow_key = admission_flow_key(inspection->state, inspection->zone, remote);
    inspection->source = standing_at(&admission->standings, inspection->source_key, now_s);
    inspection->user = standing_find(&admission->standings, inspection->flow_key);
    if (inspection->user != NULL) {
        inspection->user->heard_s = now_s;
        if (standing_level(inspection->user, now_s) != STANDING_KNOWN) {
            inspection->user = NULL;
        }
    }
    /* On a stream nobody speaks in another's name. */
    inspection->source->is_proven |=
        transport_is_stream((enum transport)inspection->packet->flow.transport);
}

static bool is_emergency_user(const struct policy *policy, struct slice user)
{
    size_t len = 0;

    while (len < user.len && user.at[len] >= '0' && user.at[len] <= '9') {
        len++;
    }
    return len > 0 && len < user.len &&
           (user.at[len] == '@' || user.at[len] == ';' || user.at[len] == ' ') &&
           policy_is_emergency_number(policy, slice_head(user, len));
}

bool admission_is_emergency(const struct policy *policy, struct slice bytes)
{
    struct slice line = slice_head(bytes, PEEK_MOST);

    while (slice_starts(line, SLICE("\r\n"))) {
        line = slice_skip(line, 2); /* HYG-F07 */
    }
    if (!slice_starts(line, SLICE("INVITE "))) {
        return false;
    }
    line = slice_skip(line, 7);
    if (slice_starts_nocase(line, SLICE("urn:service:"))) {
        struct slice service = slice_skip(line, 12);

        return policy_is_emergency_service(slice_head(service, slice_find(service, ' ')));
    }
    if (slice_starts_nocase(line, SLICE("sip:")) || slice_starts_nocase(line, SLICE("tel:"))) {
        return is_emergency_user(policy, slice_skip(line, 4));
    }
    return false;
}

void admission_know(struct admission *admission, const struct state *state, uint16_t zone,
                    const struct address *address, uint64_t user, uint64_t now_ms)
{
    uint32_t now_s = (uint32_t)(now_ms / 1000);
    struct standing *host =
        standing_at(&admission->standings, admission_host_key(state, zone, address), now_s);

    host->is_proven = true;
    standing_note_user(host, user);
    standing_know(standing_at(&admission->standings, admission_flow_key(state, zone, address),
                              now_s),
                  STANDING_REGISTERED, now_s);
}
