#include "io/journal/read.h"

#include "base/must.h"
#include "base/text.h"
#include "io/journal/read_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
    READ_WAIT_MS = 2000, /* for a writer that is just setting up its tables */
    READ_PATH_MAX = 4096,
    READ_SQL_MAX = 1024,
    READ_BOUND_MAX = 12,
};

bool reader_fails(struct journal_reader *reader, int error, struct fault *fault)
{
    (void)reader;
    return fault_set(fault, "the journal: %s", sqlite3_errstr(error));
}

struct journal_reader *journal_read_open(const char *path, struct fault *fault)
{
    struct journal_reader *reader = calloc(1, sizeof(*reader));
    char name[READ_PATH_MAX];
    struct stat status;

    must(reader != NULL);
    bool is_folder = stat(path, &status) == 0 && S_ISDIR(status.st_mode);
    (void)snprintf(name, sizeof(name), "%s%s%s", path, is_folder ? "/" : "",
                   is_folder ? journal_name : "");
    int error = sqlite3_open_v2(name, &reader->database, SQLITE_OPEN_READONLY, NULL);
    if (error == SQLITE_OK) {
        (void)sqlite3_busy_timeout(reader->database, READ_WAIT_MS);
        error = sqlite3_exec(reader->database, "SELECT number FROM anchor", NULL, NULL, NULL);
    }
    if (error != SQLITE_OK) {
        (void)fault_set(fault, "%s: %s", name,
                        error == SQLITE_ERROR ? "not a journal" : sqlite3_errstr(error));
        journal_read_close(reader);
        return NULL;
    }
    return reader;
}

void journal_read_close(struct journal_reader *reader)
{
    if (reader != NULL) {
        (void)sqlite3_close(reader->database);
        free(reader);
    }
}

/*
 * Questions, put together from the filter.
 */

struct question {
    struct text sql;
    char room[READ_SQL_MAX];
    struct {
        struct slice text; /* at NULL: the number */
        uint64_t number;
    } bound[READ_BOUND_MAX];
    int count;
    bool has_condition;
};

static void question_begin(struct question *question, const char *start)
{
    *question = (struct question){.count = 0};
    text_init(&question->sql, question->room, sizeof(question->room) - 1);
    text_put_string(&question->sql, start);
}

static void question_and(struct question *question, const char *condition)
{
    text_put_string(&question->sql, question->has_condition ? " AND " : " WHERE ");
    text_put_string(&question->sql, condition);
    question->has_condition = true;
}

static void question_text(struct question *question, const char *condition, struct slice text)
{
    if (text.len > 0) {
        question_and(question, condition);
        question->bound[question->count++].text = text;
    }
}

static void question_either(struct question *question, const char *condition, struct slice text)
{
    if (text.len > 0) {
        question_and(question, condition);
        question->bound[question->count++].text = text;
        question->bound[question->count++].text = text;
    }
}

static void question_number(struct question *question, const char *condition, uint64_t number)
{
    if (number != 0) {
        question_and(question, condition);
        question->bound[question->count++].number = number;
    }
}

static sqlite3_stmt *question_ask(struct journal_reader *reader, struct question *question,
                                  struct fault *fault)
{
    sqlite3_stmt *sql = NULL;

    must(!question->sql.is_full);
    question->room[question->sql.len] = '\0';
    int error = sqlite3_prepare_v2(reader->database, question->room, -1, &sql, NULL);
    for (int i = 0; error == SQLITE_OK && i < question->count; i++) {
        struct slice text = question->bound[i].text;

        error = text.at != NULL
                    ? sqlite3_bind_text64(sql, i + 1, text.at, text.len, SQLITE_STATIC, SQLITE_UTF8)
                    : sqlite3_bind_int64(sql, i + 1, (sqlite3_int64)question->bound[i].number);
    }
    if (error != SQLITE_OK) {
        (void)sqlite3_finalize(sql);
        (void)reader_fails(reader, error, fault);
        return NULL;
    }
    return sql;
}

struct slice reader_text(sqlite3_stmt *sql, int column)
{
    const char *at = (const char *)sqlite3_column_text(sql, column);

    return at == NULL ? SLICE_NONE : slice_of(at, (size_t)sqlite3_column_bytes(sql, column));
}

uint64_t reader_number(sqlite3_stmt *sql, int column)
{
    sqlite3_int64 number = sqlite3_column_int64(sql, column);

    return number < 0 ? 0 : (uint64_t)number;
}

/* A kind somebody wrote into the file that we do not know is told as a note. */
static enum journal_kind kind_find(struct slice name)
{
    for (enum journal_kind kind = 0; kind < JOURNAL_KIND_COUNT; kind++) {
        if (slice_equal(name, slice_string(journal_kind_name(kind)))) {
            return kind;
        }
    }
    return JOURNAL_NOTE;
}

