/*
 * A private certificate authority for a lab: one step from nothing to mutual TLS.
 */
#pragma once

#include "base/fault.h"
#include "policy/policy.h"

/* Makes in folder, which may not have them yet: ca.pem and ca.key; certificate.pem and key.pem with
 * our names of the policy; for every name a peer must prove NAME.pem and NAME.key.  Good for 90
 * days. */
bool lab_certificates_make(const char *folder, const struct policy *policy, struct fault *fault);
