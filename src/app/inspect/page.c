#include "app/inspect/page.h"

#include "app/inspect/html.h"
#include "base/must.h"
#include "guard/mask.h"

#include <errno.h>
#include <stdlib.h>

static const char page_head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<title>sipwarden inspect</title>\n<style>\n"
    ":root{color-scheme:light dark}\n"
    "body{font:15px/1.45 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem}\n"
    "h1{font-size:1.6rem}h2{margin-top:2.2rem;border-bottom:1px solid "
    "#8886}h3{margin-bottom:.2rem}\n"
    "table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;text-align:left;"
    "vertical-align:top}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\n"
    "pre{background:#8881;padding:.6rem;overflow-x:auto;white-space:pre-wrap;"
    "overflow-wrap:anywhere}\n"
    "mark{background:#e03a;color:inherit;outline:1px solid #c02}\n"
    ".critical,.high{color:#c02;font-weight:600}.medium{color:#b60}.left-out{opacity:.7}\n"
    "svg{max-width:100%;height:auto}svg text{font:12px ui-monospace,monospace;fill:currentColor}\n"
    "svg .life{stroke:currentColor;opacity:.35}svg .time{opacity:.6}svg .end{font-weight:600}\n"
    ".ok line,.odd line,.bad line{stroke:currentColor}.ok path,.odd path{fill:currentColor}\n"
    ".odd line{stroke:#b60}.odd path,.odd .remark{fill:#b60}\n"
    ".bad line{stroke:#c02}.bad path,.bad text{fill:#c02}\n"
    "</style></head><body>\n";

struct page *page_open(const char *path, struct fault *fault)
{
    struct page *page = calloc(1, sizeof(*page));

    must(page != NULL);
    page->path = path;
    page->file = fopen(path, "w");
    if (page->file == NULL) {
        (void)fault_set(fault, "%s: %s", path, strerror(errno));
        free(page);
        return NULL;
    }
    page->ladders = ladders_new();
    page->excerpts = calloc((size_t)control_count() * REPORT_FIRSTS, sizeof(*page->excerpts));
    page->counts = calloc(control_count(), 1);
    must(page->excerpts != NULL && page->counts != NULL);
    return page;
}

void page_close(struct page *page)
{
    if (page != NULL) {
        if (page->file != NULL) {
            (void)fclose(page->file);
        }
        ladders_free(page->ladders);
        free(page->excerpts);
        free(page->counts);
        free(page);
    }
}

/*
 * Excerpts.
 */

/* The place some lines before, at most EXCERPT_MAX / 3 octets. */
static size_t lines_before(struct slice bytes, size_t at)
{
    size_t start = at;
    unsigned lines = 0;

    while (start > 0 && at - start < EXCERPT_MAX / 3) {
        if (bytes.at[start - 1] == '\n' && ++lines > EXCERPT_LINES) {
            break;
        }
        start--;
    }
    return start;
}

static size_t lines_behind(struct slice bytes, size_t at)
{
    size_t end = at;
    unsigned lines = 0;

    while (end < bytes.len && end - at < EXCERPT_MAX / 3) {
        if (bytes.at[end] == '\n' && ++lines > EXCERPT_LINES) {
            break;
        }
        end++;
    }
    return end;
}

static uint16_t piece_put(struct excerpt *excerpt, const struct inspection *inspection,
                          struct slice piece)
{
    struct text text;

    text_init(&text, excerpt->octets + excerpt->len, sizeof(excerpt->octets) - excerpt->len);
    if (inspection->policy->masks_numbers) {
        mask_digits(&text, piece);
    } else {
        text_put(&text, piece);
    }
    excerpt->len = (uint16_t)(excerpt->len + text.len);
    return (uint16_t)text.len;
}

/* The body of a message is nobody's business (CT-PRV-07): around what was found in it nothing is
 * shown. */
static void excerpt_take(struct excerpt *excerpt, const struct inspection *inspection,
                         struct slice evidence)
{
    struct slice bytes = inspection->packet->bytes;
    const struct sip_message *message = &inspection->message;
    bool is_read = inspection->is_read && inspection->reading == SIP_READ;
    struct slice head = is_read ? slice_head(bytes, message->head_len) : bytes;

    *excerpt = (struct excerpt){.len = 0};
    bool is_inside = evidence.len > 0 && evidence.at >= head.at &&
                     evidence.at + evidence.len <= head.at + head.len;
    size_t at = is_inside ? (size_t)(evidence.at - head.at) : 0;
    size_t end = is_inside ? at + evidence.len : 0;
    if (!is_inside) {
        excerpt->mark_len = piece_put(excerpt, inspection, slice_head(evidence, EXCERPT_MAX / 3));
        return;
    }
    size_t start = lines_before(head, at);
    size_t stop = lines_behind(head, end);
    struct slice marked = slice_head(slice_of(head.at + at, end - at), EXCERPT_MAX / 3);
    excerpt->is_cut_before = start > 0;
    excerpt->is_cut_behind = stop < bytes.len;
    excerpt->mark_at = piece_put(excerpt, inspection, slice_of(head.at + start, at - start));
    excerpt->mark_len = piece_put(excerpt, inspection, marked);
    (void)piece_put(excerpt, inspection, slice_of(head.at + end, stop - end));
}

