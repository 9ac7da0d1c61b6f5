#include "app/run/doors.h"

#include <stdlib.h>

bool doors_change(struct doors *doors, const struct policy *from, const struct policy *to)
{
    struct name_answer *known = calloc(to->names.count + 1, sizeof(*known));

    if (known == NULL) {
        return false;
    }
    for (uint32_t i = 0; from != NULL && i < to->names.count; i++) {
        for (uint32_t j = 0; j < from->names.count && j < doors->count; j++) {
            if (slice_equal_nocase(to->names.at[i], from->names.at[j])) {
                known[i] = doors->known[j];
            }
        }
    }
    free(doors->known);
    *doors = (struct doors){.known = known, .count = to->names.count};
    return true;
}

void doors_close(struct doors *doors)
{
    free(doors->known);
    *doors = (struct doors){.count = 0};
}

void doors_hear(struct doors *doors, const struct name_answer *answer)
{
    if (answer->name < doors->count && answer->count > 0 && answer->count <= NAME_TARGETS_MAX) {
        doors->known[answer->name] = *answer;
    }
}

static uint16_t usual_port(enum transport transport)
{
    return transport_is_secure(transport) ? 5061 : 5060;
}

/* Before the first answer is heard the border may have heard it already: then any port does. */
static bool answer_names(const struct name_answer *answer, enum transport transport, uint16_t port)
{
    for (uint32_t i = 0; i < answer->count; i++) {
        if (answer->targets[i].transport == transport && answer->targets[i].address.port == port) {
            return true;
        }
    }
    return answer->count == 0;
}

static bool hop_names(const struct doors *doors, const struct policy_hop *hop,
                      enum transport transport, uint16_t port)
{
    if (hop->port != 0) {
        return port == hop->port;
    }
    if (hop->name != POLICY_NONE && hop->name < doors->count) {
        return answer_names(&doors->known[hop->name], transport, port);
    }
    return port == usual_port(transport);
}

/* A peer that names no hop of the transport has the usual port. */
static bool peer_names(const struct doors *doors, const struct policy_peer *peer,
                       enum transport transport, uint16_t port)
{
    bool has_hop = false;

    for (uint32_t i = 0; i < peer->hop_count; i++) {
        const struct policy_hop *hop = &peer->hops[i];

        if (hop->transport != transport && hop->transport < TRANSPORT_COUNT) {
            continue;
        }
        if (hop_names(doors, hop, transport, port)) {
            return true;
        }
        has_hop = true;
    }
    return !has_hop && port == usual_port(transport);
}

bool doors_may_open(const struct doors *doors, const struct policy *policy, uint32_t listener,
                    const struct address *remote)
{
    if (listener >= policy->listener_count ||
        !transport_is_stream(policy->listeners[listener].transport)) {
        return false;
    }
    enum transport transport = policy->listeners[listener].transport;
    uint16_t zone = policy->listeners[listener].zone;
    for (uint32_t i = 0; i < policy->peer_count; i++) {
        const struct policy_peer *peer = &policy->peers[i];

        for (uint32_t j = 0; peer->zone == zone && j < peer->address_count; j++) {
            if (prefix_has(&peer->addresses[j], remote) &&
                peer_names(doors, peer, transport, remote->port)) {
                return true;
            }
        }
    }
    return false;
}
