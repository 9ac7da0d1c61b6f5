/* The journal on disk: what was put is there, what was altered is found, and no disk ends us. */
#include "../expect.h"

#include "io/journal/read.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct scene {
    char folder[64], path[96];
};

static struct scene scene_open(void)
{
    struct scene scene = {.folder = "/tmp/sipwarden-journal-XXXXXX"};

    assert_non_null(mkdtemp(scene.folder));
    snprintf(scene.path, sizeof(scene.path), "%s/%s", scene.folder, journal_name);
    return scene;
}

static void scene_close(const struct scene *scene)
{
    static const char *const names[] = {"", "-wal", "-shm", ".broken"};
    char name[160];

    for (size_t i = 0; i < 4; i++) {
        snprintf(name, sizeof(name), "%s%s", scene->path, names[i]);
        (void)unlink(name);
    }
    assert_int_equal(rmdir(scene->folder), 0);
}

static struct journal *opened(const struct scene *scene, uint64_t quota, uint64_t keep_us)
{
    struct journal_limits limits = {.quota = quota, .keep_us = keep_us};
    struct fault fault = {.text = ""};
    bool is_broken = false;
    struct journal *journal = journal_open(scene->path, &limits, &is_broken, &fault);

    assert_string_equal(fault.text, "");
    assert_non_null(journal);
    return journal;
}

static struct journal_record record_of(uint64_t when_us, const char *body)
{
    return (struct journal_record){
        .when_us = when_us,
        .kind = JOURNAL_EVENT,
        .call = SLICE("call-1"),
        .peer = SLICE("carrier"),
        .control = SLICE("CT-FW-01"),
        .action = SLICE("reject"),
        .source = SLICE("192.0.2.1:5060"),
        .body = slice_string(body),
    };
}

static void put(struct journal *journal, uint64_t from, uint64_t count)
{
    struct fault fault;
    char body[64];

    for (uint64_t i = from; i < from + count; i++) {
        snprintf(body, sizeof(body), "{\"n\":%llu}", (unsigned long long)i);
        struct journal_record record = record_of(i * 1000000, body);
        assert_true(journal_put(journal, &record));
    }
    assert_true(journal_commit(journal, (from + count) * 1000000, &fault));
}

static struct journal_proof proved(const struct scene *scene, const uint8_t *expected)
{
    struct fault fault = {.text = ""};
    struct journal_reader *reader = journal_read_open(scene->path, &fault);
    struct journal_proof proof;

    assert_non_null(reader);
    assert_true(journal_verify(reader, expected, &proof, &fault));
    journal_read_close(reader);
    return proof;
}

