/*
 * What goes again: records older than they may be, and the oldest when the file is near its quota.
 *
 * Some at each batch, never all at once: the recorder must not be away for as long as a day's
 * records take to delete.
 */
#include "io/journal/inside.h"

enum {
    REMOVE_LEAST = 256,     /* records of one step, when there are too many */
    REMOVE_FULL = 4096,     /* when nothing could be added any more */
    QUOTA_USED_PERCENT = 90 /* of it; the rest is for the pages a batch may need */
};

static uint64_t octets_used(struct journal *journal)
{
    uint64_t pages = journal_number(journal, JOURNAL_SQL_PAGES);
    uint64_t free = journal_number(journal, JOURNAL_SQL_FREE_PAGES);

    return (pages - (free < pages ? free : pages)) * journal->page_size;
}

/* Everything through number last. */
static bool remove_through(struct journal *journal, uint64_t last, uint64_t before_us)
{
    sqlite3_stmt *anchor = journal_bound(journal, JOURNAL_SQL_SET_ANCHOR, last);
    bool is_done = anchor != NULL && journal_run(journal, JOURNAL_SQL_SET_ANCHOR) &&
                   journal_bound(journal, JOURNAL_SQL_REMOVE, last) != NULL &&
                   journal_run(journal, JOURNAL_SQL_REMOVE) &&
                   journal_bound(journal, JOURNAL_SQL_REMOVE_CALLS, before_us) != NULL &&
                   journal_run(journal, JOURNAL_SQL_REMOVE_CALLS);

    if (is_done) {
        journal->removed += last + 1 - journal->first;
        journal->first = last + 1;
    }
    return is_done;
}

static bool remove_oldest(struct journal *journal, uint64_t count, uint64_t before_us)
{
    if (journal->first + count >= journal->next) {
        count = (journal->next - journal->first) / 2;
    }
    return count == 0 || remove_through(journal, journal->first + count - 1, before_us);
}

bool journal_keep_room(struct journal *journal, uint64_t now_us)
{
    return remove_oldest(journal, REMOVE_FULL, now_us);
}

/* Twice what the batch brought, so that the file shrinks; the newest record always stays, for the
 * chain goes on from it. */
static bool keep_quota(struct journal *journal, uint64_t now_us)
{
    uint64_t brought = journal->next - journal->committed_next;
    uint64_t count = 2 * brought + REMOVE_LEAST;
    uint64_t used = octets_used(journal);

    if (journal->limits.quota == 0 || used < journal->limits.quota / 100 * QUOTA_USED_PERCENT) {
        return true;
    }
    return remove_oldest(journal, count, now_us);
}

static bool keep_age(struct journal *journal, uint64_t now_us)
{
    uint64_t before_us = now_us - journal->limits.keep_us;

    if (journal->limits.keep_us == 0 || now_us <= journal->limits.keep_us ||
        journal->next - journal->first < 2 ||
        journal_bound(journal, JOURNAL_SQL_TOO_OLD, before_us) == NULL) {
        return journal->error == SQLITE_OK;
    }
    uint64_t last = journal_number(journal, JOURNAL_SQL_TOO_OLD);
    if (last + 1 >= journal->next) {
        last = journal->next - 2;
    }
    return last < journal->first || remove_through(journal, last, before_us);
}

bool journal_keep_limits(struct journal *journal, uint64_t now_us)
{
    return keep_age(journal, now_us) && keep_quota(journal, now_us);
}
