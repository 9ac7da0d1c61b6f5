#include "policy/rules.h"

#include "base/must.h"

/* The columns of methods.def and header_rules.def; AI, EN, IT have their own only in the former. */
enum column {
    AUi,
    AUo,
    AIi,
    AIo,
    ENi,
    ENo,
    ITi,
    ITo,
    NTi,
    NTo,
    NUi,
    NUo,
    V2Hi,
    V2Ho,
    H2Vi,
    H2Vo,
    LBi,
    LBo,
    ESi,
    ESo,
    COLUMNS
};

enum letter {
    LETTER_P = TREAT_PASS,
    LETTER_S = TREAT_STRIP,
    LETTER_V = TREAT_VALIDATE,
    LETTER_R = TREAT_REWRITE,
    LETTER_G = TREAT_GENERATE,
    LETTER_A = TREAT_PRIVACY,
    LETTER_C = TREAT_OPTION,
};

/* Roaming neighbours send in one direction and are sent to in the other, see the tables. */
static enum column method_column(enum zone_class class, bool is_inward)
{
    static const uint8_t columns[ZONE_CLASS_COUNT][2] = {
        [ZONE_ACCESS_SIM] = {AUo, AUi},         [ZONE_ACCESS_INTERNET] = {AIo, AIi},
        [ZONE_ENTERPRISE] = {ENo, ENi},         [ZONE_IOT] = {ITo, ITi},
        [ZONE_CORE] = {COLUMNS, COLUMNS},       [ZONE_INTERCONNECT] = {NTo, NTi},
        [ZONE_INTERCONNECT_OPEN] = {NUo, NUi},  [ZONE_ROAMING_VISITED] = {H2Vo, V2Hi},
        [ZONE_ROAMING_HOME] = {V2Ho, H2Vi},     [ZONE_LOOPBACK_TRAVERSAL] = {H2Vo, H2Vi},
        [ZONE_EMERGENCY_SERVICES] = {ESo, ESi},
    };

    return (enum column)columns[class][is_inward ? 1 : 0];
}

static enum column header_column(enum zone_class class, bool is_inward)
{
    if (zone_class_is_access(class)) {
        return is_inward ? AUi : AUo;
    }
    if (class == ZONE_LOOPBACK_TRAVERSAL) {
        return is_inward ? LBi : LBo;
    }
    return method_column(class, is_inward);
}

// clang-format off
static const uint8_t method_rules[SIP_METHOD_COUNT][COLUMNS] = {
#define CELL(letter) METHOD_RULE_##letter
#define METHOD_RULE(method, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r)                  \
    [SIP_##method] = {[AUi] = CELL(a), [AUo] = CELL(b), [AIi] = CELL(c), [AIo] = CELL(d),          \
                      [ENi] = CELL(e), [ENo] = CELL(f), [ITi] = CELL(g), [ITo] = CELL(h),          \
                      [NTi] = CELL(i), [NTo] = CELL(j), [NUi] = CELL(k), [NUo] = CELL(l),          \
                      [V2Hi] = CELL(m), [V2Ho] = CELL(n), [H2Vi] = CELL(o), [H2Vo] = CELL(p),      \
                      [ESi] = CELL(q), [ESo] = CELL(r)},
#include "policy/methods.def"
#undef METHOD_RULE
#undef CELL
};

struct treatments {
    bool has_row;
    uint8_t of[COLUMNS];
};

#define CELL(letter) LETTER_##letter
#define CELLS(a, b, c, d, e, f, g, h, i, j, k, l, m, n)                                            \
    {true, {[AUi] = CELL(a), [AUo] = CELL(b), [NTi] = CELL(c), [NTo] = CELL(d), [NUi] = CELL(e),   \
            [NUo] = CELL(f), [V2Hi] = CELL(g), [V2Ho] = CELL(h), [H2Vi] = CELL(i),                 \
            [H2Vo] = CELL(j), [LBi] = CELL(k), [LBo] = CELL(l), [ESi] = CELL(m), [ESo] = CELL(n)}}

