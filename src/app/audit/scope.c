#include "app/audit/scope.h"

#include "app/say.h"

#include <string.h>
#include <time.h>

enum scope_kind {
    SCOPE_WORD,
    SCOPE_WORDS,
    SCOPE_NUMBER,
    SCOPE_TRUTH,
    SCOPE_WINDOW,
    SCOPE_CLASSES,
    SCOPE_SOCKETS,
    SCOPE_PLACE,
};

enum scope_presence { SCOPE_OPTIONAL, SCOPE_REQUIRED };

struct scope_setting {
    const char *key;
    enum scope_kind kind;
    size_t at;
    enum scope_presence presence;
    const char *says, *example;
};

static const struct scope_setting settings[] = {
// clang-format off
#define SCOPE(key, kind, field, presence, says, example) \
    {key, SCOPE_##kind, offsetof(struct scope, field), SCOPE_##presence, says, example},
#include "app/audit/scope.def"
#undef SCOPE
    // clang-format on
};

enum { SETTING_COUNT = sizeof(settings) / sizeof(settings[0]) };

static const struct {
    char letter;
    const char *name;
} vantages[VANTAGE_COUNT] = {
    [VANTAGE_ATTACKER] = {'A', "attacker"}, [VANTAGE_PEER] = {'P', "peer"},
    [VANTAGE_CORE] = {'S', "core"},         [VANTAGE_OBSERVER] = {'O', "observer"},
    [VANTAGE_CALLER] = {'L', "caller"},
};

char vantage_letter(enum vantage_id id)
{
    return vantages[id].letter;
}

const char *vantage_name(enum vantage_id id)
{
    return vantages[id].name;
}

enum vantage_id vantage_of_letter(char letter)
{
    for (unsigned i = 0; i < VANTAGE_COUNT; i++) {
        if (vantages[i].letter == letter) {
            return (enum vantage_id)i;
        }
    }
    return VANTAGE_NONE;
}

/* Reading. */

struct scope_reading {
    struct scope *scope;
    struct slice file;
    struct policy_complaints *complaints;
};

#define COMPLAIN(reading, item, ...)                                                               \
    complain((reading)->complaints, (reading)->file, (item)->place, __VA_ARGS__)

static bool is_scalar(struct scope_reading *reading, const struct item *item, const char *key)
{
    if (item->kind != ITEM_SCALAR || item->text.len == 0) {
        COMPLAIN(reading, item, "%s is %s; expected one value; write %s: value", key,
                 item->kind == ITEM_SCALAR ? "empty" : item_kind_name(item->kind), key);
        return false;
    }
    return true;
}

static void socket_read(struct scope_reading *reading, const struct item *item, const char *key,
                        struct scope_sockets *sockets)
{
    struct scope_socket *socket = &sockets->list[sockets->count];
    size_t colon = slice_find(item->text, ':');

    if (!is_scalar(reading, item, key)) {
        return;
    }
    if (sockets->count == SCOPE_SOCKETS_MAX ||
        !transport_read(slice_head(item->text, colon), &socket->transport) ||
        !address_read_port(&socket->address, slice_skip(item->text, colon + 1)) ||
        socket->address.port == 0) {
        COMPLAIN(reading, item,
                 "%s: \"%s\" is no socket, or one too many; expected transport:address:port, "
                 "at most %d; write udp:127.0.0.1:5060",
                 key, show(item->text).text, SCOPE_SOCKETS_MAX);
        return;
    }
    sockets->count++;
}

/* One value or a list of them. */
static const struct item *items_of(const struct item *item)
{
    return item->kind == ITEM_LIST ? item->first : item;
}

static void sockets_read(struct scope_reading *reading, const struct item *item, const char *key,
                         struct scope_sockets *sockets)
{
    for (const struct item *one = items_of(item); one != NULL;
         one = item->kind == ITEM_LIST ? one->next : NULL) {
        socket_read(reading, one, key, sockets);
    }
}

static void words_read(struct scope_reading *reading, const struct item *item, const char *key,
                       struct scope_words *words)
{
    for (const struct item *one = items_of(item); one != NULL;
         one = item->kind == ITEM_LIST ? one->next : NULL) {
        if (words->count == SCOPE_WORDS_MAX) {
            COMPLAIN(reading, one, "%s has too many words; expected at most %d; leave some out",
                     key, SCOPE_WORDS_MAX);
            return;
        }
        if (is_scalar(reading, one, key)) {
            words->list[words->count++] = one->text;
        }
    }
}

static void classes_read(struct scope_reading *reading, const struct item *item, const char *key,
                         unsigned *classes)
{
    static const struct {
        struct slice name;
        unsigned bit;
    } known[] = {{SLICE_INIT("standard"), CLASS_STANDARD},
                 {SLICE_INIT("flood"), CLASS_FLOOD},
                 {SLICE_INIT("kill"), CLASS_KILL}};
    struct scope_words words = {.count = 0};

    words_read(reading, item, key, &words);
    for (uint32_t i = 0; i < words.count; i++) {
        unsigned bit = 0;

        for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
            bit |= slice_equal(words.list[i], known[k].name) ? known[k].bit : 0;
        }
        if (bit == 0) {
            COMPLAIN(reading, item,
                     "classes: \"%s\" is no class; expected standard, flood or kill; name one "
                     "of them",
                     show(words.list[i]).text);
        }
        *classes |= bit;
    }
}

