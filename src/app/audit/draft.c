#include "app/audit/draft.h"

#include <stdio.h>
#include <stdlib.h>

/* A generator with a long period and no secrets to keep: splitmix64. */
uint64_t chance_next(struct chance *chance)
{
    uint64_t mixed = chance->state += UINT64_C(0x9E3779B97F4A7C15);

    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
    return mixed ^ (mixed >> 31);
}

bool draft_open(struct draft *draft)
{
    draft->room = malloc(DRAFT_ROOM);
    return draft->room != NULL;
}

void draft_close(struct draft *draft)
{
    free(draft->room);
}

/* What is written goes behind all that was, and stays as long as the draft. */
static struct text writing(struct draft *draft)
{
    struct text text;

    text_init(&text, draft->room + draft->room_len, DRAFT_ROOM - draft->room_len);
    return text;
}

static struct slice written(struct draft *draft, const struct text *text)
{
    draft->room_len += text->len;
    draft->is_full |= text->is_full;
    return text_slice(text);
}

static void line_add(struct draft *draft, struct slice line)
{
    if (draft->count == DRAFT_LINES_MAX) {
        draft->is_full = true;
        return;
    }
    draft->lines[draft->count++] = line;
}

/* Words in braces. */

static void put_letters(struct text *text, struct chance *chance, unsigned count)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz012345";

    for (unsigned i = 0; i < count; i++) {
        text_put_octet(text, alphabet[chance_next(chance) & 31]);
    }
}

static void letters(char *at, struct chance *chance, const char *front, unsigned count)
{
    struct text text;

    text_init(&text, at, strlen(front) + count);
    text_put_string(&text, front);
    put_letters(&text, chance, count);
    at[text.len] = '\0';
}

static void put_host(struct text *text, const struct address *address)
{
    address_write_host(text, address, true);
}

static void put_socket(struct text *text, const struct address *address)
{
    if (address->family == ADDRESS_NONE) {
        text_put_string(text,
                        "192.0.2.99:5060"); /* nobody plays this part: a documentation address */
    } else {
        address_write(text, address);
    }
}

static struct slice user_of(const struct draft *draft)
{
    switch (draft->from) {
    case VANTAGE_PEER:
        return draft->scope->peer_caller;
    case VANTAGE_CORE:
        return draft->scope->callee;
    case VANTAGE_CALLER:
        return draft->scope->caller;
    case VANTAGE_ATTACKER:
    case VANTAGE_OBSERVER:
    case VANTAGE_COUNT:
        break;
    }
    return draft->scope->attacker;
}

static struct slice domain_of(const struct draft *draft)
{
    return draft->from == VANTAGE_PEER ? draft->scope->peer_domain : draft->scope->domain;
}

static void put_target(struct draft *draft, struct text *text)
{
    const struct scope *scope = draft->scope;

    text_put_string(text, "sip:");
    if (draft->from == VANTAGE_CORE) {
        text_put(text, scope->peer_callee);
        text_put_octet(text, '@');
        text_put(text, scope->peer_domain);
    } else {
        text_put(text, scope->callee);
        text_put_octet(text, '@');
        text_put(text, scope->domain);
    }
}

static bool put_word(struct draft *draft, struct text *text, struct slice word)
{
    const struct scope *scope = draft->scope;
    const struct {
        const char *word;
        struct slice value;
    } words[] = {
        {"domain", scope->domain},
        {"callee", scope->callee},
        {"caller", scope->caller},
        {"attacker", scope->attacker},
        {"user", user_of(draft)},
        {"from-domain", domain_of(draft)},
        {"peer-domain", scope->peer_domain},
        {"peer-caller", scope->peer_caller},
        {"peer-callee", scope->peer_callee},
        {"branch", slice_string(draft->branch)},
        {"tag", slice_string(draft->tag)},
        {"call-id", slice_string(draft->call_id)},
        {"method", slice_string(draft->method)},
        {"transport", transport_token(draft->transport)},
        {"lbrace", SLICE("{")},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (slice_equal(word, slice_string(words[i].word))) {
            text_put(text, words[i].value);
            return true;
        }
    }
    if (slice_equal(word, SLICE("target"))) {
        put_target(draft, text);
    } else if (slice_equal(word, SLICE("here"))) {
        put_socket(text, &draft->here);
    } else if (slice_equal(word, SLICE("host"))) {
        put_host(text, &draft->here);
    } else if (slice_equal(word, SLICE("observer"))) {
        put_socket(text, &scope->places[VANTAGE_OBSERVER]);
    } else if (slice_equal(word, SLICE("core"))) {
        put_socket(text, &scope->places[VANTAGE_CORE]);
    } else {
        return false;
    }
    return true;
}

static int hex_digit(char octet)
{
    if (octet >= '0' && octet <= '9') {
        return octet - '0';
    }
    octet = (char)(octet | 0x20);
    return octet >= 'a' && octet <= 'f' ? octet - 'a' + 10 : -1;
}

