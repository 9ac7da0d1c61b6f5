/*
 * A capture as a source of packets: what crossed the wire once, judged as if it crossed it now.
 *
 * Frames out of pcap and pcapng, IP out of frames, datagrams out of fragments, messages out of
 * datagrams and of TCP streams; one SIP message is one packet, wherever it ran and whatever port it
 * used.  Memory is bounded however long the file, whoever wrote it.
 *
 *     while (capture_next(capture, &packet, &fault)) { ... }
 *     if (fault.text[0] != '\0') { ... what came before the fault counts ... }
 *
 * packet.number is the frame of the message's last octet and packet.when_us its time; both may step
 * back where segments had to wait for others, and time where the file's does.
 */
#pragma once

#include "base/fault.h"
#include "base/hash.h"
#include "io/capture/counts.h"
#include "io/capture/window.h"
#include "wire/packet.h"

struct capture;

/* From a file, or from standard input when path is "-".  NULL at a fault. */
struct capture *capture_open(const char *path, struct fault *fault);

/* From whatever read gives; key spreads the tables.  from stays the caller's. */
struct capture *capture_new(capture_read *read, void *from, const struct hash_key *key,
                            struct fault *fault);
void capture_close(struct capture *capture);

/* TLS connections whose secrets are in this key log are read; those a pcapng file carries need no
 * such file.  Before the first message. */
bool capture_load_keys(struct capture *capture, const char *path, struct fault *fault);

/* The next message.  Its bytes are valid until the next call.  False at the end, with an empty
 * fault, and at a fault; a message that waited for the fault is still given first. */
bool capture_next(struct capture *capture, struct packet *packet, struct fault *fault);

const struct capture_counts *capture_counts(const struct capture *capture);

/* Octets looked at, and of the whole file; of a pipe the whole is 0. */
struct capture_progress {
    uint64_t done, total;
};
struct capture_progress capture_progress(const struct capture *capture);
