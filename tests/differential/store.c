#include "store.h"

#include "guard/lab.h"
#include "support/world.h"

enum { STORE_START_MS = 1000000, FORGETS_MS = 400000, COMPLAINTS_SHOWN = 10 };

static struct world world;
static store_sends *told;
static struct flow flow;
static bool is_heard;
static unsigned long complaint_count;

static void sent(void *owner, const struct outgoing *outgoing, const struct address *local)
{
    (void)owner;
    (void)local;
    if (is_heard && outgoing->bytes.len > 0) {
        told(outgoing->bytes);
    }
}

static void asked(void *owner, struct slice name)
{
    (void)owner;
    (void)name;
}

static void broken(void *owner, const char *what, struct slice evidence)
{
    (void)owner;
    if (complaint_count++ < COMPLAINTS_SHOWN) {
        printf("---- the store: %s\n%.*s\n", what, (int)evidence.len, evidence.at);
    }
}

unsigned long store_complaints(void)
{
    return complaint_count;
}

bool store_open(const char *policy_path, store_sends *sends)
{
    struct world_setup setup = {.policy = lab_file(policy_path),
                                .policy_name = slice_string(policy_path),
                                .seed = 1,
                                .now_ms = STORE_START_MS,
                                .owner = {sent, asked, broken, NULL}};
    uint16_t zone;

    told = sends;
    if (!world_open(&world, &setup)) {
        return false;
    }
    zone = world_zone(&world, SLICE("visited"));
    flow.transport = TRANSPORT_UDP;
    flow.listener = world_listener(&world, zone, TRANSPORT_UDP, ADDRESS_V4);
    return address_read_port(&flow.remote, SLICE("203.0.113.1:5060"));
}

void store_take(struct slice bytes)
{
    is_heard = true;
    world_deliver(&world, bytes, &flow);
    is_heard = false;
    world_advance(&world, world.now_ms + FORGETS_MS);
}
