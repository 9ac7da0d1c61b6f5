/*
 * The chain, followed from where it begins to its head.
 *
 * A record is compared with what it must be after the one stored before it, so one altered record
 * is one break, wherever it stands, and those behind it are still proved.  Who altered it and made
 * its chain anew moves the break to the next record; who made all of them anew is found by a head
 * that was noted elsewhere.
 */
#include "io/journal/inside.h"
#include "io/journal/read_inside.h"

#include "base/must.h"

static void break_add(struct journal_proof *proof, const struct journal_row *row, uint64_t expected)
{
    if (proof->break_count < JOURNAL_BREAKS_MAX) {
        proof->breaks[proof->break_count] = (struct journal_break){
            .number = row->number,
            .missing = row->number > expected ? row->number - expected : 0,
            .when_us = row->record.when_us,
            .is_out_of_row = row->number != expected,
        };
    }
    proof->break_count++;
}

static void row_verify(struct journal_chain *chain, sqlite3_stmt *sql, uint64_t *expected,
                       struct journal_proof *proof)
{
    struct journal_row row;

    reader_row(sql, &row);
    const void *stored = sqlite3_column_blob(sql, 9);
    bool has_chain = sqlite3_column_bytes(sql, 9) == JOURNAL_CHAIN_LEN;
    /* A kind we do not know was not written by us. */
    bool is_ours =
        slice_equal(reader_text(sql, 2), slice_string(journal_kind_name(row.record.kind)));

    chain_add(chain, row.number, &row.record);
    if (row.number != *expected || !has_chain || !is_ours ||
        memcmp(chain->last, stored, JOURNAL_CHAIN_LEN) != 0) {
        break_add(proof, &row, *expected);
    }
    if (has_chain) {
        memcpy(chain->last, stored, JOURNAL_CHAIN_LEN);
    }
    if (proof->records++ == 0) {
        proof->first = row.number;
        proof->first_us = row.record.when_us;
    }
    proof->last = row.number;
    proof->last_us = row.record.when_us;
    *expected = row.number + 1;
}

static bool anchor_read(struct journal_reader *reader, struct journal_chain *chain,
                        struct journal_proof *proof, struct fault *fault)
{
    sqlite3_stmt *sql = NULL;
    int error =
        sqlite3_prepare_v2(reader->database, "SELECT number, chain FROM anchor", -1, &sql, NULL);

    if (error == SQLITE_OK) {
        error = sqlite3_step(sql);
    }
    bool is_there = error == SQLITE_ROW && sqlite3_column_bytes(sql, 1) == JOURNAL_CHAIN_LEN;
    if (is_there) {
        proof->removed = reader_number(sql, 0);
        memcpy(chain->last, sqlite3_column_blob(sql, 1), JOURNAL_CHAIN_LEN);
    }
    (void)sqlite3_finalize(sql);
    return is_there || fault_set(fault, "the journal does not say where its chain begins");
}

static bool rows_verify(struct journal_reader *reader, struct journal_chain *chain,
                        const uint8_t *expected_head, struct journal_proof *proof,
                        struct fault *fault)
{
    uint64_t expected = proof->removed + 1;
    sqlite3_stmt *sql = NULL;
    int error = sqlite3_prepare_v2(
        reader->database,
        "SELECT number, when_us, kind, call, peer, control, action, source, body, chain"
        " FROM record ORDER BY number",
        -1, &sql, NULL);

    proof->has_expected =
        expected_head != NULL && memcmp(chain->last, expected_head, JOURNAL_CHAIN_LEN) == 0;
    while (error == SQLITE_OK || error == SQLITE_ROW) {
        error = sqlite3_step(sql);
        if (error != SQLITE_ROW) {
            break;
        }
        row_verify(chain, sql, &expected, proof);
        proof->has_expected |=
            expected_head != NULL && memcmp(chain->last, expected_head, JOURNAL_CHAIN_LEN) == 0;
    }
    (void)sqlite3_finalize(sql);
    memcpy(proof->head, chain->last, JOURNAL_CHAIN_LEN);
    return error == SQLITE_DONE || reader_fails(reader, error, fault);
}

bool journal_verify(struct journal_reader *reader, const uint8_t *expected,
                    struct journal_proof *proof, struct fault *fault)
{
    struct journal_chain chain;

    *proof = (struct journal_proof){0};
    must(chain_open(&chain));
    /* One look: what is removed meanwhile is still seen. */
    int error = sqlite3_exec(reader->database, "BEGIN", NULL, NULL, NULL);
    bool is_done = (error == SQLITE_OK || reader_fails(reader, error, fault)) &&
                   anchor_read(reader, &chain, proof, fault) &&
                   rows_verify(reader, &chain, expected, proof, fault);
    (void)sqlite3_exec(reader->database, "COMMIT", NULL, NULL, NULL);
    chain_close(&chain);
    return is_done;
}
