/*
 * A live source of packets: what capturing agents send in HEP, over UDP or TCP.
 *
 * Many agents at once; one buffer for each connection, of the longest packet.  What cannot be
 * read is counted, and over TCP ends the connection: where framing broke nothing behind it is
 * known.  Whoever can reach the socket can tell stories, so it belongs on a wire of one's own.
 *
 *     while (hep_next(receiver, &packet)) { ... }
 *
 * packet.number counts the HEP packets, from 1; its time is the agent's while that is near ours.
 */
#pragma once

#include "io/capture/counts.h"
#include "io/capture/until.h"
#include "wire/packet.h"

enum {
    HEP_SENDERS_MAX = 256,      /* connections: an agent on every machine of a large site */
    HEP_CLOCK_OFF_US = 60000000 /* of an agent; further off it is a clock gone wrong, or a replay */
};

struct hep_receiver;

/* "udp:192.0.2.1:9060", "tcp:[2001:db8::1]:9060".  NULL at a fault.  until stays the caller's. */
struct hep_receiver *hep_open(const char *where, const struct until *until, struct fault *fault);
void hep_close(struct hep_receiver *receiver);

/* Waits for the next SIP message.  Its bytes are valid until the next call.  False when it is
 * over. */
bool hep_next(struct hep_receiver *receiver, struct packet *packet);

const struct capture_counts *hep_counts(const struct hep_receiver *receiver);
uint64_t hep_octets(const struct hep_receiver *receiver); /* received */
