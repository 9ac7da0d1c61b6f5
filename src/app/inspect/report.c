#include "app/inspect/report.h"

#include "guard/mask.h"

#include <stdlib.h>

bool report_init(struct report *report, const struct watch *watch, uint32_t files,
                 struct fault *fault)
{
    *report = (struct report){.watch = watch};
    report->controls = calloc(control_count(), sizeof(*report->controls));
    report->peers = calloc((size_t)watch->policy->peer_count + 1, sizeof(*report->peers));
    report->files = calloc((size_t)files + 1, sizeof(*report->files));
    return (report->controls != NULL && report->peers != NULL && report->files != NULL) ||
           fault_set(fault, "no memory for the report");
}

void report_end(struct report *report)
{
    free(report->controls);
    free(report->peers);
    free(report->files);
}

void report_evidence(struct text *text, const struct inspection *inspection, struct slice evidence)
{
    evidence = slice_head(evidence, REPORT_EVIDENCE);
    if (inspection->policy->masks_numbers) {
        mask_digits(text, evidence);
    } else {
        text_put(text, evidence);
    }
}

static void first_add(struct report_control *control, const struct inspection *inspection,
                      const struct finding *finding, const char *file)
{
    if (control->count >= REPORT_FIRSTS) {
        return;
    }
    struct report_first *first = &control->firsts[control->count];
    const struct packet *packet = inspection->packet;
    struct text text;

    text_init(&text, first->evidence, sizeof(first->evidence));
    report_evidence(&text, inspection, finding->evidence);
    first->evidence_len = (uint16_t)text.len;
    first->file = file;
    first->number = packet->number;
    first->when_us = packet->when_us;
    first->from = packet->flow.remote;
    first->to = packet->local;
    first->detail = finding->detail;
}

static void source_add(struct report_control *control, const struct address *address)
{
    struct report_source *least = &control->sources[0];

    for (uint32_t i = 0; i < control->source_count; i++) {
        struct report_source *source = &control->sources[i];

        if (address_same_host(&source->address, address)) {
            source->count++;
            return;
        }
        least = source->count < least->count ? source : least;
    }
    if (control->source_count < REPORT_SOURCES) {
        control->sources[control->source_count++] =
            (struct report_source){.address = *address, .count = 1};
        return;
    }
    least->inherited = least->count++;
    least->address = *address;
}

static void finding_add(struct report *report, const struct inspection *inspection,
                        const struct finding *finding, const char *file)
{
    struct report_control *control = &report->controls[finding->control];

    first_add(control, inspection, finding, file);
    source_add(control, &inspection->packet->flow.remote);
    control->count++;
    if (finding->mode == MODE_ENFORCE && !finding->is_spared) {
        control->actions[finding->action]++;
    } else {
        control->observed++;
    }
}

static void message_add(struct report *report, const struct inspection *inspection)
{
    bool is_sip = inspection->is_read && inspection->reading == SIP_READ;

    report->requests += is_sip && inspection->message.is_request;
    report->responses += is_sip && !inspection->message.is_request;
    report->foreign += !is_sip;
    report->verdicts[inspection->verdict.action]++;
}

void report_add(struct report *report, const char *file)
{
    const struct inspection *inspection = report->watch->inspection;
    uint32_t peer_count = report->watch->policy->peer_count;
    struct report_peer *peer =
        &report->peers[inspection->peer < peer_count ? inspection->peer : peer_count];
    uint64_t when_us = inspection->packet->when_us;

    message_add(report, inspection);
    peer->messages++;
    peer->refused += action_refuses(inspection->verdict.action);
    if (report->first_us == 0 || when_us < report->first_us) {
        report->first_us = when_us;
    }
    if (when_us > report->last_us) {
        report->last_us = when_us;
    }
    if (inspection->finding_count == 0) {
        return;
    }
    peer->found++;
    report->found++;
    report->findings += inspection->finding_count + inspection->finding_excess;
    for (uint32_t i = 0; i < inspection->finding_count; i++) {
        finding_add(report, inspection, &inspection->findings[i], file);
    }
}
