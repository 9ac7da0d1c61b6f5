#include "io/journal/inside.h"

#include "base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char journal_name[] = "journal.db";

enum {
    WAIT_MS = 250,          /* for whoever else writes: nobody should */
    WAL_MAX = 64 << 20,     /* octets the write-ahead log keeps on disk when it is empty again */
    QUOTA_PAGES_LEAST = 64, /* even the smallest quota holds the tables */
    PATH_LONGEST = 4096,
};

static const char *const statements[] = {
#define STATEMENT(name, sql) sql,
#include "io/journal/statements.def"
#undef STATEMENT
};

/* What a new file begins with.  The application id says "SIPW" to whoever looks at the file. */
static const char tables[] =
    "PRAGMA application_id = 1397311575;"
    "PRAGMA user_version = 1;"
    "CREATE TABLE record (number INTEGER PRIMARY KEY, when_us INTEGER NOT NULL, kind TEXT NOT NULL,"
    " call TEXT, peer TEXT, control TEXT, action TEXT, source TEXT, body TEXT NOT NULL,"
    " chain BLOB NOT NULL) STRICT;"
    "CREATE INDEX record_kind ON record (kind, number);"
    "CREATE INDEX record_call ON record (call, number) WHERE call IS NOT NULL;"
    "CREATE TABLE call (id TEXT NOT NULL, other TEXT, begin_us INTEGER NOT NULL,"
    " ringing_us INTEGER, answer_us INTEGER, end_us INTEGER, state TEXT NOT NULL, status INTEGER,"
    " peer_in TEXT, peer_out TEXT, caller TEXT, callee TEXT, ended_by TEXT, control TEXT,"
    " messages INTEGER NOT NULL, findings INTEGER NOT NULL, media TEXT,"
    " PRIMARY KEY (id, begin_us)) STRICT;"
    "CREATE INDEX call_begin ON call (begin_us);"
    "CREATE INDEX call_other ON call (other) WHERE other IS NOT NULL;"
    "CREATE TABLE anchor (number INTEGER NOT NULL, chain BLOB NOT NULL) STRICT;"
    "INSERT INTO anchor VALUES (0, zeroblob(32));";

/* What kind of refusal it was decides what may be tried next. */
static bool journal_fails(struct journal *journal, int error)
{
    int kind = error & 0xFF;

    if (journal->error == SQLITE_OK) {
        journal->error = error;
    }
    journal->is_broken |= kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB;
    return false;
}

/*
 * Statements.
 */

bool journal_run(struct journal *journal, enum journal_statement statement)
{
    sqlite3_stmt *sql = journal->statements[statement];
    int error = SQLITE_ROW;

    while (error == SQLITE_ROW) {
        error = sqlite3_step(sql);
    }
    (void)sqlite3_reset(sql);
    return error == SQLITE_DONE || journal_fails(journal, error);
}

uint64_t journal_number(struct journal *journal, enum journal_statement statement)
{
    sqlite3_stmt *sql = journal->statements[statement];
    int error = sqlite3_step(sql);
    sqlite3_int64 number = error == SQLITE_ROW ? sqlite3_column_int64(sql, 0) : 0;

    if (error != SQLITE_ROW && error != SQLITE_DONE) {
        (void)journal_fails(journal, error);
    }
    (void)sqlite3_reset(sql);
    return number < 0 ? 0 : (uint64_t)number;
}

sqlite3_stmt *journal_bound(struct journal *journal, enum journal_statement statement,
                            uint64_t number)
{
    sqlite3_stmt *sql = journal->statements[statement];
    int error = sqlite3_bind_int64(sql, 1, (sqlite3_int64)number);

    if (error != SQLITE_OK) {
        (void)journal_fails(journal, error);
        return NULL;
    }
    return sql;
}

static void bind_text(sqlite3_stmt *sql, int at, struct slice text)
{
    if (text.len == 0) {
        (void)sqlite3_bind_null(sql, at);
    } else {
        (void)sqlite3_bind_text64(sql, at, text.at, text.len, SQLITE_STATIC, SQLITE_UTF8);
    }
}

