#include "app/lists.h"

#include "app/say.h"
#include "base/hash.h"
#include "base/must.h"
#include "io/patterns.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SIGNATURE_OCTETS = 64,
    SIGNATURE_LETTERS = 88,
    SIGNATURE_FILE_MAX = 256,
    KEY_OCTETS = 32,
    PATH_ROOM = 1100,
    FILES_MAX = 16 + 2 * POLICY_FEEDS_MAX,
};

/* When a file was as it was read; zero: it was not there. */
struct seen {
    struct timespec changed;
    off_t size;
    ino_t file;
};

struct kept_feed {
    char name[64];
    struct slice text; /* the heap's */
};

struct lists_files {
    struct kept_feed feeds[POLICY_FEEDS_MAX];
    uint32_t feed_count;
    struct seen seen[FILES_MAX];
    uint32_t seen_count;
    uint64_t patterns; /* hash of what the databases were compiled of */
    struct slice databases[POLICY_PATTERN_FIELDS_MAX];
    uint32_t database_count;
};

struct lists_files *lists_files_new(void)
{
    struct lists_files *files = calloc(1, sizeof(*files));

    must(files != NULL);
    return files;
}

static void octets_free(struct slice *octets)
{
    free((void *)(uintptr_t)octets->at);
    *octets = SLICE_NONE;
}

static void databases_forget(struct lists_files *files)
{
    for (uint32_t i = 0; i < files->database_count; i++) {
        octets_free(&files->databases[i]);
    }
    files->database_count = 0;
    files->patterns = 0;
}

void lists_files_free(struct lists_files *files)
{
    if (files == NULL) {
        return;
    }
    for (uint32_t i = 0; i < files->feed_count; i++) {
        octets_free(&files->feeds[i].text);
    }
    databases_forget(files);
    free(files);
}

static void path_write(char room[PATH_ROOM], struct slice path, const char *ending)
{
    (void)snprintf(room, PATH_ROOM, "%.*s%s", (int)path.len, path.at, ending);
}

static struct seen look(const char *path)
{
    struct stat stat_of;

    if (stat(path, &stat_of) != 0) {
        return (struct seen){.size = -1};
    }
    return (
        struct seen){.changed = stat_of.st_mtim, .size = stat_of.st_size, .file = stat_of.st_ino};
}

/* Every file beside the policy, in one order; its signature too. */
static uint32_t look_at_all(const struct policy *policy, struct seen seen[FILES_MAX])
{
    char path[PATH_ROOM];
    uint32_t count = 0;

    for (uint32_t i = 0; i < policy->number_files.count && count < FILES_MAX; i++) {
        path_write(path, policy->number_files.at[i], "");
        seen[count++] = look(path);
    }
    for (uint32_t i = 0; i < policy->feed_count && count + 1 < FILES_MAX; i++) {
        path_write(path, policy->feeds[i].file, "");
        seen[count++] = look(path);
        path_write(path, policy->feeds[i].file, ".sig");
        seen[count++] = look(path);
    }
    return count;
}

bool lists_files_changed(const struct lists_files *files, const struct policy *policy)
{
    struct seen seen[FILES_MAX];
    uint32_t count = look_at_all(policy, seen);

    if (count != files->seen_count) {
        return true;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct seen *last = &files->seen[i];

        if (seen[i].size != last->size || seen[i].file != last->file ||
            seen[i].changed.tv_sec != last->changed.tv_sec ||
            seen[i].changed.tv_nsec != last->changed.tv_nsec) {
            return true;
        }
    }
    return false;
}

