#include "wire/sip/scan_block.h"

bool scan_has_empty_line(const char *block, uint64_t run)
{
    for (; run != 0; run &= run - 1) {
        const char *at = block + __builtin_ctzll(run);

        if (at[-1] == '\n' && (at[-2] == '\n' || at[0] == '\n')) {
            return true;
        }
        if (at[-2] == '\n' && at[-1] == '\r' && at[0] == '\n') {
            return true;
        }
    }
    return false;
}

void sip_scan(struct sip_scan *scan, struct slice bytes)
{
    scan_choose()(scan, slice_head(bytes, SIP_HEAD_MAX));
}
