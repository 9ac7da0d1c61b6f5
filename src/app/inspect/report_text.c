/*
 * The report, for people.
 */
#include "app/inspect/report.h"
#include "guard/event.h"

#include <inttypes.h>
#include <stdlib.h>

enum { COLUMNS = 96 };

static void put_wrapped(struct text *text, const char *indent, const char *sentence)
{
    struct slice rest = slice_string(sentence);
    struct slice word;
    size_t start = strlen(indent);
    size_t column = start;

    text_put_string(text, indent);
    while (slice_cut(&rest, ' ', &word)) {
        if (column > start && column + 1 + word.len > COLUMNS) {
            text_put_format(text, "\n%s", indent);
            column = start;
        } else if (column > start) {
            text_put_octet(text, ' ');
            column++;
        }
        text_put(text, word);
        column += word.len;
    }
    text_put_octet(text, '\n');
}

static void put_count(struct text *text, uint64_t count, const char *one, const char *many)
{
    text_put_format(text, "%" PRIu64 " %s", count, count == 1 ? one : many);
}

/* "close 12, strip 3, noted 5" */
static void put_actions(struct text *text, const struct report_control *found)
{
    const char *between = "";

    for (enum policy_action action = ACTION_PASS; action <= ACTION_CLOSE; action++) {
        if (found->actions[action] > 0) {
            text_put_format(text, "%s%s %" PRIu64, between, policy_action_name(action),
                            found->actions[action]);
            between = ", ";
        }
    }
    if (found->observed > 0) {
        text_put_format(text, "%snoted %" PRIu64, between, found->observed);
    }
}

static void put_first(struct text *text, const struct report_first *first)
{
    text_put_format(text, "    %s frame %" PRIu32 "  ", first->file, first->number);
    event_write_time(text, first->when_us);
    text_put_string(text, "  ");
    address_write(text, &first->from);
    text_put_string(text, " > ");
    address_write(text, &first->to);
    text_put_octet(text, '\n');
    if (first->detail == NULL && first->evidence_len == 0) {
        return;
    }
    text_put_format(text, "      %s", first->detail == NULL ? "" : first->detail);
    if (first->evidence_len > 0) {
        text_put_string(text, "  ");
        text_put_shown(text, slice_of(first->evidence, first->evidence_len));
    }
    text_put_octet(text, '\n');
}

static int source_compare(const void *a, const void *b)
{
    const struct report_source *first = a, *second = b;

    return (first->count < second->count) - (first->count > second->count);
}

static void put_sources(struct text *text, const struct report_control *found)
{
    struct report_source sources[REPORT_SOURCES];

    memcpy(sources, found->sources, sizeof(sources));
    qsort(sources, found->source_count, sizeof(sources[0]), source_compare);
    text_put_string(text, "    sources:");
    for (uint32_t i = 0; i < found->source_count; i++) {
        text_put_string(text, i == 0 ? " " : ", ");
        address_write_host(text, &sources[i].address, false);
        text_put_format(text, " %s%" PRIu64, sources[i].inherited > 0 ? "at most " : "",
                        sources[i].count);
    }
    text_put_octet(text, '\n');
}

static void put_control(struct text *text, uint32_t index, const struct report_control *found)
{
    const struct control *control = control_at(index);

    text_put_format(text, "\n%s  %s  ", control->id, severity_name(control->severity));
    put_count(text, found->count, "finding", "findings");
    text_put_string(text, "  (");
    put_actions(text, found);
    text_put_string(text, ")\n");
    put_wrapped(text, "    ", control->finds);
    for (uint32_t i = 0; i < found->count && i < REPORT_FIRSTS; i++) {
        put_first(text, &found->firsts[i]);
    }
    put_sources(text, found);
}

/* The worst first; of the same severity in the order of the trip. */
static void put_findings(struct text *text, const struct report *report)
{
    for (enum severity severity = SEVERITY_COUNT; severity-- > 0;) {
        for (uint32_t i = 0; i < control_count(); i++) {
            if (control_at(i)->severity == severity && report->controls[i].count > 0) {
                put_control(text, i, &report->controls[i]);
            }
        }
    }
}

static void put_padded(struct text *text, struct slice name, size_t width)
{
    text_put_shown(text, name);
    for (size_t len = name.len; len < width; len++) {
        text_put_octet(text, ' ');
    }
}

/* What it failed, and how often. */
static void put_peer_controls(struct text *text, const struct tallies *tallies, uint16_t peer)
{
    const char *between = "    failed ";

    for (uint32_t i = 0; i < control_count(); i++) {
        uint64_t failed = tallies_failed_by(tallies, i, peer);

        if (failed > 0) {
            text_put_format(text, "%s%s %" PRIu64, between, control_at(i)->id, failed);
            between = ", ";
        }
    }
    text_put_string(text, between[0] == ',' ? "\n" : "");
}

