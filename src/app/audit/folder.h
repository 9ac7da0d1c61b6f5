/*
 * Files of the folder that evidence goes into.
 */
#pragma once

#include "base/fault.h"
#include "base/slice.h"

#include <stdio.h>

/* As fopen. */
FILE *folder_open(const char *folder, const char *name, const char *mode);

bool folder_write(const char *folder, const char *name, struct slice bytes, struct fault *fault);
