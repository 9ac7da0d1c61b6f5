#include "state/standing.h"

#include "base/must.h"

enum { CLEAN_HOUR_S = 3600 }; /* DOS-03 */

size_t standings_size(uint32_t places)
{
    return (size_t)places * sizeof(struct standing);
}

void standings_init(struct standings *standings, void *memory, uint32_t places)
{
    must(places >= STANDING_WAYS && (places & (places - 1)) == 0);
    *standings = (struct standings){.places = memory, .mask = places / STANDING_WAYS - 1};
}

static struct standing *set_of(const struct standings *standings, uint64_t key)
{
    return &standings->places[(key & standings->mask) * STANDING_WAYS];
}

struct standing *standing_find(const struct standings *standings, uint64_t key)
{
    struct standing *set = set_of(standings, key);

    for (unsigned i = 0; i < STANDING_WAYS; i++) {
        if (set[i].key == key && key != 0) {
            return &set[i];
        }
    }
    return NULL;
}

/* Free ones first, then strangers, then who has a past, then who is kept out; of equals who was
 * silent longest. */
static bool matters_less(const struct standing *one, const struct standing *other)
{
    unsigned first = one->key == 0 ? 0 : one->level + 1U;
    unsigned second = other->key == 0 ? 0 : other->level + 1U;

    return first != second ? first < second : one->heard_s < other->heard_s;
}

struct standing *standing_at(struct standings *standings, uint64_t key, uint32_t now_s)
{
    uint64_t named = key == 0 ? 1 : key;
    struct standing *set = set_of(standings, named);
    struct standing *least = set;
    struct standing *found = standing_find(standings, named);

    if (found != NULL) {
        found->heard_s = now_s;
        return found;
    }
    for (unsigned i = 0; i < STANDING_WAYS; i++) {
        (void)standing_level(&set[i], now_s);
        least = matters_less(&set[i], least) ? &set[i] : least;
    }
    standings->forgotten += least->level != STANDING_UNKNOWN;
    *least = (struct standing){.key = named, .heard_s = now_s, .window_s = now_s, .score_s = now_s};
    return least;
}

enum standing_level standing_level(struct standing *standing, uint32_t now_s)
{
    bool runs_out = standing->level == STANDING_DEMOTED || standing->level == STANDING_DENIED;

    if (runs_out && now_s >= standing->until_s) {
        standing->level = STANDING_UNKNOWN;
        standing->reason = STANDING_EXPIRED;
    }
    while (!runs_out && standing->step > 0 && now_s >= standing->until_s + CLEAN_HOUR_S) {
        standing->until_s += CLEAN_HOUR_S;
        standing->step--;
    }
    return (enum standing_level)standing->level;
}

void standing_know(struct standing *standing, enum standing_reason reason, uint32_t now_s)
{
    standing->is_proven = true;
    if (standing_level(standing, now_s) == STANDING_UNKNOWN) {
        standing->level = STANDING_KNOWN;
        standing->reason = (uint8_t)reason;
    }
}

bool standing_is_shared(const struct standing *standing)
{
    return __builtin_popcount(standing->users) >= STANDING_SHARED_USERS;
}

void standing_note_user(struct standing *standing, uint64_t user)
{
    standing->users |= 1U << (user % 32);
}

static uint32_t denied_for_s(uint8_t step)
{
    uint32_t for_s = STANDING_DENY_S;

    for (unsigned i = 0; i < step && for_s < STANDING_DENY_MAX_S; i++) {
        for_s *= STANDING_DENY_STEP;
    }
    return for_s < STANDING_DENY_MAX_S ? for_s : STANDING_DENY_MAX_S;
}

/* Known ones become strangers, strangers are served slowly, and those who proved to be there, so
 * that nobody else is meant, are not served at all.  What is grave skips a step. */
bool standing_fall(struct standing *standing, enum standing_reason reason, bool is_grave,
                   uint32_t now_s)
{
    enum standing_level before = standing_level(standing, now_s);
    enum standing_level after = STANDING_DEMOTED;

    if (before == STANDING_CONTRACT || before == STANDING_DENIED) {
        return false;
    }
    if (standing->is_proven && (is_grave || before == STANDING_DEMOTED)) {
        after = STANDING_DENIED;
    }
    /* In whose name it came is not certain: nobody is held against it for longer. */
    standing->until_s = now_s + denied_for_s(standing->is_proven ? standing->step : 0);
    if (standing->is_proven && standing->step < UINT8_MAX) {
        standing->step++;
    }
    standing->level = (uint8_t)after;
    standing->reason = (uint8_t)reason;
    standing->invalid = standing->refused = 0;
    return after != before;
}

