#include "guard/guarded.h"

#include "guard/steps.h"
#include "guard/traffic.h"

enum {
    REFUSED_S = 30, /* CT-DOS-10: how long a registrar's no is remembered */
};

static const struct rate refused_rate = {.token_us = REFUSED_S * 1000000ULL, .burst = 1};

static uint64_t who(const struct inspection *inspection, uint64_t source)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *from = sip_value(message, SIP_HEADER_FROM);

    return from == NULL
               ? 0
               : limit_join(limit_subject(inspection, sip_slice(message, from->uri.user)), source);
}

static struct bucket *refused_bucket(struct admission *admission, uint64_t key, uint64_t now_us)
{
    return rates_at(&admission->rates, limit_join(key, LIMIT_COUNT), now_us);
}

static struct rate password_rate(const struct policy_zone *zone)
{
    const struct limit_row *row = limit_row(LIMIT_passwords);

    return rate_of(zone->rates.passwords, row->access, row->burst);
}

static struct bucket *password_bucket(struct admission *admission, uint64_t key, uint64_t now_us)
{
    return rates_at(&admission->rates, limit_join(key, LIMIT_passwords), now_us);
}

bool guarded_is_refused(struct inspection *inspection)
{
    uint64_t now_us = inspection->packet->when_us;

    return inspection->source != NULL && inspection->peer == POLICY_NONE &&
           !bucket_has(refused_bucket(inspection->tallies->admission,
                                      who(inspection, inspection->source_key), now_us),
                       refused_rate, RATES_WHOLE, now_us);
}

bool guarded_is_guessing(struct inspection *inspection)
{
    struct rate rate = password_rate(inspection_zone(inspection));
    uint64_t now_us = inspection->packet->when_us;
    struct bucket *bucket = NULL;

    if (inspection->peer != POLICY_NONE || rate.token_us == 0) {
        return false;
    }
    bucket = password_bucket(inspection->tallies->admission,
                             who(inspection, inspection->source_key), now_us);
    if (bucket_has(bucket, rate, RATES_WHOLE, now_us)) {
        return false;
    }
    inspection->tallies->admission->counts[LIMIT_passwords].refused++;
    inspection->limit = LIMIT_passwords;
    return true;
}

static bool has_line(struct slice text, struct slice line)
{
    for (struct slice rest = text; rest.len > line.len;
         rest = slice_skip(rest, slice_find(rest, '\n') + 1)) {
        if (slice_starts_nocase(rest, line)) {
            return true;
        }
    }
    return false;
}

/* Whether what is answered here came with credentials, as it was sent on. */
static bool had_credentials(const struct inspection *inspection)
{
    struct slice sent = texts_slice(&inspection->state->texts, inspection->match.exchange->wire);

    return has_line(sent, SLICE("Authorization:")) || has_line(sent, SLICE("Proxy-Authorization:"));
}

static bool says_stale(const struct sip_message *message)
{
    struct slice challenge = sip_header_value(message, SIP_HEADER_WWW_AUTHENTICATE);

    for (; challenge.len > 0; challenge = slice_skip(challenge, slice_find(challenge, ',') + 1)) {
        if (slice_starts_nocase(slice_trim(challenge), SLICE("stale=true"))) {
            return true;
        }
    }
    return false;
}

static void note_failed(struct inspection *inspection, const struct exchange *exchange)
{
    const struct sip_value *from = sip_value(&inspection->message, SIP_HEADER_FROM);

    if (from != NULL) {
        traffic_failed(
            inspection, limit_subject(inspection, sip_slice(&inspection->message, from->uri.user)),
            admission_host_key(inspection->state, exchange->zone_in, &exchange->server_flow.remote),
            exchange->zone_in);
    }
}

void guarded_note(struct inspection *inspection)
{
    const struct exchange *exchange = inspection->match.exchange;
    const struct sip_message *message = &inspection->message;
    uint64_t now_us = inspection->packet->when_us;
    unsigned status = message->status;

    if (inspection->tallies == NULL || exchange == NULL || message->is_request ||
        inspection->match.kind != MATCH_RESPONSE ||
        exchange->zone_in >= inspection->policy->zone_count || exchange->peer_in != POLICY_NONE ||
        (status != 401 && status != 403 && status != 404 && status != 407)) {
        return;
    }
    const struct policy_zone *zone = &inspection->policy->zones[exchange->zone_in];
    uint64_t key = who(inspection, admission_host_key(inspection->state, exchange->zone_in,
                                                      &exchange->server_flow.remote));
    if (had_credentials(inspection) && status != 404 && !says_stale(message)) {
        struct rate rate = password_rate(zone);

        note_failed(inspection, exchange);
        bucket_take(password_bucket(inspection->tallies->admission, key, now_us), rate, RATES_WHOLE,
                    now_us);
    } else if (exchange->method == SIP_REGISTER && (status == 403 || status == 404)) {
        bucket_take(refused_bucket(inspection->tallies->admission, key, now_us), refused_rate,
                    RATES_WHOLE, now_us);
    }
}
