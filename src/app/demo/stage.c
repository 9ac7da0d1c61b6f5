#include "app/demo/stage.h"

#include "app/demo/demo_policy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    STAGE_START_MS = 5000, /* a store starts within a fraction of this */
    STAGE_JOURNAL_MS = 600,
    STAGE_STEP_MS = 20,
};

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

static bool write_file(const char *folder, const char *name, const char *text, struct fault *fault)
{
    char path[PATH_MAX];
    FILE *file = NULL;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "we");
    if (file == NULL) {
        return fault_set(fault, "cannot write %s: %s", path, strerror(errno));
    }
    bool is_written = fputs(text, file) >= 0;
    return fclose(file) == 0 && is_written ? true : fault_set(fault, "cannot write %s", path);
}

static bool write_policy(struct stage *stage, struct fault *fault)
{
    char text[8192], journal[128];

    snprintf(journal, sizeof(journal), "%s/journal", stage->folder);
    if (mkdir(journal, 0777) != 0) {
        return fault_set(fault, "cannot make %s: %s", journal, strerror(errno));
    }
    /* The recorder writes as the user the processes become. */
    chmod(stage->folder, 0755);
    chmod(journal, 0777);
    snprintf(text, sizeof(text), "%s\njournal: %s\n", demo_policy, journal);
    return write_file(stage->folder, "policy.yaml", text, fault);
}

static bool start_store(struct stage *stage, struct fault *fault)
{
    char policy[128], state[128], log[128];

    snprintf(policy, sizeof(policy), "%s/policy.yaml", stage->folder);
    snprintf(state, sizeof(state), "%s/state", stage->folder);
    snprintf(log, sizeof(log), "%s/store.log", stage->folder);
    stage->store = fork();
    if (stage->store == 0) {
        int out = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

        dup2(out, STDOUT_FILENO);
        dup2(out, STDERR_FILENO);
        execl("/proc/self/exe", "sipwarden", "run", policy, "--state", state, (char *)NULL);
        _exit(127);
    }
    return stage->store > 0 ? true : fault_set(fault, "cannot fork: %s", strerror(errno));
}

static bool store_has_ended(const struct stage *stage)
{
    return waitpid(stage->store, NULL, WNOHANG) == stage->store;
}

/* The border is up when it answers OPTIONS. */
static bool wait_for_store(struct stage *stage, struct fault *fault)
{
    char room[2048];

    for (int waited = 0; waited < STAGE_START_MS; waited += 100) {
        struct actor_call call;
        struct text text;

        if (store_has_ended(stage)) {
            stage->store = 0;
            return fault_set(fault,
                             "the store did not start; remedy: see %s/store.log (are 127.0.0.1, "
                             ".10 and .11, port 5060, free?)",
                             stage->folder);
        }
        text_init(&text, room, sizeof(room));
        actor_begin(&stage->core, &call, "sip:127.0.0.10", "sip:core@demo.example");
        actor_request(&stage->core, &text, &call, "OPTIONS", "sip:127.0.0.10:5060", "", SLICE_NONE);
        actor_send(&stage->core, &stage->core_side, text_slice(&text));
        if (actor_receive(&stage->core, 100) && !stage->core.message.is_request) {
            return true;
        }
    }
    return fault_set(fault, "the store did not answer within %d s; remedy: see %s/store.log",
                     STAGE_START_MS / 1000, stage->folder);
}

bool stage_open(struct stage *stage, struct fault *fault)
{
    const char *no_color = getenv("NO_COLOR");

    *stage = (struct stage){.folder = "/tmp/sipwarden-demo-XXXXXX"};
    stage->is_plain = !isatty(STDOUT_FILENO) || (no_color != NULL && no_color[0] != '\0');
    if (mkdtemp(stage->folder) == NULL) {
        return fault_set(fault, "cannot make a folder in /tmp: %s", strerror(errno));
    }
    address_read_port(&stage->device_side, SLICE("127.0.0.1:5060"));
    address_read_port(&stage->core_side, SLICE("127.0.0.10:5060"));
    address_read_port(&stage->partner_side, SLICE("127.0.0.11:5060"));
    return actor_open(&stage->alice, "alice", "127.0.0.2", 5062, fault) &&
           actor_open(&stage->core, "core", "127.0.0.20", 5060, fault) &&
           actor_open(&stage->partner, "partner", "127.0.0.30", 5060, fault) &&
           actor_open(&stage->stranger, "stranger", "127.0.0.66", 5066, fault) &&
           write_policy(stage, fault) && start_store(stage, fault) && wait_for_store(stage, fault);
}

