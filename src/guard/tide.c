#include "guard/tide.h"

#include "guard/control.h"
#include "state/sketch.h"

#include <stdlib.h>

/* A condition beside the count. */
enum { CONDITIONS_MAX = 3 };
enum condition_kind { NOT_USED, AT_LEAST, AT_MOST, FELL_BY };

struct condition {
    uint8_t kind, part, whole, percent;
};

struct detector_rule {
    struct detector_row row;
    struct condition conditions[CONDITIONS_MAX];
};

// clang-format off
#define OF(part, whole, percent)    {AT_LEAST, FEATURE_##part, FEATURE_##whole, percent},
#define BELOW(part, whole, percent) {AT_MOST, FEATURE_##part, FEATURE_##whole, percent},
#define FELL(part, whole, percent)  {FELL_BY, FEATURE_##part, FEATURE_##whole, percent},
#define NOTHING                     {NOT_USED, 0, 0, 0},
static const struct detector_rule rules[DETECTOR_COUNT] = {
#define DETECTOR(name, rule, control, watch, counts, alarm, deny, conditions, what)                \
    {{#name, rule, what, CONTROL_INDEX_##control, WATCH_##watch, FEATURE_##counts, alarm, deny},   \
     {conditions}},
#include "guard/detectors.def"
#undef DETECTOR
};
#undef OF
#undef BELOW
#undef FELL
#undef NOTHING

static const uint32_t windows_s[WATCH_COUNT] = {
#define WATCH(name, window, others, what) window,
#include "guard/watches.def"
#undef WATCH
};
// clang-format on

/* One key of one watch: this window, and the one before as far as it still counts. */
struct watched {
    uint64_t key;    /* 0: free */
    uint64_t number; /* called last, FEATURE_NEAR */
    uint64_t told;   /* detectors that alarmed in this window */
    uint32_t turn;   /* number of this window */
    uint32_t others_before;
    uint16_t now[FEATURE_COUNT], before[FEATURE_COUNT];
    struct distinct others;
};

struct bait {
    uint64_t key;
    uint64_t until_ms;
};

struct tide {
    struct watched *places;
    uint64_t detectors[WATCH_COUNT];       /* bit per detector that looks there */
    uint64_t tellers[CONTROL_INDEX_COUNT]; /* the same, of the control that tells it */
    struct sketch seen, seen_day;
    uint64_t seen_turn, seen_day_turn;
    struct bait baits[TIDE_BAITS];
};

/* One event at one watch, while it is counted. */
struct look {
    struct tide *tide;
    const struct tide_event *event;
    struct watched *at;
    enum tide_watch watch;
    uint32_t left; /* of the window before, in 1024ths, what still counts */
    struct tide_alarms *alarms;
};

struct tide *tide_new(void)
{
    struct tide *tide = calloc(1, sizeof(*tide));

    if (tide != NULL) {
        tide->places = calloc(TIDE_PLACES, sizeof(*tide->places));
    }
    if (tide == NULL || tide->places == NULL) {
        free(tide);
        return NULL;
    }
    for (unsigned i = 0; i < DETECTOR_COUNT; i++) {
        tide->detectors[rules[i].row.watch] |= 1ULL << i;
        tide->tellers[rules[i].row.control] |= 1ULL << i;
    }
    return tide;
}

void tide_free(struct tide *tide)
{
    if (tide != NULL) {
        free(tide->places);
        free(tide);
    }
}

const struct detector_row *detector_row(enum detector detector)
{
    return &rules[detector].row;
}

static uint64_t key_of(unsigned watch, uint64_t subject)
{
    uint64_t mixed = (subject + watch + 1) * 0x9E3779B97F4A7C15U;

    mixed ^= mixed >> 29;
    mixed *= 0xBF58476D1CE4E5B9U;
    return (mixed ^ mixed >> 32) | 1;
}

static uint32_t activity(const struct watched *at)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < FEATURE_COUNT; i++) {
        sum += at->now[i] + at->before[i] / 2U;
    }
    return sum;
}

static struct watched *take_place(struct tide *tide, uint64_t key)
{
    struct watched *set = &tide->places[(key >> 1 & (TIDE_PLACES / TIDE_WAYS - 1)) * TIDE_WAYS];
    struct watched *least = set;

