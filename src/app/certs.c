/*
 * The inventory: every certificate a policy names, whose it is, when it ends, who uses it.
 */
#include "app/file.h"
#include "app/say.h"
#include "app/verbs.h"
#include "base/must.h"
#include "guard/json.h"
#include "io/tls_credentials.h"
#include "io/tls_verify.h"

#include <getopt.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    CERTS_FILES_MAX = 2 * POLICY_ZONES_MAX + POLICY_PEERS_MAX,
    CERTS_PAPER_MAX = 8 << 20,
    CERTS_SOON_DAYS = 30, /* as the first alarm */
    CERTS_ONE_FILE_MAX = 1000,
    SECONDS_A_DAY = 24 * 3600,
};

enum file_kind { FILE_OWN, FILE_ROOTS };

/* A file of certificates, and the zones and peers it is for. */
struct named_file {
    enum file_kind kind;
    struct slice path;
    uint16_t zones[POLICY_ZONES_MAX];
    uint32_t zone_count;
    uint16_t peer; /* whose own roots these are, or POLICY_NONE */
};

struct inventory {
    const struct policy *policy;
    struct named_file *files;
    uint32_t count;
    int64_t now_s;
    bool is_json, is_alarming; /* something has ended, ends soon, or cannot be read */
    struct text text;
    struct json json;
};

/*
 * Which files.
 */

static void add_file(struct inventory *inventory, enum file_kind kind, struct slice path,
                     uint16_t zone, uint16_t peer)
{
    for (uint32_t i = 0; i < inventory->count && peer == POLICY_NONE; i++) {
        struct named_file *file = &inventory->files[i];

        if (file->kind == kind && file->peer == POLICY_NONE && slice_equal(file->path, path)) {
            file->zones[file->zone_count++] = zone;
            return;
        }
    }
    must(inventory->count < CERTS_FILES_MAX);
    inventory->files[inventory->count++] = (struct named_file){
        .kind = kind, .path = path, .zones = {zone}, .zone_count = 1, .peer = peer};
}

static void list_files(struct inventory *inventory)
{
    const struct policy *policy = inventory->policy;

    for (uint16_t zone = 0; zone < policy->zone_count; zone++) {
        if (policy_zone_is_secure(policy, zone)) {
            struct policy_tls tls = policy_tls_of(policy, zone);

            add_file(inventory, FILE_OWN, tls.certificate, zone, POLICY_NONE);
            add_file(inventory, FILE_ROOTS, tls.ca, zone, POLICY_NONE);
        }
    }
    for (uint16_t peer = 0; peer < policy->peer_count; peer++) {
        if (!slice_is_empty(policy->peers[peer].ca)) {
            add_file(inventory, FILE_ROOTS, policy->peers[peer].ca, policy->peers[peer].zone, peer);
        }
    }
}

/*
 * What is told of one certificate.
 */

static const char *kind_name(enum file_kind kind, unsigned index)
{
    return kind == FILE_ROOTS ? "root" : index == 0 ? "own" : "above";
}

static struct slice name_shown(X509_NAME *name, char room[256])
{
    BIO *text = BIO_new(BIO_s_mem());
    char *at = NULL;
    long len = 0;

    if (text != NULL && X509_NAME_print_ex(text, name, 0, XN_FLAG_RFC2253) >= 0) {
        len = BIO_get_mem_data(text, &at);
        len = len > 255 ? 255 : len;
        memcpy(room, at, (size_t)len);
    }
    BIO_free(text);
    return slice_of(room, (size_t)len);
}

static struct slice day_shown(int64_t when_s, char room[16])
{
    time_t when = (time_t)when_s;
    struct tm utc;

    (void)gmtime_r(&when, &utc);
    return slice_of(room, strftime(room, 16, "%Y-%m-%d", &utc));
}

static void json_certificate(struct inventory *inventory, const struct named_file *file,
                             const X509 *certificate, unsigned index, int64_t days)
{
    struct json *json = &inventory->json;
    char room[256], day[16], name[TLS_NAME_MAX + 1];

    json_open(json, NULL);
    json_string(json, "file", file->path);
    json_string(json, "kind", slice_string(kind_name(file->kind, index)));
    json_string(json, "subject", name_shown(X509_get_subject_name(certificate), room));
    json_string(json, "issuer", name_shown(X509_get_issuer_name(certificate), room));
    json_open_array(json, "names");
    for (unsigned i = 0; tls_names_at(certificate, i, name); i++) {
        json_string(json, NULL, slice_string(name));
    }
    json_close(json);
    json_string(json, "ends", day_shown(tls_certificate_until(certificate), day));
    json_truth(json, "ended", days < 0);
    json_number(json, "days", days < 0 ? 0 : (uint64_t)days);
    json_open_array(json, "zones");
    for (uint32_t i = 0; i < file->zone_count; i++) {
        json_string(json, NULL, inventory->policy->zones[file->zones[i]].name);
    }
    json_close(json);
    if (file->peer != POLICY_NONE) {
        json_string(json, "peer", inventory->policy->peers[file->peer].name);
    }
    json_close(json);
}

