/*
 * Messages as they happen: from capturing agents, or from an interface.
 */
#include "app/inspect/run.h"
#include "app/say.h"
#include "io/capture/capture.h"
#include "io/capture/hep.h"
#include "io/capture/interface.h"

#include <errno.h>
#include <sys/random.h>

static void ready_say(const struct inspect_run *run, const char *source)
{
    if (!run->options.is_quiet) {
        say("%s: listening; SIGINT ends it and writes the report", source);
    }
}

/* False when that were enough. */
static bool message_take(struct inspect_run *run, const struct packet *packet, const char *source)
{
    run_judge(run, packet, source);
    run->messages++;
    (void)fflush(stdout);
    if (run_progress_due(run)) {
        run_progress_show(run, 0);
    }
    return run->options.count == 0 || run->messages < run->options.count;
}

static bool hep_inspect(struct inspect_run *run, struct report_file *source,
                        const struct until *until, struct fault *fault)
{
    struct hep_receiver *receiver = hep_open(run->options.hep, until, fault);
    struct packet packet;

    if (receiver == NULL) {
        return false;
    }
    source->path = run->options.hep;
    ready_say(run, source->path);
    while (hep_next(receiver, &packet) && message_take(run, &packet, source->path)) {
    }
    source->counts = *hep_counts(receiver);
    source->octets = hep_octets(receiver);
    hep_close(receiver);
    return true;
}

static bool frames_inspect(struct inspect_run *run, struct report_file *source,
                           struct interface *interface, struct fault *fault)
{
    struct hash_key key;
    struct packet packet;

    if (getrandom(&key, sizeof(key), 0) != sizeof(key)) {
        return fault_set(fault, "no random numbers: %s", strerror(errno));
    }
    struct capture *capture = capture_new(interface_read, interface, &key, fault);
    if (capture == NULL) {
        return false;
    }
    if (run->options.keylog != NULL && !capture_load_keys(capture, run->options.keylog, fault)) {
        capture_close(capture);
        return false;
    }
    while (capture_next(capture, &packet, fault) && message_take(run, &packet, source->path)) {
    }
    source->counts = *capture_counts(capture);
    source->counts.of[CAPTURE_KERNEL_DROPPED] += interface_dropped(interface);
    source->octets = capture_progress(capture).done;
    capture_close(capture);
    /* What came before the interface failed counts, and is told. */
    memcpy(source->fault, fault->text, sizeof(source->fault));
    run->is_unreadable = fault->text[0] != '\0';
    return true;
}

static bool interface_inspect(struct inspect_run *run, struct report_file *source,
                              const struct until *until, struct fault *fault)
{
    struct interface *interface =
        interface_open(run->options.interface, run->options.filter, until, fault);

    if (interface == NULL) {
        return false;
    }
    source->path = run->options.interface;
    ready_say(run, source->path);
    bool is_done = frames_inspect(run, source, interface, fault);
    interface_close(interface);
    return is_done;
}

bool live_inspect(struct inspect_run *run, struct report_file *source, struct fault *fault)
{
    struct until until;

    if (!until_open(&until, run->options.seconds, fault)) {
        return false;
    }
    bool is_done = run->options.hep != NULL ? hep_inspect(run, source, &until, fault)
                                            : interface_inspect(run, source, &until, fault);
    run_progress_end(run);
    until_close(&until);
    return is_done;
}