    for (unsigned i = 0; i < TIDE_WAYS; i++) {
        if (set[i].key == key) {
            return &set[i];
        }
        if (set[i].key == 0 ? least->key != 0
                            : least->key != 0 && activity(&set[i]) < activity(least)) {
            least = &set[i];
        }
    }
    return least;
}

static void place_clear(struct watched *at, uint64_t key, uint32_t turn)
{
    *at = (struct watched){.key = key, .turn = turn};
    distinct_clear(&at->others);
}

static void place_turn(struct watched *at, uint32_t turn)
{
    bool is_next = turn == at->turn + 1;

    at->others_before = is_next ? distinct_count(&at->others) : 0;
    for (unsigned i = 0; i < FEATURE_COUNT; i++) {
        at->before[i] = is_next ? at->now[i] : 0;
        at->now[i] = 0;
    }
    distinct_clear(&at->others);
    at->told = 0;
    at->turn = turn;
}

/* Of names there is no end, and most come once: they are only counted together, in the sketch,
 * until they have come often enough to be looked at on their own. */
static bool is_frequent(const struct look *look, enum feature feature, uint64_t subject)
{
    return subject != 0 && sketch_add(&look->tide->seen, key_of(WATCH_COUNT + (unsigned)feature,
                                                                subject)) >= TIDE_SEEN_LEAST;
}

/* The same over a day: who calls abroad now and then, or calls much. */
static bool is_frequent_today(const struct look *look)
{
    const struct tide_event *event = look->event;
    struct sketch *seen = &look->tide->seen_day;

    if (event->caller == 0) {
        return false;
    }
    uint32_t calls = sketch_add(seen, key_of(WATCH_COUNT + FEATURE_ATTEMPTS, event->caller));
    uint32_t abroad = event->is_abroad
                          ? sketch_add(seen, key_of(WATCH_COUNT + FEATURE_ABROAD, event->caller))
                          : 0;
    return calls >= TIDE_SEEN_DAY || abroad >= TIDE_SEEN_ABROAD;
}

/* False when nobody is named. */
static bool look_at(struct look *look, enum tide_watch watch, uint64_t subject)
{
    uint64_t key = key_of(watch, subject);
    uint64_t window_ms = windows_s[watch] * 1000ULL;
    uint32_t turn = (uint32_t)(look->event->now_ms / window_ms);

    if (subject == 0) {
        return false;
    }
    look->watch = watch;
    look->left = 1024 - (uint32_t)((look->event->now_ms - turn * window_ms) * 1024 / window_ms);
    look->at = take_place(look->tide, key);
    if (look->at->key != key) {
        place_clear(look->at, key, turn);
    } else if (look->at->turn < turn) { /* a clock that steps back is waited for */
        place_turn(look->at, turn);
    }
    return true;
}

/* Who has a place already: events that follow an attempt count only for him. */
static bool look_again(struct look *look, enum tide_watch watch, uint64_t subject)
{
    uint64_t key = key_of(watch, subject);

    return subject != 0 && take_place(look->tide, key)->key == key && look_at(look, watch, subject);
}

static void count(const struct look *look, enum feature feature, bool happened)
{
    uint16_t *now = &look->at->now[feature];

    if (happened && *now < UINT16_MAX) {
        (*now)++;
    }
}

static void other(const struct look *look, uint64_t key)
{
    distinct_add(&look->at->others, key_of(look->watch, key) >> 1); /* its last bit says nothing */
}

/* What counts of the window before: less, the longer this one lasts. */
static uint64_t value(const struct look *look, enum feature feature)
{
    const struct watched *at = look->at;

    if (feature == FEATURE_DISTINCT) {
        return distinct_count(&at->others) + ((uint64_t)at->others_before * look->left >> 10);
    }
    return at->now[feature] + ((uint64_t)at->before[feature] * look->left >> 10);
}

static bool has_fallen(const struct watched *at, const struct condition *condition)
{
    uint32_t whole = at->now[condition->whole], whole_before = at->before[condition->whole];

    if (whole == 0 || whole_before < whole / 2) {
        return false; /* little to compare with */
    }
    uint32_t now = at->now[condition->part] * 100U / whole;
    uint32_t before = at->before[condition->part] * 100U / whole_before;
    return now + condition->percent <= before;
}

