#include "app/run/notes.h"

#include "wire/media_quality.h"

void notes_init(struct notes *notes, uint64_t epoch)
{
    memset(notes, 0, sizeof(*notes));
    notes->epoch = epoch;
    text_init(&notes->text, notes->room, sizeof(notes->room));
}

void notes_follow_policy(struct notes *notes, const struct policy *policy)
{
    notes->is_wanted = policy->journal.len > 0 && policy->keeps_calls;
}

void notes_flush(struct notes *notes, struct ipc_link *link)
{
    notes->noted = 0;
    if (notes->gathered == 0) {
        return;
    }
    if (!ipc_send(link, IPC_NOTES, text_slice(&notes->text), NULL, 0)) {
        notes->lost += notes->gathered;
    }
    notes->gathered = 0;
    notes->text.len = 0;
}

/* One more of this second, or one too many. */
static bool notes_may(struct notes *notes, uint64_t wall_us)
{
    if (notes->second != wall_us / 1000000) {
        notes->second = wall_us / 1000000;
        notes->in_second = 0;
    }
    if (notes->in_second == NOTES_PER_SECOND) {
        notes->withheld++;
        return false;
    }
    notes->in_second++;
    return true;
}

static void notes_put(struct notes *notes, struct ipc_link *link, const struct call_note *note)
{
    if (!notes_may(notes, note->when_us)) {
        return;
    }
    if (notes->text.max - notes->text.len < CALL_NOTE_MAX) {
        uint32_t noted = notes->noted;

        notes_flush(notes, link);
        notes->noted = noted;
    }
    call_note_write(&notes->text, note);
    notes->gathered++;
    notes->taken++;
}

static void notes_outbox(struct notes *notes, struct ipc_link *link, const struct policy *policy,
                         const struct outbox *outbox, uint32_t trip, uint64_t wall_us)
{
    struct call_note note;

    for (; notes->noted < outbox->item_count; notes->noted++) {
        if (note_sent(&note, &notes->texts, policy, &outbox->items[notes->noted], wall_us) &&
            (trip != 0 || note.method != SIP_REGISTER)) {
            note.trip = trip;
            notes_put(notes, link, &note);
        }
    }
}

void notes_before(struct notes *notes, struct ipc_link *link, const struct policy *policy,
                  const struct outbox *outbox, uint64_t wall_us)
{
    if (notes->is_wanted) {
        notes_outbox(notes, link, policy, outbox, 0, wall_us);
    }
}

void notes_after(struct notes *notes, struct ipc_link *link, const struct inspection *inspection,
                 const struct outbox *outbox, uint64_t wall_us)
{
    struct call_note note;

    if (!notes->is_wanted) {
        return;
    }
    if (!note_is_wanted(inspection)) {
        notes->noted = outbox->item_count;
        return;
    }
    notes->trip = notes->trip == UINT32_MAX ? 1 : notes->trip + 1;
    note_taken(&note, &notes->texts, inspection, wall_us);
    note.trip = notes->trip;
    notes_put(notes, link, &note);
    notes_outbox(notes, link, inspection->policy, outbox, notes->trip, wall_us);
}

/* Among all streams there were: worker, generation, index. */
static uint64_t stream_name(uint32_t worker, uint32_t generation, uint32_t stream)
{
    return (uint64_t)(worker & 0xFF) << 56 | (uint64_t)(generation & 0xFFFFFF) << 32 | stream;
}

void notes_stream(struct notes *notes, struct ipc_link *link, struct slice call_id,
                  const struct media_order *order, uint64_t wall_us)
{
    struct call_note note = {
        .when_us = wall_us,
        .kind = CALL_NOTE_STREAM,
        .stream = stream_name(order->worker, order->generation, order->stream),
        .texts = {[CALL_NOTE_CALL_ID] = call_id},
    };

    notes_put(notes, link, &note);
}

void notes_media(struct notes *notes, struct ipc_link *link, const struct media_report *report,
                 uint64_t wall_us)
{
    struct call_note note = {
        .when_us = wall_us,
        .kind = CALL_NOTE_MEDIA,
        .stream = stream_name(report->worker, report->generation, report->stream),
    };

    if (!notes->is_wanted || report->kind != MEDIA_REPORT_CLOSED) {
        return;
    }
    for (unsigned side = 0; side < 2; side++) {
        note.packets[side] = report->sides[side].packets;
        note.octets[side] = report->sides[side].octets;
        note.lost[side] = report->sides[side].lost;
        note.jitter_us[side] = report->sides[side].jitter_us;
        note.mos[side] = (uint16_t)media_mos(&report->sides[side]);
    }
    notes_put(notes, link, &note);
}

void notes_tally(struct notes *notes, struct ipc_link *link, uint32_t worker, uint64_t events)
{
    const struct ipc_tally tally = {
        .worker = worker, .epoch = notes->epoch, .events = events, .notes = notes->taken};

    (void)ipc_say(link, IPC_TALLY, &tally); /* the next one says it again */
}
