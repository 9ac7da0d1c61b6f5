#include "policy/nearest.h"

#include <stdio.h>

enum { SLIPS_MAX = 2 };

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static char lower(char octet)
{
    return octet >= 'A' && octet <= 'Z' ? (char)(octet - 'A' + 'a') : octet;
}

/* Insertions, deletions, replacements and swaps of neighbours, in any case of letters. */
static unsigned slips_between(struct slice a, struct slice b)
{
    unsigned rows[3][NEAREST_WORD_MAX + 1];

    for (unsigned j = 0; j <= b.len; j++) {
        rows[0][j] = j;
    }
    for (unsigned i = 1; i <= a.len; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3];
        const unsigned *twice = rows[(i + 1) % 3];

        row[0] = i;
        for (unsigned j = 1; j <= b.len; j++) {
            bool is_same = lower(a.at[i - 1]) == lower(b.at[j - 1]);

            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (is_same ? 0 : 1));
            if (i > 1 && j > 1 && lower(a.at[i - 1]) == lower(b.at[j - 2]) &&
                lower(a.at[i - 2]) == lower(b.at[j - 1])) {
                row[j] = least(row[j], twice[j - 2] + 1);
            }
        }
    }
    return rows[a.len % 3][b.len];
}

void nearest_init(struct nearest *nearest, struct slice word)
{
    *nearest = (struct nearest){.word = word, .slips = SLIPS_MAX + 1};
}

/* A word with something added or left off at its end is meant, too: "domain" for "domains". */
void nearest_try(struct nearest *nearest, struct slice candidate)
{
    if (nearest->word.len > NEAREST_WORD_MAX || candidate.len > NEAREST_WORD_MAX) {
        return;
    }
    unsigned slips = slips_between(nearest->word, candidate);

    if (slips > SLIPS_MAX && nearest->word.len >= 4 &&
        (slice_starts_nocase(candidate, nearest->word) ||
         slice_ends_nocase(candidate, nearest->word))) {
        slips = SLIPS_MAX;
    }
    if (slips < nearest->slips && slips <= candidate.len / 2) {
        nearest->slips = slips;
        nearest->best = candidate;
    }
}

struct suggestion nearest_suggest(const struct nearest *nearest)
{
    struct suggestion suggestion = {""};

    if (nearest->best.len > 0) {
        snprintf(suggestion.text, sizeof(suggestion.text), " (did you mean '%.*s'?)",
                 (int)nearest->best.len, nearest->best.at);
    }
    return suggestion;
}
