/*
 * What the operator decided: one immutable value, typed once at load.
 *
 * Everything a packet's trip needs is an index, a bit set or a small table here; nothing is looked
 * up by name at run time.  State keeps indexes and names, never pointers into a policy, so that a
 * new policy can be swapped in whole.  All slices and arrays belong to the policy and end with it.
 */
#pragma once

#include "base/fault.h"
#include "wire/media_keys.h"
#include "wire/packet.h"
#include "wire/sip/message.h"

enum {
    POLICY_ZONES_MAX = 64,
    POLICY_LISTENERS_MAX = 256,
    POLICY_PEERS_MAX = 4096,
    POLICY_ROUTES_MAX = 4096,
    POLICY_HOPS_MAX = 16, /* next hops of one route */
    POLICY_NONE = 0xFFFF, /* no zone, peer, route */
    POLICY_FEEDS_MAX = 32,
    POLICY_PATTERNS_MAX = 16384,
    POLICY_PATTERN_FIELDS_MAX = 32, /* each costs a scan of a message */
};

enum zone_class {
#define ZONE_CLASS(name, code, written, trusted, access) ZONE_##name,
#include "policy/zones.def"
#undef ZONE_CLASS
    ZONE_CLASS_COUNT,
};

enum zone_layer { LAYER_DEVICE, LAYER_NETWORK, LAYER_APPLICATION };

/* Of a control or a peer. */
enum policy_mode { MODE_ENFORCE, MODE_OBSERVE, MODE_OFF };

enum policy_action {
    ACTION_DEFAULT, /* what the control's row says */
    ACTION_PASS,
    ACTION_STRIP,
    ACTION_THROTTLE,
    ACTION_REJECT,
    ACTION_DROP,
    ACTION_CLOSE,
};

enum policy_media { MEDIA_ANCHOR, MEDIA_PASS }; /* PASS: signalling only, SDP addresses stay */

enum policy_srtp { SRTP_ALLOWED, SRTP_REQUIRED, SRTP_FORBIDDEN };

enum policy_binding { BINDING_CONTACT, BINDING_PATH }; /* what a registrar is given of a device */

struct policy_slices {
    const struct slice *at;
    uint32_t count;
};

/* Whether those who connect to us must show a certificate. */
enum policy_clients { CLIENTS_BY_CLASS, CLIENTS_REQUIRED, CLIENTS_OPTIONAL, CLIENTS_NONE };

/* Files as written; empty: policy_tls_of fills in the usual ones. */
struct policy_tls {
    struct slice certificate, key, ca, crl;
    uint32_t crl_grace; /* seconds */
    uint8_t clients;    /* enum policy_clients */
};

/* Limits of rules 1.1 and 1.2 a zone may lower or raise up to the hard column. */
struct policy_limits {
#define LIMIT(name, setting, access, network, hard, rule, what) uint32_t name;
#include "policy/limits.def"
#undef LIMIT
};

/* How often, in a minute, rules 6.2; 0: without limit. */
struct policy_rates {
#define RATE(name, setting, access, network, burst, rule, what) uint32_t name;
#include "policy/rates.def"
#undef RATE
};

struct policy_zone {
    struct slice name;
    enum zone_class class;
    enum zone_layer layer;
    bool is_strict;       /* the stricter reading where rules have one */
    bool accepts_unknown; /* access zones: sources need not be peers */
    bool is_nat;          /* media ports may be learned at the signalling address, MED-02 */
    bool is_inner;        /* CT-SEG-10: who is here is believed nothing */
    bool hides;           /* topology hidden towards this zone (default) */
    enum policy_media media;
    enum policy_binding binding; /* of its devices, towards a core that is not hidden from */
    struct slice host;           /* our own name or literal there: Via, Contact, From host */
    struct slice domain; /* hosts of From and To are shown as this towards the zone; empty: kept */
    struct address media_v4, media_v6; /* family NONE when the zone has none */
    uint16_t media_port_min, media_port_max;
    enum policy_srtp srtp;       /* whether media there are encrypted */
    uint8_t srtp_keys;           /* bit per enum media_protection that may protect them */
    uint8_t srtp_suites;         /* bit per enum media_suite */
    bool is_opportunistic;       /* offers in the clear have keys beside (RFC 8643) */
    bool shows_keys;             /* SDES over a hop that is not protected: laboratories */
    bool has_ice;                /* our offers are for browsers */
    struct policy_slices codecs; /* that may cross, CT-MED-06; empty: all */
    uint32_t bandwidth_max;      /* kbit/s of b=; 0: any */
    struct policy_limits limits;
    struct policy_rates rates;
    uint32_t user_calls_max; /* calls of one user at the same time, DOS-22; 0: no limit */
    uint32_t methods;        /* bit per enum sip_method that "o" of rules 2.2 opens for everybody */
    uint64_t headers[4];     /* bit per header that "C"/"T" of rules 2.3 opens for everybody */
    struct policy_tls tls;
    struct policy_slices origins;           /* of web pages whose WebSockets are taken */
    uint16_t listeners[TRANSPORT_COUNT][2]; /* default listener per transport and family (IPv4,
                                               IPv6), or NONE */
};

