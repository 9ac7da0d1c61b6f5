/*
 * What is thought of a source (rules 6.1): of its host (an IPv4 address, a /64) and of its flow
 * (host and port), which may be one of many users behind the same address.
 *
 * A bounded table that forgets who was silent longest, strangers first.  Peers under contract are
 * not in it: what is thought of them stands in an array of the caller's, and nothing that arrives
 * can push them out or keep them out.
 *
 * Datagrams can be sent in anybody's name.  So a source is denied only when it has proven to be
 * there; without that it is demoted at most, and still served, slowly.
 */
#pragma once

#include "base/address.h"
#include "base/hash.h"

enum standing_level {
    STANDING_UNKNOWN,
    STANDING_DEMOTED,
    STANDING_KNOWN,
    STANDING_DENIED,
    STANDING_CONTRACT,
    STANDING_LEVEL_COUNT,
};

enum standing_reason {
#define REASON(name, written, what) STANDING_##name,
#include "state/standing_reasons.def"
#undef REASON
    STANDING_REASON_COUNT,
};

enum {
    STANDING_WAYS = 4,
    STANDING_WINDOW_S = 60,        /* DOS-02 */
    STANDING_STRANGER_S = 30,      /* DOS-03 */
    STANDING_INVALID_KNOWN = 10,   /* DOS-02: in a window */
    STANDING_INVALID_STRANGER = 5, /* DOS-03 */
    STANDING_REFUSED = 30,         /* DOS-02: admission failures in a window */
    STANDING_SCORE_TOLD = 10,      /* rules 6.4 */
    STANDING_SCORE_DEMOTED = 30,
    STANDING_SCORE_DENIED = 60,
    STANDING_HALF_LIFE_S = 600,
    STANDING_DENY_S = 30, /* DOS-03: the first time; four times as long each time again */
    STANDING_DENY_STEP = 4,
    STANDING_DENY_MAX_S = 86400,
    STANDING_SHARED_USERS = 5, /* DOS-08: users behind one address from which it is shared */
    STANDING_SPARED_S = 3600,  /* after an emergency call got through: what belongs to it passes */
};

struct standing {
    uint64_t key;      /* 0: free */
    uint32_t heard_s;  /* seconds, as all here */
    uint32_t until_s;  /* demoted or denied until then */
    uint32_t window_s; /* when the window began */
    uint32_t score_s;  /* when the score was decayed last */
    uint32_t spared_until_s;
    uint32_t users;   /* of a host: bit per hash of a user registered there */
    uint16_t invalid; /* in this window */
    uint16_t refused;
    uint16_t score;
    uint8_t level, reason;
    uint8_t step; /* how often denied, less clean hours */
    bool is_proven;
};

struct standings {
    struct standing *places;
    uint64_t mask;      /* sets - 1 */
    uint64_t forgotten; /* sources that were pushed out while something was known of them */
};

size_t standings_size(uint32_t places);
void standings_init(struct standings *standings, void *memory, uint32_t places);

/* NULL when nothing is known. */
struct standing *standing_find(const struct standings *standings, uint64_t key);
/* The same, or a fresh one in the place of who matters least. */
struct standing *standing_at(struct standings *standings, uint64_t key, uint32_t now_s);

/* Its level now: what ran out is over, one step of its past with every clean hour. */
enum standing_level standing_level(struct standing *standing, uint32_t now_s);

void standing_know(struct standing *standing, enum standing_reason reason, uint32_t now_s);
/* Whether more than one user stands behind it (DOS-08). */
bool standing_is_shared(const struct standing *standing);
void standing_note_user(struct standing *standing, uint64_t user);

/* Each is true when the level fell because of it. */
bool standing_note_invalid(struct standing *standing, uint32_t now_s);
bool standing_note_refused(struct standing *standing, uint32_t now_s);
bool standing_note_score(struct standing *standing, unsigned points, uint32_t now_s);
bool standing_fall(struct standing *standing, enum standing_reason reason, bool is_grave,
                   uint32_t now_s);

/* A peer: counted and told of, never moved.  True when its counts reached what would move a
 * stranger. */
bool standing_note_peer(struct standing *standing, unsigned invalid, unsigned points,
                        uint32_t now_s);

const char *standing_level_name(enum standing_level level);
const char *standing_reason_name(enum standing_reason reason);
