/*
 * The media gate as a child: what it was told becomes its setup, then it is the gate's.
 */
#include "app/run/child.h"
#include "app/run/pools.h"
#include "app/say.h"
#include "io/media/cipher.h"
#include "io/media/gate.h"
#include "io/media/ports.h"

#include <stdlib.h>
#include <sys/random.h>

/* Another process sent it: its lengths are checked. */
static bool certificate_take(struct child *child, struct media_certificate *certificate)
{
    const struct ipc_certificate *told = &child->certificate;
    bool is_whole = told->len > 0 && told->len <= sizeof(certificate->octets) &&
                    told->key_len > 0 && told->key_len <= sizeof(certificate->key);

    certificate->len = told->len;
    certificate->key_len = told->key_len;
    memcpy(certificate->octets, told->octets, sizeof(certificate->octets));
    memcpy(certificate->key, told->key, sizeof(certificate->key));
    media_wipe(&child->certificate, sizeof(child->certificate));
    return is_whole;
}

int media_main(struct child *child)
{
    struct media_certificate certificate;
    struct media_pool pools[MEDIA_POOLS_MAX];
    struct policy *policy = child_policy(child->policy_text, child->policy_version);
    struct media_setup setup = {
        .pools = pools,
        .sockets = child->ports,
        .workers = child->links[ROLE_BORDER],
        .worker_count = child->start.workers,
        .parent = child->introductions,
        .limits = {.streams = child->start.media_streams},
    };
    struct gate *gate = NULL;
    struct cipher *first = NULL;

    if (policy == NULL) {
        return 3;
    }
    setup.pool_count = pools_of_policy(policy, pools);
    if (child->port_count != media_sockets_count(pools, setup.pool_count)) {
        say("media: %u ports were told of, not all", child->port_count);
        return 3;
    }
    setup.certificate = certificate_take(child, &certificate) ? &certificate : NULL;
    setup.totals = child_map(&child->counters, "counters");
    if (setup.totals == NULL || child->counters.len < sizeof(*setup.totals) ||
        getrandom(&setup.key, sizeof(setup.key), 0) != sizeof(setup.key) ||
        (first = ciphers_begin()) == NULL || !child_drop(child)) {
        return 3;
    }
    /* What the gate asks of the kernel once, it asks before it may ask no more. */
    gate = media_gate_new(&setup);
    media_wipe(&certificate, sizeof(certificate));
    if (gate == NULL || !child_confine(child)) {
        say("media: the gate did not get what it needs");
        return 3;
    }
    child_is_running(child);
    media_gate_run(gate);
    media_gate_free(gate);
    cipher_free(first);
    return 0;
}
