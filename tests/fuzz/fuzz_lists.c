/* Files beside a policy: whatever is in them, they become a block that opens, or complaints. */
#include <stdint.h>

#include "base/must.h"
#include "policy/lists.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static struct policy_feed feeds[] = {{.kind = FEED_NUMBERS},
                                         {.kind = FEED_ADDRESSES},
                                         {.kind = FEED_AGENTS}};
    const struct policy policy = {.feeds = feeds, .feed_count = 3};
    struct slice text = slice_of((const char *)octets, len);
    struct lists_file files[4] = {{SLICE("a"), SLICE_NONE},
                                  {SLICE("b"), SLICE_NONE},
                                  {SLICE("c"), SLICE_NONE},
                                  {SLICE("d"), SLICE_NONE}};
    struct lists_sources sources = {
        .numbers = &files[3], .number_count = 1, .feeds = files, .feed_count = 3};
    struct policy_complaints *complaints = policy_complaints_new();
    struct address address = {.family = ADDRESS_V4, .bytes = {192, 0, 2, 1}};

    if (len > 0) {
        files[octets[0] % 4].text = slice_skip(text, 1);
    }
    struct lists *lists = lists_build(&policy, &sources, complaints);
    must(lists != NULL || policy_complaint_count(complaints) > 0);
    if (lists != NULL) {
        must(lists_open(lists_octets(lists)) == lists);
        (void)lists_number(lists, text);
        (void)lists_feed_number(lists, text);
        (void)lists_feed_agent(lists, text);
        (void)lists_feed_address(lists, &address);
    }
    lists_free(lists);
    policy_complaints_free(complaints);
    return 0;
}