static void bind_known(sqlite3_stmt *sql, int at, uint64_t number)
{
    if (number == 0) {
        (void)sqlite3_bind_null(sql, at);
    } else {
        (void)sqlite3_bind_int64(sql, at, (sqlite3_int64)number);
    }
}

/*
 * Opening.
 */

static bool run_text(struct journal *journal, const char *sql)
{
    int error = sqlite3_exec(journal->database, sql, NULL, NULL, NULL);

    return error == SQLITE_OK || journal_fails(journal, error);
}

/* The number a pragma answers with. */
static uint64_t pragma(struct journal *journal, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    uint64_t number = 0;
    int error = sqlite3_prepare_v2(journal->database, sql, -1, &statement, NULL);

    if (error == SQLITE_OK) {
        error = sqlite3_step(statement);
        number = error == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
    }
    (void)sqlite3_finalize(statement);
    if (error != SQLITE_ROW && error != SQLITE_DONE && error != SQLITE_OK) {
        (void)journal_fails(journal, error);
    }
    return number;
}

static bool tables_make(struct journal *journal)
{
    uint64_t version = pragma(journal, "PRAGMA user_version");

    if (journal->error != SQLITE_OK) {
        return false;
    }
    if (version == JOURNAL_VERSION) {
        return true;
    }
    if (version != 0 || pragma(journal, "SELECT count(*) FROM sqlite_schema") != 0) {
        return journal_fails(journal, SQLITE_NOTADB); /* somebody else's */
    }
    return run_text(journal, "BEGIN IMMEDIATE") && run_text(journal, tables) &&
           run_text(journal, "COMMIT");
}

static bool statements_prepare(struct journal *journal)
{
    for (unsigned i = 0; i < JOURNAL_SQL_COUNT; i++) {
        int error = sqlite3_prepare_v3(journal->database, statements[i], -1,
                                       SQLITE_PREPARE_PERSISTENT, &journal->statements[i], NULL);

        if (error != SQLITE_OK) {
            return journal_fails(journal, error);
        }
    }
    return true;
}

/* Number and chain of the last record, or of the last that was removed. */
static bool chain_take(struct journal *journal, enum journal_statement statement, uint64_t *number)
{
    sqlite3_stmt *sql = journal->statements[statement];
    int error = sqlite3_step(sql);
    bool is_there = error == SQLITE_ROW;

    if (is_there && sqlite3_column_bytes(sql, 1) == JOURNAL_CHAIN_LEN) {
        *number = (uint64_t)sqlite3_column_int64(sql, 0);
        memcpy(journal->chain.last, sqlite3_column_blob(sql, 1), JOURNAL_CHAIN_LEN);
    } else if (is_there) {
        (void)journal_fails(journal, SQLITE_CORRUPT);
    } else if (error != SQLITE_DONE) {
        (void)journal_fails(journal, error);
    }
    (void)sqlite3_reset(sql);
    return is_there && journal->error == SQLITE_OK;
}

static bool chain_resume(struct journal *journal)
{
    uint64_t anchor = 0, last = 0;

    if (!chain_take(journal, JOURNAL_SQL_ANCHOR, &anchor)) {
        return journal_fails(journal, SQLITE_CORRUPT);
    }
    last = anchor;
    (void)chain_take(journal, JOURNAL_SQL_LAST, &last);
    journal->first = anchor + 1;
    journal->next = journal->committed_next = last + 1;
    memcpy(journal->committed, journal->chain.last, JOURNAL_CHAIN_LEN);
    return journal->error == SQLITE_OK;
}

void journal_limit(struct journal *journal, const struct journal_limits *limits)
{
    char sql[80];
    uint64_t pages = limits->quota / journal->page_size;

    journal->limits = *limits;
    if (limits->quota == 0) {
        pages = 0xFFFFFFFE; /* as many as there can be */
    } else if (pages < QUOTA_PAGES_LEAST) {
        pages = QUOTA_PAGES_LEAST;
    }
    (void)snprintf(sql, sizeof(sql), "PRAGMA max_page_count = %llu", (unsigned long long)pages);
    (void)run_text(journal, sql);
}

