/*
 * The chain: SHA-256 over the chain of the record before, the number, the time, and every text with
 * its length in front.
 */
#include "base/must.h"
#include "io/journal/inside.h"

static const char *const kind_names[] = {
#define JOURNAL_KIND(name, written, what) written,
#include "io/journal/kinds.def"
#undef JOURNAL_KIND
};

static const char *const kind_whats[] = {
#define JOURNAL_KIND(name, written, what) what,
#include "io/journal/kinds.def"
#undef JOURNAL_KIND
};

const char *journal_kind_name(enum journal_kind kind)
{
    must(kind < JOURNAL_KIND_COUNT);
    return kind_names[kind];
}

const char *journal_kind_what(enum journal_kind kind)
{
    must(kind < JOURNAL_KIND_COUNT);
    return kind_whats[kind];
}

void journal_texts(const struct journal_record *record, struct slice texts[JOURNAL_TEXTS])
{
    texts[0] = slice_string(journal_kind_name(record->kind));
    texts[1] = record->call;
    texts[2] = record->peer;
    texts[3] = record->control;
    texts[4] = record->action;
    texts[5] = record->source;
    texts[6] = record->body;
}

bool chain_open(struct journal_chain *chain)
{
    *chain = (struct journal_chain){.kind = EVP_sha256(), .digest = EVP_MD_CTX_new()};
    return chain->digest != NULL;
}

void chain_close(struct journal_chain *chain)
{
    EVP_MD_CTX_free(chain->digest);
    chain->digest = NULL;
}

static void number_add(struct journal_chain *chain, uint64_t number)
{
    uint8_t octets[8];

    for (unsigned i = 0; i < sizeof(octets); i++) {
        octets[i] = (uint8_t)(number >> (56 - 8 * i));
    }
    must(EVP_DigestUpdate(chain->digest, octets, sizeof(octets)) == 1);
}

void chain_add(struct journal_chain *chain, uint64_t number, const struct journal_record *record)
{
    struct slice texts[JOURNAL_TEXTS];

    journal_texts(record, texts);
    must(EVP_DigestInit_ex2(chain->digest, chain->kind, NULL) == 1);
    must(EVP_DigestUpdate(chain->digest, chain->last, sizeof(chain->last)) == 1);
    number_add(chain, number);
    number_add(chain, record->when_us);
    for (unsigned i = 0; i < JOURNAL_TEXTS; i++) {
        number_add(chain, texts[i].len);
        must(EVP_DigestUpdate(chain->digest, texts[i].at, texts[i].len) == 1);
    }
    must(EVP_DigestFinal_ex(chain->digest, chain->last, NULL) == 1);
}
