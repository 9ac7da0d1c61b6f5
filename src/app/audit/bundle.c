#include "app/audit/bundle.h"

#include "app/audit/folder.h"
#include "base/text.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>

enum {
    DIGEST = 32,
    SIGNATURE = 64,
    TOLD_AT = 2 * (2 * DIGEST + 1), /* the name, behind two digests */
    MANIFEST_MAX = 65536,
    NAME_LEN_MAX = 128,
};

static const char manifest_name[] = "manifest.txt", signature_name[] = "manifest.sig";

static bool file_digest(const char *folder, const char *name, unsigned char digest[DIGEST],
                        struct fault *fault)
{
    char room[65536];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    FILE *file = folder_open(folder, name, "rbe");
    size_t got = 0;
    bool is_read =
        context != NULL && file != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
    while (is_read && (got = fread(room, 1, sizeof(room), file)) > 0) {
        is_read = EVP_DigestUpdate(context, room, got) == 1;
    }
    is_read = is_read && ferror(file) == 0 && EVP_DigestFinal_ex(context, digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    if (file != NULL) {
        fclose(file);
    }
    return is_read || fault_set(fault, "cannot read %s/%s: %s", folder, name, strerror(errno));
}

static void chain_next(unsigned char chain[DIGEST], struct slice name,
                       const unsigned char digest[DIGEST])
{
    char room[2 * DIGEST + NAME_LEN_MAX];
    struct text text;

    text_init(&text, room, sizeof(room));
    text_put(&text, slice_of((const char *)chain, DIGEST));
    text_put(&text, slice_head(name, NAME_LEN_MAX));
    text_put(&text, slice_of((const char *)digest, DIGEST));
    (void)EVP_Digest(room, text.len, chain, NULL, EVP_sha256(), NULL);
}

static void line_write(struct text *text, struct slice name, const unsigned char digest[DIGEST],
                       const unsigned char chain[DIGEST])
{
    text_put_hex(text, slice_of((const char *)digest, DIGEST));
    text_put_octet(text, ' ');
    text_put_hex(text, slice_of((const char *)chain, DIGEST));
    text_put_octet(text, ' ');
    text_put(text, name);
    text_put_octet(text, '\n');
}

static bool manifest_sign(const char *folder, struct slice manifest, const char *key_path,
                          struct fault *fault)
{
    unsigned char signature[SIGNATURE];
    size_t len = sizeof(signature);
    FILE *file = fopen(key_path, "re");
    EVP_PKEY *key = file == NULL ? NULL : PEM_read_PrivateKey(file, NULL, NULL, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_signed = key != NULL && context != NULL && EVP_PKEY_is_a(key, "ED25519") == 1 &&
                     EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
                     EVP_DigestSign(context, signature, &len, (const unsigned char *)manifest.at,
                                    manifest.len) == 1;

    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    if (file != NULL) {
        fclose(file);
    }
    if (!is_signed) {
        return fault_set(fault,
                         "cannot sign with %s; remedy: make a key with openssl genpkey -algorithm "
                         "ed25519 -out KEY",
                         key_path);
    }
    return folder_write(folder, signature_name, slice_of((const char *)signature, len), fault);
}

bool bundle_seal(const char *folder, const char *const *files, const char *key_path,
                 struct fault *fault)
{
    unsigned char digest[DIGEST], chain[DIGEST] = {0};
    char room[MANIFEST_MAX];
    struct text text;

    text_init(&text, room, sizeof(room));
    for (; *files != NULL; files++) {
        if (!file_digest(folder, *files, digest, fault)) {
            return false;
        }
        chain_next(chain, slice_string(*files), digest);
        line_write(&text, slice_string(*files), digest, chain);
    }
    return folder_write(folder, manifest_name, text_slice(&text), fault) &&
           (key_path == NULL || manifest_sign(folder, text_slice(&text), key_path, fault));
}

static size_t file_take(const char *folder, const char *name, char *room, size_t max)
{
    FILE *file = folder_open(folder, name, "rbe");
    size_t len = file == NULL ? 0 : fread(room, 1, max, file);

    if (file != NULL) {
        fclose(file);
    }
    return len;
}

static bool signature_holds(const char *folder, struct slice manifest, const char *public_path)
{
    char signature[SIGNATURE + 1];
    size_t len = file_take(folder, signature_name, signature, sizeof(signature));
    FILE *file = fopen(public_path, "re");
    EVP_PKEY *key = file == NULL ? NULL : PEM_read_PUBKEY(file, NULL, NULL, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool holds = len == SIGNATURE && key != NULL && context != NULL &&
                 EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
                 EVP_DigestVerify(context, (const unsigned char *)signature, len,
                                  (const unsigned char *)manifest.at, manifest.len) == 1;

    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    if (file != NULL) {
        fclose(file);
    }
    return holds;
}

/* The line that should be there for the file it names. */
static bool line_holds(const char *folder, struct slice line, unsigned char chain[DIGEST],
                       struct fault *fault)
{
    char name[NAME_LEN_MAX + 1], room[256];
    unsigned char digest[DIGEST];
    struct slice told = slice_skip(line, TOLD_AT);
    struct text text;

    if (told.len == 0 || told.len > NAME_LEN_MAX || slice_find(told, '/') != told.len) {
        return fault_set(fault, "the manifest has a line that is none");
    }
    memcpy(name, told.at, told.len);
    name[told.len] = '\0';
    if (!file_digest(folder, name, digest, fault)) {
        return false;
    }
    chain_next(chain, told, digest);
    text_init(&text, room, sizeof(room));
    line_write(&text, told, digest, chain);
    return slice_equal(slice_head(text_slice(&text), text.len - 1), line) ||
           fault_set(fault, "%s is not what it was when the bundle was sealed", name);
}

enum bundle_state bundle_verify(const char *folder, const char *public_path, struct fault *fault)
{
    char room[MANIFEST_MAX];
    unsigned char chain[DIGEST] = {0};
    struct slice manifest = slice_of(room, file_take(folder, manifest_name, room, sizeof(room)));
    struct slice rest = manifest, line;

    if (manifest.len == 0) {
        (void)fault_set(fault, "%s has no %s", folder, manifest_name);
        return BUNDLE_BROKEN;
    }
    while (slice_cut(&rest, '\n', &line)) {
        if (line.len > 0 && !line_holds(folder, line, chain, fault)) {
            return BUNDLE_BROKEN;
        }
    }
    if (public_path == NULL) {
        return BUNDLE_INTACT;
    }
    if (!signature_holds(folder, manifest, public_path)) {
        (void)fault_set(fault, "%s is not a signature of this bundle by %s", signature_name,
                        public_path);
        return BUNDLE_BROKEN;
    }
    return BUNDLE_SIGNED;
}
