/*
 * Event packages: who may subscribe to what across which border (rules 5.6).
 */
#pragma once

#include "policy/policy.h"
#include "wire/sip/message.h"

enum { EVENT_PACKAGE_NONE = 0 }; /* no Event header, or a package no row names */

/* What the message's Event header names, a REFER's own package without one; else NONE. */
uint8_t event_package(const struct sip_message *message);
uint8_t event_package_find(struct slice name);
bool event_package_crosses(uint8_t package, enum zone_class class);
struct slice event_package_name(uint8_t package);
/* "Allow-Events: ..." of what crosses to that class. */
struct text;
void event_packages_write(struct text *text, enum zone_class class);