static bool journal_prepare(struct journal *journal, const struct journal_limits *limits)
{
    char sql[80];

    (void)sqlite3_busy_timeout(journal->database, WAIT_MS);
    (void)snprintf(sql, sizeof(sql), "PRAGMA journal_size_limit = %d", WAL_MAX);
    if (!run_text(journal, "PRAGMA journal_mode = WAL") ||
        !run_text(journal, "PRAGMA synchronous = NORMAL") ||
        !run_text(journal, "PRAGMA temp_store = MEMORY") ||
        !run_text(journal, "PRAGMA trusted_schema = OFF") || !run_text(journal, sql) ||
        !tables_make(journal) || !statements_prepare(journal) || !chain_open(&journal->chain) ||
        !chain_resume(journal)) {
        return false;
    }
    journal->page_size = pragma(journal, "PRAGMA page_size");
    if (journal->page_size == 0) {
        return journal_fails(journal, SQLITE_CORRUPT);
    }
    journal_limit(journal, limits);
    return journal->error == SQLITE_OK;
}

struct journal *journal_open(const char *path, const struct journal_limits *limits, bool *is_broken,
                             struct fault *fault)
{
    struct journal *journal = calloc(1, sizeof(*journal));
    const int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;

    *is_broken = false;
    if (journal == NULL) {
        (void)fault_set(fault, "no memory for a journal");
        return NULL;
    }
    int error = sqlite3_open_v2(path, &journal->database, flags, NULL);
    if (error != SQLITE_OK || !journal_prepare(journal, limits)) {
        error = error == SQLITE_OK ? journal->error : error;
        *is_broken = journal->is_broken;
        (void)fault_set(fault, "%s: %s", path, sqlite3_errstr(error));
        journal_close(journal);
        return NULL;
    }
    return journal;
}

void journal_close(struct journal *journal)
{
    if (journal == NULL) {
        return;
    }
    for (unsigned i = 0; i < JOURNAL_SQL_COUNT; i++) {
        (void)sqlite3_finalize(journal->statements[i]);
    }
    chain_close(&journal->chain);
    (void)sqlite3_close(journal->database);
    free(journal);
}

/*
 * Writing.
 */

static bool batch_begin(struct journal *journal)
{
    if (!journal->is_batch_open && journal->error == SQLITE_OK) {
        journal->is_batch_open = journal_run(journal, JOURNAL_SQL_BEGIN);
    }
    return journal->error == SQLITE_OK;
}

bool journal_put(struct journal *journal, const struct journal_record *record)
{
    sqlite3_stmt *sql = journal->statements[JOURNAL_SQL_PUT];
    struct slice texts[JOURNAL_TEXTS];

    if (!batch_begin(journal)) {
        return false;
    }
    chain_add(&journal->chain, journal->next, record);
    journal_texts(record, texts);
    (void)sqlite3_bind_int64(sql, 1, (sqlite3_int64)journal->next);
    (void)sqlite3_bind_int64(sql, 2, (sqlite3_int64)record->when_us);
    for (int i = 0; i < JOURNAL_TEXTS; i++) {
        bind_text(sql, 3 + i, texts[i]);
    }
    (void)sqlite3_bind_blob(sql, 3 + JOURNAL_TEXTS, journal->chain.last, JOURNAL_CHAIN_LEN,
                            SQLITE_STATIC);
    journal->next++;
    return journal_run(journal, JOURNAL_SQL_PUT);
}

