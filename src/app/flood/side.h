/*
 * One party of the good calls: its socket, its legs, and what it says.  For calls.c alone.
 */
#pragma once

#include "app/flood/flood.h"
#include "base/hash.h"
#include "base/table.h"
#include "base/wheel.h"
#include "io/socket.h"
#include "wire/sip/message.h"

enum flood_leg_state {
    LEG_FREE,
    LEG_INVITED, /* caller: nothing heard */
    LEG_RINGING, /* caller: something is coming */
    LEG_LEAVING, /* caller: answered, BYE sent */
    LEG_ASKED,   /* called: answered, no ACK yet */
};

enum { FLOOD_TEXT = 256, FLOOD_SIDE_BATCH = 64 };

struct flood_leg {
    struct wheel_timer timer;
    uint8_t state;
    uint8_t again;
    uint32_t generation;
    uint32_t interval_ms;
    uint64_t began_us;
    uint64_t number; /* caller: names it; called: hash of the branch it was asked with */
    union {
        struct {
            char to_tag[FLOOD_TEXT], target[FLOOD_TEXT]; /* caller: of the answer */
        };
        struct {
            char *answer; /* called: as sent, of the heap */
            size_t answer_len;
            struct socket_address back;
        };
    };
};

struct flood_side {
    const struct flood_wish *wish;
    struct flood_calls *calls;
    bool is_caller;
    int fd;
    uint64_t seed;
    char host[ADDRESS_TEXT_MAX + 1];  /* own address with port, as in a Contact */
    char store[ADDRESS_TEXT_MAX + 1]; /* where requests go */
    struct socket_address to, heard_from;
    struct wheel wheel;
    struct flood_leg *legs;
    uint32_t *free;
    uint32_t free_count;
    struct table invited; /* called: legs by branch */
    void *invited_memory;
    struct hash_key key;
    struct sip_message message;
    char octets[65536];
    struct {
        struct mmsghdr messages[FLOOD_SIDE_BATCH];
        struct iovec pieces[FLOOD_SIDE_BATCH];
        struct socket_address to[FLOOD_SIDE_BATCH];
        char octets[FLOOD_SIDE_BATCH][FLOOD_MESSAGE];
        unsigned count;
    } out;
};

bool side_open(struct flood_side *side, const struct flood_wish *wish, bool is_caller,
               struct fault *fault);
void side_close(struct flood_side *side);

/* The next datagram that is a message, read into side->message; false when there is none. */
bool side_receive(struct flood_side *side);
void side_flush(struct flood_side *side);

/* "f<index>x<generation>...": what our names begin with. */
bool side_number_read(struct slice name, uint32_t *index, uint32_t *generation);

/* INVITE, ACK of a yes, BYE. */
void side_send_request(struct flood_side *side, struct flood_leg *leg, const char *method);
void side_send_refusal_ack(struct flood_side *side, struct flood_leg *leg);
/* To tag and Contact of the answer in side->message. */
void side_keep_dialog(struct flood_side *side, struct flood_leg *leg);

/* To what is in side->message; a 200 of an INVITE is kept with the leg. */
void side_answer(struct flood_side *side, struct flood_leg *leg, unsigned status);
void side_send_kept(struct flood_side *side, struct flood_leg *leg);

/* Whether the request comes from our caller. */
bool side_is_ours(const struct flood_side *side);

uint64_t side_branch_hash(const struct flood_side *side);
struct flood_leg *side_find_invited(struct flood_side *side);
void side_remember_invited(struct flood_side *side, struct flood_leg *leg);
void side_forget_invited(struct flood_side *side, struct flood_leg *leg);
