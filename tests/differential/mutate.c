#include "mutate.h"

enum { CHANGES_MAX = 3, PIECE_MAX = 64 };

static const char *const words[] = {
    ";",
    ",",
    "=",
    "\"",
    "<",
    ">",
    "@",
    ":",
    "%41",
    "%",
    "%00",
    "%2525",
    "[",
    "]",
    "..",
    "_",
    "\\",
    "\\\"",
    "(",
    ")",
    "*",
    "+",
    "?",
    "&",
    "/",
    " ",
    "\t",
    "\r\n",
    "\n",
    "\r",
    "\r\n ",
    "\r\n\r\n",
    ";;",
    ",,",
    ";tag=x",
    ";lr",
    "sip:",
    "sips:",
    "tel:",
    "[::1]",
    "127.1",
    ":5061",
    ":0",
    ":99999",
    "?a=b",
    "a,b",
    "a;b",
    "\xc3\xa9",
    "\xff",
    "\x7f",
    "\x01",
    "SIP/2.0",
    "From: ",
    "f: ",
    "\r\nFrom: <sip:mallory@evil.example>;tag=m",
    "\r\nTo: <sip:victim@example.net>",
    "\r\nP-Asserted-Identity: <sip:president@example.net>",
    "\r\nCall-ID: other@a",
    "\r\nContent-Length: 3",
    "\r\nl: 0",
    "\r\nt: <sip:x@y>",
    "\"a\" <sip:b@c>, ",
    "<sip:a@b>",
    "\"\\\" <sip:evil@evil.example>\" ",
    "a b c ",
    "user:password@",
    ";user=phone",
    ";maddr=1.2.3.4",
};

static uint32_t chance_below(struct mutator *mutator, size_t bound)
{
    mutator->chance ^= mutator->chance << 13;
    mutator->chance ^= mutator->chance >> 7;
    mutator->chance ^= mutator->chance << 17;
    return (uint32_t)((mutator->chance >> 16) % bound);
}

static size_t insert(char *room, size_t len, size_t at, const char *piece, size_t piece_len)
{
    if (len + piece_len > MUTANT_MAX) {
        return len;
    }
    memmove(room + at + piece_len, room + at, len - at);
    memcpy(room + at, piece, piece_len);
    return len + piece_len;
}

static size_t erase(char *room, size_t len, size_t at, size_t count)
{
    count = count < len - at ? count : len - at;
    memmove(room + at, room + at + count, len - at - count);
    return len - count;
}

/* A piece of the message, once more somewhere else. */
static size_t copy(struct mutator *mutator, char *room, size_t len, size_t at)
{
    char piece[PIECE_MAX];
    size_t from = chance_below(mutator, len), count = chance_below(mutator, PIECE_MAX);

    count = count < len - from ? count : len - from;
    memcpy(piece, room + from, count);
    return insert(room, len, at, piece, count);
}

/* Mostly where something is said: behind a delimiter of the head. */
static size_t place(struct mutator *mutator, const char *room, size_t len)
{
    size_t at = chance_below(mutator, len);

    if (chance_below(mutator, 3) == 0) {
        return at;
    }
    while (at > 0 && strchr(":;=<>\"@, \n", room[at - 1]) == NULL) {
        at--;
    }
    return at;
}

static size_t change(struct mutator *mutator, char *room, size_t len)
{
    size_t at = place(mutator, room, len);
    const char *word = words[chance_below(mutator, sizeof(words) / sizeof(words[0]))];

    switch (chance_below(mutator, 5)) {
    case 0:
        room[at] = (char)chance_below(mutator, 256);
        return len;
    case 1:
        return erase(room, len, at, 1 + chance_below(mutator, 6));
    case 2:
        return copy(mutator, room, len, at);
    default:
        return insert(room, len, at, word, strlen(word));
    }
}

struct slice mutate(struct mutator *mutator, char room[MUTANT_MAX])
{
    struct slice seed = mutator->seeds[chance_below(mutator, mutator->seed_count)];
    unsigned changes = chance_below(mutator, CHANGES_MAX + 1);
    size_t len = seed.len < MUTANT_MAX ? seed.len : MUTANT_MAX;

    memcpy(room, seed.at, len);
    for (; changes > 0 && len > 0; changes--) {
        len = change(mutator, room, len);
    }
    return slice_of(room, len);
}