void reader_row(sqlite3_stmt *sql, struct journal_row *row)
{
    row->number = reader_number(sql, 0);
    row->record = (struct journal_record){
        .when_us = reader_number(sql, 1),
        .kind = kind_find(reader_text(sql, 2)),
        .call = reader_text(sql, 3),
        .peer = reader_text(sql, 4),
        .control = reader_text(sql, 5),
        .action = reader_text(sql, 6),
        .source = reader_text(sql, 7),
        .body = reader_text(sql, 8),
    };
}

static bool reader_end(struct journal_reader *reader, sqlite3_stmt *sql, int error,
                       struct fault *fault)
{
    (void)sqlite3_finalize(sql);
    return error == SQLITE_DONE || error == SQLITE_ROW || reader_fails(reader, error, fault);
}

/* The newest so many, then turned round. */
bool journal_read_records(struct journal_reader *reader, const struct journal_filter *filter,
                          journal_each *each, void *owner, struct fault *fault)
{
    struct question question;
    struct journal_row row;
    int error = SQLITE_ROW;

    question_begin(&question, "SELECT * FROM (SELECT number, when_us, kind, call, peer, control, "
                              "action, source, body FROM record");
    question_number(&question, "number > ?", filter->after);
    question_number(&question, "when_us >= ?", filter->since_us);
    question_number(&question, "when_us < ?", filter->until_us);
    if (filter->kind != NULL) {
        question_text(&question, "kind = ?", slice_string(filter->kind));
    }
    question_text(&question, "call = ?", filter->call);
    question_text(&question, "peer = ?", filter->peer);
    question_text(&question, "control = ?", filter->control);
    text_put_string(&question.sql,
                    filter->is_forward ? " ORDER BY number" : " ORDER BY number DESC");
    if (filter->limit > 0) {
        text_put_format(&question.sql, " LIMIT %u", filter->limit);
    }
    text_put_string(&question.sql, ") ORDER BY number");
    sqlite3_stmt *sql = question_ask(reader, &question, fault);
    if (sql == NULL) {
        return false;
    }
    while ((error = sqlite3_step(sql)) == SQLITE_ROW) {
        reader_row(sql, &row);
        if (!each(owner, &row)) {
            break;
        }
    }
    return reader_end(reader, sql, error, fault);
}

static void call_take(sqlite3_stmt *sql, struct journal_call *call)
{
    *call = (struct journal_call){
        .id = reader_text(sql, 0),
        .other = reader_text(sql, 1),
        .begin_us = reader_number(sql, 2),
        .ringing_us = reader_number(sql, 3),
        .answer_us = reader_number(sql, 4),
        .end_us = reader_number(sql, 5),
        .state = reader_text(sql, 6),
        .status = (uint16_t)reader_number(sql, 7),
        .peer_in = reader_text(sql, 8),
        .peer_out = reader_text(sql, 9),
        .from = reader_text(sql, 10),
        .to = reader_text(sql, 11),
        .ended_by = reader_text(sql, 12),
        .control = reader_text(sql, 13),
        .messages = (uint32_t)reader_number(sql, 14),
        .findings = (uint32_t)reader_number(sql, 15),
        .media = reader_text(sql, 16),
    };
}

bool journal_read_calls(struct journal_reader *reader, const struct journal_filter *filter,
                        journal_each_call *each, void *owner, struct fault *fault)
{
    struct question question;
    struct journal_call call;
    int error = SQLITE_ROW;

    question_begin(&question,
                   "SELECT * FROM (SELECT id, other, begin_us, ringing_us, answer_us, end_us, "
                   "state, status, peer_in, peer_out, caller, callee, ended_by, control, messages, "
                   "findings, media FROM call");
    question_number(&question, "begin_us >= ?", filter->since_us);
    question_number(&question, "begin_us < ?", filter->until_us);
    question_either(&question, "(id = ? OR other = ?)", filter->call);
    question_either(&question, "(peer_in = ? OR peer_out = ?)", filter->peer);
    question_text(&question, "control = ?", filter->control);
    text_put_string(&question.sql, " ORDER BY begin_us DESC");
    if (filter->limit > 0) {
        text_put_format(&question.sql, " LIMIT %u", filter->limit);
    }
    text_put_string(&question.sql, ") ORDER BY begin_us");
    sqlite3_stmt *sql = question_ask(reader, &question, fault);
    if (sql == NULL) {
        return false;
    }
    while ((error = sqlite3_step(sql)) == SQLITE_ROW) {
        call_take(sql, &call);
        if (!each(owner, &call)) {
            break;
        }
    }
    return reader_end(reader, sql, error, fault);
}

bool journal_read_newest(struct journal_reader *reader, uint64_t *number, struct fault *fault)
{
    sqlite3_stmt *sql = NULL;
    int error = sqlite3_prepare_v2(reader->database, "SELECT coalesce(max(number), 0) FROM record",
                                   -1, &sql, NULL);

    if (error == SQLITE_OK) {
        error = sqlite3_step(sql);
        *number = error == SQLITE_ROW ? reader_number(sql, 0) : 0;
    }
    return reader_end(reader, sql, error, fault);
}
