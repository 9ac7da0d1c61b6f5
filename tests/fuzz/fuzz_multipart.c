/*
 * The multipart walker.  The first line of the input is the Content-Type.  Parts are slices of the
 * body, in the order of a walk that goes down one level at a time.
 */
#include <stdint.h>

#include "base/must.h"
#include "wire/sip/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void must_be_within(struct slice part, struct slice whole)
{
    must(part.len == 0 || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static struct multipart multipart;
    struct slice body = slice_of((const char *)octets, len), type;

    if (!slice_cut(&body, '\n', &type) || !multipart_read(&multipart, type, body)) {
        return 0;
    }
    must(multipart.count <= MULTIPART_PARTS_MAX);
    for (unsigned i = 0; i < multipart.count; i++) {
        const struct multipart_part *part = &multipart.parts[i];

        must_be_within(part->head, body);
        must_be_within(part->body, body);
        must_be_within(part->type_value, part->head);
        must_be_within(part->disposition, part->head);
        must(part->depth >= 1 && part->depth <= MULTIPART_DEPTH_MAX && part->parent <= i);
        if (part->parent != 0) {
            must_be_within(part->body, multipart.parts[part->parent - 1].body);
        }
    }
    must(multipart_find(&multipart, SLICE("a/b"), NULL) == NULL || multipart.count > 0);
    return 0;
}
