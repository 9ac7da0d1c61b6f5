#include "wire/sdp/keys.h"

#include "wire/sip/chars.h"

enum {
    TAG_DIGITS_MAX = 9,
    LIFETIME_BITS_MAX = 48, /* RFC 3711 9.2 */
    DIGITS_PER_GROUP = 4,   /* of base64 */
    OCTETS_PER_GROUP = 3,
};

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int base64_value(char digit)
{
    const char *at = digit == '\0' ? NULL : strchr(base64_digits, digit);

    return at == NULL ? -1 : (int)(at - base64_digits);
}

/* Exactly len octets, padded or not; a bit that says nothing must say nothing. */
static bool base64_read(struct slice text, uint8_t *octets, size_t len)
{
    uint32_t bits = 0;
    unsigned bit_count = 0;
    size_t count = 0;

    bool is_filled = text.len % DIGITS_PER_GROUP == 0;

    for (unsigned i = 0; i < 2 && is_filled && slice_ends(text, SLICE("=")); i++) {
        text.len--;
    }
    if (text.len != (len * DIGITS_PER_GROUP + 2) / OCTETS_PER_GROUP) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        int value = base64_value(text.at[i]);

        if (value < 0) {
            return false;
        }
        bits = (bits << 6 | (uint32_t)value) & 0xFFFFFF;
        bit_count += 6;
        if (bit_count >= 8 && count < len) {
            bit_count -= 8;
            octets[count++] = (uint8_t)(bits >> bit_count);
        }
    }
    return count == len && (bits & ((1U << bit_count) - 1)) == 0;
}

static void base64_write(struct text *text, const uint8_t *octets, size_t len)
{
    for (size_t i = 0; i < len; i += OCTETS_PER_GROUP) {
        uint32_t bits = (uint32_t)octets[i] << 16;

        bits |= i + 1 < len ? (uint32_t)octets[i + 1] << 8 : 0;
        bits |= i + 2 < len ? octets[i + 2] : 0;
        text_put_octet(text, base64_digits[bits >> 18]);
        text_put_octet(text, base64_digits[bits >> 12 & 63]);
        text_put_octet(text, i + 1 < len ? base64_digits[bits >> 6 & 63] : '=');
        text_put_octet(text, i + 2 < len ? base64_digits[bits & 63] : '=');
    }
}

/* "2^31", or a number of packets: who seals with the key counts, not we. */
static bool lifetime_is_sound(struct slice text)
{
    uint64_t number;

    if (slice_starts(text, SLICE("2^"))) {
        return slice_number(slice_skip(text, 2), LIFETIME_BITS_MAX, &number) && number > 0;
    }
    return slice_number(text, UINT64_C(1) << LIFETIME_BITS_MAX, &number) && number > 0;
}

/* "inline:KEY" and perhaps "|2^31".  An identifier of the key would stand in every packet, and two
 * keys would need one: neither is agreed to. */
static bool inline_read(struct media_key *key, struct slice text)
{
    struct slice word = SLICE_NONE;

    if (!slice_starts_nocase(text, SLICE("inline:")) || slice_find(text, ';') < text.len) {
        return false;
    }
    text = slice_skip(text, sizeof("inline:") - 1);
    if (!slice_cut(&text, '|', &word) ||
        !base64_read(word, key->octets, media_suite_key_len((enum media_suite)key->suite))) {
        return false;
    }
    return text.len == 0 || lifetime_is_sound(text);
}

/* RFC 4568 6.3: of the parameters only the hint about the window asks nothing of us, and those
 * that say themselves that they may be passed over. */
static bool parameter_is_harmless(struct slice word)
{
    return slice_starts_nocase(word, SLICE("WSH=")) || slice_starts(word, SLICE("-"));
}

static bool tag_read(uint32_t *tag, struct slice word)
{
    uint64_t number;

    if (word.len == 0 || word.len > TAG_DIGITS_MAX || (word.at[0] == '0' && word.len > 1) ||
        !slice_number(word, SDP_CRYPTO_TAG_MAX, &number)) {
        return false;
    }
    *tag = (uint32_t)number;
    return true;
}

static bool word_next(struct slice *rest, struct slice *word)
{
    *rest = slice_trim(*rest);
    return slice_cut(rest, ' ', word) && word->len > 0;
}

static bool crypto_read(struct sdp_crypto *crypto, struct slice rest)
{
    struct slice word = SLICE_NONE;

    if (!word_next(&rest, &word) || !tag_read(&crypto->tag, word) || !word_next(&rest, &word)) {
        return false;
    }
    crypto->key.suite = (uint8_t)media_suite_find(word);
    if (crypto->key.suite == MEDIA_SUITE_NONE || !word_next(&rest, &word) ||
        !inline_read(&crypto->key, word)) {
        return false;
    }
    while (word_next(&rest, &word)) {
        if (!parameter_is_harmless(word)) {
            return false;
        }
    }
    return true;
}

