/*
 * docs/policy.md: the same rows the reader walks, as prose and tables.
 */
#include "policy/defaults.h"
#include "policy/report.h"
#include "policy/rules.h"
#include "policy/settings.h"
#include "policy/write.h"

static void opening_write(struct text *text)
{
    text_put_string(
        text,
        "# The policy file\n"
        "\n"
        "One YAML file says what a store does. It is read once, typed, checked as a whole and\n"
        "swapped in as one value; nothing in it is looked up by name while calls are running.\n"
        "\n"
        "This page is printed from the tables the reader itself walks, and a test holds the two\n"
        "together. Start from one of `policies/` (`sipwarden init --role lab`); `sipwarden check`\n"
        "tells what a policy is worth, `sipwarden diff` what a change lets whom do, and\n"
        "`policies/schema.json` lets an editor help while writing.\n"
        "\n"
        "What is not written is the secure choice: no route, no way through; no peer, no answer;\n"
        "no option, no header. This is a whole interconnect:\n"
        "\n"
        "```yaml\n");
    policy_example_write(text, ROLE_INTERCONNECT);
    text_put_string(
        text,
        "```\n"
        "\n"
        "## How it is read\n"
        "\n"
        "- Plain YAML: no anchors, no aliases, no tags, one document, no key twice.\n"
        "- Numbers are plain digits (`100`; not `\"100\"`, `0100` or `100k`). Durations have one\n"
        "  unit: `250ms`, `30s`, `5m`, `24h`, `7d`. Telephone numbers are written in quotes.\n"
        "- Where a list is expected, one value alone will do.\n"
        "- Everything wrong is told in one run, at most 50 complaints, each as\n"
        "  `file:line:column: problem; expected ...; remedy`.\n"
        "\n"
        "## Words\n"
        "\n"
        "A **zone** is a security domain: sockets of ours, and all who reach us there. Its class\n"
        "chooses the column of every table below. A **peer** is a neighbour under contract: a\n"
        "packet is his only when zone, address (the longest prefix), transport and, over TLS,\n"
        "certificate all agree. A **route** says whose requests may go where. Of several routes\n"
        "the most specific is taken: an emergency first, then the longest number, then the\n"
        "narrowest domain (named, below a `*.domain`, ours, `*`), then the order of the file. The\n"
        "peers of a route are tried in their order; the hops of one peer share the load.\n"
        "\n");
}

/* A pipe would end the cell. */
static void cell_write(struct text *text, const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        if (*at == '|') {
            text_put_octet(text, '\\');
        }
        text_put_octet(text, *at);
    }
}

static void fallback_write(struct text *text, const struct setting *setting)
{
    if (setting->presence == PRESENCE_REQUIRED) {
        text_put_string(text, "**required**");
    } else if (setting->fallback[0] == '(') {
        text_put(text, slice_of(setting->fallback + 1, strlen(setting->fallback) - 2));
    } else if (setting->fallback[0] != '\0') {
        text_put_format(text, "`%s`", setting->fallback);
    }
}

static void range_write(struct text *text, const struct setting *setting)
{
    if (setting->kind == KIND_NUMBER || setting->kind == KIND_AMOUNT ||
        setting->kind == KIND_RATE) {
        text_put_format(text, " (%llu to %llu)", (unsigned long long)setting->min,
                        (unsigned long long)setting->max);
    } else if (setting->kind == KIND_SECONDS) {
        text_put_string(text, " (");
        duration_write(text, setting->min);
        text_put_string(text, " to ");
        duration_write(text, setting->max);
        text_put_string(text, ")");
    } else if (kind_shape(setting->kind) == SHAPE_MANY) {
        text_put_format(text, " (at most %llu)", (unsigned long long)setting->max);
    }
}

static void setting_row(struct text *text, const struct setting *setting)
{
    text_put_format(text, "| `%s` | ", setting->key);
    cell_write(text, setting->what);
    text_put_string(text, " | ");
    cell_write(text, kind_expected(setting->kind));
    range_write(text, setting);
    text_put_string(text, " | ");
    fallback_write(text, setting);
    text_put_string(text, " | `");
    cell_write(text, setting->example);
    text_put_string(text, "` |\n");
}

static void section_manual(struct text *text, enum section section)
{
    uint32_t count;
    const struct setting *rows = settings_of(section, &count);

    text_put_format(text, "## `%s`\n\n%s\n\n",
                    section == SECTION_ROOT ? "top level" : section_where(section),
                    section_what(section));
    text_put_string(text, "| key | what it decides | what may stand there | without it | for "
                          "example |\n|---|---|---|---|---|\n");
    for (uint32_t i = 0; i < count; i++) {
        setting_row(text, &rows[i]);
    }
    text_put_octet(text, '\n');
}