static bool moment_read(struct slice text, uint64_t *seconds)
{
    struct tm tm = {0};
    char room[32];

    if (text.len >= sizeof(room)) {
        return false;
    }
    memcpy(room, text.at, text.len);
    room[text.len] = '\0';
    const char *end = strptime(room, "%Y-%m-%dT%H:%M:%SZ", &tm);
    if (end == NULL || *end != '\0') {
        return false;
    }
    *seconds = (uint64_t)timegm(&tm);
    return true;
}

static void window_read(struct scope_reading *reading, const struct item *item)
{
    struct scope *scope = reading->scope;
    size_t slash = slice_find(item->text, '/');

    if (!moment_read(slice_head(item->text, slash), &scope->window_begin_s) ||
        !moment_read(slice_skip(item->text, slash + 1), &scope->window_end_s) ||
        scope->window_begin_s >= scope->window_end_s) {
        COMPLAIN(reading, item,
                 "window \"%s\" is no time; expected begin/end in UTC; write "
                 "2026-12-01T20:00:00Z/2026-12-01T23:00:00Z",
                 show(item->text).text);
    }
    scope->window = item->text;
}

static void number_read(struct scope_reading *reading, const struct item *item, const char *key,
                        uint64_t *number)
{
    if (!slice_number(item->text, SCOPE_RATE_MAX, number) || *number == 0) {
        COMPLAIN(reading, item, "%s \"%s\" is no number; expected 1 to %d; write 200", key,
                 show(item->text).text, SCOPE_RATE_MAX);
    }
}

static void truth_read(struct scope_reading *reading, const struct item *item, const char *key,
                       bool *truth)
{
    *truth = slice_equal(item->text, SLICE("true"));
    if (!*truth && !slice_equal(item->text, SLICE("false"))) {
        COMPLAIN(reading, item, "%s is \"%s\"; expected true or false; write one of them", key,
                 show(item->text).text);
    }
}

static void place_read(struct scope_reading *reading, const struct item *item, const char *key,
                       struct address *place)
{
    if (!address_read_port(place, item->text) || place->port == 0) {
        COMPLAIN(reading, item,
                 "%s \"%s\" is no address with a port; expected address:port; write "
                 "127.0.0.66:5066",
                 key, show(item->text).text);
    }
}

