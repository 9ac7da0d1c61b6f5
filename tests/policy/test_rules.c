/*
 * The tables of rules 2.2, 2.3 and Appendix A: rows checked by hand, every row against the rule
 * book when it is there, and what becomes of them between two zones.
 */
#include "support.h"

#include "policy/rules.h"

enum { CELLS_MAX = 16 };

/*
 * By hand.
 */
static void methods_by_hand(void **state)
{
    static const struct {
        enum zone_class class;
        enum sip_method method;
        enum policy_crossing in, out, in_opened, out_opened;
    } rows[] = {
        {ZONE_ACCESS_SIM, SIP_REGISTER, CROSSING_ALLOWED, CROSSING_REFUSED, CROSSING_ALLOWED,
         CROSSING_REFUSED},
        {ZONE_ACCESS_SIM, SIP_NOTIFY, CROSSING_IN_DIALOG, CROSSING_ALLOWED, CROSSING_IN_DIALOG,
         CROSSING_ALLOWED},
        {ZONE_ACCESS_INTERNET, SIP_MESSAGE, CROSSING_REFUSED, CROSSING_REFUSED, CROSSING_ALLOWED,
         CROSSING_ALLOWED},
        {ZONE_ACCESS_INTERNET, SIP_OPTIONS, CROSSING_IN_DIALOG, CROSSING_IN_DIALOG,
         CROSSING_ALLOWED, CROSSING_ALLOWED},
        {ZONE_ACCESS_INTERNET, SIP_REFER, CROSSING_REFUSED, CROSSING_REFUSED, CROSSING_REFUSED,
         CROSSING_REFUSED},
        {ZONE_ENTERPRISE, SIP_REGISTER, CROSSING_REFUSED, CROSSING_REFUSED, CROSSING_ALLOWED,
         CROSSING_REFUSED},
        {ZONE_ENTERPRISE, SIP_REFER, CROSSING_REFUSED, CROSSING_REFUSED, CROSSING_IN_DIALOG,
         CROSSING_ALLOWED},
        {ZONE_IOT, SIP_INFO, CROSSING_IN_DIALOG, CROSSING_IN_DIALOG, CROSSING_IN_DIALOG,
         CROSSING_IN_DIALOG},
        {ZONE_INTERCONNECT, SIP_REGISTER, CROSSING_DROPPED, CROSSING_REFUSED, CROSSING_DROPPED,
         CROSSING_REFUSED},
        {ZONE_INTERCONNECT, SIP_INFO, CROSSING_REFUSED, CROSSING_REFUSED, CROSSING_IN_DIALOG,
         CROSSING_IN_DIALOG},
        {ZONE_INTERCONNECT_OPEN, SIP_SUBSCRIBE, CROSSING_REFUSED, CROSSING_REFUSED,
         CROSSING_REFUSED, CROSSING_REFUSED},
        {ZONE_INTERCONNECT_OPEN, SIP_OPTIONS, CROSSING_IN_DIALOG, CROSSING_IN_DIALOG,
         CROSSING_IN_DIALOG, CROSSING_IN_DIALOG},
        {ZONE_ROAMING_VISITED, SIP_REGISTER, CROSSING_ALLOWED, CROSSING_REFUSED, CROSSING_ALLOWED,
         CROSSING_REFUSED},
        {ZONE_ROAMING_HOME, SIP_REGISTER, CROSSING_REFUSED, CROSSING_ALLOWED, CROSSING_REFUSED,
         CROSSING_ALLOWED},
        {ZONE_ROAMING_HOME, SIP_PUBLISH, CROSSING_REFUSED, CROSSING_ALLOWED, CROSSING_REFUSED,
         CROSSING_ALLOWED},
        {ZONE_EMERGENCY_SERVICES, SIP_SUBSCRIBE, CROSSING_REFUSED, CROSSING_REFUSED,
         CROSSING_ALLOWED, CROSSING_ALLOWED},
        {ZONE_CORE, SIP_PUBLISH, CROSSING_ALLOWED, CROSSING_ALLOWED, CROSSING_ALLOWED,
         CROSSING_ALLOWED},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
        enum method_rule in = method_rule(rows[i].class, true, rows[i].method);
        enum method_rule out = method_rule(rows[i].class, false, rows[i].method);

        assert_int_equal(method_rule_crossing(in, false), rows[i].in);
        assert_int_equal(method_rule_crossing(out, false), rows[i].out);
        assert_int_equal(method_rule_crossing(in, true), rows[i].in_opened);
        assert_int_equal(method_rule_crossing(out, true), rows[i].out_opened);
    }
}

