/*
 * Files beside the policy, and the patterns in it: read, and written.
 */
#include "policy/settings.h"
#include "policy/write.h"

enum {
    PATTERN_TEXT_MAX = 512, /* octets: a longer one is a program */
    KEY_LETTERS = 44,       /* of 32 octets in base64 */
};

static const char *const feed_kinds[] = {"numbers", "addresses", "agents"};
static const char *const places[] = {"uri", "body", "agent", "any"};

static bool path_kept(struct draft *draft, struct slice text, struct slice *kept)
{
    *kept = draft_keep(draft, text);
    return text.at[0] == '/' && slice_find(text, '\0') == text.len;
}

void setting_read_PATHS(struct draft *draft, const struct item *item, const struct setting *setting,
                        void *object)
{
    struct policy_slices *field = setting_field(setting, object);
    struct values values;
    const struct item *value;

    if (!values_begin(draft, item, setting, &values)) {
        return;
    }
    struct slice *list = memory_take(draft->kept, values.count, sizeof(struct slice));
    uint32_t count = 0;
    while (list != NULL && (value = values_next(&values)) != NULL) {
        if (!setting_is_value(draft, value, setting)) {
            continue;
        }
        if (!path_kept(draft, value->text, &list[count])) {
            setting_refuse(draft, setting, value->place, "'%s' is no absolute path",
                           show(value->text).text);
        } else {
            count++;
        }
    }
    *field = (struct policy_slices){.at = list, .count = count};
}

void setting_read_KEY(struct draft *draft, const struct item *item, const struct setting *setting,
                      void *object)
{
    struct slice *field = setting_field(setting, object);
    bool is_good = item->text.len == KEY_LETTERS;

    if (!setting_is_value(draft, item, setting)) {
        return;
    }
    for (size_t i = 0; is_good && i < KEY_LETTERS; i++) {
        char octet = item->text.at[i];

        is_good = (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
                  (octet >= '0' && octet <= '9') || octet == '+' || octet == '/' ||
                  (i == KEY_LETTERS - 1 && octet == '=');
    }
    if (!is_good) {
        setting_refuse(draft, setting, item->place, "'%s' is no key", show(item->text).text);
        return;
    }
    *field = draft_keep(draft, item->text);
}

void setting_read_FEED_KIND(struct draft *draft, const struct item *item,
                            const struct setting *setting, void *object)
{
    enum feed_kind *field = setting_field(setting, object);

    if (!setting_is_value(draft, item, setting)) {
        return;
    }
    for (unsigned i = 0; i < sizeof(feed_kinds) / sizeof(feed_kinds[0]); i++) {
        if (slice_equal(item->text, slice_string(feed_kinds[i]))) {
            *field = (enum feed_kind)i;
            return;
        }
    }
    setting_refuse(draft, setting, item->place, "'%s' is no kind of feed", show(item->text).text);
}

void setting_read_FEEDS(struct draft *draft, const struct item *item, const struct setting *setting,
                        void *object)
{
    struct policy *policy = object;

    if (!section_map_begin(draft, item, setting)) {
        return;
    }
    policy->feeds = memory_take(draft->kept, item->count, sizeof(struct policy_feed));
    if (policy->feeds == NULL) {
        return;
    }
    for (const struct item *value = item->first; value != NULL; value = value->next) {
        struct policy_feed *feed = &policy->feeds[policy->feed_count++];

        feed->name = section_name(draft, value);
        section_read(draft, SECTION_FEED, value, feed);
        if (feed->file.len == 0) {
            continue;
        }
        for (uint32_t i = 0; i + 1 < policy->feed_count; i++) {
            if (slice_equal(policy->feeds[i].name, feed->name)) {
                setting_refuse(draft, setting, value->place, "feed '%s' is here twice",
                               show(feed->name).text);
            }
        }
    }
}

/* "header Subject" */
static bool header_of(struct slice text, enum sip_header_name *header)
{
    if (!slice_starts(text, SLICE("header "))) {
        return false;
    }
    *header = sip_header_find(slice_trim(slice_skip(text, strlen("header "))));
    return *header != SIP_HEADER_UNKNOWN;
}

void setting_read_PATTERN_PLACE(struct draft *draft, const struct item *item,
                                const struct setting *setting, void *object)
{
    struct policy_pattern *pattern = object;
    enum sip_header_name header = SIP_HEADER_UNKNOWN;

    if (!setting_is_value(draft, item, setting)) {
        return;
    }
    for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (slice_equal(item->text, slice_string(places[i]))) {
            pattern->place.kind = (uint8_t)i;
            return;
        }
    }
    if (!header_of(item->text, &header)) {
        setting_refuse(draft, setting, item->place, "'%s' is no place in a message",
                       show(item->text).text);
        return;
    }
    pattern->place = (struct pattern_place){.kind = PATTERN_HEADER, .header = (uint8_t)header};
}

