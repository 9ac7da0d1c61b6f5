/* Notes of calls, from a border that was taken over. */
#include "base/must.h"
#include "wire/call_note.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct slice rest = slice_of((const char *)octets, len);
    struct call_note note;
    size_t sum = 0;

    while (rest.len > 0 && call_note_read(&rest, &note)) {
        for (unsigned i = 0; i < CALL_NOTE_TEXT_COUNT; i++) {
            for (size_t k = 0; k < note.texts[i].len; k++) {
                sum += (unsigned char)note.texts[i].at[k];
            }
        }
    }
    must(sum < SIZE_MAX);
    return 0;
}