/* What a call needs passes everywhere. */
static void calls_pass(void **state)
{
    static const enum sip_method needed[] = {SIP_INVITE, SIP_ACK,   SIP_BYE,
                                             SIP_CANCEL, SIP_PRACK, SIP_UPDATE};

    (void)state;
    for (unsigned class = 0; class < ZONE_CLASS_COUNT; class ++) {
        for (unsigned i = 0; i < ARRAY_COUNT(needed); i++) {
            assert_int_equal(method_rule((enum zone_class) class, true, needed[i]), METHOD_RULE_m);
            assert_int_equal(method_rule((enum zone_class) class, false, needed[i]), METHOD_RULE_m);
        }
    }
}

static void treatments_by_hand(void **state)
{
    static const struct {
        enum zone_class class;
        enum sip_header_name header;
        enum policy_treatment in, out;
    } rows[] = {
        {ZONE_ACCESS_SIM, SIP_HEADER_P_ASSERTED_IDENTITY, TREAT_GENERATE, TREAT_PRIVACY},
        {ZONE_INTERCONNECT, SIP_HEADER_P_ASSERTED_IDENTITY, TREAT_VALIDATE, TREAT_PASS},
        {ZONE_INTERCONNECT_OPEN, SIP_HEADER_P_ASSERTED_IDENTITY, TREAT_STRIP, TREAT_STRIP},
        {ZONE_ENTERPRISE, SIP_HEADER_IDENTITY, TREAT_VALIDATE, TREAT_STRIP},
        {ZONE_ACCESS_INTERNET, SIP_HEADER_IDENTITY, TREAT_STRIP, TREAT_STRIP},
        {ZONE_ENTERPRISE, SIP_HEADER_P_PRIVATE_NETWORK_INDICATION, TREAT_VALIDATE, TREAT_PASS},
        {ZONE_IOT, SIP_HEADER_P_PRIVATE_NETWORK_INDICATION, TREAT_STRIP, TREAT_STRIP},
        {ZONE_INTERCONNECT, SIP_HEADER_P_PRIVATE_NETWORK_INDICATION, TREAT_OPTION, TREAT_OPTION},
        {ZONE_ACCESS_INTERNET, SIP_HEADER_AUTHORIZATION, TREAT_VALIDATE, TREAT_PASS},
        {ZONE_ACCESS_INTERNET, SIP_HEADER_PROXY_AUTHENTICATE, TREAT_VALIDATE, TREAT_PASS},
        {ZONE_INTERCONNECT, SIP_HEADER_PROXY_AUTHENTICATE, TREAT_STRIP, TREAT_STRIP},
        {ZONE_ROAMING_VISITED, SIP_HEADER_P_VISITED_NETWORK_ID, TREAT_VALIDATE, TREAT_STRIP},
        {ZONE_ROAMING_HOME, SIP_HEADER_P_VISITED_NETWORK_ID, TREAT_STRIP, TREAT_GENERATE},
        {ZONE_ROAMING_VISITED, SIP_HEADER_P_ASSOCIATED_URI, TREAT_STRIP, TREAT_PASS},
        {ZONE_ROAMING_HOME, SIP_HEADER_P_ASSOCIATED_URI, TREAT_VALIDATE, TREAT_STRIP},
        {ZONE_LOOPBACK_TRAVERSAL, SIP_HEADER_IDENTITY, TREAT_VALIDATE, TREAT_PASS},
        {ZONE_ROAMING_HOME, SIP_HEADER_IDENTITY, TREAT_STRIP, TREAT_STRIP},
        {ZONE_EMERGENCY_SERVICES, SIP_HEADER_P_ACCESS_NETWORK_INFO, TREAT_STRIP, TREAT_PASS},
        {ZONE_INTERCONNECT_OPEN, SIP_HEADER_HISTORY_INFO, TREAT_VALIDATE, TREAT_STRIP},
        {ZONE_INTERCONNECT, SIP_HEADER_DIVERSION, TREAT_OPTION, TREAT_OPTION},
        {ZONE_ACCESS_SIM, SIP_HEADER_USER_AGENT, TREAT_VALIDATE, TREAT_REWRITE},
        {ZONE_CORE, SIP_HEADER_P_CHARGING_VECTOR, TREAT_PASS, TREAT_PASS},
        {ZONE_CORE, SIP_HEADER_SECURITY_CLIENT, TREAT_STRIP, TREAT_STRIP},
        {ZONE_CORE, SIP_HEADER_UNKNOWN, TREAT_STRIP, TREAT_STRIP},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
        assert_int_equal(policy_treatment(rows[i].class, true, rows[i].header), rows[i].in);
        assert_int_equal(policy_treatment(rows[i].class, false, rows[i].header), rows[i].out);
    }
    assert_int_equal(header_treatment(ZONE_INTERCONNECT, true, true, SIP_HEADER_REASON),
                     TREAT_VALIDATE);
    assert_int_equal(header_treatment(ZONE_INTERCONNECT, true, false, SIP_HEADER_REASON),
                     TREAT_OPTION);
    for (unsigned header = 1; header < SIP_HEADER_COUNT; header++) {
        assert_true(header_rule((enum sip_header_name)header)[0] != '\0');
    }
}

