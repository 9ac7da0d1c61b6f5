/*
 * Who we are over TLS and whom we believe: read, written, completed.
 */
#include "base/hash.h"
#include "policy/settings.h"
#include "policy/tables.h"
#include "policy/write.h"

enum { TLS_CRL_GRACE_S = 7 * 24 * 3600 }; /* TLS-10 */

static const char *const clients[] = {
    [CLIENTS_BY_CLASS] = "",
    [CLIENTS_REQUIRED] = "required",
    [CLIENTS_OPTIONAL] = "optional",
    [CLIENTS_NONE] = "none",
};

void setting_read_CLIENTS(struct draft *draft, const struct item *item,
                          const struct setting *setting, void *object)
{
    uint8_t *field = setting_field(setting, object);

    if (!setting_is_value(draft, item, setting)) {
        return;
    }
    for (uint8_t i = CLIENTS_REQUIRED; i <= CLIENTS_NONE; i++) {
        if (slice_equal(item->text, slice_string(clients[i]))) {
            *field = i;
            return;
        }
    }
    setting_refuse(draft, setting, item->place, "'%s' is none of them", show(item->text).text);
}

void field_write_clients(struct text *text, const struct policy *policy,
                         const struct setting *setting, const void *object)
{
    const struct policy_tls *tls = object;

    (void)policy;
    (void)setting;
    text_put_string(text, clients[tls->clients]);
}

void setting_read_TLS(struct draft *draft, const struct item *item, const struct setting *setting,
                      void *object)
{
    if (item->kind != ITEM_MAP) {
        setting_refuse(draft, setting, item->place, "'tls' has %s here",
                       item_kind_name(item->kind));
        return;
    }
    section_read(draft, SECTION_TLS, item, setting_field(setting, object));
}

/* What a zone has from the top level is written with it, which says the same. */
void field_write_tls(struct text *text, const struct policy *policy, const struct setting *setting,
                     const void *object)
{
    const void *tls = (const char *)object + setting->at;
    uint32_t count;
    const struct setting *rows = settings_of(SECTION_TLS, &count);
    const char *between = "{";

    for (uint32_t i = 0; i < count; i++) {
        char room[2048];
        struct text value;

        text_init(&value, room, sizeof(room));
        kind_writer(rows[i].kind)(&value, policy, &rows[i], tls);
        if (value.len > 0) {
            text_put_format(text, "%s%s: ", between, rows[i].key);
            text_put(text, text_slice(&value));
            between = ", ";
        }
    }
    if (between[0] == ',') {
        text_put_octet(text, '}');
    }
}

static struct slice path_or(struct slice path, const char *usual)
{
    return slice_is_empty(path) ? slice_string(usual) : path;
}

struct policy_tls policy_tls_of(const struct policy *policy, uint16_t zone)
{
    struct policy_tls tls = policy->zones[zone].tls;

    tls.certificate = path_or(tls.certificate, "/etc/sipwarden/tls/certificate.pem");
    tls.key = path_or(tls.key, "/etc/sipwarden/tls/key.pem");
    tls.ca = path_or(tls.ca, "/etc/sipwarden/tls/ca.pem");
    if (tls.crl_grace == 0) {
        tls.crl_grace = TLS_CRL_GRACE_S;
    }
    if (tls.clients == CLIENTS_BY_CLASS) {
        tls.clients =
            zone_class_is_access(policy->zones[zone].class) ? CLIENTS_OPTIONAL : CLIENTS_REQUIRED;
    }
    return tls;
}

bool policy_zone_is_secure(const struct policy *policy, uint16_t zone)
{
    for (uint32_t i = 0; i < policy->listener_count; i++) {
        if (policy->listeners[i].zone == zone &&
            transport_is_secure(policy->listeners[i].transport)) {
            return true;
        }
    }
    return false;
}

uint32_t policy_zone_id(const struct policy *policy, uint16_t zone)
{
    return (uint32_t)hash_bytes(&policy_hash_key, policy->zones[zone].name);
}
