/*
 * The simulator: a town of devices, a core, carriers and a company around one store; calls of all
 * kinds by chance, packets lost, doubled and overtaken, workers killed, strangers who repeat and
 * mutilate what they saw.  A seed replays it.
 *
 * What must always hold: a call that the book saves is not lost; nothing of one side is seen by
 * another; whoever is not a party achieves nothing; in the end nothing is left; what was counted
 * adds up.
 */
#pragma once

#include "support/agent.h"

enum {
    SIM_DEVICES = 40,
    SIM_ACTIVE_MAX = 400,
    SIM_SUBSCRIBED = 32, /* the latest; news of a subscription comes within a minute */
    SIM_FORKS = 3,
};

enum sim_place {
    PLACE_ACCESS,
    PLACE_CORE,
    PLACE_CARRIER,
    PLACE_NAMED,
    PLACE_TRANSIT,
    PLACE_COMPANY
};
enum { SIM_PLACES = PLACE_COMPANY + 1 };

struct sim;

/* A device on the Internet, which registers again and again. */
struct device {
    struct agent agent; /* first */
    struct sim *sim;
    struct net_event refresh;
    struct dialogue *binding;
    char user[24];
    bool is_registered;
    uint64_t until_ms;  /* the registrar remembers it that long */
    char bound[300];    /* its Contact as the registrar knows it */
    char nonce[24];     /* what the registrar asked, good once */
    char challenge[24]; /* what the device was asked */
};

enum call_kind { CALL_SESSION, CALL_SINGLE, CALL_SUBSCRIPTION };
enum call_end { END_ANSWERED, END_REFUSED, END_CANCELLED, END_SILENT, END_UNACKNOWLEDGED };
enum call_state { CALL_ASKING, CALL_UP, CALL_ENDING, CALL_DONE };

struct call_plan {
    enum call_kind kind;
    enum call_end end;
    uint8_t method; /* of a single request */
    uint16_t refusal;
    unsigned rings, forks, steps;
    uint32_t wait_ms, ring_ms, cancel_ms, talk_ms;
    bool is_reliable, has_early_media, offers_late, has_video, is_emergency;
    bool first_hop_fails; /* 503 or silence of the first hop */
    bool first_hop_is_silent;
    bool second_yes; /* another fork answers too */
    bool callee_hangs_up, both_hang_up;
};

struct call {
    struct sim *sim;
    struct call *next;
    unsigned number;
    struct call_plan plan;
    enum sim_place from, to;
    struct agent *caller, *callee;
    struct net_event caller_turn, callee_turn, over;
    struct dialogue *mine, *theirs; /* of the answer that was taken */
    struct dialogue *begun;         /* as asked */
    struct dialogue *forks[SIM_FORKS];
    struct agent_client *invite;
    struct agent_server *ring;
    enum call_state state;
    unsigned tries, rung, chosen, stepped;
    uint16_t status;      /* what the caller heard in the end */
    bool is_acknowledged; /* the callee has the ACK */
    bool is_shaken;       /* the worker was killed at a bad moment: anything may come of it */
    bool is_busy;         /* a request within the dialog is under way */
    bool has_byed[2], is_bye_answered[2];
    unsigned surplus_byes;
    unsigned pending; /* PRACKs and NOTIFYs nobody has answered yet */
    uint32_t pracked;
    unsigned caller_port, callee_port;
    uint64_t began_ms, finished_ms;
};

enum assailant {
    ASSAILANT_STRANGER,
    ASSAILANT_NEIGHBOUR,
    ASSAILANT_NOBODY,
    ASSAILANT_TRANSIT,
    ASSAILANT_COMPANY
};
enum { ASSAILANTS = ASSAILANT_COMPANY + 1 };
enum { ATTACKS_ENOUGH = 3 }; /* made so often, the weather has let one of them through */

/* What somebody on the line has learned of a call. */
struct overheard {
    bool is_known;
    char uri[400], from[200], to[200], call_id[160], from_tag[80], to_tag[80], branch[100];
    uint32_t cseq;
};

struct attack_tally {
    unsigned made, found;
};

