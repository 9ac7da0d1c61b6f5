/*
 * Scenes: conversations against guard and relay in a few readable lines.
 *
 *     scene "a call, ended by the one who was called"
 *     policy village.yaml
 *     party alice access 203.0.113.9:5060 sip:alice@example.net
 *     party bob core 10.0.0.20:5060 sip:bob@example.net
 *
 *     alice sends INVITE to sip:bob@example.net with sdp
 *     alice gets 100
 *     bob gets INVITE with sdp
 *         without P-Asserted-Identity
 *     ...
 *     after 64s
 *     state empty
 *
 * Nothing happens by itself: what a party does not say is not said, what it gets must be named in
 * order, and at the end nobody may have got more.  Whatever a party gets must not show addresses,
 * Call-IDs or tags of parties of other zones.  README.md beside this file lists the words.
 */
#pragma once

#include "support/party.h"

enum {
    SCENE_PARTIES_MAX = 16,
    SCENE_CLAUSES_MAX = 32,
    SCENE_INBOX_MAX = 64,
    SCENE_SECRETS_MAX = 16
};

struct letter {
    char *at;
    size_t len;
};

struct actor {
    struct party party; /* first */
    struct scene *scene;
    struct letter inbox[SCENE_INBOX_MAX];
    unsigned inbox_count;
    struct letter said;      /* the last message it sent */
    struct letter heard;     /* the last message it got */
    struct letter asked[16]; /* requests got and not finally answered, the newest last */
    unsigned asked_count;
    char answered[PARTY_MESSAGE_MAX];
    size_t answered_len;
};

struct scene {
    const char *path, *folder;
    char title[160];
    struct slice rest;
    unsigned line;
    struct net net;
    bool is_open, has_failed, is_told;
    struct actor *actors[SCENE_PARTIES_MAX];
    unsigned actor_count;
    char asked_names[16][128];
    unsigned asked_name_count;
    struct slice shown[SCENE_SECRETS_MAX]; /* words that are no secret here */
    unsigned shown_count;
    uint32_t exchanges, dialogs, streams; /* room; 0: as the policy says */
    char *transcript;
    size_t transcript_len;
    struct sip_message *message, *other;
};

/* A statement: the words of its line that were not taken yet, and its further lines. */
struct say {
    struct slice words;
    struct slice clauses[SCENE_CLAUSES_MAX];
    unsigned clause_count, clause_at;
};

/* True when the scene played to its end.  is_told: the whole conversation is printed. */
bool scene_play(const char *path, bool is_told);

/* Among its files. */
bool scene_fail(struct scene *scene, const char *format, ...) __attribute__((format(printf, 2, 3)));
void scene_note(struct scene *scene, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct slice say_word(struct say *say);
bool say_is(struct say *say, const char *word); /* takes the next word when it is this one */
bool say_more(struct say *say);                 /* another word, or the next line */
struct slice say_rest(struct say *say);         /* all of the line */
struct actor *scene_actor(struct scene *scene, struct slice name);
struct dialogue *dialogue_named(const struct actor *actor, struct slice name);
/* The value with everything in braces filled in; \n is a line end, \x?? an octet. */
struct slice scene_fill(struct scene *scene, struct actor *actor, struct slice value,
                        struct text *text);
void letter_keep(struct letter *letter, struct slice bytes);

bool scene_sends(struct scene *scene, struct actor *actor, struct say *say);
bool scene_acknowledges(struct scene *scene, struct actor *actor, struct say *say);
bool scene_answers(struct scene *scene, struct actor *actor, struct say *say);
bool scene_gets(struct scene *scene, struct actor *actor, struct say *say);
/* Statements that begin with no party. */
bool scene_watch(struct scene *scene, struct slice first, struct say *say);