static void listed_by_hand(void **state)
{
    (void)state;
    assert_true(header_is_listed(SIP_HEADER_SESSION_EXPIRES, true, SIP_INVITE));
    assert_false(header_is_listed(SIP_HEADER_SESSION_EXPIRES, true, SIP_BYE));
    assert_true(header_is_listed(SIP_HEADER_SESSION_EXPIRES, false, SIP_UPDATE));
    assert_true(header_is_listed(SIP_HEADER_RACK, true, SIP_PRACK));
    assert_false(header_is_listed(SIP_HEADER_RACK, true, SIP_INVITE));
    assert_true(header_is_listed(SIP_HEADER_P_VISITED_NETWORK_ID, true, SIP_REGISTER));
    assert_false(header_is_listed(SIP_HEADER_P_VISITED_NETWORK_ID, true, SIP_INVITE));
    assert_true(header_is_listed(SIP_HEADER_MIN_SE, false, SIP_INVITE));
    assert_false(header_is_listed(SIP_HEADER_DIVERSION, true, SIP_INVITE));
    assert_false(header_is_listed(SIP_HEADER_ALLOW, false, SIP_CANCEL));
    assert_true(header_is_listed(SIP_HEADER_ALLOW, false, SIP_BYE));
    assert_false(header_is_listed(SIP_HEADER_VIA, false, SIP_ACK));
}

/*
 * Against the rule book beside the sources.
 */
static uint32_t cells_cut(struct slice line, struct slice *cells)
{
    uint32_t count = 0;
    struct slice cell;

    line = slice_skip(line, 1);
    while (count < CELLS_MAX && slice_cut(&line, '|', &cell)) {
        cells[count++] = slice_trim(cell);
    }
    return count;
}

/* The letter a cell of rules 2.3 comes to, '?' when it says it in words. */
static char cell_letter(struct slice cell)
{
    static const struct {
        const char *written;
        char letter;
    } words[] = {
        {"S then G", 'G'}, {"V,S", 'S'},       {"S,G", 'G'},       {"T V", 'C'},
        {"T P", 'C'},      {"V,G", 'V'},       {"S (opt P)", 'C'}, {"S (opt V)", 'C'},
        {"EN: V", 'S'},    {"EN: P", 'S'},     {"A,S", 'S'},       {"V,R", 'R'},
        {"P or G", 'P'},   {"P,G", 'P'},       {"S (EN: V)", 'S'}, {"V,P", 'V'},
        {"S,R", 'R'},      {"T V,R", 'C'},     {"V (MiD)", 'V'},   {"P/R", 'R'},
        {"x", 'S'},        {"own realm", '?'}, {"-", '?'},
    };

    for (unsigned i = 0; i < ARRAY_COUNT(words); i++) {
        if (slice_equal(cell, slice_string(words[i].written))) {
            return words[i].letter;
        }
    }
    return slice_starts(cell, SLICE("S (opt map")) ? 'S' : cell.len == 1 ? cell.at[0] : '?';
}

static char treatment_letter(enum policy_treatment treatment)
{
    return "PSVRGAC"[treatment];
}

