#include "app/inspect/ladders.h"

#include "base/hash.h"
#include "base/must.h"
#include "base/pool.h"
#include "base/table.h"
#include "guard/mask.h"
#include "io/capture/pages.h"
#include "io/capture/recent.h"

#include <sys/random.h>

struct followed {
    struct pool_slot slot;
    struct recent_link link; /* while nothing was found in it */
    uint64_t hash;
    bool is_pinned;
    uint8_t name_len;
    uint32_t findings;
    uint64_t more;
    unsigned count;
    struct address ends[2];
    char name[LADDER_NAME];
    struct ladder_step steps[LADDER_STEPS];
};

struct ladders {
    struct pool pool;
    struct table table;
    struct recent recent;
    struct hash_key key;
    uint32_t pinned[LADDERS_SHOWN];
    unsigned pinned_count;
    uint64_t left_out, last_left_out; /* the second: hash of the call counted last */
};

struct ladders *ladders_new(void)
{
    struct ladders *ladders = pages_new(sizeof(*ladders));
    void *slots = pages_new(pool_size(sizeof(struct followed), LADDERS_FOLLOWED));
    void *entries = pages_new(table_size(LADDERS_FOLLOWED));

    must(ladders != NULL && slots != NULL && entries != NULL);
    must(getrandom(&ladders->key, sizeof(ladders->key), 0) == sizeof(ladders->key));
    pool_init(&ladders->pool, slots, sizeof(struct followed), LADDERS_FOLLOWED);
    table_init(&ladders->table, entries, LADDERS_FOLLOWED);
    return ladders;
}

void ladders_free(struct ladders *ladders)
{
    if (ladders != NULL) {
        pages_free(ladders->pool.slots, pool_size(sizeof(struct followed), LADDERS_FOLLOWED));
        pages_free(ladders->table.entries, table_size(LADDERS_FOLLOWED));
        pages_free(ladders, sizeof(*ladders));
    }
}

/* Two calls with one hash are one ladder: nobody finds such a pair without the key. */
static struct followed *call_find(const struct ladders *ladders, uint64_t hash)
{
    struct table_cursor cursor = {0};
    uint32_t index = 0;

    return table_next(&ladders->table, hash, &cursor, &index) ? pool_at(&ladders->pool, index)
                                                              : NULL;
}

static void call_forget(struct ladders *ladders, struct followed *call)
{
    (void)table_remove(&ladders->table, call->hash, pool_handle(&ladders->pool, call).index);
    recent_remove(&ladders->recent, &call->link);
    pool_give(&ladders->pool, call);
}

static struct followed *call_add(struct ladders *ladders, uint64_t hash,
                                 const struct inspection *inspection)
{
    struct text name;

    if (pool_left(&ladders->pool) == 0) {
        struct recent_link *oldest = ladders->recent.oldest;

        call_forget(ladders, (struct followed *)((char *)oldest - offsetof(struct followed, link)));
    }
    struct followed *call = pool_take_unclean(&ladders->pool);
    must(call != NULL);
    call->hash = hash;
    call->is_pinned = false;
    call->findings = 0;
    call->more = 0;
    call->count = 0;
    call->ends[0] = inspection->packet->flow.remote;
    call->ends[1] = inspection->packet->local;
    text_init(&name, call->name, sizeof(call->name));
    text_put_shown(&name, slice_head(sip_call_id(&inspection->message), LADDER_NAME / 4));
    call->name_len = (uint8_t)name.len;
    (void)table_add(&ladders->table, hash, pool_handle(&ladders->pool, call).index);
    recent_add(&ladders->recent, &call->link);
    return call;
}

static void label_put(struct ladder_step *step, const struct sip_message *message, bool has_sdp)
{
    struct text text;

    text_init(&text, step->label, sizeof(step->label));
    if (message->is_request) {
        text_put_shown(&text, slice_head(sip_slice(message, message->method_text), 10));
    } else {
        text_put_padded(&text, message->status, 3);
        text_put_octet(&text, ' ');
        text_put(&text, slice_head(sip_reason(message->status), 28));
    }
    text_put_string(&text, has_sdp ? " (sdp)" : "");
    step->label_len = (uint8_t)text.len;
}

/* "reject 403: CT-FW-06 HYG-F04, CT-SEG-09" */
static void remark_put(struct ladder_step *step, const struct inspection *inspection)
{
    struct text text;

    text_init(&text, step->remark, sizeof(step->remark));
    if (step->is_refused) {
        text_put_string(&text, policy_action_name(inspection->verdict.action));
        if (inspection->verdict.status != 0) {
            text_put_octet(&text, ' ');
            text_put_number(&text, inspection->verdict.status);
        }
        text_put_string(&text, ": ");
    }
    for (uint32_t i = 0; i < inspection->finding_count; i++) {
        const struct finding *finding = &inspection->findings[i];

        text_put_string(&text, i == 0 ? "" : ", ");
        text_put_string(&text, control_at(finding->control)->id);
        text_put_string(&text, finding->detail == NULL ? "" : " ");
        text_put_string(&text, finding->detail == NULL ? "" : finding->detail);
    }
    step->remark_len = (uint8_t)text.len;
}

static void step_add(struct followed *call, const struct inspection *inspection)
{
    if (call->count == LADDER_STEPS) {
        call->more++;
        return;
    }
    struct ladder_step *step = &call->steps[call->count++];
    step->when_us = inspection->packet->when_us;
    step->frame = inspection->packet->number;
    step->is_back = !address_same_host(&inspection->packet->flow.remote, &call->ends[0]) ||
                    (address_same_host(&call->ends[0], &call->ends[1]) &&
                     inspection->packet->flow.remote.port != call->ends[0].port);
    step->is_refused = inspection->verdict.action != ACTION_PASS;
    label_put(step, &inspection->message, inspection->has_sdp);
    remark_put(step, inspection);
}

static void call_pin(struct ladders *ladders, struct followed *call)
{
    if (call->is_pinned) {
        return;
    }
    if (ladders->pinned_count == LADDERS_SHOWN) {
        ladders->left_out += ladders->last_left_out != call->hash;
        ladders->last_left_out = call->hash;
        return;
    }
    call->is_pinned = true;
    recent_remove(&ladders->recent, &call->link);
    ladders->pinned[ladders->pinned_count++] = pool_handle(&ladders->pool, call).index;
}

void ladders_add(struct ladders *ladders, const struct inspection *inspection)
{
    if (!inspection->is_read || inspection->reading != SIP_READ) {
        return;
    }
    uint64_t hash = hash_bytes(&ladders->key, sip_call_id(&inspection->message));
    struct followed *call = call_find(ladders, hash);
    if (call == NULL) {
        call = call_add(ladders, hash, inspection);
    } else if (!call->is_pinned) {
        recent_touch(&ladders->recent, &call->link);
    }
    step_add(call, inspection);
    if (inspection->finding_count > 0) {
        call->findings++;
        call_pin(ladders, call);
    }
}

bool ladders_at(const struct ladders *ladders, unsigned index, struct ladder_shown *shown)
{
    if (index >= ladders->pinned_count) {
        return false;
    }
    const struct followed *call = pool_at(&ladders->pool, ladders->pinned[index]);
    *shown = (struct ladder_shown){
        .name = slice_of(call->name, call->name_len),
        .ends = {call->ends[0], call->ends[1]},
        .steps = call->steps,
        .count = call->count,
        .more = call->more,
        .findings = call->findings,
    };
    return true;
}

uint64_t ladders_left_out(const struct ladders *ladders)
{
    return ladders->left_out;
}