static bool holds(const struct look *look, const struct condition *condition)
{
    switch ((enum condition_kind)condition->kind) {
    case NOT_USED:
        return true;
    case AT_LEAST:
        return value(look, condition->part) * 100 >=
               value(look, condition->whole) * condition->percent;
    case AT_MOST:
        return value(look, condition->part) * 100 <=
               value(look, condition->whole) * condition->percent;
    case FELL_BY:
        return has_fallen(look->at, condition);
    }
    return false;
}

static void judge_one(const struct look *look, unsigned detector)
{
    const struct detector_rule *rule = &rules[detector];
    uint64_t bit = 1ULL << detector;
    uint64_t counted = value(look, rule->row.counts);

    if (counted < rule->row.alarm) {
        return;
    }
    for (unsigned i = 0; i < CONDITIONS_MAX; i++) {
        if (!holds(look, &rule->conditions[i])) {
            return;
        }
    }
    look->alarms->counted = (uint32_t)counted;
    look->alarms->window_s = windows_s[look->watch];
    look->alarms->told |= bit & ~look->at->told;
    look->at->told |= bit;
    if (rule->row.deny != 0 && counted >= rule->row.deny) {
        look->alarms->denied |= bit;
    }
}

static void judge_watch(const struct look *look)
{
    uint64_t left = look->tide->detectors[look->watch];

    for (; left != 0; left &= left - 1) {
        judge_one(look, (unsigned)__builtin_ctzll(left));
    }
}

/*
 * Numbers that baited others.
 */

static void bait_mark(struct tide *tide, uint64_t key, uint64_t now_ms)
{
    tide->baits[key % TIDE_BAITS] = (struct bait){key, now_ms + TIDE_BAIT_MS};
}

static bool is_bait(const struct tide *tide, uint64_t key, uint64_t now_ms)
{
    const struct bait *bait = &tide->baits[key % TIDE_BAITS];

    return key != 0 && bait->key == key && now_ms < bait->until_ms;
}

/*
 * Events.
 */

enum {
    QUICK_MS = 4000,
    SHORT_MS = 6000,
    BRIEF_MS = 12000,
    INSTANT_MS = 1000,
    LONG_EARLY_MS = 60000,
    NEAR = 10,
    MINUTE_MS = 60000,
};

static bool is_near(const struct watched *at, uint64_t number)
{
    uint64_t apart = at->number > number ? at->number - number : number - at->number;

    return number != 0 && at->number != 0 && apart > 0 && apart <= NEAR;
}

static void attempt_of_caller(struct look *look)
{
    const struct tide_event *event = look->event;

    if (!is_frequent(look, FEATURE_ATTEMPTS, event->caller)) {
        return;
    }
    if (look_at(look, WATCH_CALLER, event->caller)) {
        count(look, FEATURE_ATTEMPTS, true);
        count(look, FEATURE_RISKY, event->is_risky);
        count(look, FEATURE_ABROAD, event->is_abroad);
        count(look, FEATURE_NEAR, is_near(look->at, event->number));
        look->at->number = event->number;
        other(look, event->called);
        judge_watch(look);
    }
    if (look_at(look, WATCH_CALLER_HOUR, event->caller)) {
        count(look, FEATURE_ATTEMPTS, true);
        count(look, FEATURE_RISKY, event->is_risky);
        count(look, FEATURE_FORWARDED, event->is_forwarded && event->is_abroad);
        other(look, event->called);
        judge_watch(look);
    }
}

static void attempt_today(struct look *look)
{
    if (is_frequent_today(look) && look_at(look, WATCH_CALLER_DAY, look->event->caller)) {
        count(look, FEATURE_ATTEMPTS, true);
        other(look, look->event->called);
        judge_watch(look);
    }
}

