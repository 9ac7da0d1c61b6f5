/*
 * Where a store keeps what is not in its policy.
 */
#pragma once

#include "base/fault.h"

#include <stddef.h>

struct sockaddr_un;

/* The folder when none was named: /var/lib/sipwarden for root, else below the user's home. */
bool state_folder_usual(char *path, size_t max, struct fault *fault);

/* Makes the folder and those above it. */
bool state_folder_make(const char *path, struct fault *fault);

/* The name of the control socket in it. */
bool control_name(const char *folder, struct sockaddr_un *name, struct fault *fault);
