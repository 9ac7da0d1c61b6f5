/* The reader of wrapped messages: what it keeps lies within what it was given. */
#include <stdint.h>

#include "base/must.h"
#include "wire/cpim/cpim.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void within(struct slice part, struct slice whole)
{
    must(part.len == 0 || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct slice text = slice_of((const char *)octets, len);
    struct cpim cpim;

    cpim_read(&cpim, text);
    within(cpim.from, text);
    within(cpim.to, text);
    within(cpim.message_id, text);
    within(cpim.type_value, text);
    within(cpim.content, text);
    must(cpim.from.len > 0 || cpim_is_odd(&cpim, CPIM_ODD_NO_FROM));
    return 0;
}