static unsigned compare_treatments(struct slice name, const struct slice *cells)
{
    static const struct {
        enum zone_class class;
        bool is_inward;
    } columns[] = {
        {ZONE_ACCESS_SIM, true},          {ZONE_ACCESS_SIM, false},
        {ZONE_INTERCONNECT, true},        {ZONE_INTERCONNECT, false},
        {ZONE_INTERCONNECT_OPEN, true},   {ZONE_INTERCONNECT_OPEN, false},
        {ZONE_ROAMING_VISITED, true},     {ZONE_ROAMING_VISITED, false},
        {ZONE_EMERGENCY_SERVICES, false},
    };
    bool is_response = slice_has(name, SLICE("(response)"));
    enum sip_header_name header =
        sip_header_find(slice_trim(slice_head(name, slice_find(name, '('))));
    unsigned wrong = 0;

    if (header == SIP_HEADER_UNKNOWN) {
        return 0;
    }
    for (unsigned i = 0; i < ARRAY_COUNT(columns); i++) {
        char expected = cell_letter(cells[i + 2]);
        char ours = treatment_letter(
            header_treatment(columns[i].class, columns[i].is_inward, !is_response, header));

        if (expected != '?' && expected != ours) {
            print_error("%.*s column %u: %c, rules say %c\n", (int)name.len, name.at, i, ours,
                        expected);
            wrong++;
        }
    }
    return wrong;
}

static struct slice rules_read(void)
{
    char path[TEST_PATH_MAX];

    return file_read(source_path("../shared/rules/ims-rules.md", path));
}

static void treatments_by_the_book(void **state)
{
    struct slice rules = rules_read(), rest = rules, line, cells[CELLS_MAX];
    unsigned rows = 0, wrong = 0;
    bool is_inside = false;

    (void)state;
    if (rules.at == NULL) {
        print_message("SKIPPED: the rule book is not beside the sources\n");
        skip();
    }
    while (slice_cut(&rest, '\n', &line)) {
        is_inside =
            slice_starts(line, SLICE("### ")) ? slice_starts(line, SLICE("### 2.3 ")) : is_inside;
        if (!is_inside || !slice_starts(line, SLICE("| ")) || cells_cut(line, cells) < 12) {
            continue;
        }
        struct slice names = cells[0], name;
        while (slice_cut(&names, ',', &name)) {
            wrong += compare_treatments(slice_trim(name), cells);
            rows++;
        }
    }
    slice_free(rules);
    assert_int_equal(wrong, 0);
    assert_true(rows > 110);
}

/* One line of Appendix A: a header, and a letter under each method. */
static unsigned compare_listed(struct slice line, bool is_request)
{
    static const enum sip_method order[] = {
        SIP_ACK,     SIP_BYE,   SIP_CANCEL,  SIP_INFO,  SIP_INVITE,   SIP_MESSAGE,   SIP_NOTIFY,
        SIP_OPTIONS, SIP_PRACK, SIP_PUBLISH, SIP_REFER, SIP_REGISTER, SIP_SUBSCRIBE, SIP_UPDATE,
    };
    enum sip_header_name header = sip_header_find(slice_head(line, slice_find(line, ' ')));
    unsigned wrong = 0, column = is_request ? 0 : 1;

    assert_int_not_equal(header, SIP_HEADER_UNKNOWN);
    line = slice_trim(slice_skip(line, slice_find(line, ' ')));
    while (column < ARRAY_COUNT(order)) {
        bool is_listed = line.at[0] != '.' && line.at[0] != '-';

        wrong += header_is_listed(header, is_request, order[column++]) != is_listed ? 1 : 0;
        line = slice_trim(slice_skip(line, 1));
    }
    assert_int_equal(line.len, 0);
    return wrong;
}

static void listed_by_the_book(void **state)
{
    struct slice rules = rules_read(), rest = rules, line;
    unsigned rows[2] = {0, 0}, wrong = 0;
    int part = -1;
    bool is_table = false;

    (void)state;
    if (rules.at == NULL) {
        print_message("SKIPPED: the rule book is not beside the sources\n");
        skip();
    }
    while (slice_cut(&rest, '\n', &line)) {
        part = slice_starts(line, SLICE("### A.1")) ? 1 : part;
        part = slice_starts(line, SLICE("### A.2")) ? 0 : part;
        part = slice_starts(line, SLICE("## Appendix B")) ? -1 : part;
        is_table = part >= 0 && slice_starts(line, SLICE("```")) ? !is_table : is_table;
        if (part >= 0 && is_table && !slice_starts(line, SLICE("```")) &&
            !slice_starts(line, SLICE("header "))) {
            wrong += compare_listed(line, part == 1);
            rows[part]++;
        }
    }
    slice_free(rules);
    assert_int_equal(wrong, 0);
    assert_true(rows[0] > 60 && rows[1] > 80);
}

