/*
 * The resolver: keeps the names of the policy fresh, so that nobody on the way of a call waits for
 * the DNS.
 *
 * Every name is looked up at start and again before its time is over; every worker hears every
 * answer, and one that starts later hears the last ones at once.
 */
#include "app/run/child.h"
#include "app/run/links.h"
#include "app/run/page.h"
#include "app/say.h"
#include "base/must.h"
#include "io/dns.h"

#include <stdlib.h>

enum {
    REFRESH_AHEAD_PERCENT =
        80,                 /* of an answer's time: the old one is good while the new is sought */
    WANTED_AGAIN_MS = 1000, /* whoever wants a name at once is heard once a second */
    BEGINNINGS_MAX = 64,    /* look-ups begun at once; the others follow */
    BEGIN_AGAIN_MS = 50,
};

struct resolver_name {
    struct dns_question question;
    struct name_answer answer;
    uint64_t due_ms, begun_ms;
    bool is_known, is_under_way;
};

struct resolver {
    struct loop loop;
    struct loop_alarm alarm;
    struct links links;
    struct child *child;
    struct resolver_page *page;
    struct dns *dns;
    struct policy *policy; /* the names' text is its */
    struct resolver_name *names;
    uint32_t count;
    uint32_t round; /* of policies: an answer of an older one is not for these names */
};

static void resolver_tell(struct resolver *resolver, struct ipc_link *link, uint32_t name)
{
    struct ipc_answer answer = {.version = resolver->policy->version,
                                .answer = resolver->names[name].answer};

    (void)ipc_say(link, IPC_ANSWER, &answer);
}

/* Before the border, which may ask him to open a connection there at once. */
static void resolver_tell_parent(struct resolver *resolver, uint32_t name)
{
    struct ipc_answer known = {.version = resolver->policy->version,
                               .answer = resolver->names[name].answer};

    (void)ipc_say(&resolver->child->parent, IPC_KNOWN, &known);
}

/* Which look-up is whose: the number of the name, and a few bits of the round. */
enum { TAG_NAME_BITS = 20, TAG_NAME_MASK = (1 << TAG_NAME_BITS) - 1 };

static uint32_t tag_of(const struct resolver *resolver, uint32_t name)
{
    return name | resolver->round << TAG_NAME_BITS;
}

static void resolver_answered(void *owner, uint32_t tag, const struct name_answer *answer)
{
    struct resolver *resolver = owner;
    uint32_t index = tag & TAG_NAME_MASK;

    if (index >= resolver->count || tag != tag_of(resolver, index)) {
        return;
    }
    struct resolver_name *name = &resolver->names[index];
    bool is_lost = answer->count == 0 && name->is_known && name->answer.count > 0;

    resolver->page->answers += answer->count > 0;
    resolver->page->failures += answer->count == 0;
    resolver->page->questions = dns_questions(resolver->dns);
    name->is_under_way = false;
    name->due_ms = loop_now_ms(&resolver->loop) +
                   (uint64_t)answer->ttl_seconds * 1000 * REFRESH_AHEAD_PERCENT / 100;
    if (!is_lost) {
        name->answer = *answer; /* a silent DNS changes freshness, never calls */
        name->answer.name = (uint16_t)index;
        name->is_known = true;
    }
    if (!is_lost) {
        resolver_tell_parent(resolver, index);
    }
    for (unsigned i = 0; i < LINKS_MAX && !is_lost; i++) {
        if (links_at(&resolver->links, i)->is_open) {
            resolver_tell(resolver, links_at(&resolver->links, i), index);
        }
    }
    if (name->due_ms < resolver->alarm.due_ms) {
        loop_alarm_at(&resolver->alarm, name->due_ms);
    }
}

static void resolver_begin(struct resolver *resolver, uint32_t index)
{
    struct resolver_name *name = &resolver->names[index];
    uint64_t now_ms = loop_now_ms(&resolver->loop);

    name->begun_ms = now_ms;
    name->due_ms = now_ms + UINT64_C(1000) * DNS_TTL_FAILED_S;
    name->is_under_way = dns_ask(resolver->dns, &name->question, tag_of(resolver, index));
    resolver->page->refreshed += name->is_known;
}

static void resolver_look(void *owner)
{
    struct resolver *resolver = owner;
    uint64_t now_ms = loop_now_ms(&resolver->loop);
    uint64_t next_ms = UINT64_MAX;
    unsigned begun = 0;

    for (uint32_t i = 0; i < resolver->count; i++) {
        struct resolver_name *name = &resolver->names[i];

        if (name->is_under_way) {
            continue;
        }
        if (name->due_ms <= now_ms && begun < BEGINNINGS_MAX) {
            resolver_begin(resolver, i);
            begun++;
        }
        if (name->due_ms < next_ms) {
            next_ms = name->due_ms;
        }
    }
    if (next_ms <= now_ms) {
        next_ms = now_ms + BEGIN_AGAIN_MS;
    }
    loop_alarm_at(&resolver->alarm, next_ms);
}

