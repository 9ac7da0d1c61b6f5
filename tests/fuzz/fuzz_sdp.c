/*
 * SDP reader and writer against each other, with the media through us and past us: what was
 * written reads as before, and writing that again changes nothing.
 */
#include <stdint.h>

#include "base/must.h"
#include "wire/sdp/keys.h"
#include "wire/sdp/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static struct sdp sdp, again;

static void compare(bool is_anchored)
{
    for (unsigned i = 0; i < sdp.media_count; i++) {
        const struct sdp_media *a = &sdp.media[i], *b = &again.media[i];

        must(a->type == b->type && a->protocol == b->protocol);
        must(a->payload_types[0] == b->payload_types[0]);
        must(a->payload_types[1] == b->payload_types[1]);
        must(a->level.setup == b->level.setup && a->level.ptime == b->level.ptime);
        must(sdp_media_direction(&sdp, a) == sdp_media_direction(&again, b));
        must(is_anchored ||
             (a->port == b->port && sdp_media_is_held(&sdp, a) == sdp_media_is_held(&again, b)));
        must(sdp_media_is_refused(a) == sdp_media_is_refused(b));
    }
}

static void write_and_read(const struct sdp_rewrite *rewrite)
{
    static char room[2][1 << 18];
    struct text text, twice;

    text_init(&text, room[0], sizeof(room[0]));
    if (!sdp_write(&text, &sdp, rewrite)) {
        must(!text.is_full);
        return;
    }
    must(sdp_read(&again, text_slice(&text)) == SDP_READ);
    if (sdp_is_odd(&again, SDP_ODD_LONG_BODY)) {
        return;
    }
    must(again.media_count == sdp.media_count);
    must(!sdp_is_odd(&again, SDP_ODD_BARE_LF) && !sdp_is_odd(&again, SDP_ODD_BARE_CR));
    must(!sdp_is_odd(&again, SDP_ODD_NUL) && !sdp_is_odd(&again, SDP_ODD_CONTROL_OCTET));
    must(!sdp_is_odd(&again, SDP_ODD_LINE_ORDER) && !sdp_is_odd(&again, SDP_ODD_REPEATED_LINE));
    must(!sdp_is_odd(&again, SDP_ODD_BAD_MEDIA) && !sdp_is_odd(&again, SDP_ODD_TWO_DIRECTIONS));
    compare(rewrite->media != NULL);
    text_init(&twice, room[1], sizeof(room[1]));
    must(sdp_write(&twice, &again, rewrite));
    must(slice_equal(text_slice(&text), text_slice(&twice)));
}

/* Keys that were read are written so that they are read again. */
static void read_keys(const struct sdp_media *media)
{
    struct sdp_keys keys;
    struct sdp_crypto crypto;
    struct media_fingerprint fingerprint;
    char room[256];
    struct text text;

    sdp_keys_read(&keys, &sdp, media, MEDIA_SUITES_ALL);
    text_init(&text, room, sizeof(room));
    if (keys.crypto.key.suite != MEDIA_SUITE_NONE) {
        sdp_crypto_write(&text, keys.crypto.tag, &keys.crypto.key);
        must(sdp_crypto_read(&crypto, slice_skip(slice_trim(text_slice(&text)), 9)));
        must(crypto.tag == keys.crypto.tag && media_key_equal(&crypto.key, &keys.crypto.key));
    }
    text_init(&text, room, sizeof(room));
    if (keys.fingerprint.hash != MEDIA_HASH_NONE) {
        sdp_fingerprint_write(&text, &keys.fingerprint);
        must(sdp_fingerprint_read(&fingerprint, slice_skip(slice_trim(text_slice(&text)), 14)));
        must(media_fingerprint_equal(&fingerprint, &keys.fingerprint));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static struct sdp_media_rewrite media[SDP_MEDIA_MAX];
    struct sdp_rewrite rewrite = {.session_id = 1, .keeps_keys = true, .keeps_unknown = true};

    if (sdp_read(&sdp, slice_of((const char *)octets, len)) != SDP_READ) {
        return 0;
    }
    for (unsigned i = 0; i < sdp.media_count; i++) {
        read_keys(&sdp.media[i]);
    }
    must(address_read(&rewrite.address, SLICE("2001:db8::1")));
    write_and_read(&rewrite);
    for (unsigned i = 0; i < SDP_MEDIA_MAX; i++) {
        media[i].address = rewrite.address;
        media[i].address.port = (uint16_t)(20000 + 2 * i);
    }
    rewrite.media = media;
    write_and_read(&rewrite);
    return 0;
}
