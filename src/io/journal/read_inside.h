/*
 * Between the files that read a journal.
 */
#pragma once

#include "io/journal/read.h"

#include <sqlite3.h>

struct journal_reader {
    sqlite3 *database;
};

bool reader_fails(struct journal_reader *reader, int error, struct fault *fault);
struct slice reader_text(sqlite3_stmt *sql, int column);
uint64_t reader_number(sqlite3_stmt *sql, int column);

/* Of the columns number, when_us, kind, call, peer, control, action, source, body. */
void reader_row(sqlite3_stmt *sql, struct journal_row *row);