struct policy_listener {
    struct address address;
    enum transport transport;
    uint16_t zone;
    struct slice sent_by; /* "host:port" as Via and Contact show it */
};

struct policy_peer {
    struct slice name;
    uint32_t id; /* of the name, stable across policies: tokens are bound to it */
    uint16_t zone;
    uint8_t transports;            /* bit per enum transport; 0: any */
    const struct policy_hop *hops; /* where requests to it are sent, and liveness asked */
    uint32_t hop_count;
    enum policy_mode mode;    /* new peers may start in observe */
    uint64_t observe_until_s; /* ... until then, in seconds since 1970; 0: until it is changed */
    const struct prefix *addresses;
    uint32_t address_count;
    struct policy_slices certificates; /* names one of which TLS must prove */
    struct slice ca;                   /* file of roots; empty: those of the zone */
    struct policy_slices domains;      /* it may speak for */
    struct policy_slices numbers;      /* E.164 prefixes it may speak for, "+1555"; empty: any */
    const struct prefix *media_prefixes;
    uint32_t media_prefix_count;
    bool has_asymmetric_port; /* its media may come from another port */
    uint32_t methods;         /* bit per enum sip_method that "o" of rules 2.2 opens for it */
    uint64_t headers[4];      /* bit per header that "C"/"T" of rules 2.3 opens for it */
    struct policy_slices extra_headers; /* unknown names it may send and get (HDR-19) */
    struct policy_slices bodies;        /* media types agreed beyond rules 2.6 */
    uint32_t rate, burst;               /* requests out of dialog per second; 0: no limit */
    uint32_t calls_max;                 /* at the same time; 0: no limit */
    uint32_t liveness_seconds;          /* OPTIONS towards it; 0: off */
    bool is_ipsec;                      /* it must come through a security association */
    bool follows_redirects; /* 3xx from it: targets are tried through the routes (at most 3) */
};

struct policy_hop {
    struct slice host;      /* a name, or a literal (IPv6 in brackets) */
    struct address address; /* family NONE when host is a name: the resolver knows */
    uint16_t port;          /* 0: by SRV, else the default of the transport */
    uint8_t transport;      /* enum transport; TRANSPORT_COUNT: by NAPTR/SRV */
    uint16_t peer;          /* whom we expect there */
    uint16_t name;          /* index in policy.names when host is a name, or NONE */
    uint16_t priority, weight;
};

struct policy_route {
    uint16_t from, to;            /* zones; from NONE: any */
    uint16_t from_peer;           /* or NONE: any */
    uint32_t methods;             /* bit per enum sip_method; 0: any */
    struct policy_slices numbers; /* prefixes of the called number; empty: any */
    struct policy_slices domains; /* of the Request-URI, "*.b.c" for all below, "*" for all; empty:
                                     our own, and those of the peers the route leads to */
    bool is_emergency;            /* EMG-01: only emergency requests, and all of them */
    bool is_registered;           /* towards the registered flow of the called user */
    struct policy_hop hops[POLICY_HOPS_MAX];
    uint32_t hop_count; /* sorted by priority */
    uint16_t line;      /* in the policy file */
};

struct policy_control {
    enum policy_mode mode;
    enum policy_action action;
};

struct policy_timers {
#define TIMER(name, setting, default_ms, min_ms, max_ms, what) uint32_t name;
#include "policy/timers.def"
#undef TIMER
};

