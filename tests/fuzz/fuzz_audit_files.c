/*
 * Any text is a scope, or claims in either form, or is complained about.
 */
#include "app/audit/claims.h"
#include "base/must.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct slice input = slice_of((const char *)octets, len);
    struct policy_complaints *complaints = policy_complaints_new();
    struct claims *claims = calloc(1, sizeof(*claims));
    struct scope scope;

    must(complaints != NULL && claims != NULL);
    (void)scope_read(&scope, input, SLICE("scope"), complaints);
    scope_free(&scope);
    policy_complaints_free(complaints);
    complaints = policy_complaints_new();
    must(complaints != NULL);
    (void)claims_read(claims, input, len % 2 == 0 ? SLICE("c.csv") : SLICE("c.yaml"), complaints);
    claims_free(claims);
    policy_complaints_free(complaints);
    free(claims);
    (void)scope_allows(input);
    return 0;
}
