/*
 * What a policy asks to be reserved, as the tables understand it.
 */
#pragma once

#include "io/ipc.h"
#include "policy/policy.h"
#include "state/state.h"

static inline struct state_capacity capacity_of_worker(const struct ipc_start *start)
{
    return (struct state_capacity){
        .exchanges = start->exchanges,
        .dialogs = start->dialogs,
        .registrations = start->registrations,
        .media_streams = start->media_streams,
        .text_octets = (size_t)start->text_octets,
    };
}

static inline uint32_t capacity_share(uint32_t all, uint32_t workers)
{
    return (all + workers - 1) / workers;
}

/* The workers divide among themselves what the policy reserves for the store. */
static inline void capacity_of_policy(struct ipc_start *start, const struct policy *policy)
{
    uint32_t workers = policy->capacity.workers;

    start->workers = workers;
    start->exchanges = capacity_share(policy->capacity.exchanges, workers);
    start->dialogs = capacity_share(policy->capacity.dialogs, workers);
    start->registrations = capacity_share(policy->capacity.registrations, workers);
    start->media_streams = capacity_share(policy->capacity.media_sessions, workers);
    start->connections = capacity_share(policy->capacity.connections, workers);
    start->text_octets = (uint64_t)capacity_share(policy->capacity.text_blocks, workers) * 1024;
}