/* A file of what is known to be bad; lists.h. */
enum feed_kind { FEED_NUMBERS, FEED_ADDRESSES, FEED_AGENTS };
struct policy_feed {
    struct slice name, file;
    enum feed_kind kind;
    struct slice key; /* base64 of the Ed25519 key that must have signed it; may be empty */
};

/* Where a pattern is looked for; one scan of each. */
enum pattern_place_kind { PATTERN_URI, PATTERN_BODY, PATTERN_AGENT, PATTERN_ANY, PATTERN_HEADER };
struct pattern_place {
    uint8_t kind;   /* enum pattern_place_kind */
    uint8_t header; /* enum sip_header_name of HEADER */
};

struct policy_pattern {
    struct slice name; /* a NUL behind it */
    struct pattern_place place;
    uint8_t field;               /* index among pattern_fields */
    struct slice literal, regex; /* one of them */
    bool ignores_case;
    enum policy_action action;
    enum policy_mode mode;
};

/* Who collects copies of what passes. */
struct policy_hep {
    struct address to; /* family NONE: nobody */
    uint32_t id;
    struct slice key; /* may be empty */
};

struct policy {
    struct slice site; /* name of this store */
    uint32_t version;  /* counts loads; 0 is the first */
    struct policy_zone *zones;
    uint32_t zone_count;
    struct policy_listener *listeners;
    uint32_t listener_count;
    struct policy_peer *peers;
    uint32_t peer_count;
    struct policy_route *routes;
    uint32_t route_count;
    struct policy_slices domains;           /* own */
    struct policy_slices names;             /* host names the resolver keeps fresh */
    struct policy_slices emergency_numbers; /* "112", "911", ... */
    struct policy_slices realms;            /* digest realms that may pass on access zones */
    struct policy_slices number_files;      /* the plan of numbers, lists.h */
    struct policy_feed *feeds;
    uint32_t feed_count;
    struct policy_pattern *patterns;
    uint32_t pattern_count;
    struct pattern_place *pattern_fields;
    uint32_t pattern_field_count;
    struct policy_control *controls; /* by index of the control table; guard fills names in */
    uint32_t control_count;
    struct policy_timers timers;
    struct policy_capacity {
#define CAPACITY(name, setting, default_count, min_count, max_count, what) uint32_t name;
#include "policy/capacity.def"
#undef CAPACITY
    } capacity;
    bool judges_anybody;  /* made for captures without a policy: everybody is a stranger */
    bool masks_numbers;   /* in events; default on */
    struct slice user;    /* whom the processes become; empty: stay */
    struct slice journal; /* folder; empty: standard output */
    bool keeps_calls;     /* there, too */
    uint32_t journal_keep_s, journal_quota; /* seconds; megabytes */
    struct policy_hep hep;
    struct policy_tls tls;
    uint32_t ipsec_mark; /* of packets that came through a security association; 0: none is set */
    struct policy_tables *tables; /* what is compiled from the rest: opaque, see lookups below */
};

/* The names of the controls, so that policy (below guard) can read "controls:" and complain. */
struct policy_control_names {
    const char *const *ids; /* "CT-FW-01", ... in table order */
    uint32_t count;
};

/* Every complaint of one run, each "file:line:column: what was expected; remedy". */
struct policy_complaints;

/* NULL when the text cannot become a policy; then complaints has at least one entry.  file is only
 * for the messages. */
struct policy *policy_read(struct slice text, struct slice file,
                           const struct policy_control_names *controls,
                           struct policy_complaints *complaints);
void policy_free(struct policy *policy);

/* The same with the memory of a test's choosing (memory.h). */
struct policy_allocator;
struct policy *policy_read_with(const struct policy_allocator *allocator, struct slice text,
                                struct slice file, const struct policy_control_names *controls,
                                struct policy_complaints *complaints);

struct policy_complaints *policy_complaints_new(void);
void policy_complaints_free(struct policy_complaints *complaints);
uint32_t policy_complaint_count(const struct policy_complaints *complaints);
struct slice policy_complaint(const struct policy_complaints *complaints, uint32_t index);

/*
 * Look-ups on the trip of a packet: no allocation, bounded.
 */

/* The peer whose addresses (longest prefix), zone, transport and certificate all agree, or
 * POLICY_NONE (CT-SEG-04). */
uint16_t policy_peer_find(const struct policy *policy, uint16_t zone, const struct address *source,
                          enum transport transport, struct slice certified_name);