static bool file_read(const char *path, size_t most, struct slice *text, struct fault *fault)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat stat_of;
    size_t len = 0;
    ssize_t more = 1;

    if (fd < 0 || fstat(fd, &stat_of) != 0 || !S_ISREG(stat_of.st_mode)) {
        fault_set(fault, "%s: %s", path, fd < 0 ? strerror(errno) : "is no file");
        if (fd >= 0) {
            (void)close(fd);
        }
        return false;
    }
    char *at = (size_t)stat_of.st_size > most ? NULL : malloc((size_t)stat_of.st_size + 1);
    while (at != NULL && len < (size_t)stat_of.st_size && more > 0) {
        more = read(fd, at + len, (size_t)stat_of.st_size - len);
        len += more > 0 ? (size_t)more : 0;
    }
    (void)close(fd);
    if (at == NULL || more < 0) {
        free(at);
        return fault_set(fault, "%s: is larger than %zu octets, or could not be read", path, most);
    }
    *text = slice_of(at, len);
    return true;
}

/*
 * Signatures: Ed25519 over the whole file, beside it, in base64.
 */

static bool base64_read(struct slice text, unsigned char *octets, size_t len)
{
    unsigned char room[SIGNATURE_LETTERS];
    size_t letters = (len + 2) / 3 * 4;

    text = slice_trim(text);
    if (text.len != letters ||
        EVP_DecodeBlock(room, (const unsigned char *)text.at, (int)letters) < (int)len) {
        return false;
    }
    memcpy(octets, room, len);
    return true;
}

static bool is_signed(struct slice text, const unsigned char signature[SIGNATURE_OCTETS],
                      const unsigned char key[KEY_OCTETS])
{
    EVP_PKEY *public_key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, KEY_OCTETS);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_good = public_key != NULL && context != NULL &&
                   EVP_DigestVerifyInit(context, NULL, NULL, NULL, public_key) == 1 &&
                   EVP_DigestVerify(context, signature, SIGNATURE_OCTETS,
                                    (const unsigned char *)text.at, text.len) == 1;

    EVP_MD_CTX_free(context);
    EVP_PKEY_free(public_key);
    return is_good;
}

static bool signature_check(const struct policy_feed *feed, struct slice text, struct fault *fault)
{
    unsigned char signature[SIGNATURE_OCTETS], key[KEY_OCTETS];
    char path[PATH_ROOM];
    struct slice written;

    if (feed->key.len == 0) {
        return true;
    }
    path_write(path, feed->file, ".sig");
    if (!file_read(path, SIGNATURE_FILE_MAX, &written, fault)) {
        return false;
    }
    bool is_good = base64_read(written, signature, sizeof(signature)) &&
                   base64_read(feed->key, key, sizeof(key)) && is_signed(text, signature, key);
    octets_free(&written);
    return is_good || fault_set(fault, "%s: is not the signature of the key in the policy", path);
}

/*
 * Feeds.
 */

static struct kept_feed *kept_find(struct lists_files *files, struct slice name)
{
    for (uint32_t i = 0; i < files->feed_count; i++) {
        if (slice_equal(slice_string(files->feeds[i].name), name)) {
            return &files->feeds[i];
        }
    }
    return NULL;
}

static struct kept_feed *kept_new(struct lists_files *files, struct slice name)
{
    struct kept_feed *kept = &files->feeds[files->feed_count % POLICY_FEEDS_MAX];

    if (files->feed_count < POLICY_FEEDS_MAX) {
        files->feed_count++;
    }
    octets_free(&kept->text);
    (void)snprintf(kept->name, sizeof(kept->name), "%.*s", (int)name.len, name.at);
    return kept;
}

/* Alone it becomes lists, or the first complaint says why not. */
static bool is_readable(const struct policy *policy, uint32_t index, struct slice text,
                        struct fault *fault)
{
    struct lists_file feeds[POLICY_FEEDS_MAX] = {{SLICE_NONE, SLICE_NONE}};
    struct lists_sources sources = {.feeds = feeds, .feed_count = policy->feed_count};
    struct policy_complaints *complaints = policy_complaints_new();

