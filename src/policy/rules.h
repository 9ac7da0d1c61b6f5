/*
 * The tables of rules 2.2, 2.3 and Appendix A, by class of zone and direction.
 */
#pragma once

#include "policy/policy.h"

/* A cell of methods.def. */
enum method_rule {
    METHOD_RULE_m, /* may */
    METHOD_RULE_o, /* with an option */
    METHOD_RULE_i, /* in a dialog */
    METHOD_RULE_w, /* in a dialog; with an option also outside */
    METHOD_RULE_d, /* in a dialog, with an option */
    METHOD_RULE_x, /* not: 405 */
    METHOD_RULE_n, /* not: silence */
};

enum method_rule method_rule(enum zone_class class, bool is_inward, enum sip_method method);

/* What has_option makes of a rule. */
enum policy_crossing method_rule_crossing(enum method_rule rule, bool has_option);

/* In responses some headers are treated otherwise. */
enum policy_treatment header_treatment(enum zone_class class, bool is_inward, bool is_request,
                                       enum sip_header_name header);

/* The rule a row of header_rules.def comes from; "" when the header has no row. */
const char *header_rule(enum sip_header_name header);

/* Between networks, Appendix A decides as well (NNI-12). */
bool class_is_network(enum zone_class class);
bool header_is_listed(enum sip_header_name header, bool is_request, enum sip_method method);
