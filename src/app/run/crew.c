#include "app/run/crew.h"

#include "app/run/hand.h"

#include <unistd.h>

static void crew_wake(struct crew *crew)
{
    loop_wake(&crew->workers[0]->loop);
}

void crew_note_begun(struct crew *crew)
{
    (void)atomic_fetch_add(&crew->begun, 1);
    crew_wake(crew);
}

void crew_note_policy(struct crew *crew)
{
    (void)atomic_fetch_add(&crew->took_policy, 1);
    crew_wake(crew);
}

void crew_note_idle(struct crew *crew, uint32_t worker, bool is_idle)
{
    atomic_store(&crew->idle[worker], is_idle);
    crew_wake(crew);
}

bool crew_has_begun(struct crew *crew)
{
    return atomic_load(&crew->begun) == crew->count;
}

void crew_new_policy(struct crew *crew)
{
    atomic_store(&crew->took_policy, 0);
}

bool crew_has_policy(struct crew *crew)
{
    return atomic_load(&crew->took_policy) == crew->count;
}

bool crew_is_idle(struct crew *crew)
{
    for (uint32_t i = 0; i < crew->count; i++) {
        if (!atomic_load(&crew->idle[i])) {
            return false;
        }
    }
    return true;
}

void crew_tell(struct crew *crew, uint32_t worker, const struct worker_command *command)
{
    bool is_told = worker < crew->count;

    if (is_told && worker > 0) {
        is_told = hand_command(crew->workers[0], worker, command);
    } else if (is_told) {
        worker_obey(crew->workers[0], command);
    }
    if (!is_told && command->fd >= 0) {
        (void)close(command->fd);
    }
}

void crew_tell_all(struct crew *crew, const struct worker_command *command)
{
    for (uint32_t i = 0; i < crew->count; i++) {
        crew_tell(crew, i, command);
    }
}
