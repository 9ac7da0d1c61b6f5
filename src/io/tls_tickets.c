#include "io/tls_tickets.h"

#include "base/must.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

static void key_make(struct tls_ticket_key *key)
{
    must(RAND_bytes(key->name, sizeof(key->name)) == 1 &&
         RAND_priv_bytes(key->cipher, sizeof(key->cipher)) == 1 &&
         RAND_priv_bytes(key->mac, sizeof(key->mac)) == 1);
}

void tls_tickets_renew(struct tls_tickets *tickets, bool forget, uint64_t now_ms)
{
    if (forget) {
        key_make(&tickets->keys[1]); /* sealed nothing, so it opens nothing */
    } else {
        tickets->keys[1] = tickets->keys[0];
    }
    key_make(&tickets->keys[0]);
    tickets->made_ms = now_ms;
}

static bool key_use(const struct tls_ticket_key *key, const unsigned char *iv,
                    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int is_sealing)
{
    unsigned char octets[sizeof(key->mac)];
    char digest[] = "SHA256";
    OSSL_PARAM params[3];

    memcpy(octets, key->mac, sizeof(octets));
    params[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, octets, sizeof(octets));
    params[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
    params[2] = OSSL_PARAM_construct_end();
    bool is_done =
        EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->cipher, iv, is_sealing) == 1 &&
        EVP_MAC_CTX_set_params(mac, params) == 1;
    OPENSSL_cleanse(octets, sizeof(octets));
    return is_done;
}

/* As SSL_CTX_set_tlsext_ticket_key_evp_cb wants it: 1 good, 2 good and to be replaced, 0 unknown.
 */
static int on_ticket(SSL *ssl, unsigned char name[16], unsigned char iv[EVP_MAX_IV_LENGTH],
                     EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int is_sealing)
{
    const struct tls_tickets *tickets = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), 0);

    if (is_sealing) {
        memcpy(name, tickets->keys[0].name, sizeof(tickets->keys[0].name));
        return RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1 &&
                       key_use(&tickets->keys[0], iv, cipher, mac, 1)
                   ? 1
                   : -1;
    }
    for (int i = 0; i < TLS_TICKET_KEYS; i++) {
        const struct tls_ticket_key *key = &tickets->keys[i];

        if (CRYPTO_memcmp(key->name, name, sizeof(key->name)) == 0) {
            return key_use(key, iv, cipher, mac, 0) ? 1 + i : -1;
        }
    }
    return 0;
}

void tls_tickets_serve(struct tls_tickets *tickets, SSL_CTX *context)
{
    must(SSL_CTX_set_ex_data(context, 0, tickets) == 1);
    (void)SSL_CTX_clear_options(context, SSL_OP_NO_TICKET);
    (void)SSL_CTX_set_num_tickets(context, 1);
    (void)SSL_CTX_set_timeout(context, TLS_TICKET_S);
    must(SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket) == 1);
}