/* What stands behind a backslash; how many octets of text it took. */
static size_t put_escape(struct text *text, struct slice rest)
{
    static const char names[] = "rnt0s", octets[] = "\r\n\t\0 ";
    const char *found = rest.len > 1 ? strchr(names, rest.at[1]) : NULL;

    if (found != NULL && rest.at[1] != '\0') {
        text_put_octet(text, octets[found - names]);
        return 2;
    }
    if (rest.len > 3 && rest.at[1] == 'x' && hex_digit(rest.at[2]) >= 0 &&
        hex_digit(rest.at[3]) >= 0) {
        text_put_octet(text, (char)(hex_digit(rest.at[2]) * 16 + hex_digit(rest.at[3])));
        return 4;
    }
    text_put_octet(text, rest.len > 1 ? rest.at[1] : '\\');
    return rest.len > 1 ? 2 : 1;
}

/* {TEXT*N}: N times TEXT; "#" in it is the number of the copy. */
static bool put_repeated(struct text *text, struct slice word)
{
    size_t star = slice_find_last(word, '*');
    uint64_t count = 0;

    if (star == word.len || !slice_number(slice_skip(word, star + 1), 100000, &count)) {
        return false;
    }
    for (uint64_t i = 0; i < count; i++) {
        for (size_t n = 0; n < star;) {
            if (word.at[n] == '\\') {
                n += put_escape(text, slice_of(word.at + n, star - n));
                continue;
            }
            if (word.at[n] == '#') {
                text_put_number(text, i);
            } else {
                text_put_octet(text, word.at[n]);
            }
            n++;
        }
    }
    return true;
}

struct slice draft_expand(struct draft *draft, struct slice from)
{
    struct text text = writing(draft);

    while (from.len > 0) {
        size_t taken = 1;

        if (from.at[0] == '\\') {
            taken = put_escape(&text, from);
        } else if (from.at[0] == '{') {
            struct slice inside = slice_skip(from, 1);
            size_t end = slice_find(inside, '}');
            struct slice word = slice_head(inside, end);

            if (end < inside.len && (put_word(draft, &text, word) || put_repeated(&text, word))) {
                taken = end + 2;
            } else {
                text_put_octet(&text, '{');
            }
        } else {
            text_put_octet(&text, from.at[0]);
        }
        from = slice_skip(from, taken);
    }
    return written(draft, &text);
}

static void add(struct draft *draft, const char *line)
{
    line_add(draft, draft_expand(draft, slice_string(line)));
}

static void body_sdp(struct draft *draft)
{
    char text[512];
    const char *family = draft->here.family == ADDRESS_V6 ? "IP6" : "IP4";

    snprintf(text, sizeof(text),
             "v=0\\r\\no=- 1 1 IN %s {host}\\r\\ns=-\\r\\nc=IN %s {host}\\r\\nt=0 0\\r\\n"
             "m=audio 40000 RTP/AVP 8 101\\r\\na=rtpmap:8 PCMA/8000\\r\\n"
             "a=rtpmap:101 telephone-event/8000\\r\\na=fmtp:101 0-16\\r\\na=sendrecv\\r\\n",
             family, family);
    draft->body = draft_expand(draft, slice_string(text));
}

void draft_begin(struct draft *draft, const struct scope *scope, enum vantage_id from,
                 enum transport transport, const char *method, struct chance *chance)
{
    char *room = draft->room;

    *draft = (struct draft){.room = room,
                            .scope = scope,
                            .from = from,
                            .transport = transport,
                            .here = scope->places[from],
                            .line_end = SLICE("\r\n")};
    snprintf(draft->method, sizeof(draft->method), "%s", method);
    letters(draft->branch, chance, "z9hG4bK", 16);
    letters(draft->tag, chance, "", 12);
    letters(draft->call_id, chance, "", 24);
    draft->start = draft_expand(draft, SLICE("{method} {target} SIP/2.0"));
    add(draft, "Via: SIP/2.0/{transport} {here};branch={branch};rport");
    add(draft, "Max-Forwards: 70");
    add(draft, "From: <sip:{user}@{from-domain}>;tag={tag}");
    if (strcmp(method, "REGISTER") == 0) {
        draft->start = draft_expand(draft, SLICE("{method} sip:{domain} SIP/2.0"));
        add(draft, "To: <sip:{user}@{from-domain}>");
    } else {
        add(draft, "To: <{target}>");
    }
    add(draft, "Call-ID: {call-id}");
    add(draft, "CSeq: 1 {method}");
    add(draft, "Contact: <sip:{user}@{here}>");
    if (strcmp(method, "INVITE") == 0) {
        add(draft, "Content-Type: application/sdp");
        body_sdp(draft);
    } else if (strcmp(method, "MESSAGE") == 0) {
        add(draft, "Content-Type: text/plain");
        draft->body = SLICE("hello\r\n");
    } else if (strcmp(method, "SUBSCRIBE") == 0) {
        add(draft, "Event: presence");
        add(draft, "Expires: 600");
    } else if (strcmp(method, "REGISTER") == 0) {
        add(draft, "Expires: 600");
    }
}

/* Edits. */