static void alter(const struct scene *scene, const char *sql)
{
    sqlite3 *database = NULL;

    assert_int_equal(sqlite3_open(scene->path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
}

static void records_are_chained(void **state)
{
    struct scene scene = scene_open();
    struct journal *journal = opened(&scene, 0, 0);
    uint8_t head[JOURNAL_CHAIN_LEN];

    (void)state;
    put(journal, 1, 100);
    journal_head(journal, head);
    put(journal, 101, 10);
    journal_close(journal);
    journal = opened(&scene, 0, 0); /* goes on where it ended */
    put(journal, 111, 5);
    journal_close(journal);
    struct journal_proof proof = proved(&scene, head);
    assert_int_equal(proof.records, 115);
    assert_int_equal(proof.first, 1);
    assert_int_equal(proof.last, 115);
    assert_int_equal(proof.break_count, 0);
    assert_true(proof.has_expected);
    head[0] ^= 1;
    assert_false(proved(&scene, head).has_expected);
    scene_close(&scene);
}

/* One look at the file after somebody was at it. */
static void expect_break(const char *sql, uint64_t number, uint64_t missing, uint64_t count)
{
    struct scene scene = scene_open();
    struct journal *journal = opened(&scene, 0, 0);

    put(journal, 1, 50);
    journal_close(journal);
    alter(&scene, sql);
    struct journal_proof proof = proved(&scene, NULL);
    assert_int_equal(proof.break_count, count);
    assert_int_equal(proof.breaks[0].number, number);
    assert_int_equal(proof.breaks[0].missing, missing);
    scene_close(&scene);
}

static void tampering_is_located(void **state)
{
    (void)state;
    expect_break("UPDATE record SET body = '{\"n\":0}' WHERE number = 20", 20, 0, 1);
    expect_break("UPDATE record SET peer = NULL WHERE number = 1", 1, 0, 1);
    expect_break("UPDATE record SET when_us = 5 WHERE number = 50", 50, 0, 1);
    expect_break("UPDATE record SET kind = 'other' WHERE number = 7", 7, 0, 1);
    expect_break("UPDATE record SET call = 'call-', peer = '1carrier' WHERE number = 7", 7, 0, 1);
    expect_break("DELETE FROM record WHERE number BETWEEN 10 AND 12", 13, 3, 1);
    expect_break("DELETE FROM record WHERE number = 1", 2, 1, 1);
    expect_break("UPDATE record SET chain = zeroblob(32) WHERE number = 30", 30, 0, 2);
    expect_break("UPDATE record SET chain = zeroblob(3) WHERE number = 30", 30, 0, 1);
    expect_break("UPDATE anchor SET chain = randomblob(32)", 1, 0, 1);
}

static bool count_row(void *owner, const struct journal_row *row)
{
    uint64_t *seen = owner;

    seen[0]++;
    seen[1] = row->number;
    return true;
}

static void found(const struct scene *scene, struct journal_filter filter, uint64_t count,
                  uint64_t last)
{
    struct fault fault = {.text = ""};
    struct journal_reader *reader = journal_read_open(scene->folder, &fault);
    uint64_t seen[2] = {0, 0};

    assert_non_null(reader);
    assert_true(journal_read_records(reader, &filter, count_row, seen, &fault));
    assert_int_equal(seen[0], count);
    assert_int_equal(seen[1], last);
    journal_read_close(reader);
}

static void records_are_found(void **state)
{
    struct scene scene = scene_open();
    struct journal *journal = opened(&scene, 0, 0);

    (void)state;
    put(journal, 1, 30);
    found(&scene, (struct journal_filter){0}, 30, 30); /* while it is written */
    found(&scene, (struct journal_filter){.limit = 7}, 7, 30);
    found(&scene, (struct journal_filter){.since_us = 10000000, .until_us = 12000000}, 2, 11);
    found(&scene, (struct journal_filter){.after = 28}, 2, 30);
    found(&scene, (struct journal_filter){.kind = "event", .peer = SLICE("carrier")}, 30, 30);
    found(&scene, (struct journal_filter){.kind = "call"}, 0, 0);
    found(&scene, (struct journal_filter){.call = SLICE("call-1"), .limit = 1}, 1, 30);
    found(&scene, (struct journal_filter){.control = SLICE("' OR 1 --")}, 0, 0);
    journal_close(journal);
    scene_close(&scene);
}

static bool take_call(void *owner, const struct journal_call *call)
{
    unsigned *count = owner;

    (*count)++;
    expect_slice(call->id, "a@leg");
    expect_slice(call->other, "b@leg");
    expect_slice(call->state, "ended");
    assert_int_equal(call->status, 200);
    assert_int_equal(call->messages, 12);
    return true;
}

static void calls_are_replaced_and_found(void **state)
{
    struct scene scene = scene_open();
    struct journal *journal = opened(&scene, 0, 0);
    struct journal_call call = {.id = SLICE("a@leg"), .begin_us = 5, .state = SLICE("up")};
    struct fault fault = {.text = ""};
    unsigned count = 0;

    (void)state;
    assert_true(journal_put_call(journal, &call));
    call.other = SLICE("b@leg");
    call.state = SLICE("ended");
    call.status = 200;
    call.messages = 12;
    assert_true(journal_put_call(journal, &call));
    assert_true(journal_commit(journal, 10, &fault));
    struct journal_reader *reader = journal_read_open(scene.path, &fault);
    const struct journal_filter filters[] = {{0},
                                             {.call = SLICE("a@leg")},
                                             {.call = SLICE("b@leg"), .since_us = 1, .limit = 3}};
    for (size_t i = 0; i < 3; i++) {
        assert_true(journal_read_calls(reader, &filters[i], take_call, &count, &fault));
    }
    assert_int_equal(count, 3);
    journal_read_close(reader);
    journal_close(journal);
    scene_close(&scene);
}

static void old_records_go(void **state)
{
    struct scene scene = scene_open();
    struct journal *journal = opened(&scene, 0, 100 * 1000000);

    (void)state;
    for (uint64_t i = 0; i < 10; i++) {
        put(journal, 1 + i * 50, 50);
    }
    struct journal_counts counts = journal_counts(journal);
    assert_in_range(counts.records, 100, 160);
    assert_int_equal(counts.records + counts.removed, 500);
    journal_close(journal);
    struct journal_proof proof = proved(&scene, NULL);
    assert_int_equal(proof.break_count, 0); /* the chain begins behind what was removed */
    assert_int_equal(proof.removed, counts.removed);
    scene_close(&scene);
}

static void quota_is_kept(void **state)
{
    const uint64_t quota = 1024 * 1024;
    struct scene scene = scene_open();
    struct journal *journal = opened(&scene, quota, 0);

    (void)state;
    for (uint64_t i = 0; i < 200; i++) {
        put(journal, 1 + i * 100, 100);
        assert_true(journal_counts(journal).octets <= quota);
    }
    assert_true(journal_counts(journal).records > 1000);
    journal_close(journal);
    struct journal_proof proof = proved(&scene, NULL);
    assert_int_equal(proof.last, 20000);
    assert_int_equal(proof.break_count, 0);
    scene_close(&scene);
}

/* One batch larger than all there may be: it is lost, what is there stays, the next one fits. */
static void a_full_file_is_survived(void **state)
{
    struct scene scene = scene_open();
    struct journal *journal = opened(&scene, 512 * 1024, 0);
    struct fault fault = {.text = ""};
    static char body[4096];

    (void)state;
    put(journal, 1, 100);
    memset(body, 'x', sizeof(body) - 1);
    struct journal_record record = record_of(1, body);
    for (unsigned i = 0; i < 1000; i++) {
        (void)journal_put(journal, &record);
    }
    assert_false(journal_commit(journal, 2, &fault));
    assert_string_not_equal(fault.text, "");
    assert_false(journal_is_broken(journal));
    put(journal, 101, 100);
    journal_close(journal);
    assert_int_equal(proved(&scene, NULL).break_count, 0);
    scene_close(&scene);
}

/* The disk ends: files may not grow.  A process of its own, for the limit. */
static void full_disk(const struct scene *scene)
{
    const struct rlimit limit = {300 * 1024, 300 * 1024};
    struct journal *journal = opened(scene, 0, 0);
    struct fault fault = {.text = ""};
    bool was_refused = false;

    signal(SIGXFSZ, SIG_IGN);
    put(journal, 1, 10);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    for (unsigned i = 0; i < 100 && !was_refused; i++) {
        for (unsigned k = 0; k < 100; k++) {
            struct journal_record record = record_of(1, "{}");
            (void)journal_put(journal, &record);
        }
        was_refused = !journal_commit(journal, 2, &fault);
    }
    assert_true(was_refused);
    _exit(0);
}

static void a_full_disk_is_survived(void **state)
{
    struct scene scene = scene_open();
    int status = -1;

    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        full_disk(&scene);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    struct journal *journal = opened(&scene, 0, 0);
    put(journal, 5000, 10);
    journal_close(journal);
    assert_int_equal(proved(&scene, NULL).break_count, 0);
    scene_close(&scene);
}

/* Killed in the middle of a batch: what was committed is there, the rest is not, the chain holds.
 */
static void a_killed_writer_loses_its_batch(void **state)
{
    struct scene scene = scene_open();
    int status = -1;

    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        struct journal *journal = opened(&scene, 0, 0);
        put(journal, 1, 100);
        for (unsigned i = 0; i < 50; i++) {
            struct journal_record record = record_of(1, "{}");
            (void)journal_put(journal, &record);
        }
        (void)kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    struct journal *journal = opened(&scene, 0, 0);
    assert_int_equal(journal_counts(journal).records, 100);
    put(journal, 101, 1);
    journal_close(journal);
    struct journal_proof proof = proved(&scene, NULL);
    assert_int_equal(proof.records, 101);
    assert_int_equal(proof.break_count, 0);
    scene_close(&scene);
}

static void write_file(const char *path, const char *octets, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);

    assert_true(fd >= 0 && write(fd, octets, len) == (ssize_t)len);
    close(fd);
}

static void a_broken_file_is_set_aside(void **state)
{
    const struct journal_limits limits = {0};
    struct scene scene = scene_open();
    struct fault fault = {.text = ""};
    bool is_broken = false;
    static char noise[8192];
    char aside[128];

    (void)state;
    memset(noise, 'n', sizeof(noise));
    write_file(scene.path, noise, sizeof(noise));
    assert_null(journal_open(scene.path, &limits, &is_broken, &fault));
    assert_true(is_broken);
    journal_set_aside(scene.path);
    struct journal *journal = opened(&scene, 0, 0);
    put(journal, 1, 1);
    snprintf(aside, sizeof(aside), "%s.broken", scene.path);
    assert_int_equal(access(aside, R_OK), 0);
    journal_close(journal);
    scene_close(&scene);
}

/* Octets in the middle of a good file: the writer notices at the latest when it gets there. */
static void spoiled_pages_are_noticed(void **state)
{
    struct scene scene = scene_open();
    struct journal *journal = opened(&scene, 0, 0);
    struct fault fault = {.text = ""};
    static char noise[64 * 1024];

    (void)state;
    put(journal, 1, 3000);
    journal_close(journal);
    memset(noise, 0xA5, sizeof(noise));
    int fd = open(scene.path, O_WRONLY);
    assert_int_equal(pwrite(fd, noise, sizeof(noise), 4096), (ssize_t)sizeof(noise));
    close(fd);
    const struct journal_limits limits = {0};
    bool is_broken = false;
    journal = journal_open(scene.path, &limits, &is_broken, &fault);
    if (journal != NULL) {
        struct journal_record record = record_of(1, "{}");
        (void)journal_put(journal, &record);
        is_broken = !journal_commit(journal, 2, &fault) && journal_is_broken(journal);
        journal_close(journal);
    }
    assert_true(is_broken);
    scene_close(&scene);
}

/* Somebody else's database is not written to. */
static void a_foreign_database_is_refused(void **state)
{
    const struct journal_limits limits = {0};
    struct scene scene = scene_open();
    struct fault fault = {.text = ""};
    bool is_broken = false;

    (void)state;
    alter(&scene, "CREATE TABLE theirs (a)");
    assert_null(journal_open(scene.path, &limits, &is_broken, &fault));
    assert_null(journal_read_open(scene.path, &fault));
    assert_null(journal_read_open("/nowhere/journal.db", &fault));
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_chained),
        cmocka_unit_test(tampering_is_located),
        cmocka_unit_test(records_are_found),
        cmocka_unit_test(calls_are_replaced_and_found),
        cmocka_unit_test(old_records_go),
        cmocka_unit_test(quota_is_kept),
        cmocka_unit_test(a_full_file_is_survived),
        cmocka_unit_test(a_full_disk_is_survived),
        cmocka_unit_test(a_killed_writer_loses_its_batch),
        cmocka_unit_test(a_broken_file_is_set_aside),
        cmocka_unit_test(spoiled_pages_are_noticed),
        cmocka_unit_test(a_foreign_database_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
