/*
 * The evidence of an audit as one thing: a folder whose files are chained by their digests, and the
 * chain signed.
 *
 * manifest.txt has a line for each file, in order: its SHA-256, the chain (SHA-256 of the chain
 * before, the name and the digest), its name.  manifest.sig is an Ed25519 signature of
 * manifest.txt.
 */
#pragma once

#include "base/fault.h"

/* files: names within folder, in order, ended by NULL.  key_path: an Ed25519 private key in PEM, or
 * NULL for a bundle that is chained but not signed. */
bool bundle_seal(const char *folder, const char *const *files, const char *key_path,
                 struct fault *fault);

enum bundle_state { BUNDLE_INTACT, BUNDLE_SIGNED, BUNDLE_BROKEN };

/* public_path: who should have signed it, NULL: nobody is asked for.  A broken one says where. */
enum bundle_state bundle_verify(const char *folder, const char *public_path, struct fault *fault);
