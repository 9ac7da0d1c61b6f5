/*
 * The verb replay: what a policy would have made of calls that are over, beside what another one
 * made of them.
 *
 * Each message is judged by both, each with its own tables, so that what one refuses is not known
 * to it later; only what differs is told, and why.
 */
#include "app/inspect/watch.h"
#include "app/say.h"
#include "app/verbs.h"
#include "base/must.h"
#include "guard/event.h"
#include "io/capture/capture.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum { TREATMENT_MAX = 8192, LINE_MAX_OCTETS = 32768 };

struct replay {
    const char *policy, *against;
    struct watch after, before;
    bool has_before, is_unreadable;
    uint64_t messages, changed;
    uint64_t by_control[CONTROL_INDEX_COUNT];
    char rooms[2][TREATMENT_MAX], line[LINE_MAX_OCTETS];
};

static void names_write(struct text *text, const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    bool is_first = true;

    for (uint16_t i = 0; i < message->header_count; i++) {
        const struct sip_header *line = &message->headers[i];

        if (sip_header_is_hop(line->id) || inspection_passes(inspection, line)) {
            continue;
        }
        text_put_string(text, is_first ? ", without " : ", ");
        text_put_shown(text, sip_slice(message, line->name));
        is_first = false;
    }
}

/* What becomes of a message, in words that are the same when the same is done. */
static struct slice treatment(struct text *text, const struct inspection *inspection)
{
    const struct verdict *verdict = &inspection->verdict;

    if (verdict->action != ACTION_PASS) {
        text_put_string(text, policy_action_name(verdict->action));
        if (verdict->status != 0) {
            text_put_format(text, " %u", verdict->status);
        }
        return text_slice(text);
    }
    text_put_string(text, "pass");
    if (!inspection->is_read || inspection->reading != SIP_READ) {
        return text_slice(text);
    }
    if (inspection->zone_out != POLICY_NONE) {
        text_put_string(text, " to ");
        text_put(text, inspection->peer_out != POLICY_NONE
                           ? inspection_peer_out(inspection)->name
                           : inspection->policy->zones[inspection->zone_out].name);
        names_write(text, inspection);
    }
    text_put_string(text, inspection->withholds_identity ? ", the caller withheld" : "");
    text_put_string(text, inspection->strips_body ? ", the body taken out" : "");
    if (inspection->answers_as != 0) {
        text_put_format(text, ", answered as %u", inspection->answers_as);
    }
    return text_slice(text);
}

/* The controls that differ: what the new policy found and did, and the old one did not. */
static bool has_found(const struct inspection *inspection, const struct finding *wanted)
{
    for (uint32_t i = 0; inspection != NULL && i < inspection->finding_count; i++) {
        const struct finding *finding = &inspection->findings[i];

        if (finding->control == wanted->control && finding->mode == wanted->mode &&
            finding->action == wanted->action) {
            return true;
        }
    }
    return false;
}

static void why_write(struct replay *replay, struct text *text, const char *who,
                      const struct inspection *finder, const struct inspection *other)
{
    for (uint32_t i = 0; i < finder->finding_count; i++) {
        const struct finding *finding = &finder->findings[i];
        const struct control *control = control_at(finding->control);

        if (finding->mode != MODE_ENFORCE || has_found(other, finding)) {
            continue;
        }
        text_put_format(text, "    %s %s%s%s: %s", who, control->id,
                        finding->detail == NULL ? "" : " ",
                        finding->detail == NULL ? "" : finding->detail, control->finds);
        if (finding->evidence.len > 0) {
            text_put_string(text, " \"");
            text_put_shown(text, slice_head(finding->evidence, 80));
            text_put_octet(text, '"');
        }
        text_put_octet(text, '\n');
        if (finder == replay->after.inspection) {
            replay->by_control[finding->control]++;
        }
    }
}

static void heading_write(struct text *text, const struct inspection *inspection)
{
    const struct packet *packet = inspection->packet;
    const struct sip_message *message = &inspection->message;

    event_write_time(text, packet->when_us);
    text_put_octet(text, ' ');
    address_write(text, &packet->flow.remote);
    if (inspection->is_read && inspection->reading == SIP_READ) {
        text_put_octet(text, ' ');
        if (message->is_request) {
            text_put_shown(text, sip_slice(message, message->method_text));
            text_put_octet(text, ' ');
            text_put_shown(text, slice_head(sip_slice(message, message->uri.whole), 80));
        } else {
            text_put_format(text, "%u", message->status);
        }
        text_put_string(text, " Call-ID ");
        text_put_shown(text, slice_head(sip_call_id(message), 80));
    }
    text_put_octet(text, '\n');
}