/*
 * What is said.
 */

static void resolver_hear(void *owner, struct ipc_link *link, struct ipc_message *message)
{
    struct resolver *resolver = owner;
    struct ipc_ask ask;

    if (message->type != IPC_ASK) {
        return;
    }
    ipc_take(message, &ask);
    if (ask.version != resolver->policy->version || ask.name >= resolver->count) {
        return;
    }
    struct resolver_name *name = &resolver->names[ask.name];
    resolver->page->asked++;
    if (name->is_known) {
        resolver_tell(resolver, link, ask.name);
    }
    if (!name->is_under_way && loop_now_ms(&resolver->loop) >= name->begun_ms + WANTED_AGAIN_MS) {
        resolver_begin(resolver, ask.name);
    }
}

static void resolver_link_opened(void *owner, struct ipc_link *link)
{
    struct resolver *resolver = owner;

    for (uint32_t i = 0; i < resolver->count; i++) {
        if (resolver->names[i].is_known) {
            resolver_tell(resolver, link, i);
        }
    }
}

static void resolver_link(void *owner, uint32_t worker, int fd)
{
    struct resolver *resolver = owner;

    links_set(&resolver->links, worker, ROLE_BORDER, fd);
}

/* Port and transport of the hops that use the name; of several the one that leaves most open. */
static void question_refine(struct dns_question *question, const struct policy_hop *hop,
                            bool *is_first)
{
    if (*is_first) {
        question->port = hop->port;
        question->transport = hop->transport;
        *is_first = false;
        return;
    }
    if (question->port != hop->port) {
        question->port = 0;
    }
    if (question->transport != hop->transport) {
        question->transport = TRANSPORT_COUNT;
    }
}

static struct dns_question resolver_question(const struct policy *policy, uint32_t index)
{
    struct dns_question question = {.host = policy->names.at[index], .transport = TRANSPORT_COUNT};
    bool is_first = true;

    for (uint32_t i = 0; i < policy->peer_count; i++) {
        const struct policy_peer *peer = &policy->peers[i];

        for (uint32_t j = 0; j < peer->hop_count; j++) {
            if (peer->hops[j].name == index) {
                question_refine(&question, &peer->hops[j], &is_first);
            }
        }
    }
    return question;
}

/* What the old policy's name of the same question was answered is still good. */
static void resolver_inherit(struct resolver_name *name, uint32_t index,
                             const struct resolver *resolver)
{
    for (uint32_t i = 0; i < resolver->count; i++) {
        const struct resolver_name *old = &resolver->names[i];

        if (old->is_known && slice_equal(old->question.host, name->question.host) &&
            old->question.port == name->question.port &&
            old->question.transport == name->question.transport) {
            name->answer = old->answer;
            name->answer.name = (uint16_t)index;
            name->due_ms = old->due_ms;
            name->is_known = true;
            return;
        }
    }
}

static void resolver_take_policy(void *owner, struct policy *policy)
{
    struct resolver *resolver = owner;
    uint32_t count = policy->names.count;
    struct resolver_name *names = calloc(count + 1, sizeof(*names));

    must(names != NULL && count <= TAG_NAME_MASK);
    for (uint32_t i = 0; i < count; i++) {
        names[i].question = resolver_question(policy, i);
        resolver_inherit(&names[i], i, resolver);
    }
    free(resolver->names);
    policy_free(resolver->policy);
    resolver->policy = policy;
    resolver->names = names;
    resolver->count = count;
    resolver->round++;
    for (unsigned i = 0; i < LINKS_MAX; i++) {
        if (links_at(&resolver->links, i)->is_open) {
            resolver_link_opened(resolver, links_at(&resolver->links, i));
        }
    }
    resolver_look(resolver);
}

int resolver_main(struct child *child)
{
    struct resolver *resolver = child_memory_new(sizeof(*resolver));
    const struct links_owner links = {.received = resolver_hear,
                                      .opened = resolver_link_opened,
                                      .owner = resolver};
    const struct child_calls calls = {.link = resolver_link,
                                      .take_policy = resolver_take_policy,
                                      .owner = resolver};
    struct fault fault = {.text = "memory"};

    resolver->child = child;
    resolver->page = child_map(&child->counters, "counters");
    if (resolver->page == NULL || child->counters.len < sizeof(*resolver->page) ||
        !loop_init(&resolver->loop, &fault)) {
        return 3;
    }
    /* The library reads the system's settings while they can still be read. */
    resolver->dns =
        dns_new(&resolver->loop, getenv("SIPWARDEN_DNS"), resolver_answered, resolver, &fault);
    if (resolver->dns == NULL) {
        say("resolver: %s", fault.text);
        return 3;
    }
    if (!child_drop(child)) {
        return 3;
    }
    loop_alarm_open(&resolver->loop, &resolver->alarm, resolver_look, resolver);
    links_init(&resolver->links, &resolver->loop, ROLE_RESOLVER, &links);
    return child_live(child, &resolver->loop, &calls);
}