    must(complaints != NULL);
    feeds[index] = (struct lists_file){policy->feeds[index].file, text};
    struct lists *lists = lists_build(policy, &sources, complaints);
    bool is_built = lists != NULL;
    if (!is_built && policy_complaint_count(complaints) > 0) {
        struct slice complaint = policy_complaint(complaints, 0);

        fault_set(fault, "%.*s", (int)complaint.len, complaint.at);
    }
    lists_free(lists);
    policy_complaints_free(complaints);
    return is_built;
}

static bool feed_read(const struct policy *policy, uint32_t index, struct slice *text,
                      struct fault *fault)
{
    const struct policy_feed *feed = &policy->feeds[index];
    char path[PATH_ROOM];

    path_write(path, feed->file, "");
    if (!file_read(path, LISTS_FILE_MAX, text, fault)) {
        return false;
    }
    if (signature_check(feed, *text, fault) && is_readable(policy, index, *text, fault)) {
        return true;
    }
    octets_free(text);
    return false;
}

/* The text of a feed now: what is in the file, or what was when it could be taken. */
static struct slice feed_text(struct lists_files *files, const struct policy *policy,
                              uint32_t index, char note[FAULT_TEXT_MAX], lists_told *told,
                              void *owner)
{
    const struct policy_feed *feed = &policy->feeds[index];
    struct kept_feed *kept = kept_find(files, feed->name);
    struct fault fault = {.text = "it cannot be read"};
    struct slice text;

    if (feed_read(policy, index, &text, &fault)) {
        kept = kept == NULL ? kept_new(files, feed->name) : kept;
        octets_free(&kept->text);
        kept->text = text;
        return text;
    }
    say("feed %.*s: %s; %s", (int)feed->name.len, feed->name.at, fault.text,
        kept != NULL ? "what was read last stays" : "nothing is known of it");
    (void)snprintf(note, FAULT_TEXT_MAX, "%s", fault.text);
    if (told != NULL) {
        told(owner, feed->name, fault.text);
    }
    return kept != NULL ? kept->text : SLICE_NONE;
}

/*
 * Patterns.
 */

static uint64_t patterns_hash(const struct policy *policy)
{
    const struct hash_key key = {0x5A1D, 1};
    uint64_t hash = policy->pattern_count;

    for (uint32_t i = 0; i < policy->pattern_count; i++) {
        const struct policy_pattern *pattern = &policy->patterns[i];
        const uint8_t flags[] = {pattern->field, pattern->ignores_case, pattern->regex.len > 0,
                                 pattern->mode == MODE_OFF};

        hash = hash * 31 + hash_pair(&key, slice_of((const char *)flags, sizeof(flags)),
                                     pattern->regex.len > 0 ? pattern->regex : pattern->literal);
    }
    return hash;
}

/* The name of the pattern the fault is about stands in front of it. */
static void pattern_say(const struct policy *policy, const struct fault *fault)
{
    static const struct slice begins = SLICE_INIT("pattern ");
    struct slice text = slice_string(fault->text);
    struct slice digits = slice_skip(text, begins.len);
    uint64_t number = 0;

    digits = slice_head(digits, slice_find(digits, ':'));
    if (slice_starts(text, begins) && policy->pattern_count > 0 &&
        slice_number(digits, policy->pattern_count - 1, &number)) {
        const struct policy_pattern *pattern = &policy->patterns[number];

        say("pattern '%.*s': %s", (int)pattern->name.len, pattern->name.at,
            slice_skip(text, begins.len + digits.len + 2).at);
        return;
    }
    say("patterns: %s", fault->text);
}

static bool field_compile(const struct policy *policy, uint32_t field,
                          struct pattern_expression *room, struct slice *database)
{
    struct fault fault = {.text = ""};
    uint32_t count = 0;

    for (uint32_t i = 0; i < policy->pattern_count; i++) {
        const struct policy_pattern *pattern = &policy->patterns[i];

        if (pattern->field == field && pattern->mode != MODE_OFF) {
            room[count++] =
                (struct pattern_expression){.text = pattern->regex.len > 0 ? pattern->regex
                                                                           : pattern->literal,
                                            .is_regex = pattern->regex.len > 0,
                                            .ignores_case = pattern->ignores_case,
                                            .number = i};
        }
    }
    *database = SLICE_NONE;
    if (count == 0 || patterns_compile(room, count, database, &fault)) {
        return true;
    }
    pattern_say(policy, &fault);
    return false;
}

