/*
 * The detectors against traffic: a month of a clean town, and each attack for a while within it.
 *
 *     test_detectors [--days N] [--seed N] [--markdown]
 *
 * Every clock is invented and every number comes from the seed.  For each detector: in how many of
 * the trials its attack was told, how long it took, and how often it told of somebody in a month in
 * which nobody did anything wrong.  What is asserted is in the table below.
 */
#include "guard/admission.h"
#include "guard/tide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    USERS = 20000,
    CALLS_A_DAY = 3, /* of a user, on average; businesses have fifty */
    BUSINESSES = 200,
    BUSINESS_CALLS = 60,
    PEERS = 12,
    TRIALS = 20,
    DAY_MS = 86400000,
};

struct town {
    struct tide *tide;
    uint64_t seed, now_ms;
    uint64_t told[DETECTOR_COUNT]; /* alarms */
    uint64_t calls;
};

static uint64_t chance(struct town *town)
{
    uint64_t mixed = (town->seed += 0x9E3779B97F4A7C15U);

    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBU;
    return mixed ^ mixed >> 31;
}

static uint32_t below(struct town *town, uint32_t bound)
{
    return (uint32_t)(chance(town) >> 33) % bound;
}

static uint64_t name_of(uint32_t kind, uint64_t number)
{
    uint64_t mixed = (number + 1) * 0xD6E8FEB86659FD93U + kind * 0xA0761D6478BD642FU;

    return (mixed ^ mixed >> 32) * 0xD6E8FEB86659FD93U;
}

static struct tide_alarms note(struct town *town, const struct tide_event *event)
{
    struct tide_alarms alarms = tide_note(town->tide, event);

    for (unsigned i = 0; i < DETECTOR_COUNT; i++) {
        town->told[i] += alarms.told >> i & 1;
    }
    return alarms;
}

/* What becomes of a call.  How long it rang and lasted is said in the events; they come at once,
 * since the tide, like a border, hears of everything in the order of the clock. */
static void call_ends(struct town *town, struct tide_event *event, uint32_t answered_percent,
                      uint32_t talk_ms)
{
    bool is_answered = below(town, 100) < answered_percent;

    event->has_rung = true;
    event->wait_ms = 3000 + below(town, 25000);
    if (!is_answered) {
        static const uint16_t statuses[] = {486, 480, 480, 486, 603, 404};

        event->kind = below(town, 3) == 0 ? TIDE_REFUSED : TIDE_GIVEN_UP;
        event->status = event->kind == TIDE_REFUSED ? statuses[below(town, 6)] : 0;
        note(town, event);
        return;
    }
    event->kind = TIDE_ANSWERED;
    note(town, event);
    event->kind = TIDE_ENDED;
    event->talk_ms = talk_ms;
    note(town, event);
}

static struct tide_event attempt(struct town *town, uint64_t caller, uint64_t called)
{
    struct tide_event event = {.kind = TIDE_ATTEMPT,
                               .now_ms = town->now_ms,
                               .caller = caller,
                               .called = called,
                               .source = caller ^ 5,
                               .number = 43120000000 + called % 10000000};

    return event;
}

/* People call their friends, a tenth of the time anybody; one in thirty calls goes abroad, one in
 * ten comes from a neighbour or goes to one. */
