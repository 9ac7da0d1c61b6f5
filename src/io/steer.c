#include "io/steer.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
    V4_SOURCE = 12, /* in the header */
    V4_PORT = 20,   /* of the source; options of IP are not expected, and would do no harm */
    V6_SOURCE = 8,
    V6_PORT = 40,
};

struct program {
    struct sock_filter at[STEER_LEN_MAX];
    unsigned short len;
    bool is_full;
    bool has_source; /* the accumulator holds the whole first word of the source */
};

static void put(struct program *program, uint16_t code, uint8_t jump_true, uint8_t jump_false,
                uint32_t k)
{
    if (program->len == STEER_LEN_MAX) {
        program->is_full = true;
        return;
    }
    program->at[program->len++] =
        (struct sock_filter){.code = code, .jt = jump_true, .jf = jump_false, .k = k};
}

/* From the network header, where the program itself looks at the payload. */
static uint32_t header_at(uint32_t offset)
{
    return (uint32_t)SKF_NET_OFF + offset;
}

static uint32_t word_of(const uint8_t *octets)
{
    return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
           octets[3];
}

/* The part of a mask that falls on the word-th word. */
static uint32_t mask_of(unsigned bits, unsigned word)
{
    unsigned before = word * 32;

    if (bits <= before) {
        return 0;
    }
    return bits - before >= 32 ? UINT32_MAX : ~(UINT32_MAX >> (bits - before));
}

/* IPv4: a single host after another costs two instructions, so that two thousand fit. */
static void put_v4(struct program *program, const struct prefix *prefix)
{
    uint32_t mask = mask_of(prefix->bits, 0);

    if (!program->has_source) {
        put(program, BPF_LD | BPF_W | BPF_ABS, 0, 0, header_at(V4_SOURCE));
    }
    program->has_source = mask == UINT32_MAX;
    if (!program->has_source) {
        put(program, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
    }
    put(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, word_of(prefix->address.bytes) & mask);
}

/* IPv6: words that do not fit lead behind the prefix; when all fit, what follows is reached. */
static void put_v6(struct program *program, const struct prefix *prefix)
{
    unsigned last = prefix->bits == 0 ? 0 : (prefix->bits - 1U) / 32 + 1;

    for (unsigned word = 0; word < last; word++) {
        uint32_t mask = mask_of(prefix->bits, word);
        /* Three instructions for each word that follows, and the jump at the end. */
        uint8_t behind = (uint8_t)(3 * (last - word - 1) + 1);

        put(program, BPF_LD | BPF_W | BPF_ABS, 0, 0, header_at(V6_SOURCE + 4 * word));
        put(program, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
        put(program, BPF_JMP | BPF_JEQ | BPF_K, 0, behind,
            word_of(prefix->address.bytes + 4 * (size_t)word) & mask);
    }
}

/* The worker by the port of the source: what one socket sends stays together. */
static void put_answer(struct program *program, uint32_t first, uint32_t workers, uint32_t port)
{
    put(program, BPF_LD | BPF_H | BPF_ABS, 0, 0, header_at(port));
    /* Names that are 0 are there to be read. */
    put(program, BPF_ALU | BPF_MOD | BPF_K, 0, 0, workers);
    put(program, BPF_ALU | BPF_ADD | BPF_K, 0, 0, first); // NOLINT(misc-redundant-expression)
    put(program, BPF_RET | BPF_A, 0, 0, 0);
}

/* Jumps to the end are filled in once it is known where that is. */
static void point_jumps(struct program *program, unsigned short end)
{
    for (unsigned short i = 0; i < end; i++) {
        if (program->at[i].code == (BPF_JMP | BPF_JA)) {
            program->at[i].k = (uint32_t)end - i - 1;
        }
    }
}

static void program_make(struct program *program, enum address_family family,
                         const struct prefix *known, uint32_t count, uint32_t workers)
{
    bool is_v6 = family == ADDRESS_V6;
    uint32_t port = is_v6 ? V6_PORT : V4_PORT;

    for (uint32_t i = 0; i < count; i++) {
        if (known[i].address.family == family) {
            (is_v6 ? put_v6 : put_v4)(program, &known[i]);
            put(program, BPF_JMP | BPF_JA, 0, 0, 0);
        }
    }
    put_answer(program, workers, workers, port);
    point_jumps(program, program->len);
    put_answer(program, 0, workers, port);
}

bool steer_attach(int fd, enum address_family family, const struct prefix *known, uint32_t count,
                  uint32_t workers, struct fault *fault)
{
    struct program *program = calloc(1, sizeof(*program));
    bool is_done = false;

    if (program == NULL) {
        return fault_set(fault, "no memory for steering datagrams");
    }
    program_make(program, family, known, count, workers);
    const struct sock_fprog attached = {.len = program->len, .filter = program->at};
    if (program->is_full) {
        (void)fault_set(fault, "%u prefixes are too many to be told from strangers by the kernel",
                        count);
    } else if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &attached, sizeof(attached)) !=
               0) {
        (void)fault_set(fault, "SO_ATTACH_REUSEPORT_CBPF: %s", strerror(errno));
    } else {
        is_done = true;
    }
    free(program);
    return is_done;
}
