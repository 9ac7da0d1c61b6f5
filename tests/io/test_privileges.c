#include "../expect.h"

#include "io/privileges.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>

/* What a confined process of that role dies of when it does the deed: a signal, or 0. */
static int dies_of(enum ipc_role role, void (*deed)(void))
{
    int status = 0;

    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct privileges privileges = {.folder = -1};
        struct fault fault;

        if (!privileges_drop(&privileges, &fault) || !privileges_confine(role, &fault)) {
            _exit(1);
        }
        deed();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status)) {
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void open_socket(void)
{
    (void)!socket(AF_INET, SOCK_DGRAM, 0);
}

static void open_file(void)
{
    (void)!open("/etc/hostname", O_RDONLY);
}

static void run_program(void)
{
    char *const arguments[] = {"true", NULL};

    (void)execv("/bin/true", arguments);
}

static void make_process(void)
{
    (void)!fork();
}

static void run_written_memory(void)
{
    (void)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void use_memory(void)
{
    void *volatile memory = malloc(1 << 20);

    free(memory);
}

static int compare_octets(const void *a, const void *b)
{
    return *(const unsigned char *)a - *(const unsigned char *)b;
}

/* The library asks how much memory there is before it sorts more than a little. */
static void sort_much(void)
{
    static unsigned char octets[100000];

    for (size_t i = 0; i < sizeof(octets); i++) {
        octets[i] = (unsigned char)(i * 7);
    }
    qsort(octets, sizeof(octets), 1, compare_octets);
}

static void say_something(void)
{
    (void)!write(STDERR_FILENO, "", 0);
}

static void what_is_not_in_the_table_ends_the_process(void **state)
{
    static const enum ipc_role roles[] = {ROLE_BORDER, ROLE_MEDIA, ROLE_KEEPER, ROLE_RECORDER,
                                          ROLE_RESOLVER};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(roles); i++) {
        bool has_sockets = roles[i] == ROLE_RESOLVER;
        bool has_files = roles[i] == ROLE_RECORDER;

        assert_int_equal(dies_of(roles[i], open_socket), has_sockets ? 0 : SIGSYS);
        assert_int_equal(dies_of(roles[i], open_file), has_files ? 0 : SIGSYS);
        assert_int_equal(dies_of(roles[i], run_program), SIGSYS);
        assert_int_equal(dies_of(roles[i], make_process), SIGSYS);
        assert_int_equal(dies_of(roles[i], run_written_memory), SIGSYS);
        assert_int_equal(dies_of(roles[i], use_memory), 0);
        assert_int_equal(dies_of(roles[i], sort_much), 0);
        assert_int_equal(dies_of(roles[i], say_something), 0);
    }
}

static void *wait_then_open(void *argument)
{
    (void)pthread_barrier_wait(argument);
    (void)pthread_barrier_wait(argument);
    open_socket();
    _exit(0);
}

static void confine_with_a_thread(void)
{
    pthread_barrier_t there;
    pthread_t thread;
    struct fault fault;

    (void)pthread_barrier_init(&there, NULL, 2);
    (void)pthread_create(&thread, NULL, wait_then_open, &there);
    (void)pthread_barrier_wait(&there);
    if (!privileges_confine(ROLE_BORDER, &fault)) {
        _exit(1);
    }
    (void)pthread_barrier_wait(&there);
    (void)pthread_join(thread, NULL);
}

/* Threads made before are held to it, too. */
static void all_threads_are_confined(void **state)
{
    int status = 0;

    (void)state;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        const struct privileges privileges = {.folder = -1};
        struct fault fault;

        if (!privileges_drop(&privileges, &fault)) {
            _exit(1);
        }
        confine_with_a_thread();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_in_the_table_ends_the_process),
        cmocka_unit_test(all_threads_are_confined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
