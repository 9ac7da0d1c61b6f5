/*
 * Who may say what to whom, and whether octets are such a message.
 */
#include "io/ipc.h"

#include "base/must.h"

#include <unistd.h>

struct ipc_row {
    uint8_t from, to;
    uint8_t descriptors;
    bool is_text;
    uint32_t len;
};

/* Which is a text is decided by the type, not by its size. */
#define IS_TEXT(payload) _Generic((payload *)NULL, struct slice * : true, default : false)

static const struct ipc_row rows[IPC_TYPE_COUNT] = {
#define MESSAGE(name, from, to, payload, descriptors, says)                                        \
    {ROLE_##from, ROLE_##to, descriptors, IS_TEXT(payload), sizeof(payload)},
#include "io/ipc.def"
#undef MESSAGE
};

static const char *const role_names[] = {
#define ROLE(name, written, what) written,
#include "io/roles.def"
#undef ROLE
    "any",
};

const char *ipc_role_name(enum ipc_role role)
{
    must(role <= ROLE_ANY);
    return role_names[role];
}

bool ipc_may_say(enum ipc_role from, enum ipc_role to, enum ipc_type type)
{
    const struct ipc_row *row = &rows[type];
    bool is_sender = row->from == from || (row->from == ROLE_ANY && from != ROLE_PARENT);
    bool is_receiver = row->to == to || (row->to == ROLE_ANY && to != ROLE_PARENT);

    return is_sender && is_receiver;
}

bool ipc_has_size(enum ipc_type type, size_t len)
{
    return rows[type].is_text ? len <= IPC_TEXT_MAX : len == rows[type].len;
}

bool ipc_is_bare(enum ipc_role a, enum ipc_role b)
{
    return (a == ROLE_BORDER && b == ROLE_MEDIA) || (a == ROLE_MEDIA && b == ROLE_BORDER);
}

static bool read_head(enum ipc_role from, enum ipc_role to, struct slice octets,
                      struct ipc_message *message)
{
    struct ipc_head head;

    if (ipc_is_bare(from, to)) {
        message->type = from == ROLE_BORDER ? IPC_ORDER : IPC_REPORT;
        message->payload = octets;
        return true;
    }
    if (octets.len < sizeof(head)) {
        return false;
    }
    memcpy(&head, octets.at, sizeof(head));
    message->payload = slice_skip(octets, sizeof(head));
    if (head.version != IPC_VERSION || head.type >= IPC_TYPE_COUNT ||
        head.len != message->payload.len) {
        return false;
    }
    message->type = head.type;
    return true;
}

bool ipc_read(enum ipc_role from, enum ipc_role to, struct slice octets, unsigned descriptor_count,
              struct ipc_message *message)
{
    if (!read_head(from, to, octets, message) || !ipc_may_say(from, to, message->type)) {
        return false;
    }
    const struct ipc_row *row = &rows[message->type];
    if (!ipc_has_size(message->type, message->payload.len)) {
        return false;
    }
    return row->descriptors == IPC_ANY_DESCRIPTORS ? descriptor_count <= IPC_DESCRIPTORS_MAX
                                                   : descriptor_count == row->descriptors;
}

void ipc_close_descriptors(struct ipc_message *message)
{
    for (unsigned i = 0; i < message->descriptor_count; i++) {
        if (message->descriptors[i] >= 0) {
            (void)close(message->descriptors[i]);
        }
    }
    message->descriptor_count = 0;
}
