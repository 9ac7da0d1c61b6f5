/* CT-ENC-06: RFC 3329, as far as a border that offers nothing itself can hold it. */
#include "guard/inspect.h"

static const struct slice mechanisms[] = {
    SLICE_INIT("ipsec-3gpp"), SLICE_INIT("tls"),       SLICE_INIT("digest"),
    SLICE_INIT("ipsec-ike"),  SLICE_INIT("ipsec-man"),
};

static bool is_known(struct slice item)
{
    struct slice mechanism = slice_trim(slice_head(item, slice_find(item, ';')));

    for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++) {
        if (slice_equal_nocase(mechanism, mechanisms[i])) {
            return true;
        }
    }
    return false;
}

/* Security-Server of the core ends at the border (header_rules.def), and the border makes none: so
 * nothing was sent that could be verified. */
enum outcome control_security_agreement(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    struct sip_list list;
    struct slice item;

    if (sip_header(message, SIP_HEADER_SECURITY_VERIFY) != NULL) {
        return inspection_found(inspection, sip_header_value(message, SIP_HEADER_SECURITY_VERIFY),
                                "TLS-25");
    }
    sip_list_init(&list, message, SIP_HEADER_SECURITY_CLIENT);
    while (sip_list_next(&list, message, &item)) {
        if (is_known(item)) {
            return OUTCOME_PASSED;
        }
    }
    return inspection_found(inspection, sip_header_value(message, SIP_HEADER_SECURITY_CLIENT),
                            "TLS-25");
}