static void window_turn(struct standing *standing, uint32_t length_s, uint32_t now_s)
{
    if (now_s - standing->window_s >= length_s) {
        standing->window_s = now_s;
        standing->invalid = standing->refused = 0;
    }
}

static void count_up(uint16_t *count)
{
    if (*count < UINT16_MAX) {
        (*count)++;
    }
}

bool standing_note_invalid(struct standing *standing, uint32_t now_s)
{
    bool is_known = standing->level == STANDING_KNOWN;

    window_turn(standing, is_known ? STANDING_WINDOW_S : STANDING_STRANGER_S, now_s);
    count_up(&standing->invalid);
    return standing->invalid >= (is_known ? STANDING_INVALID_KNOWN : STANDING_INVALID_STRANGER) &&
           standing_fall(standing, STANDING_GARBAGE, false, now_s);
}

bool standing_note_refused(struct standing *standing, uint32_t now_s)
{
    window_turn(standing, STANDING_WINDOW_S, now_s);
    count_up(&standing->refused);
    return standing->refused >= STANDING_REFUSED &&
           standing_fall(standing, STANDING_REFUSALS, false, now_s);
}

/* Halved every ten minutes, in a straight line between. */
static void score_decay(struct standing *standing, uint32_t now_s)
{
    uint32_t passed_s = now_s - standing->score_s;
    uint32_t halvings = passed_s / STANDING_HALF_LIFE_S;
    uint32_t rest_s = passed_s % STANDING_HALF_LIFE_S;
    uint32_t score = halvings > 15 ? 0 : (uint32_t)standing->score >> halvings;

    if (score == 0 && standing->score == 0) {
        standing->score_s = now_s;
        return;
    }
    /* What rounding would take is not taken, and the time for it not counted. */
    uint32_t less = score * rest_s / (2U * STANDING_HALF_LIFE_S);
    if (halvings > 0 || less > 0) {
        standing->score = (uint16_t)(score - less);
        standing->score_s = now_s;
    }
}

bool standing_note_score(struct standing *standing, unsigned points, uint32_t now_s)
{
    score_decay(standing, now_s);
    unsigned sum = standing->score + points;
    standing->score = (uint16_t)(sum < UINT16_MAX ? sum : UINT16_MAX);
    if (standing->score < STANDING_SCORE_DEMOTED) {
        return false;
    }
    bool is_grave = standing->score >= STANDING_SCORE_DENIED;
    if (!is_grave && standing_level(standing, now_s) == STANDING_DEMOTED) {
        return false;
    }
    return standing_fall(standing, STANDING_SCORE, is_grave, now_s);
}

bool standing_note_peer(struct standing *standing, unsigned invalid, unsigned points,
                        uint32_t now_s)
{
    uint16_t before = standing->invalid;

    window_turn(standing, STANDING_WINDOW_S, now_s);
    score_decay(standing, now_s);
    unsigned score_before = standing->score;
    unsigned sum = score_before + points;
    standing->score = (uint16_t)(sum < UINT16_MAX ? sum : UINT16_MAX);
    for (unsigned i = 0; i < invalid; i++) {
        count_up(&standing->invalid);
    }
    return (before < STANDING_INVALID_KNOWN && standing->invalid >= STANDING_INVALID_KNOWN) ||
           (score_before < STANDING_SCORE_DEMOTED && standing->score >= STANDING_SCORE_DEMOTED);
}

const char *standing_level_name(enum standing_level level)
{
    static const char *const names[STANDING_LEVEL_COUNT] = {
        [STANDING_UNKNOWN] = "unknown",   [STANDING_DEMOTED] = "demoted",
        [STANDING_KNOWN] = "known",       [STANDING_DENIED] = "denied",
        [STANDING_CONTRACT] = "contract",
    };
    return names[level];
}

const char *standing_reason_name(enum standing_reason reason)
{
    // clang-format off
    static const char *const names[] = {
#define REASON(name, written, what) [STANDING_##name] = written,
#include "state/standing_reasons.def"
#undef REASON
    };
    // clang-format on
    return names[reason];
}