void page_add(struct page *page, const struct inspection *inspection)
{
    ladders_add(page->ladders, inspection);
    for (uint32_t i = 0; i < inspection->finding_count; i++) {
        const struct finding *finding = &inspection->findings[i];
        uint8_t *count = &page->counts[finding->control];

        if (*count < REPORT_FIRSTS) {
            excerpt_take(&page->excerpts[finding->control * REPORT_FIRSTS + *count], inspection,
                         finding->evidence);
            (*count)++;
        }
    }
}

/*
 * Writing.
 */

static void row_write(FILE *out, const char *name, uint64_t number)
{
    (void)fprintf(out, "<tr><td>%s</td><td class=\"n\">%" PRIu64 "</td></tr>\n", name, number);
}

static void summary_write(FILE *out, const struct report *report)
{
    uint64_t refused = 0;

    for (enum policy_action action = ACTION_REJECT; action <= ACTION_CLOSE; action++) {
        refused += report->verdicts[action];
    }
    (void)fputs("<h1>What was found</h1>\n<p>", out);
    (void)fputs(report->watch->has_policy
                    ? "Judged as a store with the policy of the operator would have."
                    : "Judged without a policy: messages for what they are, whoever sent them.",
                out);
    (void)fputs("</p>\n<table>\n", out);
    row_write(out, "requests", report->requests);
    row_write(out, "responses", report->responses);
    row_write(out, "unreadable", report->foreign);
    row_write(out, "findings", report->findings);
    row_write(out, "messages with findings", report->found);
    row_write(out, "messages that would be refused", refused);
    if (report->last_us > 0) {
        (void)fputs("<tr><td>first message</td><td>", out);
        html_time(out, report->first_us);
        (void)fputs("</td></tr>\n<tr><td>last message</td><td>", out);
        html_time(out, report->last_us);
        (void)fputs("</td></tr>\n", out);
    }
    (void)fputs("</table>\n", out);
}

static void excerpt_write(FILE *out, const struct excerpt *excerpt)
{
    struct slice octets = slice_of(excerpt->octets, excerpt->len);
    struct slice rest = slice_skip(octets, excerpt->mark_at);

    (void)fputs(excerpt->is_cut_before ? "<pre>&hellip;\n" : "<pre>", out);
    html_lines(out, slice_head(octets, excerpt->mark_at));
    (void)fputs("<mark>", out);
    html_put(out, slice_head(rest, excerpt->mark_len));
    (void)fputs("</mark>", out);
    html_lines(out, slice_skip(rest, excerpt->mark_len));
    (void)fputs(excerpt->is_cut_behind ? "\n&hellip;</pre>\n" : "</pre>\n", out);
}

static void first_write(FILE *out, const struct report_first *first, const struct excerpt *excerpt)
{
    (void)fputs("<p>", out);
    html_string(out, first->file);
    (void)fprintf(out, ", frame %" PRIu32 ", ", first->number);
    html_time(out, first->when_us);
    (void)fputs(": ", out);
    html_address(out, &first->from);
    (void)fputs(" &rarr; ", out);
    html_address(out, &first->to);
    if (first->detail != NULL) {
        (void)fputs(", rule ", out);
        html_string(out, first->detail);
    }
    (void)fputs("</p>\n", out);
    excerpt_write(out, excerpt);
}

static void sources_write(FILE *out, const struct report_control *found)
{
    (void)fputs("<p>Busiest sources: ", out);
    for (uint32_t i = 0; i < found->source_count; i++) {
        struct address host = found->sources[i].address;

        host.port = 0;
        (void)fputs(i == 0 ? "" : ", ", out);
        html_address(out, &host);
        (void)fprintf(out, " (%s%" PRIu64 ")", found->sources[i].inherited > 0 ? "at most " : "",
                      found->sources[i].count);
    }
    (void)fputs("</p>\n", out);
}

