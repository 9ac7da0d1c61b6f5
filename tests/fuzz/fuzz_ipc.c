/* Messages between processes: the first octets say who speaks to whom, and how many descriptors. */
#include "base/must.h"
#include "io/ipc.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct ipc_message message;
    static struct ipc_room room;

    if (len < 3 || len - 3 > sizeof(room.octets)) {
        return 0;
    }
    enum ipc_role from = octets[0] % ROLE_COUNT;
    enum ipc_role to = octets[1] % ROLE_COUNT;
    memcpy(room.octets, octets + 3, len - 3);
    if (ipc_read(from, to, slice_of(room.octets, len - 3), octets[2], &message)) {
        must(ipc_may_say(from, to, message.type));
        must(message.payload.at + message.payload.len == room.octets + len - 3);
    }
    return 0;
}