static bool is_named(struct slice line, struct slice name)
{
    size_t colon = slice_find(line, ':');

    return colon < line.len && slice_equal_nocase(slice_trim(slice_head(line, colon)), name);
}

static void drop(struct draft *draft, struct slice name)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < draft->count; i++) {
        if (!is_named(draft->lines[i], name)) {
            draft->lines[kept++] = draft->lines[i];
        }
    }
    draft->count = kept;
    draft->has_no_length |= slice_equal_nocase(name, SLICE("Content-Length"));
}

static void set(struct draft *draft, struct slice rest)
{
    struct slice line = draft_expand(draft, rest);
    struct slice name = slice_trim(slice_head(line, slice_find(line, ':')));
    bool is_set = false;

    draft->has_no_length |= slice_equal_nocase(name, SLICE("Content-Length"));
    for (uint32_t i = 0; i < draft->count; i++) {
        if (!is_set && is_named(draft->lines[i], name)) {
            draft->lines[i] = line;
            is_set = true;
        }
    }
    if (!is_set) {
        line_add(draft, line);
    }
}

static void repeat(struct draft *draft, struct slice rest)
{
    struct slice count_text;
    uint64_t count = 0;

    if (!slice_cut(&rest, ' ', &count_text) || !slice_number(count_text, DRAFT_LINES_MAX, &count)) {
        draft->is_full = true;
        return;
    }
    for (uint64_t i = 0; i < count; i++) {
        struct text text = writing(draft);
        struct slice from = rest;
        struct slice part;

        while (slice_cut(&from, '#', &part)) {
            text_put(&text, part);
            if (from.at != NULL && from.len > 0) {
                text_put_number(&text, i);
            }
        }
        struct slice line = written(draft, &text);
        line_add(draft, draft_expand(draft, line));
    }
}

static void body_begin(struct draft *draft, struct slice type)
{
    drop(draft, SLICE("Content-Type"));
    if (type.len > 0) {
        struct text text = writing(draft);

        text_put_string(&text, "Content-Type: ");
        text_put(&text, type);
        line_add(draft, draft_expand(draft, written(draft, &text)));
    }
    draft->body = SLICE_NONE;
}

static void body_line(struct draft *draft, struct slice line)
{
    struct slice expanded = draft_expand(draft, line);
    struct text text = writing(draft);

    text_put(&text, draft->body);
    text_put(&text, expanded);
    text_put_string(&text, "\r\n");
    draft->body = written(draft, &text);
}

bool draft_edit(struct draft *draft, struct slice line)
{
    struct slice rest = line, word;

    if (!slice_cut(&rest, ' ', &word)) {
        return false;
    }
    if (slice_equal(word, SLICE("set"))) {
        set(draft, rest);
    } else if (slice_equal(word, SLICE("add"))) {
        struct slice added = draft_expand(draft, rest);

        draft->has_no_length |= slice_starts_nocase(added, SLICE("Content-Length")) ||
                                slice_starts_nocase(added, SLICE("l:"));
        line_add(draft, added);
    } else if (slice_equal(word, SLICE("drop"))) {
        drop(draft, slice_trim(rest));
    } else if (slice_equal(word, SLICE("uri"))) {
        struct slice uri = draft_expand(draft, rest);
        struct text text = writing(draft);

        text_put_string(&text, draft->method);
        text_put_octet(&text, ' ');
        text_put(&text, uri);
        text_put_string(&text, " SIP/2.0");
        draft->start = written(draft, &text);
    } else if (slice_equal(word, SLICE("start"))) {
        draft->start = draft_expand(draft, rest);
    } else if (slice_equal(word, SLICE("ends"))) {
        draft->line_end = draft_expand(draft, rest);
    } else if (slice_equal(word, SLICE("repeat"))) {
        repeat(draft, rest);
    } else if (slice_equal(word, SLICE("body"))) {
        body_begin(draft, slice_trim(rest));
    } else if (slice_equal(word, SLICE("|"))) {
        body_line(draft, rest);
    } else if (slice_equal(word, SLICE("octets"))) {
        struct slice expanded = draft_expand(draft, rest);
        struct text text = writing(draft);

        text_put(&text, draft->body);
        text_put(&text, expanded);
        draft->body = written(draft, &text);
    } else if (slice_equal(word, SLICE("raw"))) {
        draft->raw = draft_expand(draft, rest);
    } else {
        return false;
    }
    return true;
}

void draft_write(struct draft *draft, struct text *text)
{
    if (draft->raw.len > 0) {
        text_put(text, draft->raw);
        return;
    }
    text_put(text, draft->start);
    text_put(text, draft->line_end);
    for (uint32_t i = 0; i < draft->count; i++) {
        text_put(text, draft->lines[i]);
        text_put(text, draft->line_end);
    }
    if (!draft->has_no_length) {
        text_put_format(text, "Content-Length: %zu", draft->body.len);
        text_put(text, draft->line_end);
    }
    text_put(text, draft->line_end);
    text_put(text, draft->body);
    text->is_full |= draft->is_full;
}