static void limits_manual(struct text *text)
{
    struct figures figures = figures_of(KIND_LIMITS);

    text_put_string(text, "## `zones.*.limits`\n\nWhat a message may have. A zone may lower them, "
                          "or raise them up to the ceiling that is compiled in.\n\n| key | what | "
                          "access zones | others | ceiling | rule |\n|---|---|---|---|---|---|\n");
    for (uint32_t i = 0; i < figures.count; i++) {
        const struct figure *figure = &figures.list[i];

        text_put_format(text, "| `%s` | %s | %llu | %llu | %llu | %s |\n", figure->key,
                        figure->what, (unsigned long long)figure->fallback,
                        (unsigned long long)figure->network, (unsigned long long)figure->max,
                        figure->rule);
    }
    text_put_octet(text, '\n');
}

static void amount_write(struct text *text, uint32_t amount, const char *unit)
{
    if (amount == 0) {
        text_put_string(text, " none |");
    } else {
        text_put_format(text, " %u%s |", amount, unit);
    }
}

/* Of a rate its burst too, which changes with it. */
static void rates_manual(struct text *text)
{
    // clang-format off
    static const uint32_t bursts[] = {
#define RATE(name, setting, access, network, burst, rule, what) burst,
#include "policy/rates.def"
#undef RATE
    };
    // clang-format on
    struct figures figures = figures_of(KIND_RATES);

    text_put_string(
        text,
        "## `zones.*.rates`\n\nHow often, in a minute, somebody may do something. 0 is no limit. "
        "After a quiet time so many come at once as the burst says; it changes with the rate. "
        "Repeated requests do not count, what belongs to an emergency is never refused, and what "
        "the core says is not limited. Above 80 % of a limit that is a peer's or a zone's an event "
        "says so. A store with several workers divides what is a zone's or a peer's among them; "
        "each keeps the whole burst.\n\n| key | what | access zones | others | burst | rule "
        "|\n|---|---|---|---|---|---|\n");
    for (uint32_t i = 0; i < figures.count; i++) {
        const struct figure *figure = &figures.list[i];

        text_put_format(text, "| `%s` | %s |", figure->key, figure->what);
        amount_write(text, (uint32_t)figure->fallback, "");
        amount_write(text, (uint32_t)figure->network, "");
        text_put_format(text, " %u | %s |\n", bursts[i], figure->rule);
    }
    text_put_string(
        text, "\nEmergencies have a lane of their own. The last 1/32 of every table is kept for "
              "them and for calls that are up; a source that is kept out still gets an emergency "
              "call through (`emergency-peek`); from an interconnect without an agreement there is "
              "one a second, from an untrusted one one in ten seconds (EMG-10).\n\n");
}

static void figure_put(struct text *text, bool is_duration, uint64_t value)
{
    if (is_duration) {
        duration_write(text, value);
    } else {
        text_put_number(text, value);
    }
}

static void figures_manual(struct text *text, const char *key, enum kind kind, const char *what)
{
    struct figures figures = figures_of(kind);
    bool is_duration = kind == KIND_TIMERS;

    text_put_format(
        text,
        "## `%s`\n\n%s\n\n| key | what | without it | from | to |\n|---|---|---|---|---|"
        "\n",
        key, what);
    for (uint32_t i = 0; i < figures.count; i++) {
        const struct figure *figure = &figures.list[i];

        text_put_format(text, "| `%s` | %s | ", figure->key, figure->what);
        figure_put(text, is_duration, figure->fallback);
        text_put_string(text, " | ");
        figure_put(text, is_duration, figure->min);
        text_put_string(text, " | ");
        figure_put(text, is_duration, figure->max);
        text_put_string(text, " |\n");
    }
    text_put_octet(text, '\n');
}

/* The classes that have columns are all but the core, where everything passes. */
static void columns_write(struct text *text, const char *first, const char *last)
{
    text_put_format(text, "| %s |", first);
    for (unsigned class = 0; class < ZONE_CLASS_COUNT; class ++) {
        if (class != ZONE_CORE) {
            text_put_format(text, " %s in | %s out |", zone_class_code((enum zone_class) class),
                            zone_class_code((enum zone_class) class));
        }
    }
    text_put_string(text, last);
    text_put_string(text, "\n|---|");
    for (unsigned class = 1; class < ZONE_CLASS_COUNT; class ++) {
        text_put_string(text, "---|---|");
    }
    text_put_string(text, last[0] == '\0' ? "\n" : "---|\n");
}

static const char *yes_or_no(bool is_yes)
{
    return is_yes ? "yes" : "no";
}

static void classes_manual(struct text *text)
{
    text_put_string(
        text,
        "## Classes of zones\n\nWhat follows from the `class` of a zone, and holds for a "
        "peer there, when nothing else is written. A class names who is on the other side: in "
        "`roaming-visited` the networks our users visit, in `roaming-home` the home networks of "
        "our visitors.\n\n| `class` | code | believed per "
        "header | `layer` | `accept-unknown` | `nat` | `hide` | `rate` | `calls` | "
        "`calls-per-user` | rule |\n|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (unsigned i = 0; i < ZONE_CLASS_COUNT; i++) {
        enum zone_class class = (enum zone_class)i;
        const struct class_default *usual = class_default(class);

        text_put_format(text, "| `%s` | %s | %s | %s | %s | %s | %s |", zone_class_written(class),
                        zone_class_code(class), yes_or_no(zone_class_is_trusted(class)),
                        zone_layer_written(usual->layer), yes_or_no(usual->accepts_unknown),
                        yes_or_no(usual->is_nat), yes_or_no(usual->hides));
        amount_write(text, usual->rate, "/s");
        amount_write(text, usual->calls, "");
        amount_write(text, usual->user_calls, "");
        text_put_format(text, " %s |\n", usual->rule);
    }
    text_put_octet(text, '\n');
}

