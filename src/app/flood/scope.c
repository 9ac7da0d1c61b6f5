/*
 * Where a flood may go: nowhere but where a mistake hurts nobody.
 */
#include "app/flood/flood.h"
#include "io/socket.h"

#include <dirent.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define NAMESPACES "/run/netns"

/* Whether the network namespace we are in was made, and named, for tests of ours. */
static bool is_test_namespace(void)
{
    struct stat own, named;
    DIR *folder = opendir(NAMESPACES);
    bool is_ours = false;

    if (folder == NULL || stat("/proc/self/ns/net", &own) != 0) {
        if (folder != NULL) {
            closedir(folder);
        }
        return false;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL && !is_ours;
         entry = readdir(folder)) {
        char path[512];

        if (strncmp(entry->d_name, "sipwarden-", 10) == 0) {
            snprintf(path, sizeof(path), NAMESPACES "/%s", entry->d_name);
            is_ours =
                stat(path, &named) == 0 && named.st_ino == own.st_ino && named.st_dev == own.st_dev;
        }
    }
    closedir(folder);
    return is_ours;
}

static bool is_on_link(const struct ifaddrs *interface, const struct address *to)
{
    struct address own, mask;
    unsigned len = to->family == ADDRESS_V4 ? 4 : 16;

    if (interface->ifa_addr == NULL || interface->ifa_netmask == NULL) {
        return false;
    }
    socket_address_read(interface->ifa_addr, &own);
    socket_address_read(interface->ifa_netmask, &mask);
    if (own.family != to->family) {
        return false;
    }
    for (unsigned i = 0; i < len; i++) {
        /* A mask of nothing would make the whole world a neighbour. */
        if (mask.bytes[0] == 0 || ((own.bytes[i] ^ to->bytes[i]) & mask.bytes[i]) != 0) {
            return false;
        }
    }
    return true;
}

static bool is_neighbour(const struct address *to)
{
    struct ifaddrs *interfaces = NULL;
    bool is_found = false;

    if (getifaddrs(&interfaces) != 0) {
        return false;
    }
    for (const struct ifaddrs *at = interfaces; at != NULL && !is_found; at = at->ifa_next) {
        is_found = is_on_link(at, to);
    }
    freeifaddrs(interfaces);
    return is_found;
}

bool flood_may_send_to(const struct address *to, struct fault *fault)
{
    char room[ADDRESS_TEXT_MAX + 1];
    struct text text;

    if (address_is_loopback(to) || (is_test_namespace() && is_neighbour(to))) {
        return true;
    }
    text_init(&text, room, sizeof(room) - 1);
    address_write_host(&text, to, false);
    room[text.len] = '\0';
    fault_set(fault,
              "%s is not on loopback, nor on a link of a network namespace named sipwarden-...; "
              "a flood goes nowhere else",
              room);
    return false;
}