static void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry = NULL;
    char name[PATH_MAX];

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        if (unlink(name) != 0) {
            remove_folder(name);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    rmdir(path);
}

void stage_close(struct stage *stage)
{
    if (stage->store > 0) {
        kill(stage->store, SIGTERM);
        for (int waited = 0; waited < STAGE_START_MS; waited += STAGE_STEP_MS) {
            if (store_has_ended(stage)) {
                stage->store = 0;
                break;
            }
            pause_ms(STAGE_STEP_MS);
        }
    }
    if (stage->store > 0) {
        kill(stage->store, SIGKILL);
        waitpid(stage->store, NULL, 0);
    }
    actor_close(&stage->alice);
    actor_close(&stage->core);
    actor_close(&stage->partner);
    actor_close(&stage->stranger);
    if (stage->failed == 0) {
        remove_folder(stage->folder);
    }
}

static const char *text_at(const json_t *event, const char *set, const char *field)
{
    const char *text = json_string_value(json_object_get(json_object_get(event, set), field));

    return text == NULL ? "" : text;
}

/* {"rule":{"id":"CT-FW-05",...},"sip":{"call_id":"..."},"source":{"ip":"..."}}; what was not read,
 * because its sender is nobody we know, has no Call-ID. */
static bool event_names(const char *line, const char *whose, char *room, size_t len)
{
    json_t *event = json_loads(line, JSON_ALLOW_NUL, NULL);
    bool is_it = strcmp(text_at(event, "sip", "call_id"), whose) == 0 ||
                 strcmp(text_at(event, "source", "ip"), whose) == 0;

    if (is_it) {
        snprintf(room, len, "%s", text_at(event, "rule", "id"));
    }
    json_decref(event);
    return is_it && room[0] != '\0';
}

static bool file_names(const char *path, const char *whose, char *room, size_t len)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t size = 0;
    bool is_found = false;

    while (file != NULL && !is_found && getline(&line, &size, file) > 0) {
        is_found = strstr(line, whose) != NULL && event_names(line, whose, room, len);
    }
    free(line);
    if (file != NULL) {
        fclose(file);
    }
    return is_found;
}

static bool journal_names(const struct stage *stage, const char *whose, char *room, size_t len)
{
    char path[PATH_MAX];
    const struct dirent *entry = NULL;
    bool is_found = false;

    snprintf(path, sizeof(path), "%s/journal", stage->folder);
    DIR *folder = opendir(path);
    while (folder != NULL && !is_found && (entry = readdir(folder)) != NULL) {
        snprintf(path, sizeof(path), "%s/journal/%s", stage->folder, entry->d_name);
        is_found = file_names(path, whose, room, len);
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return is_found;
}

const char *stage_control(const struct stage *stage, const char *whose, char *room, size_t len)
{
    room[0] = '\0';
    for (int waited = 0; waited < STAGE_JOURNAL_MS; waited += STAGE_STEP_MS) {
        if (journal_names(stage, whose, room, len)) {
            return room;
        }
        pause_ms(STAGE_STEP_MS);
    }
    return room;
}

void stage_tell(struct stage *stage, bool is_well, const char *what, const char *how)
{
    const char *mark = is_well ? "ok" : "NO";
    const char *colour = is_well ? "\033[32m" : "\033[31m";

    if (is_well) {
        stage->passed++;
    } else {
        stage->failed++;
    }
    if (stage->is_plain) {
        printf("  %s  %-52s %s\n", mark, what, how);
    } else {
        printf("  %s%s\033[0m  %-52s %s\n", colour, mark, what, how);
    }
    fflush(stdout);
}