static void clean_call(struct town *town)
{
    uint32_t user = below(town, USERS);
    bool is_business = below(town, USERS * CALLS_A_DAY + BUSINESSES * BUSINESS_CALLS) <
                       BUSINESSES * BUSINESS_CALLS;
    uint64_t caller = is_business ? name_of(2, below(town, BUSINESSES)) : name_of(1, user);
    uint32_t friend =
        below(town, 10) == 0 ? below(town, USERS) : (user + 1 + below(town, 12)) % USERS;
    struct tide_event event = attempt(town, caller, name_of(1, friend));
    uint32_t minutes = below(town, 10) == 0 ? below(town, 40) : below(town, 4);

    if (below(town, 6) == 0) {
        event.called = name_of(2, below(town, BUSINESSES)); /* they are called as well */
    }
    event.is_abroad = below(town, 30) == 0;
    event.is_risky = event.is_abroad && below(town, 2000) == 0;
    if (below(town, 10) == 0) {
        event.peer_in = name_of(3, below(town, PEERS));
        event.caller = name_of(4, below(town, 100000));
        event.is_own = below(town, 200) == 0;
        event.is_impossible = below(town, 500) == 0;
        event.is_neighbour = below(town, 50) == 0;
    } else if (event.is_abroad) {
        event.peer_out = name_of(3, below(town, PEERS));
    }
    town->calls++;
    note(town, &event);
    /* A twentieth ends within seconds: the mailbox, a wrong number. */
    call_ends(town, &event, 62,
              below(town, 20) == 0 ? below(town, 9000)
                                   : minutes * 60000 + below(town, 60000) + 9000);
}

/* Registrations: one user in a thousand moves to another address in a day, one in five hundred
 * mistypes. */
static void clean_registration(struct town *town)
{
    uint32_t user = below(town, USERS);
    struct tide_event event = {.kind = TIDE_REGISTERED,
                               .now_ms = town->now_ms,
                               .user = name_of(1, user),
                               .source =
                                   name_of(5, below(town, 1000) == 0 ? below(town, USERS) : user)};

    note(town, &event);
    if (below(town, 500) == 0) {
        event.kind = TIDE_FAILED;
        event.zone = 1;
        note(town, &event);
    }
    /* A new device, or one whose address changed, is a stranger for a moment: its own user. */
    if (below(town, 20) == 0) {
        event.kind = TIDE_STRANGER;
        note(town, &event);
    }
}

/* Busy by day, quiet by night. */
static uint32_t pace_ms(const struct town *town)
{
    static const uint8_t busy[24] = {4,  2,  1,  1,  1,  2,  6,  14, 24, 30, 30, 28,
                                     26, 26, 28, 28, 28, 28, 26, 24, 20, 16, 11, 7};
    uint64_t a_day = USERS * CALLS_A_DAY + BUSINESSES * BUSINESS_CALLS;
    uint32_t hour = (uint32_t)(town->now_ms / 3600000 % 24);

    return (uint32_t)((uint64_t)DAY_MS * 17 / (a_day * busy[hour]));
}

static void clean_for(struct town *town, uint64_t duration_ms)
{
    uint64_t until_ms = town->now_ms + duration_ms;

    while (town->now_ms < until_ms) {
        uint64_t next_ms = town->now_ms + 1 + below(town, 2 * pace_ms(town) + 1);

        if (next_ms > until_ms) {
            town->now_ms = until_ms; /* nobody calls until then */
            return;
        }
        town->now_ms = next_ms;
        clean_call(town);
        clean_registration(town);
        if (below(town, 4) == 0) {
            struct tide_event message =
                attempt(town, name_of(1, below(town, USERS)), name_of(1, below(town, USERS)));

            message.kind = TIDE_MESSAGE;
            note(town, &message);
        }
    }
}

/*
 * Attacks.  Each is called again and again, every_ms apart, with a number of its own.
 */

struct attack {
    enum detector detector;
    uint32_t every_ms, times;
    void (*once)(struct town *town, uint32_t trial, uint32_t number);
    const char *what;
};

enum { BAD = 9 };

static void bait(struct town *town, uint32_t trial, uint32_t number)
{
    struct tide_event event = attempt(town, name_of(BAD, trial), name_of(1, number * 7 + trial));

    note(town, &event);
    event.kind = TIDE_GIVEN_UP;
    event.wait_ms = 1500;
    note(town, &event);
}

static void bait_and_return(struct town *town, uint32_t trial, uint32_t number)
{
    if (number < 60) {
        bait(town, trial, number);
        return;
    }
    struct tide_event event = attempt(town, name_of(1, number * 7 + trial), name_of(BAD, trial));

    event.is_abroad = true;
    note(town, &event);
}

