#include "app/run/tls_event.h"

#include "guard/event.h"
#include "guard/json.h"

static void write_what(struct json *json, const struct tls_outcome *outcome, bool is_downgrade)
{
    bool is_refused = outcome->reason != TLS_GOOD;

    json_open(json, "event");
    json_string(json, "kind", SLICE("alert"));
    json_open_array(json, "category");
    json_string(json, NULL, SLICE("network"));
    json_close(json);
    json_open_array(json, "type");
    json_string(json, NULL, is_refused ? SLICE("denied") : SLICE("allowed"));
    json_close(json);
    json_string(json, "action", is_downgrade ? SLICE("tls-downgrade") : SLICE("tls-refused"));
    json_string(json, "outcome", is_refused ? SLICE("failure") : SLICE("success"));
    json_string(json, "reason", slice_string(tls_reason_what(outcome->reason)));
    json_close(json);
}

/* The control that the reason belongs to. */
static const char *control_of(enum tls_reason reason)
{
    switch (reason) {
    case TLS_NOT_TLS:
        return "CT-ENC-02";
    case TLS_NO_CERTIFICATE:
    case TLS_SELF_SIGNED:
    case TLS_UNKNOWN_ISSUER:
    case TLS_EXPIRED:
    case TLS_NOT_YET:
    case TLS_REVOKED:
    case TLS_NO_LIST:
    case TLS_WRONG_NAME:
    case TLS_WRONG_PURPOSE:
    case TLS_BAD_CHAIN:
        return "CT-ENC-03";
    case TLS_GOOD:
    case TLS_OLD_VERSION:
    case TLS_NO_SUITE:
    case TLS_WEAK:
    case TLS_TOO_LARGE:
    case TLS_SLOW:
    case TLS_ENDED:
    case TLS_NOT_WANTED:
    case TLS_NO_SECRET:
    case TLS_NO_KEEPER:
    case TLS_NO_ZONE:
    case TLS_BUDGET:
    case TLS_CROWDED:
    case TLS_NO_CONNECTION:
    case TLS_BROKEN:
    case TLS_REASON_COUNT:
        return "CT-ENC-01";
    }
    return "CT-ENC-01";
}

static void write_tls(struct json *json, const struct tls_outcome *outcome)
{
    json_open(json, "tls");
    json_known(json, "version",
               outcome->version == 0x0304   ? SLICE("1.3")
               : outcome->version == 0x0303 ? SLICE("1.2")
                                            : SLICE_NONE);
    json_known(json, "cipher", slice_string(outcome->suite));
    json_truth(json, "established", outcome->reason == TLS_GOOD);
    json_close(json);
}

void tls_event_write(struct text *text, const struct policy *policy,
                     const struct tls_outcome *outcome, uint16_t zone, uint16_t peer,
                     bool is_downgrade, uint64_t when_us)
{
    struct json json;

    json_begin(&json, text, '{');
    event_write_opening(&json, policy, when_us);
    write_what(&json, outcome, is_downgrade);
    json_open(&json, "rule");
    json_string(&json, "id", slice_string(control_of(outcome->reason)));
    json_close(&json);
    event_write_address(&json, "source", outcome->is_client ? &outcome->local : &outcome->remote);
    event_write_address(&json, "destination",
                        outcome->is_client ? &outcome->remote : &outcome->local);
    write_tls(&json, outcome);
    json_open(&json, "sipwarden");
    if (zone != POLICY_NONE) {
        json_string(&json, "zone", policy->zones[zone].name);
    }
    if (peer != POLICY_NONE) {
        json_string(&json, "peer", policy->peers[peer].name);
    }
    json_string(&json, "reason", slice_string(tls_reason_written(outcome->reason)));
    json_known(&json, "certificate", slice_string(outcome->shown));
    json_close(&json);
    json_close(&json);
}

void tls_expiry_write(struct text *text, const struct policy *policy,
                      const struct tls_told_expiry *told, uint64_t when_us)
{
    struct json json;

    json_begin(&json, text, '{');
    event_write_opening(&json, policy, when_us);
    json_open(&json, "event");
    json_string(&json, "kind", SLICE("alert"));
    json_open_array(&json, "category");
    json_string(&json, NULL, SLICE("configuration"));
    json_close(&json);
    json_string(&json, "action",
                told->days < 0 ? SLICE("certificate-expired") : SLICE("certificate-expires"));
    json_close(&json);
    json_open(&json, "rule");
    json_string(&json, "id", SLICE("CT-ENC-04"));
    json_close(&json);
    json_open(&json, "sipwarden");
    if (told->zone != POLICY_NONE) {
        json_string(&json, "zone", policy->zones[told->zone].name);
    }
    if (told->peer != POLICY_NONE) {
        json_string(&json, "peer", policy->peers[told->peer].name);
    }
    json_known(&json, "certificate", told->name);
    json_number(&json, "days", told->days < 0 ? 0 : (uint64_t)told->days);
    json_close(&json);
    json_close(&json);
}
