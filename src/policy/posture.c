#include "policy/posture.h"

#include "policy/tables.h"

#include <stdarg.h>
#include <stdio.h>

enum { PLACE_MAX = 200 };

// clang-format off
static const struct {
    enum posture_severity severity;
    const char *control, *what, *remedy;
} rows[] = {
#define POSTURE(name, severity, control, what, remedy) {POSTURE_##severity, control, what, remedy},
#include "policy/posture.def"
#undef POSTURE
};
// clang-format on

static const char *const severities[] = {"note", "low", "medium", "high"};

void review_find(struct review *review, enum posture_name name, uint32_t line, const char *format,
                 ...)
{
    char place[PLACE_MAX];
    va_list args;

    if (rows[name].severity != review->severity) {
        return;
    }
    va_start(args, format);
    vsnprintf(place, sizeof(place), format, args);
    va_end(args);
    text_put_format(review->text, "  %-6s  %-9s  ", severities[review->severity],
                    rows[name].control);
    if (line > 0) {
        text_put_format(review->text, "line %u, ", line);
    }
    text_put_format(review->text, "%s: %s\n                     remedy: %s\n", place,
                    rows[name].what, rows[name].remedy);
    review->count++;
}

bool address_is_public(const struct address *address)
{
    return !address_is_loopback(address) && !address_is_private(address) &&
           !address_is_link_local(address) && !address_is_unspecified(address);
}

static void counts_write(struct text *text, const struct posture *posture)
{
    text_put_format(text, "\n  high: %u, medium: %u, low: %u, note: %u\n",
                    posture->counts[POSTURE_HIGH], posture->counts[POSTURE_MEDIUM],
                    posture->counts[POSTURE_LOW], posture->counts[POSTURE_NOTE]);
}

struct posture policy_check_write(struct text *text, const struct policy *policy,
                                  const struct policy_control_names *controls)
{
    struct posture posture = {{0}};

    text_put_format(text, "Posture of %.*s (zones: %u, peers: %u, routes: %u)\n\n",
                    (int)policy->site.len, policy->site.at, policy->zone_count, policy->peer_count,
                    policy->route_count);
    for (unsigned severity = POSTURE_SEVERITY_COUNT; severity-- > 0;) {
        struct review review = {.text = text,
                                .policy = policy,
                                .controls = controls,
                                .severity = (enum posture_severity)severity};

        review_rest(&review);
        review_zones(&review);
        review_peers(&review);
        review_routes(&review);
        posture.counts[severity] = review.count;
    }
    counts_write(text, &posture);
    text_put_octet(text, '\n');
    reach_write(text, policy);
    return posture;
}
