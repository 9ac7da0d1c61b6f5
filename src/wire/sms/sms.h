/*
 * A short message as it travels in SIP: RP-DATA (3GPP TS 24.011) around a TPDU (TS 23.040).
 *
 * Read for what a border judges: whose side it comes from, and whether it is for a person, for the
 * card or for a program.  The text is nobody's business and is not looked at.
 */
#pragma once

#include "base/slice.h"

enum sms_kind {
    SMS_SUBMIT,  /* from a user */
    SMS_DELIVER, /* to a user */
    SMS_COMMAND, /* from a user, about one he sent */
    SMS_REPORT,  /* RP-ACK, RP-ERROR, RP-SMMA, and reports of delivery: no message of its own */
};

enum { SMS_NO_PORT = 0x10000 };

struct sms {
    enum sms_kind kind;
    bool is_from_user;   /* by the direction of the RP layer */
    bool has_originator; /* RP-Originator-Address: the centre's, never a user's */
    uint8_t protocol;    /* TP-Protocol-Identifier */
    uint8_t coding;      /* TP-Data-Coding-Scheme */
    bool commands_card;  /* a security header of a command packet (TS 31.115) */
    uint32_t port;       /* destination port, or SMS_NO_PORT */
};

/* False: not a whole one, or of no known kind. */
bool sms_read(struct sms *sms, struct slice octets);

/* The coding says the text is for the card (class 2). */
bool sms_is_for_card(const struct sms *sms);