static void premium(struct town *town, uint32_t trial, uint32_t number)
{
    struct tide_event event = attempt(town, name_of(BAD, trial), name_of(8, number % 4));

    event.is_abroad = event.is_risky = true;
    note(town, &event);
    call_ends(town, &event, 95, 600000);
}

static void abroad(struct town *town, uint32_t trial, uint32_t number)
{
    struct tide_event event = attempt(town, name_of(BAD, trial), name_of(8, number));

    event.is_abroad = true;
    note(town, &event);
    call_ends(town, &event, 80, 900000);
}

static void shared(struct town *town, uint32_t trial, uint32_t number)
{
    struct tide_event event = {.kind = TIDE_REGISTERED,
                               .now_ms = town->now_ms,
                               .user = name_of(1, trial),
                               .source = name_of(BAD, number)};

    note(town, &event);
}

static void refused_with(struct town *town, struct tide_event *event, uint16_t status)
{
    note(town, event);
    event->kind = TIDE_REFUSED;
    event->status = status;
    note(town, event);
}

static void sequence(struct town *town, uint32_t trial, uint32_t number)
{
    struct tide_event event = attempt(town, name_of(BAD, trial), name_of(8, number));

    event.number = 43125550000 + number;
    refused_with(town, &event, number % 3 == 0 ? 404 : 486);
}

static void robocall(struct town *town, uint32_t trial, uint32_t number)
{
    struct tide_event event = attempt(town, name_of(BAD, trial), name_of(1, number * 11 + trial));

    note(town, &event);
    call_ends(town, &event, 25, 4000 + below(town, 7000));
}

static void sim_box(struct town *town, uint32_t trial, uint32_t number)
{
    struct tide_event event = attempt(town, name_of(BAD, trial), name_of(1, number * 13 + trial));

    note(town, &event);
    call_ends(town, &event, 70, 120000);
}

static void from_peer(struct town *town, uint32_t trial, uint32_t number, bool is_own,
                      bool is_impossible, bool is_neighbour)
{
    struct tide_event event = attempt(town, name_of(7, number), name_of(1, number * 17 + trial));

    event.peer_in = name_of(BAD, trial);
    event.is_own = is_own;
    event.is_impossible = is_impossible;
    event.is_neighbour = is_neighbour;
    note(town, &event);
    call_ends(town, &event, 60, 60000);
}

static void refile(struct town *town, uint32_t trial, uint32_t number)
{
    from_peer(town, trial, number, number % 4 == 0, false, false);
}

static void made_up(struct town *town, uint32_t trial, uint32_t number)
{
    from_peer(town, trial, number, false, number % 4 == 0, false);
}

static void rotate(struct town *town, uint32_t trial, uint32_t number)
{
    from_peer(town, trial, number, false, false, number % 2 == 0);
}

static void forward(struct town *town, uint32_t trial, uint32_t number)
{
    struct tide_event event = attempt(town, name_of(BAD, trial), name_of(8, number));

    event.is_abroad = event.is_forwarded = true;
    note(town, &event);
}

static void loop(struct town *town, uint32_t trial, uint32_t number)
{
    struct tide_event event = attempt(town, name_of(BAD, trial), name_of(1, trial));

    event.peer_in = name_of(3, number % 3);
    note(town, &event);
}

static void to_peer(struct town *town, uint32_t trial, uint32_t number, uint32_t wait_ms,
                    bool has_rung, uint32_t talk_ms)
{
    struct tide_event event = attempt(town, name_of(1, number * 19 + trial), name_of(8, number));

    event.peer_out = name_of(BAD, trial);
    note(town, &event);
    event.kind = TIDE_ANSWERED;
    event.wait_ms = wait_ms;
    event.has_rung = has_rung;
    note(town, &event);
    event.kind = TIDE_ENDED;
    event.talk_ms = talk_ms;
    note(town, &event);
}

