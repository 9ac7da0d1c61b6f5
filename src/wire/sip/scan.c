#include "wire/sip/reader.h"
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

void sip_reader_init(struct sip_reader *reader, struct slice bytes, struct sip_oddities *oddities)
{
    reader->at = bytes.at;
    reader->oddities = oddities;
    reader->odd_at = NULL;
    reader->message = NULL;
    sip_scan(&reader->scan, bytes);
    reader->is_usual = reader->scan.is_plain && reader->scan.has_end &&
                       reader->scan.len <= SIP_LINE_MAX && char_is_letter(bytes.at[0]);
}

/* Apart from its callers, so that they do not know the length: what compilers then choose is
 * slower. */
void sip_clear(void *at, size_t len)
{
    memset(at, 0, len);
}