static void put_peers(struct text *text, const struct report *report)
{
    const struct policy *policy = report->watch->policy;

    text_put_string(text,
                    "\nPeer                     zone               messages  with findings    "
                    "refused\n");
    for (uint32_t i = 0; i <= policy->peer_count; i++) {
        const struct report_peer *peer = &report->peers[i];

        if (peer->messages == 0) {
            continue;
        }
        bool is_peer = i < policy->peer_count;
        put_padded(text, is_peer ? policy->peers[i].name : SLICE("(nobody under contract)"), 25);
        put_padded(text, is_peer ? policy->zones[policy->peers[i].zone].name : SLICE("-"), 15);
        text_put_format(text, "%12" PRIu64 "%15" PRIu64 "%11" PRIu64 "\n", peer->messages,
                        peer->found, peer->refused);
        put_peer_controls(text, report->watch->tallies, is_peer ? (uint16_t)i : POLICY_NONE);
    }
}

static void put_outcomes(struct text *text, const struct report *report)
{
    const struct tallies *tallies = report->watch->tallies;

    text_put_string(text, "\nControl          passed     failed  not applicable\n");
    for (uint32_t i = 0; i < control_count(); i++) {
        uint64_t passed = tallies_of(tallies, i, OUTCOME_PASSED);
        uint64_t failed = tallies_of(tallies, i, OUTCOME_FAILED);
        uint64_t other = tallies_of(tallies, i, OUTCOME_NOT_APPLICABLE) +
                         tallies_of(tallies, i, OUTCOME_WAITING);

        put_padded(text, slice_string(control_at(i)->id), 12);
        text_put_format(text, "%11" PRIu64 "%11" PRIu64 "%16" PRIu64 "\n", passed, failed, other);
    }
}

static void put_counts(struct text *text, const struct capture_counts *counts,
                       enum capture_count_group group)
{
    for (enum capture_count count = 0; count < CAPTURE_COUNT_COUNT; count++) {
        if (capture_count_group(count) == group && counts->of[count] > 0) {
            text_put_format(text, "%12" PRIu64 "  %s\n", counts->of[count],
                            capture_count_text(count));
        }
    }
}

static void put_file(struct text *text, const struct report_file *file)
{
    text_put_format(text, "\n%s: %" PRIu64 " octets\n", file->path, file->octets);
    put_counts(text, &file->counts, CAPTURE_SEEN);
    put_counts(text, &file->counts, CAPTURE_IGNORED);
    if (file->counts.of[CAPTURE_LINK_UNKNOWN] > 0) {
        text_put_format(text, "              the first is of link type %" PRIu32 "\n",
                        file->counts.unknown_link);
    }
    put_counts(text, &file->counts, CAPTURE_NOTED);
    if (file->fault[0] != '\0') {
        text_put_format(text, "  what came before it counts: %s\n", file->fault);
    }
}

static void put_summary(struct text *text, const struct report *report)
{
    uint64_t messages = report->requests + report->responses + report->foreign;
    uint64_t refused = 0;

    for (enum policy_action action = ACTION_REJECT; action <= ACTION_CLOSE; action++) {
        refused += report->verdicts[action];
    }
    put_count(text, messages, "message", "messages");
    text_put_string(text, " (");
    put_count(text, report->requests, "request", "requests");
    text_put_string(text, ", ");
    put_count(text, report->responses, "response", "responses");
    if (report->foreign > 0) {
        text_put_format(text, ", %" PRIu64 " unreadable", report->foreign);
    }
    text_put_string(text, ") in ");
    put_count(text, report->file_count, "capture", "captures");
    text_put_string(text, "; ");
    put_count(text, report->findings, "finding", "findings");
    text_put_string(text, " in ");
    put_count(text, report->found, "message", "messages");
    text_put_format(text, ", %" PRIu64 " would be refused\n", refused);
}

void report_write(struct text *text, const struct report *report, bool is_short)
{
    put_summary(text, report);
    if (is_short) {
        return;
    }
    if (!report->watch->has_policy) {
        text_put_string(text,
                        "Without a policy messages are judged for what they are, whoever sent "
                        "them.\n");
    }
    put_findings(text, report);
    put_peers(text, report);
    put_outcomes(text, report);
    for (uint32_t i = 0; i < report->file_count; i++) {
        put_file(text, &report->files[i]);
    }
}