static void false_answer(struct town *town, uint32_t trial, uint32_t number)
{
    if (number % 2 == 0) {
        to_peer(town, trial, number, 300, false, 6000);
    } else {
        to_peer(town, trial, number, 6000, true, 90000);
    }
}

static void unpaid(struct town *town, uint32_t trial, uint32_t number)
{
    struct tide_event event = attempt(town, name_of(BAD, trial), name_of(8, number % 5));

    note(town, &event);
    event.kind = TIDE_ANSWERED;
    event.wait_ms = 200;
    note(town, &event);
    event.kind = TIDE_ENDED;
    event.talk_ms = 2000;
    note(town, &event);
}

static void early(struct town *town, uint32_t trial, uint32_t number)
{
    struct tide_event event = attempt(town, name_of(1, number * 23 + trial), name_of(8, number));

    event.peer_out = name_of(BAD, trial);
    note(town, &event);
    event.kind = TIDE_GIVEN_UP;
    event.has_rung = true;
    event.wait_ms = 170000;
    note(town, &event);
}

static void short_calls(struct town *town, uint32_t trial, uint32_t number)
{
    struct tide_event event = attempt(town, name_of(7, number), name_of(1, number * 29 + trial));

    event.peer_in = name_of(BAD, trial);
    note(town, &event);
    call_ends(town, &event, 95, number % 3 == 0 ? 4000 : 70000);
}

static void spend(struct town *town, uint32_t trial, uint32_t number)
{
    struct tide_event event = attempt(town, name_of(BAD, trial), name_of(8, number % 3));

    event.is_abroad = true;
    note(town, &event);
    event.kind = TIDE_ENDED;
    event.talk_ms = 3000000;
    note(town, &event);
}

static void crowd(struct town *town, uint32_t trial, uint32_t number)
{
    struct tide_event event = attempt(town, name_of(7, number), name_of(BAD, trial));

    refused_with(town, &event, 486);
}

static void crowd_talks(struct town *town, uint32_t trial, uint32_t number)
{
    struct tide_event event = attempt(town, name_of(7, number), name_of(BAD, trial));

    note(town, &event);
    event.kind = TIDE_ANSWERED;
    event.has_rung = true;
    event.wait_ms = 3000;
    note(town, &event);
}

static void emergencies(struct town *town, uint32_t trial, uint32_t number)
{
    struct tide_event event = attempt(town, name_of(7, number), name_of(1, 112));

    event.source = name_of(BAD, trial);
    event.is_emergency = true;
    note(town, &event);
}

static void codes(struct town *town, uint32_t trial, uint32_t number)
{
    struct tide_event event = attempt(town, name_of(BAD, trial), name_of(1, trial + 50));

    (void)number;
    note(town, &event);
    event.kind = TIDE_ENDED;
    event.talk_ms = 9000;
    note(town, &event);
}

static void messages(struct town *town, uint32_t trial, uint32_t number)
{
    struct tide_event event = attempt(town, name_of(BAD, trial), name_of(1, number));

    event.kind = TIDE_MESSAGE;
    note(town, &event);
}

static void scan(struct town *town, uint32_t trial, uint32_t number)
{
    struct tide_event event = attempt(town, name_of(BAD, trial), name_of(8, number * 31));

    event.number = 0;
    refused_with(town, &event, number % 2 == 0 ? 404 : 480);
}

static void taken_over(struct town *town, uint32_t trial, uint32_t number)
{
    struct tide_event event = {.kind = TIDE_FAILED,
                               .now_ms = town->now_ms,
                               .user = name_of(1, trial),
                               .zone = 2,
                               .source = name_of(BAD, number)};

    note(town, &event);
}

static void goes_dark(struct town *town, uint32_t trial, uint32_t number)
{
    struct tide_event event = attempt(town, name_of(1, number * 37 + trial), name_of(8, number));

    event.peer_out = name_of(BAD, trial);
    note(town, &event);
    call_ends(town, &event, number < 600 ? 65 : 20, 60000);
}