void setting_read_PATTERN_TEXT(struct draft *draft, const struct item *item,
                               const struct setting *setting, void *object)
{
    struct slice *field = setting_field(setting, object);

    if (!setting_is_value(draft, item, setting)) {
        return;
    }
    if (item->text.len > PATTERN_TEXT_MAX || slice_find(item->text, '\0') < item->text.len) {
        setting_refuse(draft, setting, item->place, "'%s' is longer than 512 octets",
                       show(item->text).text);
        return;
    }
    *field = draft_keep(draft, item->text);
}

/* The field a pattern is looked for in: one scan of each. */
static void pattern_place_in(struct draft *draft, const struct item *item,
                             struct policy_pattern *pattern)
{
    struct policy *policy = draft->policy;
    uint32_t field = 0;

    while (field < policy->pattern_field_count &&
           (policy->pattern_fields[field].kind != pattern->place.kind ||
            policy->pattern_fields[field].header != pattern->place.header)) {
        field++;
    }
    if (field == POLICY_PATTERN_FIELDS_MAX) {
        draft_complain(draft, item->place,
                       "patterns look at more than %d fields; expected fewer, each costs a scan; "
                       "write 'where: any' for some",
                       POLICY_PATTERN_FIELDS_MAX);
        return;
    }
    if (field == policy->pattern_field_count) {
        policy->pattern_fields[policy->pattern_field_count++] = pattern->place;
    }
    pattern->field = (uint8_t)field;
}

static void pattern_read(struct draft *draft, const struct item *item,
                         struct policy_pattern *pattern)
{
    char *name = memory_take(draft->kept, item->key->text.len + 1, 1);

    pattern->name = section_name(draft, item);
    section_read(draft, SECTION_PATTERN, item, pattern);
    if (name == NULL) {
        return;
    }
    /* Ends in NUL: findings name their rule so. */
    memcpy(name, pattern->name.at, pattern->name.len);
    pattern->name.at = name;
    if ((pattern->literal.len > 0) == (pattern->regex.len > 0)) {
        draft_complain(draft, item->key->place,
                       "pattern '%s' has %s; expected either 'literal' or 'regex'; write one",
                       show(pattern->name).text,
                       pattern->literal.len > 0 ? "both a literal and a regex"
                                                : "neither a literal nor a regex");
    }
    pattern_place_in(draft, item, pattern);
}

void setting_read_PATTERNS(struct draft *draft, const struct item *item,
                           const struct setting *setting, void *object)
{
    struct policy *policy = object;

    if (!section_map_begin(draft, item, setting)) {
        return;
    }
    policy->patterns = memory_take(draft->kept, item->count, sizeof(struct policy_pattern));
    policy->pattern_fields =
        memory_take(draft->kept, POLICY_PATTERN_FIELDS_MAX, sizeof(struct pattern_place));
    if (policy->patterns == NULL || policy->pattern_fields == NULL) {
        return;
    }
    for (const struct item *value = item->first; value != NULL; value = value->next) {
        pattern_read(draft, value, &policy->patterns[policy->pattern_count++]);
    }
}

void field_write_feed_kind(struct text *text, const struct policy *policy,
                           const struct setting *setting, const void *object)
{
    (void)policy;
    (void)setting;
    text_put_string(text, feed_kinds[((const struct policy_feed *)object)->kind]);
}

void field_write_feeds(struct text *text, const struct policy *policy,
                       const struct setting *setting, const void *object)
{
    const struct policy *from = object;

    (void)policy;
    (void)setting;
    for (uint32_t i = 0; i < from->feed_count; i++) {
        const struct policy_feed *feed = &from->feeds[i];

        text_put(text, i == 0 ? SLICE("{") : SLICE(", "));
        scalar_write(text, feed->name);
        text_put(text, SLICE(": {file: "));
        scalar_write(text, feed->file);
        text_put_format(text, ", of: %s", feed_kinds[feed->kind]);
        if (feed->key.len > 0) {
            text_put(text, SLICE(", key: "));
            text_put_json(text, feed->key);
        }
        text_put_octet(text, '}');
    }
    text_put(text, from->feed_count > 0 ? SLICE("}") : SLICE(""));
}