/* Whoever is expected at an address, whatever he proves; or POLICY_NONE. */
uint16_t policy_peer_at(const struct policy *policy, uint16_t zone, const struct address *source);

/* What holds for a zone, with the usual files and times where the policy names none. */
struct policy_tls policy_tls_of(const struct policy *policy, uint16_t zone);
bool policy_zone_is_secure(const struct policy *policy, uint16_t zone); /* listens on tls or wss */

/* Of a name, stable across policies, as policy_peer.id. */
uint32_t policy_zone_id(const struct policy *policy, uint16_t zone);

/* How a method may cross into (from outside to us) or out of a zone: rules 2.2. */
enum policy_crossing { CROSSING_ALLOWED, CROSSING_IN_DIALOG, CROSSING_REFUSED, CROSSING_DROPPED };
enum policy_crossing policy_method_in(const struct policy *policy, uint16_t zone, uint16_t peer,
                                      enum sip_method method);
enum policy_crossing policy_method_out(const struct policy *policy, uint16_t zone, uint16_t peer,
                                       enum sip_method method);

/* What rules 2.3 and Appendix A leave of the headers between two sides: bit per
 * enum sip_header_name.  Hop-by-hop headers are never in it: the relay writes them.  A header that
 * is in an option set passes when the peer of that side names it (both, when it is in both). */
struct policy_header_set {
    uint64_t bits[4];       /* passes for everybody */
    uint64_t in_option[4];  /* passes when the sender's peer names it */
    uint64_t out_option[4]; /* passes when the receiver's peer names it */
};
const struct policy_header_set *policy_headers(const struct policy *policy, uint16_t zone_in,
                                               uint16_t zone_out, bool is_request,
                                               enum sip_method method);
/* The treatment letter of rules 2.3 for one header, for explain, docs and value rules. */
enum policy_treatment {
    TREAT_PASS,
    TREAT_STRIP,
    TREAT_VALIDATE,
    TREAT_REWRITE,
    TREAT_GENERATE,
    TREAT_PRIVACY,
    TREAT_OPTION, /* C and T: only when the peer's headers name it */
};
enum policy_treatment policy_treatment(enum zone_class class, bool is_inward,
                                       enum sip_header_name header);

/* Those that pass between two peers, 64 of them; a peer is NULL for who is under no contract. */
static inline uint64_t policy_headers_passing(const struct policy_header_set *set,
                                              const struct policy_peer *in,
                                              const struct policy_peer *out, unsigned word)
{
    uint64_t in_lacks = set->in_option[word] & ~(in == NULL ? 0 : in->headers[word]);
    uint64_t out_lacks = set->out_option[word] & ~(out == NULL ? 0 : out->headers[word]);

    return (set->bits[word] | set->in_option[word] | set->out_option[word]) & ~in_lacks &
           ~out_lacks;
}

/* A header no table knows: passes when every side that is not the core has a peer that names it
 * among its extra_headers (HDR-19).  Peers may be POLICY_NONE. */
bool policy_extra_header_passes(const struct policy *policy, uint16_t zone_in, uint16_t peer_in,
                                uint16_t zone_out, uint16_t peer_out, struct slice name);

/* What is asked of the routes. */
struct policy_call {
    uint16_t zone, peer;
    enum sip_method method;
    struct slice domain; /* host of the Request-URI, as spelled */
    struct slice number; /* canonical digits with '+', or local digits; empty: not a number */
    bool is_emergency;
};

/* The first route (most specific first: emergency, then longest number prefix, then domain, then
 * order in the file) that fits, or POLICY_NONE: then nobody may go there (HYG-U14). */
uint16_t policy_route_find(const struct policy *policy, const struct policy_call *call);

bool policy_is_own_domain(const struct policy *policy, struct slice domain);
bool policy_is_own_address(const struct policy *policy, const struct address *address);
bool policy_is_emergency_number(const struct policy *policy, struct slice digits);

/* Of what stands behind "urn:service:" (RFC 5031): "sos" and below; "test.sos" and below. */
bool policy_is_emergency_service(struct slice service);
bool policy_is_emergency_test(struct slice service);

const char *zone_class_code(enum zone_class class);
const char *zone_class_written(enum zone_class class);
bool zone_class_is_trusted(enum zone_class class);
bool zone_class_is_access(enum zone_class class);
