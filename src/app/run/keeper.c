/*
 * The keeper: makes the keys of our tokens and hands them to the workers; has the private keys of
 * our certificates and hands them to nobody, but signs with them.
 *
 * A new key seals from the moment it is made; the older ones still open what they sealed.  The keys
 * live in memory of the parent, so that a keeper started anew goes on with them.  It has no sockets
 * but its links.
 */
#include "app/run/child.h"
#include "app/run/links.h"
#include "app/run/page.h"
#include "app/run/secrets.h"
#include "app/say.h"
#include "base/must.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { KEEPER_IDS = 32 }; /* siv.h: the first letter of a token */

/* In the vault.  The newest key is the last one written: made_ms decides. */
struct vault {
    struct vault_key {
        uint64_t made_ms; /* wall clock; 0: none */
        struct ipc_key key;
    } keys[IPC_KEYS_MAX];
};

struct keeper {
    struct loop loop;
    struct loop_alarm rotation;
    struct vault *vault;
    struct keeper_page *page;
    uint64_t key_age_ms;
    uint32_t workers;
    struct secrets *secrets, *old_secrets; /* a handshake may have begun with the former ones */
    struct links links;                    /* by worker; behind them the porter */
};

static uint64_t wall_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static struct vault_key *newest(struct vault *vault)
{
    struct vault_key *found = &vault->keys[0];

    for (unsigned i = 1; i < IPC_KEYS_MAX; i++) {
        if (vault->keys[i].made_ms > found->made_ms) {
            found = &vault->keys[i];
        }
    }
    return found;
}

static struct vault_key *oldest(struct vault *vault)
{
    struct vault_key *found = &vault->keys[0];

    for (unsigned i = 1; i < IPC_KEYS_MAX; i++) {
        if (vault->keys[i].made_ms < found->made_ms) {
            found = &vault->keys[i];
        }
    }
    return found;
}

static void keeper_make_key(struct keeper *keeper)
{
    struct vault_key *newest_one = newest(keeper->vault);
    uint64_t now_ms = wall_ms();
    struct vault_key made = {.made_ms = now_ms};

    /* A wall clock that was set back must not make the new key older than the last. */
    if (made.made_ms <= newest_one->made_ms) {
        made.made_ms = newest_one->made_ms + 1;
    }
    made.key.id = newest_one->made_ms == 0 ? 0 : (newest_one->key.id + 1) % KEEPER_IDS;
    must(getrandom(made.key.octets, sizeof(made.key.octets), 0) == sizeof(made.key.octets));
    *oldest(keeper->vault) = made;
    explicit_bzero(&made, sizeof(made));
    keeper->page->made++;
    keeper->page->made_ms = now_ms;
}

/* Newest first. */
static void keeper_list_keys(const struct keeper *keeper, struct ipc_keys *keys)
{
    struct vault left = *keeper->vault;

    memset(keys, 0, sizeof(*keys));
    while (keys->count < IPC_KEYS_MAX && newest(&left)->made_ms != 0) {
        keys->keys[keys->count++] = newest(&left)->key;
        newest(&left)->made_ms = 0;
    }
    explicit_bzero(&left, sizeof(left));
}

static void keeper_tell(struct keeper *keeper, struct ipc_link *link)
{
    struct ipc_keys keys;

    keeper_list_keys(keeper, &keys);
    keeper->page->keys = keys.count;
    (void)ipc_say(link, IPC_KEYS, &keys);
    explicit_bzero(&keys, sizeof(keys));
}

static void keeper_rotate(void *owner)
{
    struct keeper *keeper = owner;
    uint64_t made_ms = newest(keeper->vault)->made_ms;
    uint64_t age_ms = wall_ms() > made_ms ? wall_ms() - made_ms : 0;

    if (made_ms == 0 || age_ms >= keeper->key_age_ms) {
        keeper_make_key(keeper);
        age_ms = 0;
        for (unsigned i = 0; i < keeper->workers; i++) {
            if (links_at(&keeper->links, i)->is_open) {
                keeper_tell(keeper, links_at(&keeper->links, i));
            }
        }
    }
    loop_alarm_at(&keeper->rotation, loop_now_ms(&keeper->loop) + keeper->key_age_ms - age_ms);
}

/*
 * Workers say nothing; they only are there, and want to know.  The porter wants signatures.
 */

static void worker_says(void *owner, struct ipc_link *link, struct ipc_message *message)
{
    struct keeper *keeper = owner;
    struct ipc_signed made = {0};
    struct ipc_sign wanted;

    if (message->type != IPC_SIGN) {
        return;
    }
    ipc_take(message, &wanted);
    if (secrets_sign(keeper->secrets, &wanted, &made) ||
        secrets_sign(keeper->old_secrets, &wanted, &made)) {
        keeper->page->signatures++;
    } else {
        keeper->page->refused++;
    }
    (void)ipc_say(link, IPC_SIGNED, &made);
}

static void worker_is_there(void *owner, struct ipc_link *link)
{
    struct keeper *keeper = owner;

    if (link->tag < keeper->workers) {
        keeper_tell(keeper, link);
    }
}

static void keeper_take_secrets(void *owner, struct slice book)
{
    struct keeper *keeper = owner;

    secrets_free(keeper->old_secrets);
    keeper->old_secrets = keeper->secrets;
    keeper->secrets = secrets_new(book);
    keeper->page->secrets = secrets_count(keeper->secrets);
}

static void keeper_link(void *owner, uint32_t worker, int fd)
{
    struct keeper *keeper = owner;

    links_set(&keeper->links, worker, ROLE_BORDER, fd);
}

static void keeper_take_policy(void *owner, struct policy *policy)
{
    struct keeper *keeper = owner;

    keeper->key_age_ms = policy->timers.token_key;
    policy_free(policy);
    keeper_rotate(keeper);
}

int keeper_main(struct child *child)
{
    struct keeper *keeper = child_memory_new(sizeof(*keeper));
    const struct links_owner links = {.received = worker_says,
                                      .opened = worker_is_there,
                                      .owner = keeper};
    const struct child_calls calls = {.link = keeper_link,
                                      .take_policy = keeper_take_policy,
                                      .take_secrets = keeper_take_secrets,
                                      .owner = keeper};
    struct fault fault;

    keeper->vault = child_map(&child->vault, "vault");
    keeper->page = child_map(&child->counters, "counters");
    if (keeper->vault == NULL || keeper->page == NULL ||
        child->vault.len < sizeof(*keeper->vault) || child->counters.len < sizeof(*keeper->page) ||
        !child_drop(child) || !loop_init(&keeper->loop, &fault)) {
        return 3;
    }
    keeper->workers = child->start.workers;
    keeper_take_secrets(keeper, child->book);
    child_book_free(child->book);
    loop_alarm_open(&keeper->loop, &keeper->rotation, keeper_rotate, keeper);
    links_init(&keeper->links, &keeper->loop, ROLE_KEEPER, &links);
    return child_live(child, &keeper->loop, &calls);
}

size_t keeper_vault_size(void)
{
    return sizeof(struct vault);
}