static void compare(struct replay *replay)
{
    const struct inspection *after = replay->after.inspection;
    const struct inspection *before = replay->has_before ? replay->before.inspection : NULL;
    struct text texts[2], text;
    struct slice old = SLICE("pass");

    text_init(&texts[0], replay->rooms[0], TREATMENT_MAX);
    text_init(&texts[1], replay->rooms[1], TREATMENT_MAX);
    struct slice now = treatment(&texts[0], after);
    if (before != NULL) {
        old = treatment(&texts[1], before);
    }
    /* Without another policy only what is found counts: where it goes and what passes is new. */
    bool is_changed = before != NULL
                          ? !slice_equal(now, old)
                          : after->verdict.action != ACTION_PASS || after->finding_count > 0;
    if (!is_changed || after->is_outgoing) {
        return;
    }
    replay->changed++;
    text_init(&text, replay->line, sizeof(replay->line));
    heading_write(&text, after->is_read || before == NULL ? after : before);
    if (before != NULL) {
        text_put_string(&text, "    was   ");
        text_put(&text, old);
        text_put_octet(&text, '\n');
    }
    text_put_string(&text, "    now   ");
    text_put(&text, now);
    text_put_octet(&text, '\n');
    why_write(replay, &text, "since", after, before);
    if (before != NULL) {
        why_write(replay, &text, "no longer", before, after);
    }
    fwrite(text.at, 1, text.len, stdout);
}

static void file_replay(struct replay *replay, const char *path)
{
    struct fault fault = {.text = ""};
    struct capture *capture = capture_open(path, &fault);
    struct packet packet;

    if (capture != NULL) {
        while (capture_next(capture, &packet, &fault)) {
            watch_judge(&replay->after, &packet);
            if (replay->has_before) {
                watch_judge(&replay->before, &packet);
            }
            replay->messages++;
            compare(replay);
        }
        capture_close(capture);
    }
    if (fault.text[0] != '\0') {
        say("%s: %s", path, fault.text);
        replay->is_unreadable = true;
    }
}

static void sum_print(const struct replay *replay)
{
    printf("%llu messages, %llu %s\n", (unsigned long long)replay->messages,
           (unsigned long long)replay->changed,
           replay->has_before ? "are treated in another way" : "are not simply passed");
    for (uint32_t i = 0; i < control_count(); i++) {
        if (replay->by_control[i] > 0) {
            printf("  %-9s  %6llu  %s\n", control_at(i)->id,
                   (unsigned long long)replay->by_control[i], control_at(i)->finds);
        }
    }
}

static bool replay_open(struct replay *replay, struct fault *fault)
{
    if (!watch_open(&replay->after, replay->policy, fault)) {
        return false;
    }
    replay->has_before = replay->against != NULL;
    return !replay->has_before || watch_open(&replay->before, replay->against, fault);
}

int replay_main(int argc, char **argv)
{
    static const struct option options[] = {{"policy", required_argument, NULL, 'p'},
                                            {"against", required_argument, NULL, 'a'},
                                            {NULL, 0, NULL, 0}};
    struct replay *replay = calloc(1, sizeof(*replay));
    struct fault fault = {.text = ""};
    int option = 0, status = EXIT_RUNTIME;

    must(replay != NULL);
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'p') {
            replay->policy = optarg;
        } else if (option == 'a') {
            replay->against = optarg;
        } else {
            free(replay);
            return EXIT_USAGE;
        }
    }
    if (replay->policy == NULL || optind == argc) {
        free(replay);
        return EXIT_USAGE;
    }
    if (!replay_open(replay, &fault)) {
        say("%s", fault.text);
    } else {
        for (int i = optind; i < argc; i++) {
            file_replay(replay, argv[i]);
        }
        sum_print(replay);
        status = replay->is_unreadable ? EXIT_RUNTIME
                 : replay->changed > 0 ? EXIT_FINDINGS
                                       : EXIT_OK;
    }
    watch_close(&replay->after);
    if (replay->has_before) {
        watch_close(&replay->before);
    }
    free(replay);
    return status;
}