static const char *method_words(enum method_rule rule)
{
    static const char *const words[] = {
        [METHOD_RULE_m] = "yes",           [METHOD_RULE_o] = "option",
        [METHOD_RULE_i] = "dialog",        [METHOD_RULE_w] = "dialog, option",
        [METHOD_RULE_d] = "dialog+option", [METHOD_RULE_x] = "405",
        [METHOD_RULE_n] = "silence",
    };

    return words[rule];
}

static void methods_manual(struct text *text)
{
    text_put_string(
        text,
        "## Which methods may cross\n\nIn is from the zone to us, out is from us to the zone. "
        "*yes*: it may; *option*: when `methods` of the peer or zone names it; *dialog*: within a "
        "dialog only; *dialog, option*: within a dialog, with the option also outside; "
        "*dialog+option*: within a dialog and only with the option; *405*: refused; *silence*: not "
        "even answered. Between us and the core everything may.\n\n");
    columns_write(text, "method", "");
    for (unsigned method = 0; method < SIP_METHOD_COUNT; method++) {
        struct slice token = sip_method_token((enum sip_method)method);

        text_put_format(text, "| %.*s |", (int)token.len, token.at);
        for (unsigned class = 0; class < ZONE_CLASS_COUNT; class ++) {
            if (class != ZONE_CORE) {
                text_put_format(text, " %s | %s |",
                                method_words(method_rule((enum zone_class) class, true,
                                                         (enum sip_method)method)),
                                method_words(method_rule((enum zone_class) class, false,
                                                         (enum sip_method)method)));
            }
        }
        text_put_octet(text, '\n');
    }
    text_put_octet(text, '\n');
}

static void header_row(struct text *text, enum sip_header_name header)
{
    static const char letters[] = {
        [TREAT_PASS] = 'P',    [TREAT_STRIP] = 'S',    [TREAT_VALIDATE] = 'V',
        [TREAT_REWRITE] = 'R', [TREAT_GENERATE] = 'G', [TREAT_PRIVACY] = 'A',
        [TREAT_OPTION] = 'C',
    };
    struct slice spelling = sip_header_spelling(header);

    text_put_format(text, "| %.*s |", (int)spelling.len, spelling.at);
    for (unsigned class = 0; class < ZONE_CLASS_COUNT; class ++) {
        if (class != ZONE_CORE) {
            text_put_format(text, " %c | %c |",
                            letters[policy_treatment((enum zone_class) class, true, header)],
                            letters[policy_treatment((enum zone_class) class, false, header)]);
        }
    }
    text_put_format(text, " %s |\n", header_rule(header));
}

static void headers_manual(struct text *text)
{
    text_put_string(
        text,
        "## What becomes of headers\n\n**P** pass; **V** validate, then pass; **R** rewritten on "
        "the way; **A** pass, with privacy applied; **S** strip; **G** strip, ours is made; **C** "
        "pass when `headers` of the peer or zone names it. A header goes from one zone to another "
        "when both its columns let it; towards and from the core the other side decides. A header "
        "that is not in this table is stripped, unless it was agreed on: `headers` of the peers "
        "name "
        "it. Between networks (NT, NU, RV, RH, LB) a "
        "header "
        "must also be listed for its method in TS 29.165 annex B (`src/policy/header_methods.def`)."
        "\n\n");
    columns_write(text, "header", " rule |");
    for (unsigned header = 1; header < SIP_HEADER_COUNT; header++) {
        header_row(text, (enum sip_header_name)header);
    }
}

void policy_manual_write(struct text *text)
{
    opening_write(text);
    section_manual(text, SECTION_ROOT);
    section_manual(text, SECTION_HEP);
    section_manual(text, SECTION_TLS);
    section_manual(text, SECTION_FEED);
    section_manual(text, SECTION_PATTERN);
    section_manual(text, SECTION_ZONE);
    section_manual(text, SECTION_LISTENER);
    limits_manual(text);
    rates_manual(text);
    section_manual(text, SECTION_PEER);
    section_manual(text, SECTION_HOP);
    section_manual(text, SECTION_ROUTE);
    section_manual(text, SECTION_CONTROL);
    figures_manual(text, "timers", KIND_TIMERS,
                   "Durations of transactions, calls and connections.");
    figures_manual(text, "capacity", KIND_CAPACITY,
                   "Records reserved at start. What does not fit is counted and answered 503.");
    classes_manual(text);
    methods_manual(text);
    headers_manual(text);
}