static bool patterns_read(struct lists_files *files, const struct policy *policy)
{
    uint64_t hash = patterns_hash(policy);
    struct pattern_expression *room = NULL;
    bool is_compiled = true;

    if (hash == files->patterns && files->database_count == policy->pattern_field_count) {
        return true;
    }
    databases_forget(files);
    if (policy->pattern_count == 0) {
        return true;
    }
    room = calloc(policy->pattern_count, sizeof(*room));
    must(room != NULL);
    for (uint32_t i = 0; is_compiled && i < policy->pattern_field_count; i++) {
        is_compiled = field_compile(policy, i, room, &files->databases[i]);
        files->database_count += is_compiled;
    }
    free(room);
    files->patterns = is_compiled ? hash : 0;
    return is_compiled;
}

/*
 * All of it.
 */

static struct lists *build(const struct policy *policy, const struct lists_sources *sources)
{
    struct policy_complaints *complaints = policy_complaints_new();

    must(complaints != NULL);
    struct lists *lists = lists_build(policy, sources, complaints);
    for (uint32_t i = 0; i < policy_complaint_count(complaints); i++) {
        struct slice complaint = policy_complaint(complaints, i);

        (void)fprintf(stderr, "%.*s\n", (int)complaint.len, complaint.at);
    }
    policy_complaints_free(complaints);
    return lists;
}

static bool numbers_read(const struct policy *policy, struct lists_file *numbers)
{
    struct fault fault;
    char path[PATH_ROOM];

    for (uint32_t i = 0; i < policy->number_files.count; i++) {
        path_write(path, policy->number_files.at[i], "");
        numbers[i].name = policy->number_files.at[i];
        if (!file_read(path, LISTS_FILE_MAX, &numbers[i].text, &fault)) {
            say("%s", fault.text);
            return false;
        }
    }
    return true;
}

struct lists *lists_read(struct lists_files *files, const struct policy *policy, lists_told *told,
                         void *owner)
{
    struct lists_file numbers[16] = {{SLICE_NONE, SLICE_NONE}};
    struct lists_file feeds[POLICY_FEEDS_MAX] = {{SLICE_NONE, SLICE_NONE}};
    struct lists_sources sources = {.numbers = numbers,
                                    .number_count = policy->number_files.count,
                                    .feeds = feeds,
                                    .feed_count = policy->feed_count,
                                    .databases = files->databases};
    char(*texts)[FAULT_TEXT_MAX] = calloc(POLICY_FEEDS_MAX, FAULT_TEXT_MAX);
    struct slice notes[POLICY_FEEDS_MAX];
    struct lists *lists = NULL;

    must(texts != NULL);
    must(policy->number_files.count <= sizeof(numbers) / sizeof(numbers[0]));
    files->seen_count = look_at_all(policy, files->seen);
    if (numbers_read(policy, numbers) && patterns_read(files, policy)) {
        for (uint32_t i = 0; i < policy->feed_count; i++) {
            feeds[i] = (struct lists_file){policy->feeds[i].file,
                                           feed_text(files, policy, i, texts[i], told, owner)};
            notes[i] = slice_string(texts[i]);
        }
        sources.database_count = files->database_count;
        sources.notes = notes;
        lists = build(policy, &sources);
    }
    free(texts);
    for (uint32_t i = 0; i < policy->number_files.count; i++) {
        octets_free(&numbers[i].text);
    }
    return lists;
}

struct lists *lists_of_policy(const struct policy *policy)
{
    struct lists_files *files = lists_files_new();
    struct lists *lists = lists_read(files, policy, NULL, NULL);

    lists_files_free(files);
    return lists;
}
