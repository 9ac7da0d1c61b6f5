/*
 * An audit: everybody around a box under test, what was tried, and what came of it.
 */
#pragma once

#include "app/audit/callers.h"
#include "app/audit/catalogue.h"
#include "app/audit/draft.h"
#include "app/audit/ground.h"

enum {
    SIGHTINGS_MAX = 256, /* of one variant; more are counted */
    SIGHTINGS_ROOM = 1 << 20,
    KNOWN_MAX = 4096,
    WRITTEN_MAX = 1 << 18, /* octets: too long on purpose is what some tests are */
    SETTLE_MS = 120, /* how long silence is waited for, on a box that answers in a millisecond */
};

/* A message heard by anybody but the legitimate caller while a variant was tried. */
struct sighting {
    enum vantage_id at;
    bool is_sip, is_request;
    uint8_t method;
    uint16_t status;
    enum transport transport;
    struct address from;
    struct slice bytes;
};

struct audit {
    struct scope scope;
    struct ground ground;
    struct callers callers;
    struct draft draft;
    struct chance chance;
    struct address attacker_first; /* where the first of them is */
    struct slice attacker_name;    /* without a number */
    char attacker[64];             /* who it is in this test */
    uint64_t seed, settle_ms;
    const struct audit_test *test; /* being run */
    struct test_outcome *outcome;
    struct test_outcome outcomes[TEST_COUNT];
    bool is_wanted[TEST_COUNT];
    uint64_t begun_us, ended_us;

    struct sighting sightings[SIGHTINGS_MAX];
    uint32_t sighting_count, sightings_lost;
    uint64_t known[KNOWN_MAX]; /* requests heard lately: a box may repeat them for half a minute */
    uint32_t known_next, known_before; /* next to be written; how it stood when the variant began */
    char *room;                        /* SIGHTINGS_ROOM */
    char *written;                     /* WRITTEN_MAX: of the message sent now */
    size_t written_len;
    size_t room_len;
    struct sip_message *message; /* read last */
    unsigned core_status;        /* what the core answers, 200 */
    uint16_t register_status;    /* of the last REGISTER */
    bool core_is_silent;
    const char *leaked; /* an internal name seen outside since sightings_clear, or NULL */
    char leaked_word[64], leaked_to;
    bool is_mute; /* no progress is told */
};

bool audit_open(struct audit *audit, const char *folder, volatile sig_atomic_t *is_stopped,
                struct fault *fault);
void audit_close(struct audit *audit);

/* A vantage registers its user from where it sends; over TCP its connection is the flow. */
bool audit_register(struct audit *audit, enum vantage_id id, const struct scope_socket *to,
                    struct fault *fault);

/* Whether the box carries good calls at all: nothing can be said of one that does not. */
bool audit_baseline(struct audit *audit, struct fault *fault);

/* One test, its outcome in outcomes. */
void audit_run(struct audit *audit, uint32_t index);

void sightings_clear(struct audit *audit);
/* The last final status heard at a vantage, 0 when none. */
uint16_t sightings_final(const struct audit *audit, enum vantage_id at);
/* The first request heard there, or NULL. */
const struct sighting *sightings_request(const struct audit *audit, enum vantage_id at);
bool sightings_have(const struct audit *audit, enum vantage_id at, struct slice text);

/* Where a request of from comes out behind the box. */
enum vantage_id vantage_behind(enum vantage_id from);

/* Sends what the draft says; a final answer, or a sighting behind the box, or settle_ms. */
void audit_send_draft(struct audit *audit, const struct scope_socket *to);

/* What was taken up by mistake is ended: ACK and BYE for every 2xx to an INVITE. */
void audit_tidy(struct audit *audit, enum vantage_id who, const struct scope_socket *to);

/* Time passes, good calls go on. */
void audit_wait(struct audit *audit, uint64_t ms);

/* The probe of a test, variant by variant over every transport (probe.c). */
bool probe_run(struct audit *audit, struct slice text);
/* The first line of a probe that says nothing, from 1; 0 when all do.  The draft has begun. */
uint32_t probe_fault(struct draft *draft, struct slice text);

/* Tests that are conversations: scripts.def. */
typedef void audit_script(struct audit *audit);
audit_script *script_find(const char *id);
