/*
 * The stage of the demonstration: a store of our own in a child process, the actors around it, and
 * the journal it writes.
 */
#pragma once

#include "app/demo/actor.h"

#include <stdio.h>
#include <sys/types.h>

struct stage {
    pid_t store;
    char folder[64];       /* of policy, state and journal; removed at the end */
    struct actor alice;    /* a phone in the zone of devices */
    struct actor core;     /* the operator's core behind the border */
    struct actor partner;  /* a carrier under contract */
    struct actor stranger; /* nobody we know */
    struct address device_side, core_side, partner_side; /* the border's sockets */
    unsigned passed, failed;
    bool is_plain; /* no colours: not a terminal, or NO_COLOR */
};

bool stage_open(struct stage *stage, struct fault *fault);
void stage_close(struct stage *stage);

/* Which control the journal says stopped the message with this Call-ID, or from this address; empty
 * when none did. */
const char *stage_control(const struct stage *stage, const char *whose, char *room, size_t len);

/* One line of the programme. */
void stage_tell(struct stage *stage, bool is_well, const char *what, const char *how);

/* demo_calls.c, demo_attacks.c */
void demo_calls(struct stage *stage);
void demo_attacks(struct stage *stage);