static void setting_read(struct scope_reading *reading, const struct scope_setting *setting,
                         const struct item *item)
{
    char *at = (char *)reading->scope + setting->at;
    void *field = at;

    switch (setting->kind) {
    case SCOPE_SOCKETS:
        sockets_read(reading, item, setting->key, field);
        return;
    case SCOPE_WORDS:
        words_read(reading, item, setting->key, field);
        return;
    case SCOPE_CLASSES:
        classes_read(reading, item, setting->key, field);
        return;
    case SCOPE_WORD:
    case SCOPE_NUMBER:
    case SCOPE_TRUTH:
    case SCOPE_WINDOW:
    case SCOPE_PLACE:
        break;
    }
    if (!is_scalar(reading, item, setting->key)) {
        return;
    }
    if (setting->kind == SCOPE_WORD) {
        *(struct slice *)field = item->text;
    } else if (setting->kind == SCOPE_NUMBER) {
        number_read(reading, item, setting->key, field);
    } else if (setting->kind == SCOPE_TRUTH) {
        truth_read(reading, item, setting->key, field);
    } else if (setting->kind == SCOPE_WINDOW) {
        window_read(reading, item);
    } else {
        place_read(reading, item, setting->key, field);
    }
}

static const struct scope_setting *setting_find(struct slice key)
{
    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        if (slice_equal(key, slice_string(settings[i].key))) {
            return &settings[i];
        }
    }
    return NULL;
}

static void root_read(struct scope_reading *reading, const struct item *root)
{
    if (root->kind != ITEM_MAP) {
        COMPLAIN(reading, root, "the file is %s; expected key: value lines; see audit --example",
                 item_kind_name(root->kind));
        return;
    }
    for (const struct item *item = root->first; item != NULL; item = item->next) {
        const struct scope_setting *setting = setting_find(item->key->text);

        if (setting == NULL) {
            COMPLAIN(reading, item->key,
                     "\"%s\" is no setting of a scope; expected one of those in audit --example; "
                     "leave it out",
                     show(item->key->text).text);
        } else {
            setting_read(reading, setting, item);
        }
    }
    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        if (settings[i].presence == SCOPE_REQUIRED &&
            item_find(root, slice_string(settings[i].key)) == NULL) {
            COMPLAIN(reading, root, "%s is missing; expected %s; write %s: %s", settings[i].key,
                     settings[i].says, settings[i].key, settings[i].example);
        }
    }
}

/* A peer or core that sends needs a side of the box to send to. */
static void sides_check(struct scope_reading *reading, const struct item *root)
{
    struct scope *scope = reading->scope;

    if (scope->places[VANTAGE_PEER].family != ADDRESS_NONE &&
        (scope->peering.count == 0 || scope->peer_caller.len == 0 || scope->peer_domain.len == 0)) {
        COMPLAIN(reading, root,
                 "peer-at is given alone; expected peering, peer-domain and peer-caller with it; "
                 "write them too");
    }
    if (scope->attacker.len > 0 && slice_equal(scope->attacker, scope->caller)) {
        COMPLAIN(reading, root,
                 "attacker and caller are the same user; expected two; what the core sees is told "
                 "apart by them: rename one");
    }
}

bool scope_read(struct scope *scope, struct slice text, struct slice file,
                struct policy_complaints *complaints)
{
    struct scope_reading reading = {scope, file, complaints};

    *scope = (struct scope){.rate = SCOPE_RATE,
                            .calls = SCOPE_CALLS,
                            .attackers = 1,
                            .classes = CLASS_STANDARD,
                            .text = text};
    memory_init(&scope->memory, &policy_heap);
    const struct item *root = document_read(&scope->memory, text, file, complaints);
    if (root != NULL) {
        root_read(&reading, root);
        sides_check(&reading, root);
    }
    complaints_sort(complaints, file);
    return root != NULL && complaints->count == 0;
}

void scope_free(struct scope *scope)
{
    memory_free(&scope->memory);
}

/* What may be done. */

static bool sockets_are_loopback(const struct scope_sockets *sockets)
{
    for (uint32_t i = 0; i < sockets->count; i++) {
        if (!address_is_loopback(&sockets->list[i].address)) {
            return false;
        }
    }
    return true;
}