static const struct treatments treatments[SIP_HEADER_COUNT] = {
#define HEADER_RULE(header, a, b, c, d, e, f, g, h, i, j, k, l, m, n, rule)                        \
    [SIP_HEADER_##header] = CELLS(a, b, c, d, e, f, g, h, i, j, k, l, m, n),
#define RESPONSE_RULE(header, a, b, c, d, e, f, g, h, i, j, k, l, m, n, rule)
#include "policy/header_rules.def"
#undef HEADER_RULE
#undef RESPONSE_RULE
};

static const struct treatments response_treatments[SIP_HEADER_COUNT] = {
#define HEADER_RULE(header, a, b, c, d, e, f, g, h, i, j, k, l, m, n, rule)
#define RESPONSE_RULE(header, a, b, c, d, e, f, g, h, i, j, k, l, m, n, rule)                      \
    [SIP_HEADER_##header] = CELLS(a, b, c, d, e, f, g, h, i, j, k, l, m, n),
#include "policy/header_rules.def"
#undef HEADER_RULE
#undef RESPONSE_RULE
};

static const char *const rules[SIP_HEADER_COUNT] = {
#define HEADER_RULE(header, a, b, c, d, e, f, g, h, i, j, k, l, m, n, rule)                        \
    [SIP_HEADER_##header] = rule,
#define RESPONSE_RULE(header, a, b, c, d, e, f, g, h, i, j, k, l, m, n, rule)
#include "policy/header_rules.def"
#undef HEADER_RULE
#undef RESPONSE_RULE
};

static const struct {
    enum zone_class class;
    enum sip_header_name header;
    uint8_t in, out;
} exceptions[] = {
#define HEADER_EXCEPTION(class, header, in, out, why)                                              \
    {ZONE_##class, SIP_HEADER_##header, CELL(in), CELL(out)},
#include "policy/header_exceptions.def"
#undef HEADER_EXCEPTION
};
#undef CELLS
#undef CELL

/* Letters in the order of header_methods.def. */
static const uint8_t listed_order[SIP_METHOD_COUNT] = {
    [SIP_ACK] = 0,     [SIP_BYE] = 1,   [SIP_CANCEL] = 2,  [SIP_INFO] = 3,      [SIP_INVITE] = 4,
    [SIP_MESSAGE] = 5, [SIP_NOTIFY] = 6, [SIP_OPTIONS] = 7, [SIP_PRACK] = 8,    [SIP_PUBLISH] = 9,
    [SIP_REFER] = 10,  [SIP_REGISTER] = 11, [SIP_SUBSCRIBE] = 12, [SIP_UPDATE] = 13,
};

static const char *const listed_in_requests[SIP_HEADER_COUNT] = {
#define REQUEST_METHODS(header, letters) [SIP_HEADER_##header] = letters,
#define RESPONSE_METHODS(header, letters)
#include "policy/header_methods.def"
#undef REQUEST_METHODS
#undef RESPONSE_METHODS
};

static const char *const listed_in_responses[SIP_HEADER_COUNT] = {
#define REQUEST_METHODS(header, letters)
#define RESPONSE_METHODS(header, letters) [SIP_HEADER_##header] = letters,
#include "policy/header_methods.def"
#undef REQUEST_METHODS
#undef RESPONSE_METHODS
};
// clang-format on

enum method_rule method_rule(enum zone_class class, bool is_inward, enum sip_method method)
{
    must(method < SIP_METHOD_COUNT);
    if (class == ZONE_CORE) {
        return METHOD_RULE_m;
    }
    return (enum method_rule)method_rules[method][method_column(class, is_inward)];
}

enum policy_crossing method_rule_crossing(enum method_rule rule, bool has_option)
{
    switch (rule) {
    case METHOD_RULE_m:
        return CROSSING_ALLOWED;
    case METHOD_RULE_o:
        return has_option ? CROSSING_ALLOWED : CROSSING_REFUSED;
    case METHOD_RULE_i:
        return CROSSING_IN_DIALOG;
    case METHOD_RULE_w:
        return has_option ? CROSSING_ALLOWED : CROSSING_IN_DIALOG;
    case METHOD_RULE_d:
        return has_option ? CROSSING_IN_DIALOG : CROSSING_REFUSED;
    case METHOD_RULE_x:
        return CROSSING_REFUSED;
    case METHOD_RULE_n:
        return CROSSING_DROPPED;
    }
    return CROSSING_REFUSED;
}

enum policy_treatment header_treatment(enum zone_class class, bool is_inward, bool is_request,
                                       enum sip_header_name header)
{
    for (size_t i = 0; i < ARRAY_COUNT(exceptions); i++) {
        if (exceptions[i].class == class && exceptions[i].header == header) {
            return (enum policy_treatment)(is_inward ? exceptions[i].in : exceptions[i].out);
        }
    }
    if (!treatments[header].has_row) {
        return TREAT_STRIP;
    }
    if (class == ZONE_CORE) {
        return TREAT_PASS;
    }
    const struct treatments *row = !is_request && response_treatments[header].has_row
                                       ? &response_treatments[header]
                                       : &treatments[header];
    return (enum policy_treatment)row->of[header_column(class, is_inward)];
}

enum policy_treatment policy_treatment(enum zone_class class, bool is_inward,
                                       enum sip_header_name header)
{
    return header_treatment(class, is_inward, true, header);
}

const char *header_rule(enum sip_header_name header)
{
    return rules[header] == NULL ? "" : rules[header];
}

bool class_is_network(enum zone_class class)
{
    return class == ZONE_INTERCONNECT || class == ZONE_INTERCONNECT_OPEN ||
           class == ZONE_ROAMING_VISITED || class == ZONE_ROAMING_HOME ||
           class == ZONE_LOOPBACK_TRAVERSAL;
}

bool header_is_listed(enum sip_header_name header, bool is_request, enum sip_method method)
{
    must(method < SIP_METHOD_COUNT);
    const char *letters = is_request ? listed_in_requests[header] : listed_in_responses[header];

    if (letters == NULL) {
        return false;
    }
    char letter = letters[listed_order[method]];
    return letter != '.' && letter != '-';
}