/*
 * Between two zones.
 */
static const char zones_text[] =
    "site: lab\n"
    "realms: r\n"
    "zones:\n"
    "  core: {class: core, listeners: udp:10.0.0.1, media: pass}\n"
    "  devices: {class: access-internet, listeners: udp:10.0.1.1, media: pass}\n"
    "  sim: {class: access-sim, listeners: udp:10.0.2.1, media: pass, headers: [User-to-User]}\n"
    "  net: {class: interconnect, listeners: udp:10.0.3.1, media: pass}\n"
    "  open: {class: interconnect-untrusted, listeners: udp:10.0.4.1, media: pass}\n"
    "  visited: {class: roaming-visited, listeners: udp:10.0.5.1, media: pass}\n"
    "  again: {class: access-internet, listeners: udp:10.0.6.1, media: pass}\n"
    "peers:\n"
    "  cscf: {zone: core, addresses: 10.0.0.2}\n"
    "  plain: {zone: net, addresses: 10.0.3.2}\n"
    "  agreed: {zone: net, addresses: 10.0.3.3, headers: [Diversion, User-to-User, X-Ours], "
    "methods: [INFO]}\n"
    "  wanting: {zone: open, addresses: 10.0.4.2, headers: [P-Asserted-Identity, X-Ours]}\n";

static bool header_passes(const struct policy_header_set *set, const struct policy_peer *in,
                          const struct policy_peer *out, enum sip_header_name name)
{
    return (policy_headers_passing(set, in, out, name / 64) >> (name % 64) & 1) != 0;
}

static bool passes(const struct policy *policy, const char *from, const char *peer_in,
                   const char *to, const char *peer_out, const char *message, const char *header)
{
    enum sip_header_name name = sip_header_find(slice_string(header));
    bool is_request = message[0] != '2';
    enum sip_method method = sip_method_find(slice_string(is_request ? message : message + 2));
    const struct policy_peer *in =
        peer_in[0] == '\0' ? NULL : &policy->peers[peer_of(policy, peer_in)];
    const struct policy_peer *out =
        peer_out[0] == '\0' ? NULL : &policy->peers[peer_of(policy, peer_out)];

    assert_int_not_equal(name, SIP_HEADER_UNKNOWN);
    assert_int_not_equal(method, SIP_METHOD_UNKNOWN);
    return header_passes(policy_headers(policy, zone_of(policy, from), zone_of(policy, to),
                                        is_request, method),
                         in, out, name);
}

