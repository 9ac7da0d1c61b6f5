/*
 * Who collects copies of what passes: read, and written.
 */
#include "policy/host.h"
#include "policy/settings.h"
#include "policy/write.h"

void setting_read_COLLECTOR(struct draft *draft, const struct item *item,
                            const struct setting *setting, void *object)
{
    struct address *field = setting_field(setting, object);
    struct slice rest = item->text;
    enum transport transport;
    struct host host;

    if (!setting_is_value(draft, item, setting)) {
        return;
    }
    if (!host_take_transport(&rest, &transport) || transport != TRANSPORT_UDP ||
        !host_read(&host, rest) || host.address.family == ADDRESS_NONE || host.port == 0) {
        setting_refuse(draft, setting, item->place, "'%s' is no UDP address with a port",
                       show(item->text).text);
        return;
    }
    if (address_is_unspecified(&host.address) || address_is_multicast(&host.address) ||
        address_is_mapped(&host.address)) {
        setting_refuse(draft, setting, item->place, "'%s' is nobody's address",
                       show(item->text).text);
        return;
    }
    *field = host.address;
    field->port = host.port;
}

void field_write_collector(struct text *text, const struct policy *policy,
                           const struct setting *setting, const void *object)
{
    const struct policy_hep *hep = object;

    (void)policy;
    (void)setting;
    text_put(text, SLICE("\"udp:"));
    address_write(text, &hep->to);
    text_put_octet(text, '"');
}

void setting_read_HEP(struct draft *draft, const struct item *item, const struct setting *setting,
                      void *object)
{
    if (item->kind != ITEM_MAP) {
        setting_refuse(draft, setting, item->place, "'hep' has %s here",
                       item_kind_name(item->kind));
        return;
    }
    section_read(draft, SECTION_HEP, item, setting_field(setting, object));
}

void field_write_hep(struct text *text, const struct policy *policy, const struct setting *setting,
                     const void *object)
{
    const struct policy_hep *hep = &((const struct policy *)object)->hep;

    if (hep->to.family == ADDRESS_NONE) {
        return;
    }
    text_put(text, SLICE("{to: "));
    field_write_collector(text, policy, setting, hep);
    text_put_format(text, ", id: %u", hep->id);
    if (hep->key.len > 0) {
        text_put(text, SLICE(", key: "));
        scalar_write(text, hep->key);
    }
    text_put_octet(text, '}');
}
