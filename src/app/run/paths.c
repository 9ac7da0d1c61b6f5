#include "app/run/paths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

bool state_folder_usual(char *path, size_t max, struct fault *fault)
{
    const char *given = getenv("STATE_DIRECTORY"); /* systemd's StateDirectory= */
    const char *home = getenv("HOME");
    int len = -1;

    if (given != NULL && strchr(given, ':') == NULL) {
        len = snprintf(path, max, "%s", given);
    } else if (geteuid() == 0) {
        len = snprintf(path, max, "/var/lib/sipwarden");
    } else if (home != NULL && home[0] == '/') {
        len = snprintf(path, max, "%s/.local/state/sipwarden", home);
    }
    return (len > 0 && (size_t)len < max) ||
           fault_set(fault, "no folder for the state: name one with --state");
}

bool state_folder_make(const char *path, struct fault *fault)
{
    char part[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
    size_t len = strlen(path);

    if (len == 0 || len >= sizeof(part)) {
        return fault_set(fault, "%s: too long a name for the state folder", path);
    }
    memcpy(part, path, len + 1);
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        part[i] = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST) {
            return fault_set(fault, "%s: %s", part, strerror(errno));
        }
        part[i] = path[i];
    }
    return true;
}

bool control_name(const char *folder, struct sockaddr_un *name, struct fault *fault)
{
    memset(name, 0, sizeof(*name));
    name->sun_family = AF_UNIX;
    int len = snprintf(name->sun_path, sizeof(name->sun_path), "%s/control.sock", folder);

    return (len > 0 && (size_t)len < sizeof(name->sun_path)) ||
           fault_set(fault, "%s: too long a name for the state folder", folder);
}