static void enumerate(struct town *town, uint32_t trial, uint32_t number)
{
    struct tide_event event = {.kind = TIDE_STRANGER,
                               .now_ms = town->now_ms,
                               .user = name_of(1, number),
                               .source = name_of(BAD, trial)};

    note(town, &event);
}

static void slowly(struct town *town, uint32_t trial, uint32_t number)
{
    struct tide_event event = {.kind = TIDE_FAILED,
                               .now_ms = town->now_ms,
                               .user = name_of(1, number * 3 + trial),
                               .zone = 100 + trial,
                               .source = name_of(BAD, number)};

    note(town, &event);
}

static const struct attack attacks[] = {
    {DETECTOR_WANGIRI, 5000, 80, bait, "a subscriber rung for a moment every five seconds"},
    {DETECTOR_WANGIRI_RETURN, 5000, 75, bait_and_return, "the same, and some of them call back"},
    {DETECTOR_REVENUE_SHARE, 60000, 20, premium, "a call a minute to premium numbers"},
    {DETECTOR_HIGH_RISK_CAP, 300000, 10, premium, "a call every five minutes to such numbers"},
    {DETECTOR_EXCHANGE_TAKEN, 20000, 25, abroad, "three calls a minute abroad"},
    {DETECTOR_CREDENTIALS_SHARED, 300000, 8, shared,
     "one user from another address every five minutes"},
    {DETECTOR_SEQUENTIAL, 6000, 60, sequence, "ten numbers a minute, one after the other"},
    {DETECTOR_ROBOCALLS, 20000, 200, robocall, "three calls a minute, a quarter answered"},
    {DETECTOR_SIM_BOX, 600000, 80, sim_box, "six calls an hour all day, always somebody else"},
    {DETECTOR_REFILED, 5000, 300, refile, "a neighbour, a quarter of whose callers are ours"},
    {DETECTOR_ORIGIN_CHANGED, 5000, 300, made_up,
     "a neighbour, a quarter of whose callers cannot be"},
    {DETECTOR_FORWARD_FRAUD, 120000, 8, forward, "a call forwarded abroad every two minutes"},
    {DETECTOR_CALL_LOOP, 1000, 9, loop, "the same call every second, by three ways"},
    {DETECTOR_FALSE_ANSWER, 5000, 120, false_answer,
     "a neighbour that answers half of all calls at once"},
    {DETECTOR_ANSWER_UNPAID, 10000, 30, unpaid, "six calls a minute, answered and ended at once"},
    {DETECTOR_EARLY_MEDIA, 10000, 80, early, "three minutes of early media in every call"},
    {DETECTOR_SHORT_DURATION, 3000, 900, short_calls,
     "a neighbour, a third of whose calls end in seconds"},
    {DETECTOR_CALLER_ROTATION, 5000, 250, rotate,
     "a neighbour, half of whose callers look like the called"},
    {DETECTOR_SPENDING, 3600000, 12, spend, "fifty minutes abroad in every hour"},
    {DETECTOR_TELEPHONY_DENIAL, 1000, 90, crowd, "one number called every second, and busy"},
    {DETECTOR_TELEPHONY_DENIAL_TALK, 500, 180, crowd_talks,
     "one number called twice a second, and answered"},
    {DETECTOR_EMERGENCY_DENIAL, 5000, 20, emergencies,
     "an emergency call of one source every five seconds"},
    {DETECTOR_CODE_GUESSING, 20000, 30, codes,
     "one caller at the same number every twenty seconds"},
    {DETECTOR_MESSAGE_FLOOD, 2000, 300, messages,
     "thirty messages a minute, each to somebody else"},
    {DETECTOR_NUMBER_SCAN, 5000, 150, scan, "twelve numbers a minute, half of which nobody has"},
    {DETECTOR_ROAMER, 60000, 10, premium, "a call a minute to such numbers and nothing else"},
    {DETECTOR_TAKEN_OVER, 30000, 80, taken_over,
     "one user's password from another address twice a minute"},
    {DETECTOR_PEER_ANOMALY, 6000, 1300, goes_dark, "a neighbour that answers 65 % and then 20 %"},
    {DETECTOR_ENUMERATION, 2000, 30, enumerate, "a stranger that asks for thirty users a minute"},
    {DETECTOR_LOW_AND_SLOW, 2000, 500, slowly,
     "five hundred strangers with one wrong password each"},
};