struct sim {
    struct net net;
    uint64_t seed;
    unsigned wanted, begun, finished, active, peak;
    char told[64]; /* messages with this in them are printed; empty: none */
    bool has_failed;
    struct agent agents[16]; /* all but devices */
    unsigned agent_count;
    struct device devices[SIM_DEVICES];
    struct agent strangers[3];
    struct call *calls; /* under way, and those whose dialogs linger */
    struct net_event arrival, kill, mischief, change;
    unsigned kills, attacks;
    uint32_t kill_ms, attack_permille;
    unsigned rot;     /* octets of the records that turn into others at each kill */
    unsigned changes; /* of the policy */
    uint32_t change_ms;
    bool is_ending;
    uint64_t outcomes[8]; /* by call_end; then shaken */
    uint64_t refused_packets;
    struct agent assailants[ASSAILANTS];
    struct net_event assault;
    uint32_t assault_ms, assault_number;
    struct address assault_from;
    unsigned assault_row, assault_needs, assaults;
    bool tells_attacks;
    struct attack_tally *attack_tallies; /* by row */
    struct overheard talking, ringing;
    struct sip_message *overheard_message;
    char *heard; /* a message a stranger has seen */
    size_t heard_len;
    char subscribed[SIM_SUBSCRIBED][64]; /* Call-IDs of what strangers subscribed to */
    unsigned subscribed_count;
};

/* Of rotten memory only one thing is asked: that nobody falls over it. */
bool sim_fail(struct sim *sim, const struct call *call, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* cast.c */
bool cast_open(struct sim *sim);
void cast_close(struct sim *sim);
struct agent *cast_of(struct sim *sim, enum sim_place place);
void cast_register(struct sim *sim);
void cast_go_home(struct sim *sim);
/* The registrar's answer. */
void cast_registrar(struct sim *sim, struct agent_server *server,
                    const struct sip_message *request);
void cast_bound(struct device *device, const struct sip_message *response);
struct device *cast_device(const struct agent *agent);
extern const char sim_policy[];
extern const char sim_policy_changed[]; /* other numbers of zones, peers and names */
extern const struct agent_events sim_events;

/* calls.c */
void call_begin(struct sim *sim);
void call_asked(struct sim *sim, struct agent *agent, struct agent_server *server,
                const struct sip_message *request);
void call_answered(struct sim *sim, struct agent_client *client, struct dialogue *dialogue,
                   const struct sip_message *response);
void call_acknowledged(struct sim *sim, struct agent_server *server);
void call_cancelled(struct sim *sim, struct agent_server *server);
void call_unacknowledged(struct sim *sim, struct agent_server *server);
void call_timed_out(struct sim *sim, struct agent_client *client);
/* The worker is killed: what may be lost by it. */
void calls_shake(struct sim *sim);
/* A new policy comes: what is being asked finishes where it is, at no other hop. */
void calls_wait(struct sim *sim);
/* Another host of a peer may do what the peer may: his own calls are his to spoil. */
void calls_touched(struct sim *sim, struct slice bytes);
void calls_end(struct sim *sim);

/* checks.c */
bool check_put(struct sim *sim, const struct net_packet *packet);
void check_judged(struct sim *sim, const struct net_packet *packet);
bool check_end(struct sim *sim);
/* attacks.c */
void attacks_open(struct sim *sim);
void attacks_close(struct sim *sim);
void attacks_hear(struct sim *sim, const struct net_packet *packet);
bool attacks_are_of(const struct sim *sim, const struct net_host *host);
/* Nothing of an attack crosses. */
bool attacks_may_be_sent(const struct sim *sim, const struct net_packet *packet);
void attacks_judged(struct sim *sim, const struct net_packet *packet);
void attacks_check(struct sim *sim);
/* strangers.c */
void strangers_open(struct sim *sim);
void strangers_close(struct sim *sim);
void strangers_hear(struct sim *sim, const struct net_packet *packet);
/* True of a message of a subscription one of them asked for. */
bool strangers_subscribed(const struct sim *sim, struct slice bytes);