bool journal_put_call(struct journal *journal, const struct journal_call *call)
{
    sqlite3_stmt *sql = journal->statements[JOURNAL_SQL_PUT_CALL];
    const uint64_t times[] = {call->begin_us, call->ringing_us, call->answer_us, call->end_us};

    if (!batch_begin(journal)) {
        return false;
    }
    bind_text(sql, 1, call->id);
    bind_text(sql, 2, call->other);
    for (int i = 0; i < 4; i++) {
        bind_known(sql, 3 + i, times[i]);
    }
    bind_text(sql, 7, call->state);
    bind_known(sql, 8, call->status);
    bind_text(sql, 9, call->peer_in);
    bind_text(sql, 10, call->peer_out);
    bind_text(sql, 11, call->from);
    bind_text(sql, 12, call->to);
    bind_text(sql, 13, call->ended_by);
    bind_text(sql, 14, call->control);
    (void)sqlite3_bind_int64(sql, 15, call->messages);
    (void)sqlite3_bind_int64(sql, 16, call->findings);
    bind_text(sql, 17, call->media);
    return journal_run(journal, JOURNAL_SQL_PUT_CALL);
}

static void batch_forget(struct journal *journal)
{
    if (journal->is_batch_open && !sqlite3_get_autocommit(journal->database)) {
        int error = journal->error;

        (void)journal_run(journal, JOURNAL_SQL_ROLLBACK);
        journal->error = error;
    }
    journal->is_batch_open = false;
    journal->next = journal->committed_next;
    memcpy(journal->chain.last, journal->committed, JOURNAL_CHAIN_LEN);
}

/* A file that reached its quota all at once would refuse every batch for ever. */
static void journal_make_room(struct journal *journal, uint64_t now_us)
{
    uint64_t first = journal->first, removed = journal->removed;

    if (batch_begin(journal) && journal_keep_room(journal, now_us) &&
        journal_run(journal, JOURNAL_SQL_COMMIT)) {
        journal->is_batch_open = false;
        return;
    }
    batch_forget(journal);
    journal->first = first;
    journal->removed = removed;
    journal->error = SQLITE_OK;
}

bool journal_commit(struct journal *journal, uint64_t now_us, struct fault *fault)
{
    uint64_t first = journal->first, removed = journal->removed;

    if (!journal->is_batch_open && journal->error == SQLITE_OK) {
        return true;
    }
    bool is_kept = journal->error == SQLITE_OK && journal_keep_limits(journal, now_us) &&
                   journal_run(journal, JOURNAL_SQL_COMMIT);
    if (is_kept) {
        journal->is_batch_open = false;
        journal->committed_next = journal->next;
        memcpy(journal->committed, journal->chain.last, JOURNAL_CHAIN_LEN);
        return true;
    }
    int error = journal->error;
    (void)fault_set(fault, "%s", sqlite3_errstr(error));
    batch_forget(journal);
    journal->first = first;
    journal->removed = removed;
    journal->error = SQLITE_OK; /* the next batch tries anew */
    if ((error & 0xFF) == SQLITE_FULL) {
        journal_make_room(journal, now_us);
    }
    return false;
}

bool journal_is_broken(const struct journal *journal)
{
    return journal->is_broken;
}

void journal_head(const struct journal *journal, uint8_t chain[JOURNAL_CHAIN_LEN])
{
    memcpy(chain, journal->committed, JOURNAL_CHAIN_LEN);
}

struct journal_counts journal_counts(const struct journal *journal)
{
    struct journal *asked = (struct journal *)(uintptr_t)journal;

    return (struct journal_counts){
        .records = journal->committed_next - journal->first,
        .removed = journal->removed,
        .octets = journal_number(asked, JOURNAL_SQL_PAGES) * journal->page_size,
    };
}

void journal_set_aside(const char *path)
{
    static const char *const logs[] = {"-wal", "-shm"};
    char name[PATH_LONGEST];

    (void)snprintf(name, sizeof(name), "%s.broken", path);
    (void)renameat(AT_FDCWD, path, AT_FDCWD, name);
    for (size_t i = 0; i < ARRAY_COUNT(logs); i++) {
        (void)snprintf(name, sizeof(name), "%s%s", path, logs[i]);
        (void)unlinkat(AT_FDCWD, name, 0);
    }
}
