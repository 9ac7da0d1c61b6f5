/*
 * The gate believes the border in what it wants, not in how it says it: a worker that was taken
 * over must not be able to put the gate into a state it does not have.
 */
#include "wire/media_order.h"

#include <stddef.h>

/* A truth value as octets: anything but zero is true.  Reading another octet as bool would be
 * undefined. */
static void truth_mend(void *truth)
{
    unsigned char octet;
    bool value;

    memcpy(&octet, truth, sizeof(octet));
    value = octet != 0;
    memcpy(truth, &value, sizeof(value));
}

static bool address_is_sane(const struct address *address)
{
    return address->family <= ADDRESS_V6;
}

static bool prefix_is_sane(const struct prefix *prefix)
{
    return (prefix->address.family == ADDRESS_V4 && prefix->bits <= 32) ||
           (prefix->address.family == ADDRESS_V6 && prefix->bits <= 128);
}

bool media_protection_is_sane(const struct media_side *side)
{
    return side->protection < MEDIA_PROTECTION_COUNT && side->send.suite < MEDIA_SUITE_COUNT &&
           side->receive.suite < MEDIA_SUITE_COUNT && side->fingerprint.hash < MEDIA_HASH_COUNT;
}

static bool side_read(struct media_side *side)
{
    truth_mend(&side->has_rtcp_mux);
    truth_mend(&side->has_reduced_rtcp);
    truth_mend(&side->learns);
    truth_mend(&side->has_asymmetric_port);
    truth_mend(&side->may_send);
    truth_mend(&side->is_dtls_client);
    truth_mend(&side->has_ice);
    truth_mend(&side->hides);
    truth_mend(&side->bars_events);
    if (!address_is_sane(&side->local) || !address_is_sane(&side->remote) ||
        !address_is_sane(&side->learn_host) || side->prefix_count > MEDIA_PREFIXES_MAX ||
        side->event_type > 127 || side->dscp > 63 || !media_protection_is_sane(side)) {
        return false;
    }
    for (unsigned i = 0; i < side->prefix_count; i++) {
        if (!prefix_is_sane(&side->prefixes[i])) {
            return false;
        }
    }
    return true;
}

bool media_order_read(struct media_order *order, struct slice message)
{
    if (message.len != sizeof(*order)) {
        return false;
    }
    memcpy(order, message.at, sizeof(*order));
    truth_mend(&order->is_emergency);
    return order->version == MEDIA_ORDER_VERSION && order->kind < MEDIA_ORDER_KIND_COUNT &&
           order->media_kind < MEDIA_KIND_COUNT && side_read(&order->sides[0]) &&
           side_read(&order->sides[1]);
}

void media_order_wipe(struct media_order *order)
{
    for (unsigned i = 0; i < 2; i++) {
        struct media_side *side = &order->sides[i];

        if (side->protection != MEDIA_CLEAR) {
            media_wipe(&side->send, sizeof(side->send));
            media_wipe(&side->receive, sizeof(side->receive));
            media_wipe(side->ice_password, sizeof(side->ice_password));
        }
    }
}

static const struct {
    const char *name, *rule;
} reasons[MEDIA_REASON_COUNT] = {
    [MEDIA_PASSED] = {"passed", ""},
// clang-format off
#define MEDIA_REASON(field, written, id, what) [MEDIA_##field] = {written, id},
#include "wire/media_reasons.def"
#undef MEDIA_REASON
    // clang-format on
};

const char *media_reason_name(enum media_reason reason)
{
    return reasons[reason].name;
}

const char *media_reason_rule(enum media_reason reason)
{
    return reasons[reason].rule;
}