/* What real clients and servers need between devices and a registrar. */
static void devices_and_registrar(void **state)
{
    static const struct {
        const char *from, *to, *message, *header;
    } needed[] = {
        {"devices", "core", "REGISTER", "Authorization"},
        {"devices", "core", "REGISTER", "Expires"},
        {"devices", "core", "REGISTER", "Supported"},
        {"devices", "core", "REGISTER", "Allow"},
        {"devices", "core", "REGISTER", "User-Agent"},
        {"core", "devices", "2 REGISTER", "WWW-Authenticate"},
        {"core", "devices", "2 REGISTER", "Expires"},
        {"core", "devices", "2 REGISTER", "Min-Expires"},
        {"core", "devices", "2 REGISTER", "Date"},
        {"core", "devices", "2 REGISTER", "Server"},
        {"core", "devices", "2 REGISTER", "P-Associated-URI"},
        {"devices", "core", "INVITE", "Proxy-Authorization"},
        {"core", "devices", "2 INVITE", "Proxy-Authenticate"},
        {"devices", "core", "INVITE", "Session-Expires"},
        {"devices", "core", "INVITE", "Min-SE"},
        {"devices", "core", "INVITE", "Content-Type"},
        {"devices", "core", "INVITE", "Require"},
        {"devices", "core", "INVITE", "Privacy"},
        {"devices", "core", "INVITE", "Subject"},
        {"core", "devices", "INVITE", "Session-Expires"},
        {"core", "devices", "INVITE", "P-Asserted-Identity"},
        {"core", "devices", "INVITE", "Allow"},
        {"core", "devices", "INVITE", "Content-Type"},
        {"core", "devices", "INVITE", "User-Agent"},
        {"devices", "core", "2 INVITE", "Session-Expires"},
        {"devices", "core", "2 INVITE", "Require"},
        {"devices", "core", "2 INVITE", "RSeq"},
        {"devices", "core", "2 INVITE", "Unsupported"},
        {"devices", "core", "2 INVITE", "Retry-After"},
        {"devices", "core", "2 INVITE", "Content-Type"},
        {"devices", "core", "PRACK", "RAck"},
        {"devices", "core", "SUBSCRIBE", "Event"},
        {"devices", "core", "SUBSCRIBE", "Accept"},
        {"devices", "core", "SUBSCRIBE", "Expires"},
        {"core", "devices", "NOTIFY", "Subscription-State"},
        {"core", "devices", "NOTIFY", "Event"},
        {"devices", "core", "PUBLISH", "SIP-If-Match"},
        {"core", "devices", "2 PUBLISH", "SIP-ETag"},
        {"devices", "core", "MESSAGE", "Content-Type"},
        {"devices", "core", "BYE", "Reason"},
        {"devices", "core", "2 BYE", "User-Agent"},
        {"devices", "core", "REFER", "Refer-To"},
        {"core", "devices", "2 OPTIONS", "Accept"},
        {"devices", "again", "INVITE", "Session-ID"},
    };
    static const char *const always[] = {"From", "To", "Call-ID", "CSeq"};
    struct policy *policy = policy_of(zones_text);

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(needed); i++) {
        if (!passes(policy, needed[i].from, "", needed[i].to, "", needed[i].message,
                    needed[i].header)) {
            fail_msg("%s from %s to %s loses %s", needed[i].message, needed[i].from, needed[i].to,
                     needed[i].header);
        }
    }
    for (uint16_t in = 0; in < policy->zone_count; in++) {
        for (uint16_t out = 0; out < policy->zone_count; out++) {
            for (unsigned i = 0; i < ARRAY_COUNT(always); i++) {
                const struct policy_header_set *set =
                    policy_headers(policy, in, out, i % 2 == 0, SIP_INVITE);

                assert_true(
                    header_passes(set, NULL, NULL, sip_header_find(slice_string(always[i]))));
            }
        }
    }
    policy_free(policy);
}

static void sets_by_hand(void **state)
{
    struct policy *policy = policy_of(zones_text);

    (void)state;
    /* A stranger asserts nothing, is told nothing of others, and hop by hop is ours. */
    assert_false(passes(policy, "devices", "", "core", "", "INVITE", "P-Asserted-Identity"));
    assert_false(passes(policy, "devices", "", "core", "", "INVITE", "P-Preferred-Identity"));
    assert_false(passes(policy, "devices", "", "core", "", "INVITE", "Diversion"));
    assert_false(passes(policy, "devices", "", "core", "", "INVITE", "Remote-Party-ID"));
    assert_false(passes(policy, "core", "cscf", "devices", "", "INVITE", "P-Charging-Vector"));
    assert_false(passes(policy, "devices", "", "core", "", "REGISTER", "Path"));
    assert_false(passes(policy, "devices", "", "core", "", "INVITE", "Via"));
    assert_false(passes(policy, "devices", "", "core", "", "INVITE", "Contact"));
    assert_false(passes(policy, "devices", "", "core", "", "INVITE", "Security-Client"));

    /* Digest never crosses between networks; identity only between those who trust. */
    assert_false(passes(policy, "net", "plain", "core", "", "INVITE", "Proxy-Authorization"));
    assert_false(passes(policy, "core", "", "net", "plain", "2 INVITE", "Proxy-Authenticate"));
    assert_true(passes(policy, "visited", "", "core", "", "REGISTER", "Authorization"));
    assert_true(passes(policy, "net", "plain", "core", "cscf", "INVITE", "P-Asserted-Identity"));
    assert_true(passes(policy, "core", "cscf", "net", "plain", "INVITE", "P-Asserted-Identity"));
    assert_false(
        passes(policy, "core", "cscf", "open", "wanting", "INVITE", "P-Asserted-Identity"));
    assert_false(
        passes(policy, "open", "wanting", "net", "agreed", "INVITE", "P-Asserted-Identity"));

    /* Appendix A between networks, not between devices and the core. */
    assert_false(passes(policy, "net", "plain", "core", "", "BYE", "Session-Expires"));
    assert_true(passes(policy, "devices", "", "core", "", "BYE", "Session-Expires"));
    assert_true(passes(policy, "net", "plain", "core", "", "UPDATE", "Session-Expires"));

    /* An option of the side that has the column is enough, and stronger than Appendix A. */
    assert_false(passes(policy, "net", "plain", "core", "cscf", "INVITE", "Diversion"));
    assert_true(passes(policy, "net", "agreed", "core", "cscf", "INVITE", "Diversion"));
    assert_true(passes(policy, "core", "cscf", "net", "agreed", "INVITE", "Diversion"));
    assert_false(passes(policy, "core", "cscf", "net", "plain", "INVITE", "Diversion"));
    assert_false(passes(policy, "net", "agreed", "net", "plain", "INVITE", "User-to-User"));
    assert_true(passes(policy, "net", "agreed", "net", "agreed", "INVITE", "User-to-User"));
    assert_true(passes(policy, "sim", "", "core", "cscf", "INVITE", "User-to-User"));
    assert_false(passes(policy, "devices", "", "core", "cscf", "INVITE", "User-to-User"));
    assert_true(passes(policy, "sim", "", "net", "agreed", "INVITE", "User-to-User"));
    assert_false(passes(policy, "sim", "", "net", "plain", "INVITE", "User-to-User"));

    /* Nothing for a method nobody knows, or a zone that is none. */
    assert_false(header_passes(policy_headers(policy, 0, 1, true, SIP_METHOD_UNKNOWN), NULL, NULL,
                               SIP_HEADER_FROM));
    assert_false(header_passes(policy_headers(policy, 0, POLICY_NONE, true, SIP_INVITE), NULL, NULL,
                               SIP_HEADER_FROM));
    policy_free(policy);
}

