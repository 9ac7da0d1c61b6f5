/*
 * Handing over between workers: packets to who owns the call, messages to who has the connection.
 *
 * A call is its Call-ID's worker's; the identifiers the relay makes name the worker that made them,
 * and so do tokens.  Devices of access zones are their host's worker's with all they do, so that a
 * call is judged where its device's registration is.  With one worker nothing is looked at.
 */
#pragma once

#include "app/run/worker.h"

/* The worker that owns what the packet belongs to. */
uint32_t hand_owner(struct worker *worker, const struct packet *packet);

/* True when it was another's (or lost on the way there, counted). */
bool hand_over_packet(struct worker *worker, const struct packet *packet);
bool hand_over_sending(struct worker *worker, const struct outgoing *outgoing);

/* A reference as it travels: with the worker that asked for it. */
uint32_t hand_reference(const struct worker *worker, uint32_t reference);

/* A connection is wanted: the main thread asks the parent. */
void hand_wanted(struct worker *worker, const struct ipc_open *open);

/* From the main thread, worker 0. */
bool hand_command(struct worker *from, uint32_t to, const struct worker_command *command);

/* A message of this worker, or of the one that asked for it, could not be sent. */
void hand_failed(struct worker *worker, uint32_t reference);
/* All workers hear of an ended connection. */
void hand_over_closed(struct worker *worker, uint32_t connection);

/* Takes what the others put there; the loop's wake. */
void hand_take(void *owner);