bool scope_permits(const struct scope *scope, const char *confirmed, uint64_t now_s,
                   struct fault *fault)
{
    bool is_loopback = sockets_are_loopback(&scope->access) &&
                       sockets_are_loopback(&scope->peering) &&
                       sockets_are_loopback(&scope->inside);

    for (unsigned i = 0; i < VANTAGE_COUNT; i++) {
        is_loopback &=
            scope->places[i].family == ADDRESS_NONE || address_is_loopback(&scope->places[i]);
    }
    if (scope->window_end_s != 0 &&
        (now_s < scope->window_begin_s || now_s >= scope->window_end_s)) {
        return fault_set(fault,
                         "now is outside of the window %.*s; remedy: wait, or agree on "
                         "another window and write it into the scope",
                         (int)scope->window.len, scope->window.at);
    }
    if (is_loopback) {
        return true;
    }
    if (scope->window_end_s == 0) {
        return fault_set(fault, "the target is not on loopback and no window is given; remedy: "
                                "agree on a time with its owner and write window: begin/end");
    }
    if (confirmed == NULL || !slice_equal(slice_string(confirmed), scope->name)) {
        return fault_set(fault,
                         "the target is not on loopback; remedy: if its owner allows this audit "
                         "in writing, repeat its name: --confirm %.*s",
                         (int)scope->name.len, scope->name.at);
    }
    return true;
}

const struct scope_sockets *scope_side(const struct scope *scope, enum vantage_id id)
{
    switch (id) {
    case VANTAGE_PEER:
        return &scope->peering;
    case VANTAGE_CORE:
        return &scope->inside;
    case VANTAGE_ATTACKER:
    case VANTAGE_OBSERVER:
    case VANTAGE_CALLER:
    case VANTAGE_COUNT:
        break;
    }
    return &scope->access;
}

static bool is_digit(char octet)
{
    return octet >= '0' && octet <= '9';
}

/* Short codes that reach emergency services somewhere (TS 22.101 10.1, national plans). */
static bool is_emergency_number(struct slice digits)
{
    static const char *const numbers[] = {"112", "911", "999", "000", "110", "119", "120", "122",
                                          "133", "144", "147", "15",  "17",  "18",  "08",  "113",
                                          "115", "117", "118", "061", "066", "106", "108", "100",
                                          "101", "102", "103", "104", "190", "192", "193", "194"};

    for (size_t n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++) {
        if (slice_equal(digits, slice_string(numbers[n]))) {
            return true;
        }
    }
    return false;
}

/* A URI begins here whose user is such a number, and not a token that begins with its digits. */
static bool is_emergency_uri(struct slice rest)
{
    size_t len = 0;

    if (!slice_starts_nocase(rest, SLICE("sip:")) && !slice_starts_nocase(rest, SLICE("tel:")) &&
        !slice_starts_nocase(rest, SLICE("ips:"))) {
        return false;
    }
    struct slice user = slice_skip(rest, 4);
    while (len < user.len && is_digit(user.at[len])) {
        len++;
    }
    return (len == user.len || strchr("@;?> \r", user.at[len]) != NULL) &&
           is_emergency_number(slice_head(user, len));
}

/* Wherever a URI or a header could carry it: the whole message is searched. */
bool scope_allows(struct slice bytes)
{
    for (struct slice rest = bytes; rest.len > 4; rest = slice_skip(rest, 1)) {
        if (is_emergency_uri(rest) || slice_starts_nocase(rest, SLICE("service:sos"))) {
            return false;
        }
    }
    return true;
}

void scope_write_example(struct text *text)
{
    text_put_string(text, "# What this audit may touch, from where, how hard, and when.\n");
    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        text_put_format(text, "\n# %s%s\n%s: %s\n", settings[i].says,
                        settings[i].presence == SCOPE_REQUIRED ? "" : " (optional)",
                        settings[i].key, settings[i].example);
    }
}