static void attempt_of_called(struct look *look)
{
    const struct tide_event *event = look->event;

    if (look_again(look, WATCH_CALLER_DAY, event->called)) {
        count(look, FEATURE_RECEIVED, true);
    }
    if (is_frequent(look, FEATURE_RECEIVED, event->called) &&
        look_at(look, WATCH_CALLED, event->called)) {
        count(look, FEATURE_ATTEMPTS, true);
        other(look, event->caller);
        judge_watch(look);
    }
    if (is_bait(look->tide, event->called, event->now_ms) &&
        look_at(look, WATCH_BAIT, event->called)) {
        count(look, FEATURE_RETURNED, true);
        other(look, event->caller);
        judge_watch(look);
    }
}

static void attempt_of_peers(struct look *look)
{
    const struct tide_event *event = look->event;

    if (look_at(look, WATCH_PEER, event->peer_in)) {
        count(look, FEATURE_ATTEMPTS, true);
        count(look, FEATURE_OWN, event->is_own);
        count(look, FEATURE_IMPOSSIBLE, event->is_impossible);
        count(look, FEATURE_NEIGHBOUR, event->is_neighbour);
        judge_watch(look);
    }
    if (look_at(look, WATCH_PEER_OUT, event->peer_out)) {
        count(look, FEATURE_ATTEMPTS, true);
        judge_watch(look);
    }
}

static void attempt(struct look *look)
{
    const struct tide_event *event = look->event;
    uint64_t pair = event->caller == 0 || event->called == 0
                        ? 0
                        : event->caller * 31 + (event->called << 7 | event->called >> 57);

    attempt_today(look);
    attempt_of_caller(look);
    attempt_of_called(look);
    attempt_of_peers(look);
    if (!is_frequent(look, FEATURE_NEAR, pair)) {
        return;
    }
    if (look_at(look, WATCH_PAIR, pair)) {
        count(look, FEATURE_ATTEMPTS, true);
        other(look, event->peer_in != 0 ? event->peer_in : event->source);
        judge_watch(look);
    }
    if (look_at(look, WATCH_PAIR_LONG, pair)) {
        count(look, FEATURE_ATTEMPTS, true);
        judge_watch(look);
    }
}

static void emergency(struct look *look)
{
    const struct tide_event *event = look->event;

    if (look_at(look, WATCH_SOURCE, event->source)) {
        count(look, FEATURE_EMERGENCIES, true);
        judge_watch(look);
    }
}

static void answered(struct look *look)
{
    static const uint8_t callers[] = {WATCH_CALLER, WATCH_CALLER_HOUR};
    const struct tide_event *event = look->event;
    bool is_instant = event->wait_ms < INSTANT_MS && !event->has_rung;

    for (size_t i = 0; i < sizeof(callers); i++) {
        if (look_again(look, (enum tide_watch)callers[i], event->caller)) {
            count(look, FEATURE_ANSWERED, true);
            count(look, FEATURE_INSTANT, is_instant);
            judge_watch(look);
        }
    }
    if (look_at(look, WATCH_PEER, event->peer_in)) {
        count(look, FEATURE_ANSWERED, true);
        judge_watch(look);
    }
    if (look_at(look, WATCH_PEER_OUT, event->peer_out)) {
        count(look, FEATURE_ANSWERED, true);
        count(look, FEATURE_INSTANT, is_instant);
        judge_watch(look);
    }
}

static void unanswered(struct look *look)
{
    const struct tide_event *event = look->event;
    bool is_unknown = event->status == 404 || event->status == 410 || event->status == 484 ||
                      event->status == 604;

    if (look_again(look, WATCH_CALLER, event->caller)) {
        count(look, FEATURE_REFUSED, true);
        count(look, FEATURE_UNKNOWN, is_unknown);
        count(look, FEATURE_QUICK, event->kind == TIDE_GIVEN_UP && event->wait_ms <= QUICK_MS);
        judge_watch(look);
    }
    if (look_again(look, WATCH_CALLED, event->called)) {
        count(look, FEATURE_REFUSED, true);
        judge_watch(look);
    }
    if (look_at(look, WATCH_PEER_OUT, event->peer_out)) {
        count(look, FEATURE_LONG_EARLY, event->has_rung && event->wait_ms >= LONG_EARLY_MS);
        judge_watch(look);
    }
}

