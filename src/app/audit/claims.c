#include "app/audit/claims.h"

static bool says_read(struct slice word, enum claim_says *says)
{
    static const char *const names[] = {"yes", "partial", "no"};

    for (unsigned i = 0; i < 3; i++) {
        if (slice_equal_nocase(word, slice_string(names[i]))) {
            *says = (enum claim_says)i;
            return true;
        }
    }
    return false;
}

static void claim_add(struct claims *claims, struct policy_complaints *complaints,
                      struct slice file, struct place place, struct slice id, struct slice word,
                      struct slice words)
{
    struct claim *claim = &claims->list[claims->count];

    if (claims->count == CLAIMS_MAX) {
        complain(complaints, file, place, "too many claims; expected at most %d; split the file",
                 CLAIMS_MAX);
        return;
    }
    *claim = (struct claim){.id = id, .words = words};
    if (!says_read(word, &claim->says)) {
        complain(complaints, file, place,
                 "\"%s\" is no answer; expected yes, partial or no; write one of them",
                 show(word).text);
        return;
    }
    claims->count++;
}

/* - {control: CT-FW-05, answer: yes, words: "..."} */
static void yaml_read(struct claims *claims, struct slice text, struct slice file,
                      struct policy_complaints *complaints)
{
    const struct item *root = document_read(&claims->memory, text, file, complaints);

    if (root == NULL) {
        return;
    }
    if (root->kind != ITEM_LIST) {
        complain(complaints, file, root->place,
                 "the file is %s; expected a list of claims; write - {control: CT-FW-05, answer: "
                 "yes, words: \"...\"}",
                 item_kind_name(root->kind));
        return;
    }
    for (const struct item *item = root->first; item != NULL; item = item->next) {
        const struct item *id = item_find(item, SLICE("control"));
        const struct item *answer = item_find(item, SLICE("answer"));
        const struct item *words = item_find(item, SLICE("words"));

        if (id == NULL || answer == NULL) {
            complain(complaints, file, item->place,
                     "a claim lacks control or answer; expected both; write {control: CT-FW-05, "
                     "answer: yes}");
            continue;
        }
        claim_add(claims, complaints, file, item->place, id->text, answer->text,
                  words == NULL ? SLICE_NONE : words->text);
    }
}

/* One field; quotes are doubled inside quotes (RFC 4180). */
static struct slice field_cut(struct claims *claims, struct slice *rest)
{
    struct slice field;

    *rest = slice_trim(*rest);
    if (rest->len == 0 || rest->at[0] != '"') {
        (void)slice_cut(rest, ',', &field);
        return slice_trim(field);
    }
    char *at = memory_take(&claims->memory, rest->len, 1);
    size_t len = 0, i = 1;

    for (; at != NULL && i < rest->len; i++) {
        if (rest->at[i] == '"' && (i + 1 == rest->len || rest->at[i + 1] != '"')) {
            break;
        }
        i += rest->at[i] == '"';
        at[len++] = rest->at[i];
    }
    struct slice left = slice_trim(slice_skip(*rest, i + 1));
    *rest = left.len > 0 && left.at[0] == ',' ? slice_skip(left, 1) : left;
    return slice_of(at, at == NULL ? 0 : len);
}

static void csv_read(struct claims *claims, struct slice text, struct slice file,
                     struct policy_complaints *complaints)
{
    struct place place = {0, 1};
    struct slice line;

    while (slice_cut(&text, '\n', &line)) {
        place.line++;
        struct slice rest = slice_trim(line);
        if (rest.len == 0 || rest.at[0] == '#') {
            continue;
        }
        struct slice id = field_cut(claims, &rest), word = field_cut(claims, &rest);
        struct slice words = field_cut(claims, &rest);
        enum claim_says says = CLAIM_YES;

        if (place.line == 1 && !says_read(word, &says)) {
            continue; /* the heads of the columns */
        }
        claim_add(claims, complaints, file, place, id, word, words);
    }
}

bool claims_read(struct claims *claims, struct slice text, struct slice file,
                 struct policy_complaints *complaints)
{

    claims->count = 0;
    memory_init(&claims->memory, &policy_heap);
    if (slice_ends_nocase(file, SLICE(".csv"))) {
        csv_read(claims, text, file, complaints);
    } else {
        yaml_read(claims, text, file, complaints);
    }
    complaints_sort(complaints, file);
    return complaints->count == 0;
}

void claims_free(struct claims *claims)
{
    memory_free(&claims->memory);
}

bool claim_wants(const struct claim *claim, uint32_t test)
{
    struct slice rest = slice_string(audit_tests[test].verifies), word;

    if (slice_equal_nocase(claim->id, slice_string(audit_tests[test].id))) {
        return true;
    }
    while (slice_cut(&rest, ' ', &word)) {
        if (slice_equal_nocase(word, claim->id)) {
            return true;
        }
    }
    return false;
}

enum claim_verdict claim_judge(const struct claim *claim, const struct audit *audit,
                               uint32_t *broken_by)
{
    bool has_test = false, has_pass = false;

    *broken_by = TEST_COUNT;
    for (uint32_t i = 0; i < TEST_COUNT; i++) {
        enum audit_verdict verdict = audit->outcomes[i].verdict;

        if (!claim_wants(claim, i) || verdict == VERDICT_NOT_RUN) {
            continue;
        }
        has_test = true;
        has_pass |= verdict == VERDICT_PASS;
        /* "Partial" survives what is weak, "yes" does not. */
        if (verdict == VERDICT_FAIL || (verdict == VERDICT_WEAK && claim->says == CLAIM_YES)) {
            *broken_by = *broken_by == TEST_COUNT ? i : *broken_by;
        }
    }
    if (claim->says == CLAIM_NO) {
        return has_test && has_pass && *broken_by == TEST_COUNT ? CLAIM_NOT_DEMONSTRATED
                                                                : CLAIM_UPHELD;
    }
    if (*broken_by != TEST_COUNT) {
        return CLAIM_BROKEN;
    }
    if (has_pass) {
        return CLAIM_UPHELD;
    }
    return has_test ? CLAIM_NOT_DEMONSTRATED : CLAIM_NOT_TESTABLE;
}

const char *claim_verdict_name(enum claim_verdict verdict)
{
    static const char *const names[CLAIM_VERDICT_COUNT] = {
        [CLAIM_UPHELD] = "upheld",
        [CLAIM_BROKEN] = "broken",
        [CLAIM_NOT_DEMONSTRATED] = "not demonstrated",
        [CLAIM_NOT_TESTABLE] = "not testable from here",
    };

    return names[verdict];
}
