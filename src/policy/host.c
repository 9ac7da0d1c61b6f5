#include "policy/host.h"

enum { LABEL_MAX = 63, NAME_MAX_LEN = 253, PORT_MAX = 65535 };

static bool is_alnum(char octet)
{
    return (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
           (octet >= '0' && octet <= '9');
}

static bool label_is_good(struct slice label)
{
    if (label.len == 0 || label.len > LABEL_MAX || !is_alnum(label.at[0]) ||
        !is_alnum(label.at[label.len - 1])) {
        return false;
    }
    for (size_t i = 0; i < label.len; i++) {
        if (!is_alnum(label.at[i]) && label.at[i] != '-') {
            return false;
        }
    }
    return true;
}

/* The last label needs a letter, so that nothing that looks like an address is a name. */
static bool label_has_letter(struct slice label)
{
    for (size_t i = 0; i < label.len; i++) {
        if (label.at[i] < '0' || label.at[i] > '9') {
            return true;
        }
    }
    return false;
}

bool host_is_name(struct slice host)
{
    struct slice rest = host, label, last = SLICE_NONE;

    if (host.len == 0 || host.len > NAME_MAX_LEN || host.at[host.len - 1] == '.') {
        return false;
    }
    while (slice_cut(&rest, '.', &label)) {
        if (!label_is_good(label)) {
            return false;
        }
        last = label;
    }
    return label_has_letter(last);
}

bool host_take_transport(struct slice *rest, enum transport *transport)
{
    size_t colon = slice_find(*rest, ':');

    if (colon == rest->len || !transport_read(slice_head(*rest, colon), transport)) {
        return false;
    }
    *rest = slice_skip(*rest, colon + 1);
    return true;
}

bool host_read(struct host *host, struct slice text)
{
    *host = (struct host){.name = SLICE_NONE};
    if (address_read(&host->address, text)) {
        return true;
    }
    if (address_read_port(&host->address, text)) {
        host->port = host->address.port;
        host->address.port = 0;
        return host->port != 0;
    }
    host->address = (struct address){.family = ADDRESS_NONE};
    size_t colon = slice_find(text, ':');
    if (colon < text.len) {
        uint64_t port;

        if (!slice_number(slice_skip(text, colon + 1), PORT_MAX, &port) || port == 0) {
            return false;
        }
        host->port = (uint16_t)port;
    }
    host->name = slice_head(text, colon);
    return host_is_name(host->name);
}

uint16_t transport_port(enum transport transport)
{
    static const uint16_t ports[TRANSPORT_COUNT] = {
        [TRANSPORT_UDP] = 5060, [TRANSPORT_TCP] = 5060, [TRANSPORT_TLS] = 5061,
        [TRANSPORT_WS] = 80,    [TRANSPORT_WSS] = 443,
    };

    return ports[transport];
}
