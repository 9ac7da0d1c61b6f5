/*
 * Between the files of this folder: the database, its statements, the chain.
 */
#pragma once

#include "io/journal/journal.h"

#include <openssl/evp.h>
#include <sqlite3.h>

enum journal_statement {
#define STATEMENT(name, sql) JOURNAL_SQL_##name,
#include "io/journal/statements.def"
#undef STATEMENT
    JOURNAL_SQL_COUNT,
};

struct journal_chain {
    EVP_MD_CTX *digest;
    const EVP_MD *kind;
    uint8_t last[JOURNAL_CHAIN_LEN];
};

struct journal {
    sqlite3 *database;
    sqlite3_stmt *statements[JOURNAL_SQL_COUNT];
    struct journal_limits limits;
    struct journal_chain chain;
    uint64_t page_size;
    uint64_t first, next;    /* numbers of the oldest record and of the next */
    uint64_t committed_next; /* what is true when the batch fails */
    uint8_t committed[JOURNAL_CHAIN_LEN];
    uint64_t removed;
    int error; /* of SQLite, of this batch; SQLITE_OK */
    bool is_batch_open, is_broken;
};

/* The columns that are hashed, in this order. */
enum { JOURNAL_TEXTS = 7 };
void journal_texts(const struct journal_record *record, struct slice texts[JOURNAL_TEXTS]);

bool chain_open(struct journal_chain *chain);
void chain_close(struct journal_chain *chain);

/* Moves chain->last on by one record. */
void chain_add(struct journal_chain *chain, uint64_t number, const struct journal_record *record);

/* Runs a statement to its end; false when it was refused. */
bool journal_run(struct journal *journal, enum journal_statement statement);
uint64_t journal_number(struct journal *journal, enum journal_statement statement);
sqlite3_stmt *journal_bound(struct journal *journal, enum journal_statement statement,
                            uint64_t number);

/* keep.c: the oldest records go, some at a time; within a batch. */
bool journal_keep_limits(struct journal *journal, uint64_t now_us);
bool journal_keep_room(struct journal *journal, uint64_t now_us);