static void ended(struct look *look)
{
    static const uint8_t callers[] = {WATCH_CALLER, WATCH_CALLER_HOUR};
    const struct tide_event *event = look->event;
    bool is_short = event->talk_ms <= SHORT_MS, is_brief = event->talk_ms <= BRIEF_MS;

    for (size_t i = 0; i < sizeof(callers); i++) {
        if (look_again(look, (enum tide_watch)callers[i], event->caller)) {
            count(look, FEATURE_SHORT, is_short);
            count(look, FEATURE_BRIEF, is_brief);
            judge_watch(look);
        }
    }
    if (event->is_abroad && look_again(look, WATCH_CALLER_DAY, event->caller)) {
        for (uint32_t i = 0; i <= event->talk_ms / MINUTE_MS && i < 1440; i++) {
            count(look, FEATURE_ABROAD_MINUTES, true);
        }
        judge_watch(look);
    }
    if (look_at(look, WATCH_PEER, event->peer_in)) {
        count(look, FEATURE_SHORT, is_short);
        judge_watch(look);
    }
    if (look_at(look, WATCH_PEER_OUT, event->peer_out)) {
        count(look, FEATURE_BRIEF, is_brief);
        judge_watch(look);
    }
    if (look_again(look, WATCH_PAIR_LONG,
                   event->caller == 0 || event->called == 0
                       ? 0
                       : event->caller * 31 + (event->called << 7 | event->called >> 57))) {
        count(look, FEATURE_BRIEF, is_brief);
        judge_watch(look);
    }
}

static void failed(struct look *look)
{
    const struct tide_event *event = look->event;

    if (is_frequent(look, FEATURE_FAILURES, event->user) &&
        look_at(look, WATCH_USER_TRIED, event->user)) {
        count(look, FEATURE_FAILURES, true);
        other(look, event->source);
        judge_watch(look);
    }
    if (look_at(look, WATCH_STRANGERS, event->zone)) {
        count(look, FEATURE_FAILURES, true);
        other(look, event->source);
        judge_watch(look);
    }
}

static void count_one(struct look *look, enum tide_watch watch, uint64_t subject,
                      enum feature feature, uint64_t another)
{
    if (look_at(look, watch, subject)) {
        count(look, feature, true);
        other(look, another);
        judge_watch(look);
    }
}

struct tide_alarms tide_note(struct tide *tide, const struct tide_event *event)
{
    struct tide_alarms alarms = {0, 0, 0, 0};
    struct look look = {.tide = tide, .event = event, .alarms = &alarms};
    uint64_t turn = event->now_ms / TIDE_TURN_MS;

    uint64_t day = event->now_ms / TIDE_DAY_MS;

    if (day > tide->seen_day_turn) {
        tide->seen_day_turn = day;
        sketch_turn(&tide->seen_day);
    }
    if (turn > tide->seen_turn) {
        tide->seen_turn = turn;
        sketch_turn(&tide->seen);
    }
    switch (event->kind) {
    case TIDE_ATTEMPT:
        attempt(&look);
        if (event->is_emergency) {
            emergency(&look);
        }
        break;
    case TIDE_ANSWERED:
        answered(&look);
        break;
    case TIDE_REFUSED:
    case TIDE_GIVEN_UP:
        unanswered(&look);
        break;
    case TIDE_ENDED:
        ended(&look);
        break;
    case TIDE_MESSAGE:
        if (is_frequent(&look, FEATURE_MESSAGES, event->caller)) {
            count_one(&look, WATCH_CALLER, event->caller, FEATURE_MESSAGES, event->called);
        }
        break;
    case TIDE_REGISTERED:
        count_one(&look, WATCH_USER, event->user, FEATURE_USERS, event->source);
        break;
    case TIDE_FAILED:
        failed(&look);
        break;
    case TIDE_STRANGER:
        count_one(&look, WATCH_SOURCE, event->source, FEATURE_USERS, event->user);
        break;
    }
    if ((alarms.told >> DETECTOR_WANGIRI & 1) != 0) {
        bait_mark(tide, event->caller, event->now_ms);
    }
    return alarms;
}

uint64_t tide_of_control(const struct tide *tide, uint16_t control)
{
    return tide->tellers[control];
}
