/*
 * Calls as ladders, drawn with SVG.
 */
#include "app/inspect/html.h"
#include "app/inspect/page.h"

enum {
    SVG_WIDTH = 900,
    SVG_LEFT = 190,  /* where the caller's line stands */
    SVG_RIGHT = 520, /* and the callee's */
    SVG_HEAD = 34,
    SVG_STEP = 26,
    SVG_HEAD_TEXT = 16,
};

static void arrow_write(FILE *out, const struct ladder_step *step, unsigned y)
{
    int from = step->is_back ? SVG_RIGHT : SVG_LEFT;
    int to = step->is_back ? SVG_LEFT : SVG_RIGHT;
    int back = step->is_back ? 7 : -7;
    const char *kind = step->is_refused ? "bad" : step->remark_len > 0 ? "odd" : "ok";

    (void)fprintf(out,
                  "<g class=\"%s\"><line x1=\"%d\" y1=\"%u\" x2=\"%d\" y2=\"%u\"/>"
                  "<path d=\"M%d %u l%d -4 v8 z\"/>",
                  kind, from, y, to, y, to, y, back);
    (void)fprintf(out, "<text x=\"%d\" y=\"%u\" text-anchor=\"middle\">",
                  (SVG_LEFT + SVG_RIGHT) / 2, y - 4);
    html_put(out, slice_of(step->label, step->label_len));
    (void)fprintf(out, "</text><text class=\"remark\" x=\"%d\" y=\"%u\">", SVG_RIGHT + 12, y + 4);
    html_put(out, slice_of(step->remark, step->remark_len));
    (void)fputs("</text></g>\n", out);
}

static void step_write(FILE *out, const struct ladder_shown *shown, unsigned index)
{
    const struct ladder_step *step = &shown->steps[index];
    unsigned y = SVG_HEAD + SVG_STEP * (index + 1);
    double after = (double)(int64_t)(step->when_us - shown->steps[0].when_us) / 1e6;

    (void)fprintf(out, "<text class=\"time\" x=\"%d\" y=\"%u\" text-anchor=\"end\">", SVG_LEFT - 14,
                  y + 4);
    (void)fprintf(out, "frame %" PRIu32 "  %+.6f</text>", step->frame, after);
    arrow_write(out, step, y);
}

static void end_write(FILE *out, const struct address *address, int x, unsigned height)
{
    (void)fprintf(out, "<text class=\"end\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">", x,
                  SVG_HEAD_TEXT);
    html_address(out, address);
    (void)fprintf(out, "</text><line class=\"life\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%u\"/>\n", x,
                  SVG_HEAD_TEXT + 8, x, height);
}

static void call_write(FILE *out, const struct ladder_shown *shown)
{
    unsigned height = SVG_HEAD + SVG_STEP * (shown->count + 1);

    (void)fputs("<section class=\"call\"><h3>", out);
    html_put(out, shown->name);
    (void)fprintf(out, "</h3><p>%" PRIu32 " %s, from ", shown->findings,
                  shown->findings == 1 ? "message with findings" : "messages with findings");
    html_time(out, shown->steps[0].when_us);
    (void)fprintf(out,
                  "</p>\n<svg role=\"img\" viewBox=\"0 0 %d %u\" width=\"%d\" height=\"%u\" "
                  "aria-label=\"Messages of the call\">\n",
                  SVG_WIDTH, height, SVG_WIDTH, height);
    end_write(out, &shown->ends[0], SVG_LEFT, height);
    end_write(out, &shown->ends[1], SVG_RIGHT, height);
    for (unsigned i = 0; i < shown->count; i++) {
        step_write(out, shown, i);
    }
    (void)fputs("</svg>\n", out);
    if (shown->more > 0) {
        (void)fprintf(out, "<p class=\"left-out\">%" PRIu64 " more messages are not shown.</p>\n",
                      shown->more);
    }
    (void)fputs("</section>\n", out);
}

void page_write_calls(FILE *out, const struct ladders *ladders)
{
    struct ladder_shown shown;
    uint64_t left_out = ladders_left_out(ladders);

    (void)fputs("<h2 id=\"calls\">Calls with findings</h2>\n", out);
    if (!ladders_at(ladders, 0, &shown)) {
        (void)fputs("<p>None.</p>\n", out);
    }
    for (unsigned i = 0; ladders_at(ladders, i, &shown); i++) {
        call_write(out, &shown);
    }
    if (left_out > 0) {
        (void)fprintf(out,
                      "<p class=\"left-out\">Further calls with findings are not shown (%" PRIu64
                      "). A store written with --store has them all.</p>\n",
                      left_out);
    }
}