struct result {
    unsigned told;
    uint64_t after_ms; /* on average */
    double false_alarms;
};

static bool play(struct town *town, const struct attack *attack, uint32_t trial, uint64_t *after_ms)
{
    uint64_t before = town->told[attack->detector], began_ms = town->now_ms;

    for (uint32_t i = 0; i < attack->times; i++) {
        attack->once(town, trial, i);
        if (town->told[attack->detector] > before) {
            *after_ms = town->now_ms - began_ms;
            return true;
        }
        clean_for(town, attack->every_ms);
    }
    return false;
}

static void measure(struct town *town, const struct attack *attack, struct result *result)
{
    uint64_t sum_ms = 0;

    for (uint32_t trial = 0; trial < TRIALS; trial++) {
        uint64_t after_ms = 0;

        if (play(town, attack, trial + attack->detector * 1000U, &after_ms)) {
            result->told++;
            sum_ms += after_ms;
        }
        clean_for(town, 600000);
    }
    result->after_ms = result->told == 0 ? 0 : sum_ms / result->told;
}

static void print_row(bool is_markdown, const struct attack *attack, const struct result *result,
                      unsigned days)
{
    const struct detector_row *row = detector_row(attack->detector);

    printf(is_markdown ? "| %s | %s | %s | %s | %u of %u | %.1f min | %.2f |\n"
                       : "%-22s %-7s %-10s %s: told in %u of %u, after %.1f min; false alarms %.2f "
                         "in 30 days\n",
           row->name, row->rule, control_at(row->control)->id, attack->what, result->told, TRIALS,
           (double)result->after_ms / 60000, result->false_alarms * 30 / days);
}

static bool is_good(const struct attack *attack, const struct result *result, unsigned days)
{
    /* What a reader of alarms puts up with: one in ten days of a detector. */
    bool good = result->told >= TRIALS * 9 / 10 && result->false_alarms * 30 / days <= 3;

    if (!good) {
        fprintf(stderr, "%s: told in %u of %u trials, %.0f false alarms in %u days\n",
                detector_row(attack->detector)->name, result->told, TRIALS, result->false_alarms,
                days);
    }
    return good;
}

int main(int argument_count, char **arguments)
{
    struct town town = {.tide = tide_new(), .seed = 20240611, .now_ms = 7 * (uint64_t)DAY_MS};
    struct result results[sizeof(attacks) / sizeof(attacks[0])] = {{0}};
    unsigned days = 30;
    bool is_markdown = false, is_all_good = true;

    for (int i = 1; i < argument_count; i++) {
        if (strcmp(arguments[i], "--markdown") == 0) {
            is_markdown = true;
        } else if (strcmp(arguments[i], "--days") == 0 && i + 1 < argument_count) {
            days = (unsigned)strtoul(arguments[++i], NULL, 10);
        } else if (strcmp(arguments[i], "--seed") == 0 && i + 1 < argument_count) {
            town.seed = strtoull(arguments[++i], NULL, 10);
        }
    }
    if (town.tide == NULL || days == 0) {
        return 2;
    }
    clean_for(&town, days * (uint64_t)DAY_MS);
    fprintf(stderr, "%u clean days, %llu calls\n", days, (unsigned long long)town.calls);
    for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
        results[i].false_alarms = (double)town.told[attacks[i].detector];
    }
    for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
        measure(&town, &attacks[i], &results[i]);
        print_row(is_markdown, &attacks[i], &results[i], days);
        is_all_good &= is_good(&attacks[i], &results[i], days);
    }
    tide_free(town.tide);
    return is_all_good ? 0 : 1;
}
