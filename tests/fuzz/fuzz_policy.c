/*
 * Any text is a policy or is complained about; and what is written of a policy reads as the same.
 */
#include "base/must.h"
#include "policy/report.h"
#include "policy/write.h"

#include <stdlib.h>

enum { ROOM = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static const char *const ids[] = {"CT-FW-01", "CT-FW-02"};
static const struct policy_control_names controls = {ids, 2};

static struct policy *read_policy(struct slice text)
{
    struct policy_complaints *complaints = policy_complaints_new();

    must(complaints != NULL);
    struct policy *policy = policy_read(text, SLICE("p"), &controls, complaints);
    must((policy == NULL) == (policy_complaint_count(complaints) > 0));
    for (uint32_t i = 0; i < policy_complaint_count(complaints); i++) {
        must(slice_has(policy_complaint(complaints, i), SLICE("; expected ")));
    }
    policy_complaints_free(complaints);
    return policy;
}

/* Whom the octets of the input ask for. */
static void find_all(const struct policy *policy, struct slice text)
{
    struct policy_call call = {.domain = slice_head(text, 40), .number = slice_skip(text, 7)};
    struct address source;

    for (uint16_t zone = 0; zone < policy->zone_count; zone++) {
        call.zone = zone;
        call.peer = policy->peer_count > 0 ? 0 : POLICY_NONE;
        must(policy_route_find(policy, &call) == POLICY_NONE ||
             policy_route_find(policy, &call) < policy->route_count);
        for (uint32_t i = 0; i < policy->peer_count; i++) {
            source = policy->peers[i].addresses[0].address;
            must(policy->peers[i].address_count > 0);
            (void)policy_peer_find(policy, zone, &source, TRANSPORT_UDP, SLICE_NONE);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static char first_room[ROOM], second_room[ROOM];
    struct slice input = slice_of((const char *)octets, len);
    struct policy *policy = read_policy(input);
    struct text first, second;

    if (policy == NULL) {
        return 0;
    }
    find_all(policy, input);
    text_init(&first, first_room, ROOM);
    (void)policy_check_write(&first, policy, &controls);
    text_init(&first, first_room, ROOM);
    policy_write(&first, policy, &controls);
    if (!first.is_full) {
        struct policy *same = read_policy(text_slice(&first));

        must(same != NULL);
        text_init(&second, second_room, ROOM);
        policy_write(&second, same, &controls);
        must(slice_equal(text_slice(&first), text_slice(&second)));
        text_init(&second, second_room, ROOM);
        must(policy_diff_write(&second, policy, same, &controls) == 0 || second.is_full);
        policy_free(same);
    }
    policy_free(policy);
    return 0;
}
