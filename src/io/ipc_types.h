/*
 * Payloads of ipc.def.  They come from other processes: whoever takes one checks the numbers in it.
 */
#pragma once

#include "base/crypto/siv.h"
#include "base/hash.h"
#include "wire/media_order.h"
#include "wire/name_answer.h"

enum {
    IPC_VERSION = 1,
    IPC_HEAD_LEN = 16,
    IPC_TEXT_MAX = 16 * 1024,   /* an event with the evidence of 32 findings */
    IPC_DESCRIPTORS_MAX = 128,  /* of one message; the kernel takes 253 */
    IPC_ANY_DESCRIPTORS = 0xFF, /* in ipc.def: 0 to IPC_DESCRIPTORS_MAX */
    IPC_KEYS_MAX = 4,           /* token keys held at the same time */
    IPC_SEED_LEN = 48,
    IPC_KEY_NAME_LEN = 32,   /* of a private key: SHA-256 of its public half */
    IPC_DIGEST_MAX = 64,     /* SHA-512 */
    IPC_SIGNATURE_MAX = 512, /* RSA of 4096 bits */
};

struct ipc_none {
    uint32_t unused;
};

struct ipc_start {
    uint32_t role;
    uint32_t workers;
    uint32_t node;
    uint32_t user, group; /* to become; 0: stay */
    /* What is reserved for each worker as long as the store runs, whatever later policies say. */
    uint32_t exchanges, dialogs, registrations, media_streams, connections;
    uint64_t text_octets;
    struct media_fingerprint fingerprint; /* of the gate's certificate */
};

/* DER. */
struct ipc_certificate {
    uint32_t len, key_len;
    uint8_t octets[768], key[192];
};

struct ipc_policy {
    uint32_t version;
    uint32_t len;
    uint64_t lists_len;
};

struct ipc_memory {
    uint64_t len;
    uint32_t worker;
    uint32_t unused;
    struct hash_key key; /* of the tables in it */
};

struct ipc_listener {
    uint32_t index; /* in the policy */
    uint32_t worker;
    uint32_t kind; /* enum udp_kind */
};

struct ipc_ports {
    uint32_t first; /* index of the first socket; a missing one leaves a gap */
    uint32_t count;
};

struct ipc_link_to {
    uint32_t role;
    uint32_t worker;
};

struct ipc_opened {
    uint32_t connection;
    uint32_t worker;
};

struct ipc_open {
    uint32_t connection;
    uint32_t worker;
    uint32_t listener;
    struct address remote;
};

struct ipc_ask {
    uint32_t name;
    uint32_t version; /* of the policy the name is an index in */
};

struct ipc_answer {
    uint32_t version;
    struct name_answer answer;
};

struct ipc_key {
    uint32_t id;
    uint8_t octets[SIV_KEY_LEN];
};

/* What a worker had to tell the recorder, whether it arrived or not. */
struct ipc_tally {
    uint32_t worker;
    uint32_t unused;
    uint64_t epoch; /* of the worker's life: its counts begin anew with it */
    uint64_t events, notes;
};

struct ipc_keys {
    uint32_t count;
    struct ipc_key keys[IPC_KEYS_MAX];
};

/* What a handshake wants signed: a digest, with a key that only the keeper has. */
enum ipc_scheme { IPC_ECDSA, IPC_RSA_PSS };

struct ipc_sign {
    uint8_t name[IPC_KEY_NAME_LEN];
    uint8_t digest[IPC_DIGEST_MAX];
    uint32_t digest_len;
    uint32_t scheme; /* enum ipc_scheme */
};

/* len 0: the keeper has no such key, or it is of another kind. */
struct ipc_signed {
    uint32_t len;
    uint8_t octets[IPC_SIGNATURE_MAX];
};

/* What the parent read for TLS (io/tls_book.h). */
struct ipc_book {
    uint32_t len;
};
