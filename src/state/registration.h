/*
 * A registered contact: which flow, device and identities a user has (rules 5.5).
 */
#pragma once

#include "base/wheel.h"
#include "state/texts.h"
#include "wire/packet.h"

enum registration_text {
    REGISTRATION_AOR,           /* sip:user@domain, canonical */
    REGISTRATION_CONTACT,       /* the URI the device gave */
    REGISTRATION_INSTANCE,      /* +sip.instance with its reg-id; empty when none */
    REGISTRATION_SERVICE_ROUTE, /* of the 200, REG-10 */
    REGISTRATION_IDENTITIES,    /* P-Associated-URI of the 200 */
    REGISTRATION_CALL_ID,       /* on the device's leg */
    REGISTRATION_TEXT_COUNT,
};

struct registration {
    struct pool_slot slot;
    struct flow flow;    /* set with registration_set_flow */
    uint16_t zone, peer; /* of the device */
    uint16_t core_zone, core_peer;
    uint32_t peer_id;
    uint32_t token;      /* names it in the Contact or Path given to the core */
    bool is_confirmed;   /* the core answered 200 */
    bool is_emergency;   /* sos */
    bool is_asked_twice; /* unconfirmed, and more than one REGISTER has named it */
    bool is_by_path;     /* the core has the device's own Contact, and a Path with the token */
    bool is_cut_off;     /* its connection ended: the flow has failed (RFC 5626) */
    struct handle asked; /* the REGISTER that named it, until it is answered */
    uint64_t expires_ms;
    struct text_handle texts;
    struct wheel_timer expiry;
    uint32_t next_there, former_there; /* indexes of others on the same connection; 0: none */
};
