/*
 * A policy file becomes a policy: document, sections, checks, tables.
 */
#include "policy/check.h"
#include "policy/host.h"
#include "policy/nearest.h"
#include "policy/settings.h"

#include <stdarg.h>
#include <stdio.h>

enum { COMPLAINT_BODY_MAX = COMPLAINT_TEXT_MAX - 64 };

void draft_complain(struct draft *draft, struct place place, const char *format, ...)
{
    char body[COMPLAINT_BODY_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(body, sizeof(body), format, args);
    va_end(args);
    complain(draft->complaints, draft->file, place, "%s", body);
}

struct slice draft_keep(struct draft *draft, struct slice slice)
{
    return memory_keep(draft->kept, slice);
}

struct slice draft_keep_lower(struct draft *draft, struct slice slice)
{
    char *copy = memory_take(draft->kept, slice.len, 1);

    if (copy == NULL) {
        return SLICE_NONE;
    }
    for (size_t i = 0; i < slice.len; i++) {
        char octet = slice.at[i];

        copy[i] = octet >= 'A' && octet <= 'Z' ? (char)(octet - 'A' + 'a') : octet;
    }
    return slice_of(copy, slice.len);
}

/* IPv6 gets its brackets: the text is used as the host of a URI. */
struct slice draft_keep_host(struct draft *draft, const struct host *host)
{
    char room[ADDRESS_TEXT_MAX];
    struct text text;

    if (host->address.family == ADDRESS_NONE) {
        return draft_keep_lower(draft, host->name);
    }
    text_init(&text, room, sizeof(room));
    address_write_host(&text, &host->address, true);
    return draft_keep(draft, text_slice(&text));
}

uint16_t draft_zone(const struct draft *draft, struct slice name)
{
    for (uint32_t i = 0; i < draft->policy->zone_count; i++) {
        if (slice_equal(draft->policy->zones[i].name, name)) {
            return (uint16_t)i;
        }
    }
    return POLICY_NONE;
}

uint16_t draft_peer(const struct draft *draft, struct slice name)
{
    uint64_t hash = hash_bytes(&policy_hash_key, name);
    struct table_cursor cursor = {0};
    uint32_t index;

    while (draft->peer_names.entries != NULL &&
           table_next(&draft->peer_names, hash, &cursor, &index)) {
        if (slice_equal(draft->policy->peers[index - 1].name, name)) {
            return (uint16_t)(index - 1);
        }
    }
    return POLICY_NONE;
}

uint16_t draft_name(struct draft *draft, struct table *table, struct slice *names,
                    struct slice name)
{
    struct policy_slices *kept = &draft->policy->names;
    uint64_t hash = hash_bytes(&policy_hash_key, name);
    struct table_cursor cursor = {0};
    uint32_t index;

    while (table_next(table, hash, &cursor, &index)) {
        if (slice_equal(names[index - 1], name)) {
            return (uint16_t)(index - 1);
        }
    }
    if (kept->count == POLICY_NONE) {
        return POLICY_NONE;
    }
    names[kept->count++] = name;
    table_add(table, hash, kept->count);
    return (uint16_t)(kept->count - 1);
}

/* "CT-IDN-02: observe" stands for the map that has only a mode. */
static void control_read(struct draft *draft, const struct item *item,
                         struct policy_control *control)
{
    if (item->kind == ITEM_SCALAR) {
        setting_read_MODE(draft, item, setting_find(SECTION_CONTROL, "mode"), control);
    } else {
        section_read(draft, SECTION_CONTROL, item, control);
    }
}

static struct policy_control *control_find(struct draft *draft, const struct item *item)
{
    struct nearest nearest;

    nearest_init(&nearest, item->key->text);
    for (uint32_t i = 0; i < draft->policy->control_count; i++) {
        struct slice id = slice_string(draft->controls->ids[i]);

        if (slice_equal(item->key->text, id)) {
            return &draft->policy->controls[i];
        }
        nearest_try(&nearest, id);
    }
    draft_complain(draft, item->key->place,
                   "there is no control '%s'%s; expected an id of docs/controls.md; mend or remove "
                   "it",
                   show(item->key->text).text, nearest_suggest(&nearest).text);
    return NULL;
}

void setting_read_CONTROLS(struct draft *draft, const struct item *item,
                           const struct setting *setting, void *object)
{
    (void)object;
    if (item->kind != ITEM_MAP) {
        setting_refuse(draft, setting, item->place, "'controls' has %s here",
                       item_kind_name(item->kind));
        return;
    }
    for (const struct item *value = item->first; value != NULL; value = value->next) {
        struct policy_control unknown = {MODE_ENFORCE, ACTION_DEFAULT};
        struct policy_control *control =
            draft->controls == NULL ? &unknown : control_find(draft, value);

        if (control != NULL) {
            control_read(draft, value, control);
        }
    }
}

/* What holds when the file says nothing. */
static bool policy_init(struct draft *draft)
{
    struct policy *policy = draft->policy;
    const enum kind kinds[] = {KIND_TIMERS, KIND_CAPACITY};
    char *const bases[] = {(char *)&policy->timers, (char *)&policy->capacity};

    for (unsigned k = 0; k < 2; k++) {
        struct figures figures = figures_of(kinds[k]);

        for (uint32_t i = 0; i < figures.count; i++) {
            void *field = bases[k] + figures.list[i].at;
            *(uint32_t *)field = (uint32_t)figures.list[i].fallback;
        }
    }
    if (draft->controls != NULL) {
        policy->control_count = draft->controls->count;
        policy->controls =
            memory_take(draft->kept, policy->control_count, sizeof(struct policy_control));
    }
    return draft->controls == NULL || policy->controls != NULL;
}

static void policy_note_places(struct draft *draft)
{
    struct policy *policy = draft->policy;
    struct policy_tables *tables = policy->tables;

    tables->file = draft_keep(draft, draft->file);
    tables->zone_lines = memory_take(draft->kept, policy->zone_count + 1, sizeof(uint32_t));
    tables->peer_lines = memory_take(draft->kept, policy->peer_count + 1, sizeof(uint32_t));
    if (tables->zone_lines == NULL || tables->peer_lines == NULL) {
        return;
    }
    for (uint32_t i = 0; i < policy->zone_count; i++) {
        tables->zone_lines[i] = draft->zones[i]->key->place.line;
    }
    for (uint32_t i = 0; i < policy->peer_count; i++) {
        tables->peer_lines[i] = draft->peers[i]->key->place.line;
    }
}

/* Everything is read before anything is checked, so that one run tells all. */
static void draft_read(struct draft *draft, struct slice text)
{
    draft->root = document_read(&draft->scratch, text, draft->file, draft->complaints);
    if (draft->root == NULL) {
        if (draft->complaints->count == 0 && !draft->scratch.is_refused) {
            draft_complain(draft, (struct place){1, 1},
                           "the file is empty; expected a policy; start from one of policies/");
        }
        return;
    }
    section_read(draft, SECTION_ROOT, draft->root, draft->policy);
    if (draft->kept->is_refused || draft->scratch.is_refused) {
        return;
    }
    draft_check(draft);
}

static bool tables_compile(struct policy *policy)
{
    return tables_compile_peers(policy) && tables_compile_names(policy) &&
           tables_compile_routes(policy) && tables_compile_headers(policy);
}

static struct policy *policy_new(const struct policy_allocator *allocator)
{
    struct memory memory;

    memory_init(&memory, allocator);
    struct policy *policy = memory_take(&memory, 1, sizeof(struct policy));
    struct policy_tables *tables = memory_take(&memory, 1, sizeof(struct policy_tables));
    if (policy == NULL || tables == NULL) {
        memory_free(&memory);
        return NULL;
    }
    tables->memory = memory;
    policy->tables = tables;
    return policy;
}

/* Tables and the checks that need them. */
static bool draft_compile(struct draft *draft)
{
    policy_note_places(draft);
    if (!tables_compile(draft->policy)) {
        return false;
    }
    check_reach(draft);
    return true;
}

/* Whatever else was found when memory ran out may only be its consequence. */
static void complain_memory(struct policy_complaints *complaints, struct slice file)
{
    complaints->count = 0;
    complaints->unkept = 0;
    complain(complaints, file, (struct place){1, 1},
             "memory ran out; expected room for the policy and its tables; give the process more "
             "memory or make the policy smaller");
}

struct policy *policy_read_with(const struct policy_allocator *allocator, struct slice text,
                                struct slice file, const struct policy_control_names *controls,
                                struct policy_complaints *complaints)
{
    struct policy *policy = policy_new(allocator);
    struct draft draft = {
        .policy = policy, .file = file, .controls = controls, .complaints = complaints};
    bool is_refused = policy == NULL;

    if (policy != NULL) {
        draft.kept = &policy->tables->memory;
        memory_init(&draft.scratch, allocator);
        is_refused = !policy_init(&draft);
        if (!is_refused) {
            draft_read(&draft, text);
        }
        if (complaints->count == 0 && !draft.kept->is_refused && !draft.scratch.is_refused) {
            is_refused = is_refused || !draft_compile(&draft);
        }
        is_refused = is_refused || draft.kept->is_refused || draft.scratch.is_refused;
        memory_free(&draft.scratch);
    }
    if (is_refused) {
        complain_memory(complaints, file);
    }
    complaints_sort(complaints, file);
    if (complaints->count > 0) {
        policy_free(policy);
        return NULL;
    }
    return policy;
}

struct policy *policy_read(struct slice text, struct slice file,
                           const struct policy_control_names *controls,
                           struct policy_complaints *complaints)
{
    return policy_read_with(&policy_heap, text, file, controls, complaints);
}

void policy_free(struct policy *policy)
{
    if (policy == NULL) {
        return;
    }
    for (unsigned zone = 0; zone < POLICY_ZONES_MAX; zone++) {
        prefixes_free(policy->tables->peers[zone]);
    }
    struct memory memory = policy->tables->memory;
    memory_free(&memory);
}