static void place_write(struct text *text, const struct pattern_place *place)
{
    if (place->kind != PATTERN_HEADER) {
        text_put_string(text, places[place->kind]);
        return;
    }
    text_put(text, SLICE("\"header "));
    text_put(text, sip_header_spelling(place->header));
    text_put_octet(text, '"');
}

void field_write_pattern_place(struct text *text, const struct policy *policy,
                               const struct setting *setting, const void *object)
{
    (void)policy;
    (void)setting;
    place_write(text, &((const struct policy_pattern *)object)->place);
}

static void pattern_write(struct text *text, const struct policy_pattern *pattern)
{
    text_put(text, SLICE(": {where: "));
    place_write(text, &pattern->place);
    text_put(text, pattern->regex.len > 0 ? SLICE(", regex: ") : SLICE(", literal: "));
    text_put_json(text, pattern->regex.len > 0 ? pattern->regex : pattern->literal);
    if (!pattern->ignores_case) {
        text_put(text, SLICE(", ignore-case: false"));
    }
    text_put_format(text, ", action: %s, mode: %s}", policy_action_written(pattern->action),
                    policy_mode_written(pattern->mode));
}

void field_write_patterns(struct text *text, const struct policy *policy,
                          const struct setting *setting, const void *object)
{
    const struct policy *from = object;

    (void)policy;
    (void)setting;
    for (uint32_t i = 0; i < from->pattern_count; i++) {
        text_put(text, i == 0 ? SLICE("{") : SLICE(", "));
        scalar_write(text, from->patterns[i].name);
        pattern_write(text, &from->patterns[i]);
    }
    text_put(text, from->pattern_count > 0 ? SLICE("}") : SLICE(""));
}

/* Days since 1970 of a date (civil calendar). */
static uint64_t days_of(uint64_t year, uint64_t month, uint64_t day)
{
    uint64_t shifted = month > 2 ? year : year - 1;
    uint64_t era = shifted / 400, of_era = shifted % 400;
    uint64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(uint64_t days, uint64_t *year, uint64_t *month, uint64_t *day)
{
    for (*year = 1970; days_of(*year + 1, 1, 1) <= days; (*year)++) {
    }
    for (*month = 12; days_of(*year, *month, 1) > days; (*month)--) {
    }
    *day = days - days_of(*year, *month, 1) + 1;
}

void setting_read_DATE(struct draft *draft, const struct item *item, const struct setting *setting,
                       void *object)
{
    uint64_t *field = setting_field(setting, object);
    struct slice text = item->text;
    uint64_t year, month, day, days;

    if (!setting_is_value(draft, item, setting)) {
        return;
    }
    bool is_date = text.len == 10 && text.at[4] == '-' && text.at[7] == '-' &&
                   slice_number(slice_head(text, 4), 2200, &year) && year >= 2000 &&
                   slice_number(slice_of(text.at + 5, 2), 12, &month) && month > 0 &&
                   slice_number(slice_of(text.at + 8, 2), 31, &day) && day > 0;
    if (is_date) {
        uint64_t back[3];

        days = days_of(year, month, day);
        date_of(days, &back[0], &back[1], &back[2]);
        is_date = back[1] == month;  /* there is no thirtieth of February */
        *field = (days + 1) * 86400; /* until the day is over */
    }
    if (!is_date) {
        setting_refuse(draft, setting, item->place, "'%s' is no date", show(text).text);
    }
}

void field_write_date(struct text *text, const struct policy *policy, const struct setting *setting,
                      const void *object)
{
    const void *field = (const char *)object + setting->at;
    uint64_t seconds = *(const uint64_t *)field;
    uint64_t year, month, day;

    (void)policy;
    if (seconds > 0) {
        date_of(seconds / 86400 - 1, &year, &month, &day);
        text_put_octet(text, '"');
        text_put_padded(text, year, 4);
        text_put_octet(text, '-');
        text_put_padded(text, month, 2);
        text_put_octet(text, '-');
        text_put_padded(text, day, 2);
        text_put_octet(text, '"');
    }
}