static void private_headers(void **state)
{
    struct policy *policy = policy_of(zones_text);
    uint16_t core = zone_of(policy, "core"), net = zone_of(policy, "net");
    uint16_t open = zone_of(policy, "open"), devices = zone_of(policy, "devices");
    uint16_t agreed = peer_of(policy, "agreed"), plain = peer_of(policy, "plain");
    uint16_t wanting = peer_of(policy, "wanting"), cscf = peer_of(policy, "cscf");
    struct slice ours = SLICE("x-ours");

    (void)state;
    assert_true(policy_extra_header_passes(policy, net, agreed, core, cscf, ours));
    assert_true(policy_extra_header_passes(policy, core, cscf, net, agreed, ours));
    assert_false(policy_extra_header_passes(policy, core, cscf, net, plain, ours));
    assert_true(policy_extra_header_passes(policy, open, wanting, net, agreed, ours));
    assert_false(policy_extra_header_passes(policy, open, wanting, net, plain, ours));
    assert_false(policy_extra_header_passes(policy, devices, POLICY_NONE, core, cscf, ours));
    assert_false(policy_extra_header_passes(policy, core, cscf, core, cscf, ours));
    assert_false(policy_extra_header_passes(policy, net, agreed, core, cscf, SLICE("X-Other")));
    policy_free(policy);
}

static void options(void **state)
{
    struct policy *policy = policy_of(zones_text);
    uint16_t net = zone_of(policy, "net");

    (void)state;
    assert_int_equal(policy_method_in(policy, net, peer_of(policy, "agreed"), SIP_INFO),
                     CROSSING_IN_DIALOG);
    assert_int_equal(policy_method_out(policy, net, peer_of(policy, "agreed"), SIP_INFO),
                     CROSSING_IN_DIALOG);
    assert_int_equal(policy_method_in(policy, net, peer_of(policy, "plain"), SIP_INFO),
                     CROSSING_REFUSED);
    assert_int_equal(policy_method_in(policy, net, POLICY_NONE, SIP_INFO), CROSSING_REFUSED);
    assert_int_equal(policy_method_in(policy, net, POLICY_NONE, SIP_METHOD_UNKNOWN),
                     CROSSING_REFUSED);
    assert_int_equal(policy_method_out(policy, POLICY_NONE, POLICY_NONE, SIP_INVITE),
                     CROSSING_REFUSED);
    policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(methods_by_hand),        cmocka_unit_test(calls_pass),
        cmocka_unit_test(treatments_by_hand),     cmocka_unit_test(listed_by_hand),
        cmocka_unit_test(treatments_by_the_book), cmocka_unit_test(listed_by_the_book),
        cmocka_unit_test(devices_and_registrar),  cmocka_unit_test(sets_by_hand),
        cmocka_unit_test(private_headers),        cmocka_unit_test(options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