bool sdp_crypto_read(struct sdp_crypto *crypto, struct slice value)
{
    *crypto = (struct sdp_crypto){.tag = 0};
    if (crypto_read(crypto, value)) {
        return true;
    }
    media_wipe(crypto, sizeof(*crypto));
    return false;
}

bool sdp_fingerprint_read(struct media_fingerprint *fingerprint, struct slice value)
{
    struct slice rest = value, word = SLICE_NONE;
    size_t len;

    *fingerprint = (struct media_fingerprint){.hash = MEDIA_HASH_NONE};
    if (!word_next(&rest, &word)) {
        return false;
    }
    enum media_hash hash = media_hash_find(word);
    len = media_hash_len(hash);
    rest = slice_trim(rest);
    if (len == 0 || rest.len != 3 * len - 1) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        int high = char_hex(rest.at[3 * i]), low = char_hex(rest.at[3 * i + 1]);

        if (high < 0 || low < 0 || (i + 1 < len && rest.at[3 * i + 2] != ':')) {
            return false;
        }
        fingerprint->octets[i] = (uint8_t)(high << 4 | low);
    }
    fingerprint->hash = (uint8_t)hash;
    return true;
}

static void read_crypto_lines(struct sdp_keys *keys, const struct sdp *sdp,
                              const struct sdp_level *level, uint8_t suites)
{
    const struct sdp_line *line = NULL;

    while (keys->crypto.key.suite == MEDIA_SUITE_NONE &&
           (line = sdp_attribute_next(sdp, level, SDP_ATTRIBUTE_CRYPTO, line)) != NULL) {
        keys->has_crypto = true;
        if (!line->is_odd && sdp_crypto_read(&keys->crypto, sdp_line_value(sdp, line)) &&
            (suites >> keys->crypto.key.suite & 1) == 0) {
            media_wipe(&keys->crypto, sizeof(keys->crypto));
        }
    }
}

static void read_fingerprints(struct sdp_keys *keys, const struct sdp *sdp,
                              const struct sdp_level *level)
{
    const struct sdp_line *line = NULL;

    while (keys->fingerprint.hash == MEDIA_HASH_NONE &&
           (line = sdp_attribute_next(sdp, level, SDP_ATTRIBUTE_FINGERPRINT, line)) != NULL) {
        keys->has_fingerprint = true;
        if (!line->is_odd) {
            (void)sdp_fingerprint_read(&keys->fingerprint, sdp_line_value(sdp, line));
        }
    }
}

static bool level_has(const struct sdp *sdp, const struct sdp_level *level,
                      enum sdp_attribute attribute)
{
    return sdp_has(level, attribute) || sdp_has(&sdp->session, attribute);
}

void sdp_keys_read(struct sdp_keys *keys, const struct sdp *sdp, const struct sdp_media *media,
                   uint8_t suites)
{
    const struct sdp_level *level = &media->level;

    *keys = (struct sdp_keys){
        .setup = level->setup != SDP_SETUP_NONE ? level->setup : sdp->session.setup,
        .has_ice = level_has(sdp, level, SDP_ATTRIBUTE_ICE_UFRAG) &&
                   level_has(sdp, level, SDP_ATTRIBUTE_ICE_PWD),
    };
    read_crypto_lines(keys, sdp, level, suites);
    read_fingerprints(keys, sdp, level);
    if (!keys->has_fingerprint) {
        read_fingerprints(keys, sdp, &sdp->session);
    }
}

void sdp_crypto_write(struct text *text, uint32_t tag, const struct media_key *key)
{
    text_put(text, SLICE("a=crypto:"));
    text_put_number(text, tag);
    text_put_octet(text, ' ');
    text_put(text, media_suite_written((enum media_suite)key->suite));
    text_put(text, SLICE(" inline:"));
    base64_write(text, key->octets, media_suite_key_len((enum media_suite)key->suite));
    text_put(text, SLICE("\r\n"));
}

void sdp_fingerprint_write(struct text *text, const struct media_fingerprint *fingerprint)
{
    static const char digits[] = "0123456789ABCDEF";
    enum media_hash hash = (enum media_hash)fingerprint->hash;

    text_put(text, SLICE("a=fingerprint:"));
    text_put(text, media_hash_written(hash));
    for (size_t i = 0; i < media_hash_len(hash); i++) {
        text_put_octet(text, i == 0 ? ' ' : ':');
        text_put_octet(text, digits[fingerprint->octets[i] >> 4]);
        text_put_octet(text, digits[fingerprint->octets[i] & 15]);
    }
    text_put(text, SLICE("\r\n"));
}