static void control_page_write(FILE *out, const struct page *page, const struct report *report,
                               uint32_t index)
{
    const struct control *control = control_at(index);
    const struct report_control *found = &report->controls[index];

    (void)fprintf(out, "<section><h3>%s <span class=\"%s\">%s</span></h3>\n<p>", control->id,
                  severity_name(control->severity), severity_name(control->severity));
    html_string(out, control->finds);
    (void)fprintf(out, " %" PRIu64 " %s, %" PRIu64 " of them changed nothing.</p>\n", found->count,
                  found->count == 1 ? "finding" : "findings", found->observed);
    for (uint32_t i = 0; i < found->count && i < REPORT_FIRSTS; i++) {
        first_write(out, &found->firsts[i], &page->excerpts[index * REPORT_FIRSTS + i]);
    }
    if (found->count > REPORT_FIRSTS) {
        (void)fprintf(out, "<p class=\"left-out\">%" PRIu64 " more are not shown.</p>\n",
                      found->count - REPORT_FIRSTS);
    }
    sources_write(out, found);
    (void)fputs("</section>\n", out);
}

/* The worst first, as in the report for a terminal. */
static void controls_page_write(FILE *out, const struct page *page, const struct report *report)
{
    (void)fputs("<h2 id=\"findings\">Findings</h2>\n", out);
    for (enum severity severity = SEVERITY_COUNT; severity-- > 0;) {
        for (uint32_t i = 0; i < control_count(); i++) {
            if (control_at(i)->severity == severity && report->controls[i].count > 0) {
                control_page_write(out, page, report, i);
            }
        }
    }
    if (report->findings == 0) {
        (void)fputs("<p>None.</p>\n", out);
    }
}

static void peers_write(FILE *out, const struct report *report)
{
    const struct policy *policy = report->watch->policy;
    uint32_t shown = 0, left_out = 0;

    (void)fputs("<h2 id=\"peers\">Peers</h2>\n<table><tr><th>peer</th><th>zone</th>"
                "<th class=\"n\">messages</th><th class=\"n\">with findings</th>"
                "<th class=\"n\">refused</th></tr>\n",
                out);
    for (uint32_t i = 0; i <= policy->peer_count; i++) {
        const struct report_peer *peer = &report->peers[i];
        bool is_peer = i < policy->peer_count;

        if (peer->messages == 0) {
            continue;
        }
        if (shown++ >= PAGE_PEERS_SHOWN) {
            left_out++;
            continue;
        }
        (void)fputs("<tr><td>", out);
        html_put(out, is_peer ? policy->peers[i].name : SLICE("(nobody under contract)"));
        (void)fputs("</td><td>", out);
        html_put(out, is_peer ? policy->zones[policy->peers[i].zone].name : SLICE("-"));
        (void)fprintf(out,
                      "</td><td class=\"n\">%" PRIu64 "</td><td class=\"n\">%" PRIu64
                      "</td><td class=\"n\">%" PRIu64 "</td></tr>\n",
                      peer->messages, peer->found, peer->refused);
    }
    (void)fputs("</table>\n", out);
    if (left_out > 0) {
        (void)fprintf(out, "<p class=\"left-out\">%" PRIu32 " more are not shown.</p>\n", left_out);
    }
}

static void file_write(FILE *out, const struct report_file *file)
{
    (void)fputs("<section><h3>", out);
    html_string(out, file->path);
    (void)fprintf(out, "</h3><p>%" PRIu64 " octets</p>\n<table>\n", file->octets);
    for (enum capture_count count = 0; count < CAPTURE_COUNT_COUNT; count++) {
        if (file->counts.of[count] > 0) {
            row_write(out, capture_count_text(count), file->counts.of[count]);
        }
    }
    (void)fputs("</table>\n", out);
    if (file->fault[0] != '\0') {
        (void)fputs("<p class=\"high\">What came before it counts: ", out);
        html_string(out, file->fault);
        (void)fputs("</p>\n", out);
    }
    (void)fputs("</section>\n", out);
}

static void files_write(FILE *out, const struct report *report)
{
    (void)fputs("<h2 id=\"captures\">Captures</h2>\n", out);
    for (uint32_t i = 0; i < report->file_count && i < PAGE_FILES_SHOWN; i++) {
        file_write(out, &report->files[i]);
    }
    if (report->file_count > PAGE_FILES_SHOWN) {
        (void)fprintf(out, "<p class=\"left-out\">%" PRIu32 " more are not shown.</p>\n",
                      report->file_count - PAGE_FILES_SHOWN);
    }
}

bool page_write(struct page *page, const struct report *report, struct fault *fault)
{
    FILE *out = page->file;

    (void)fputs(page_head, out);
    summary_write(out, report);
    controls_page_write(out, page, report);
    peers_write(out, report);
    page_write_calls(out, page->ladders);
    files_write(out, report);
    (void)fprintf(out, "<p class=\"left-out\">sipwarden %s</p>\n</body></html>\n",
                  SIPWARDEN_VERSION);
    bool is_written = !ferror(out);
    page->file = NULL;
    return (fclose(out) == 0 && is_written) ||
           fault_set(fault, "%s: %s", page->path, strerror(errno));
}