static void text_certificate(struct inventory *inventory, const struct named_file *file,
                             const X509 *certificate, unsigned index, int64_t days)
{
    struct text *text = &inventory->text;
    char room[256], day[16], name[TLS_NAME_MAX + 1];

    text_put_format(text, "  %-6s", kind_name(file->kind, index));
    text_put_shown(text, name_shown(X509_get_subject_name(certificate), room));
    text_put_string(text, days < 0 ? ", ended " : ", ends ");
    text_put(text, day_shown(tls_certificate_until(certificate), day));
    if (days >= 0) {
        text_put_format(text, " (%lld days)", (long long)days);
    }
    text_put_string(text, days <= CERTS_SOON_DAYS ? "  !\n" : "\n");
    for (unsigned i = 0; tls_names_at(certificate, i, name); i++) {
        text_put_format(text, "%s%s", i == 0 ? "        proves " : ", ", name);
    }
    if (tls_names_at(certificate, 0, name)) {
        text_put_octet(text, '\n');
    }
}

static void tell_certificate(struct inventory *inventory, const struct named_file *file,
                             const X509 *certificate, unsigned index)
{
    int64_t left_s = tls_certificate_until(certificate) - inventory->now_s;
    int64_t days = left_s < 0 ? -1 : left_s / SECONDS_A_DAY;

    inventory->is_alarming |= days <= CERTS_SOON_DAYS;
    if (inventory->is_json) {
        json_certificate(inventory, file, certificate, index, days);
    } else {
        text_certificate(inventory, file, certificate, index, days);
    }
}

/*
 * Files.
 */

static void text_users(struct inventory *inventory, const struct named_file *file)
{
    struct text *text = &inventory->text;
    const struct policy *policy = inventory->policy;

    text_put_shown(text, file->path);
    text_put_string(text, file->peer == POLICY_NONE ? ": " : ": peer ");
    if (file->peer != POLICY_NONE) {
        text_put(text, policy->peers[file->peer].name);
    } else {
        text_put_string(text, "zones");
        for (uint32_t i = 0; i < file->zone_count; i++) {
            text_put_octet(text, ' ');
            text_put(text, policy->zones[file->zones[i]].name);
        }
    }
    text_put_octet(text, '\n');
}

static void tell_file(struct inventory *inventory, const struct named_file *file)
{
    char path[1025];
    X509 *certificate = NULL;
    unsigned count = 0;

    (void)snprintf(path, sizeof(path), "%.*s", (int)file->path.len, file->path.at);
    FILE *opened = fopen(path, "re");
    if (!inventory->is_json) {
        text_users(inventory, file);
    }
    while (opened != NULL && count < CERTS_ONE_FILE_MAX &&
           (certificate = PEM_read_X509(opened, NULL, NULL, NULL)) != NULL) {
        tell_certificate(inventory, file, certificate, count++);
        X509_free(certificate);
    }
    ERR_clear_error();
    if (opened != NULL) {
        (void)fclose(opened);
    }
    if (count == 0) {
        say("%s: no certificate can be read there", path);
        inventory->is_alarming = true;
    }
}

/* What peers must prove, which no file of ours says. */
static void tell_peers(struct inventory *inventory)
{
    const struct policy *policy = inventory->policy;

    for (uint32_t i = 0; i < policy->peer_count && !inventory->is_json; i++) {
        const struct policy_peer *peer = &policy->peers[i];

        if (peer->certificates.count == 0) {
            continue;
        }
        text_put_format(&inventory->text, "peer %.*s must prove", (int)peer->name.len,
                        peer->name.at);
        for (uint32_t k = 0; k < peer->certificates.count; k++) {
            text_put_string(&inventory->text, k == 0 ? " " : " or ");
            text_put_shown(&inventory->text, peer->certificates.at[k]);
        }
        text_put_octet(&inventory->text, '\n');
    }
}

static void tell_all(struct inventory *inventory)
{
    if (inventory->is_json) {
        json_begin(&inventory->json, &inventory->text, '[');
    }
    for (uint32_t i = 0; i < inventory->count; i++) {
        tell_file(inventory, &inventory->files[i]);
    }
    tell_peers(inventory);
    if (inventory->is_json) {
        json_close(&inventory->json);
        text_put_octet(&inventory->text, '\n');
    }
}

static int certs_tell(const struct policy *policy, bool is_json)
{
    struct inventory inventory = {.policy = policy, .is_json = is_json};
    struct timespec now;
    char *room = malloc(CERTS_PAPER_MAX);

    inventory.files = calloc(CERTS_FILES_MAX, sizeof(*inventory.files));
    must(room != NULL && inventory.files != NULL);
    (void)clock_gettime(CLOCK_REALTIME, &now);
    inventory.now_s = (int64_t)now.tv_sec;
    text_init(&inventory.text, room, CERTS_PAPER_MAX);
    list_files(&inventory);
    tell_all(&inventory);
    bool is_out = fwrite(room, 1, inventory.text.len, stdout) == inventory.text.len &&
                  fflush(stdout) == 0 && !inventory.text.is_full;
    free(inventory.files);
    free(room);
    if (!is_out) {
        return EXIT_RUNTIME;
    }
    return inventory.is_alarming ? EXIT_FINDINGS : EXIT_OK;
}

int certs_main(int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
    struct policy_file file;
    bool is_json = false;
    int option = 0;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'j') {
            return EXIT_USAGE;
        }
        is_json = true;
    }
    if (argc != optind + 1) {
        return EXIT_USAGE;
    }
    if (!policy_file_read(&file, argv[optind])) {
        return EXIT_RUNTIME;
    }
    int status = certs_tell(file.policy, is_json);
    policy_file_free(&file);
    return status;
}
