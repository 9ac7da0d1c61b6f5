/*
 * The first octet says how much of the rest is plain text to seal; what was sealed opens, and the
 * rest, taken for a token, does not.
 */
#include "base/crypto/siv.h"
#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static const uint8_t key[SIV_KEY_LEN] = {1, 2, 3};
    struct slice rest = slice_of((const char *)octets, len);
    char room[SIV_TOKEN_MAX], plain[SIV_PLAIN_MAX];
    struct siv *siv = siv_new(key, 5);
    struct text token;
    size_t plain_len;

    must(siv != NULL);
    size_t sealed_len = len == 0 ? 0 : octets[0] % (SIV_PLAIN_MAX + 1U);
    struct slice sealed = slice_head(slice_skip(rest, 1), sealed_len);
    struct slice stranger = slice_skip(rest, 1 + sealed.len);
    text_init(&token, room, sizeof(room));
    must(siv_seal(siv, stranger, sealed, &token));
    must(siv_open(siv, stranger, text_slice(&token), plain, &plain_len));
    must(slice_equal(slice_of(plain, plain_len), sealed));
    must(!siv_open(siv, sealed, stranger, plain, &plain_len));
    siv_free(siv);
    return 0;
}
