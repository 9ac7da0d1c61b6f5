#include "echo.h"

#include "io/ipc.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

struct ear {
    struct loop loop;
    struct ipc_link link;
    uint64_t received, ended, refused, closed;
    enum ipc_type last;
    char text[IPC_TEXT_MAX];
    size_t text_len;
    unsigned descriptor_count;
    int kept; /* a descriptor taken over */
    bool keeps;
};

static void ear_received(void *owner, struct ipc_link *link, struct ipc_message *message)
{
    struct ear *ear = owner;

    assert_ptr_equal(link, &ear->link);
    ear->received++;
    ear->last = message->type;
    ear->descriptor_count = message->descriptor_count;
    memcpy(ear->text, message->payload.at, message->payload.len);
    ear->text_len = message->payload.len;
    if (ear->keeps && message->descriptor_count > 0) {
        ear->kept = message->descriptors[0];
        message->descriptors[0] = -1;
    }
}

static void ear_ended(void *owner, struct ipc_link *link, bool is_refused)
{
    struct ear *ear = owner;

    (void)link;
    ear->ended++;
    ear->refused += is_refused;
}

static void ear_closed(void *owner)
{
    struct ear *ear = owner;

    ear->closed++;
}

/* Listens as role to what peer says; the other end is returned. */
static int ear_open(struct ear *ear, enum ipc_role role, enum ipc_role peer)
{
    const struct ipc_owner owner = {.received = ear_received, .ended = ear_ended, .owner = ear};
    struct fault fault;
    int ends[2];

    memset(ear, 0, sizeof(*ear));
    ear->kept = -1;
    assert_true(loop_init(&ear->loop, &fault));
    assert_true(ipc_pair(ends, &fault));
    assert_true(ipc_link_init(&ear->link, ends[0], role, peer));
    assert_true(ipc_link_watch(&ear->link, &ear->loop, &owner, &fault));
    return ends[1];
}

static void ear_close(struct ear *ear)
{
    ipc_link_close(&ear->link, ear_closed, ear);
    assert_true(loop_turns(&ear->loop, &ear->closed, 1, 1000));
    loop_end(&ear->loop);
}

static void only_what_the_table_says(void **state)
{
    (void)state;
    assert_true(ipc_may_say(ROLE_PARENT, ROLE_BORDER, IPC_LISTENER));
    assert_false(ipc_may_say(ROLE_PARENT, ROLE_KEEPER, IPC_LISTENER));
    assert_false(ipc_may_say(ROLE_BORDER, ROLE_PARENT, IPC_LISTENER));
    assert_true(ipc_may_say(ROLE_KEEPER, ROLE_BORDER, IPC_KEYS));
    assert_false(ipc_may_say(ROLE_BORDER, ROLE_KEEPER, IPC_KEYS));
    assert_false(ipc_may_say(ROLE_RESOLVER, ROLE_BORDER, IPC_KEYS));
    assert_true(ipc_may_say(ROLE_BORDER, ROLE_RECORDER, IPC_EVENT));
    assert_true(ipc_may_say(ROLE_RESOLVER, ROLE_PARENT, IPC_RUNNING));
    assert_false(ipc_may_say(ROLE_PARENT, ROLE_RECORDER, IPC_EVENT)); /* ANY is any child */
    assert_false(ipc_may_say(ROLE_PARENT, ROLE_PARENT, IPC_GO));
    for (unsigned type = 0; type < IPC_TYPE_COUNT; type++) {
        assert_false(ipc_may_say(ROLE_MEDIA, ROLE_RESOLVER, type));
        assert_false(ipc_may_say(ROLE_RECORDER, ROLE_BORDER, type));
    }
}

static void texts_and_structs_arrive(void **state)
{
    struct ear ear;
    int fd = ear_open(&ear, ROLE_RECORDER, ROLE_BORDER);
    struct ipc_link mouth;

    (void)state;
    assert_true(ipc_link_init(&mouth, fd, ROLE_BORDER, ROLE_RECORDER));
    assert_true(ipc_send(&mouth, IPC_EVENT, SLICE("{\"a\":1}"), NULL, 0));
    assert_true(loop_turns(&ear.loop, &ear.received, 1, 1000));
    assert_int_equal(ear.last, IPC_EVENT);
    assert_int_equal(ear.text_len, 7);
    assert_memory_equal(ear.text, "{\"a\":1}", 7);
    ipc_link_close(&mouth, NULL, NULL);
    assert_true(loop_turns(&ear.loop, &ear.ended, 1, 1000));
    assert_int_equal(ear.refused, 0);
    ear_close(&ear);
}

static unsigned open_descriptors(void)
{
    unsigned count = 0;

    for (int fd = 0; fd < 256; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

/* Descriptors that nobody takes are closed; one that is taken is open and closes on exec. */
static void descriptors_pass_and_do_not_leak(void **state)
{
    struct ear ear;
    int fd = ear_open(&ear, ROLE_BORDER, ROLE_PARENT);
    const struct ipc_listener listener = {.index = 7};
    struct ipc_link mouth;
    int passed = open("/dev/null", O_RDONLY);

    (void)state;
    assert_true(ipc_link_init(&mouth, fd, ROLE_PARENT, ROLE_BORDER));
    unsigned before = open_descriptors();
    assert_true(ipc_send(&mouth, IPC_LISTENER, slice_of((const char *)&listener, sizeof(listener)),
                         &passed, 1));
    assert_true(loop_turns(&ear.loop, &ear.received, 1, 1000));
    assert_int_equal(ear.descriptor_count, 1);
    assert_int_equal(open_descriptors(), before);
    ear.keeps = true;
    assert_true(ipc_send_now(&mouth, IPC_LISTENER,
                             slice_of((const char *)&listener, sizeof(listener)), &passed, 1, 100));
    assert_true(loop_turns(&ear.loop, &ear.received, 2, 1000));
    assert_true(ear.kept >= 0);
    assert_true((fcntl(ear.kept, F_GETFD) & FD_CLOEXEC) != 0);
    close(ear.kept);
    close(passed);
    ipc_link_close(&mouth, NULL, NULL);
    ear_close(&ear);
}

/*
 * Hostile.
 */

struct raw_head {
    uint16_t version, type;
    uint32_t len;
    uint64_t unused;
};

/* Sends octets and descriptors as they are; the ear must refuse them, and close what came along. */
static void expect_refused(enum ipc_role role, enum ipc_role peer, const void *octets, size_t len,
                           unsigned descriptor_count)
{
    union {
        struct cmsghdr head;
        char octets[CMSG_SPACE(200 * sizeof(int))];
    } control;
    struct ear ear;
    int fd = ear_open(&ear, role, peer);
    struct iovec piece = {(void *)(uintptr_t)octets, len};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    unsigned before = open_descriptors();

    if (descriptor_count > 0) {
        memset(&control, 0, sizeof(control));
        message.msg_control = control.octets;
        message.msg_controllen = CMSG_SPACE(descriptor_count * sizeof(int));
        struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(descriptor_count * sizeof(int));
        for (unsigned i = 0; i < descriptor_count; i++) {
            memcpy(CMSG_DATA(rights) + i * sizeof(int), &fd, sizeof(fd));
        }
    }
    assert_true(sendmsg(fd, &message, MSG_NOSIGNAL) >= 0);
    assert_true(loop_turns(&ear.loop, &ear.ended, 1, 1000));
    assert_int_equal(ear.refused, 1);
    assert_int_equal(ear.received, 0);
    assert_int_equal(open_descriptors(), before);
    close(fd);
    ear_close(&ear);
}

static void hostile_messages_end_the_link(void **state)
{
    struct {
        struct raw_head head;
        char payload[IPC_TEXT_MAX + 64];
    } message = {.head = {.version = IPC_VERSION, .type = IPC_EVENT, .len = 4}};
    const size_t head = sizeof(message.head);

    (void)state;
    expect_refused(ROLE_RECORDER, ROLE_BORDER, "x", 1, 0);               /* no head */
    expect_refused(ROLE_RECORDER, ROLE_BORDER, &message, head, 0);       /* shorter than it says */
    expect_refused(ROLE_RECORDER, ROLE_BORDER, &message, head + 5, 0);   /* longer */
    expect_refused(ROLE_BORDER, ROLE_RECORDER, &message, head + 4, 0);   /* not its to say */
    expect_refused(ROLE_RECORDER, ROLE_BORDER, &message, head + 4, 1);   /* with a descriptor */
    expect_refused(ROLE_RECORDER, ROLE_BORDER, &message, head + 4, 200); /* with too many */
    message.head.len = IPC_TEXT_MAX + 1;
    expect_refused(ROLE_RECORDER, ROLE_BORDER, &message, head + IPC_TEXT_MAX + 1, 0);
    message.head.version++;
    message.head.len = 4;
    expect_refused(ROLE_RECORDER, ROLE_BORDER, &message, head + 4, 0);
    message.head.version = IPC_VERSION;
    message.head.type = IPC_TYPE_COUNT;
    expect_refused(ROLE_RECORDER, ROLE_BORDER, &message, head + 4, 0);
    message.head.type = IPC_KEYS; /* of another size */
    expect_refused(ROLE_BORDER, ROLE_KEEPER, &message, head + 4, 0);
    message.head.type = IPC_LISTENER; /* without its descriptor */
    message.head.len = sizeof(struct ipc_listener);
    expect_refused(ROLE_BORDER, ROLE_PARENT, &message, head + sizeof(struct ipc_listener), 0);
    expect_refused(ROLE_MEDIA, ROLE_BORDER, &message, 10, 0); /* no order */
}

/* Nobody waits for a process that does not read; what it misses is bounded and counted. */
static void a_deaf_process_costs_bounded_memory(void **state)
{
    static char octets[IPC_TEXT_MAX];
    struct ear ear;
    int fd = ear_open(&ear, ROLE_BORDER, ROLE_RECORDER);
    uint64_t taken = 0;

    (void)state;
    memset(octets, 'e', sizeof(octets));
    for (unsigned i = 0; i < 1000; i++) {
        taken += ipc_send(&ear.link, IPC_EVENT, slice_of(octets, sizeof(octets)), NULL, 0);
    }
    assert_true(taken < 400);
    assert_int_equal(ear.link.counts.lost, 1000 - taken);
    assert_true(ear.link.counts.delayed > 0);
    /* Now it reads: what was kept comes, whole and in order. */
    uint64_t got = 0;
    for (unsigned turns = 0; got < taken && turns < 100000; turns++) {
        static char back[IPC_TEXT_MAX + 64];
        ssize_t len = recv(fd, back, sizeof(back), MSG_DONTWAIT);

        if (len > 0) {
            assert_int_equal(len, sizeof(struct raw_head) + IPC_TEXT_MAX);
            got++;
        }
        (void)uv_run(&ear.loop.uv, UV_RUN_NOWAIT);
    }
    assert_int_equal(got, taken);
    close(fd);
    ear_close(&ear);
}

static void the_gate_is_spoken_to_without_a_head(void **state)
{
    struct ear ear;
    int fd = ear_open(&ear, ROLE_MEDIA, ROLE_BORDER);
    struct media_order order = {.version = MEDIA_ORDER_VERSION, .stream = 5};
    struct ipc_link mouth;

    (void)state;
    assert_true(ipc_link_init(&mouth, fd, ROLE_BORDER, ROLE_MEDIA));
    assert_true(ipc_say(&mouth, IPC_ORDER, &order));
    assert_true(loop_turns(&ear.loop, &ear.received, 1, 1000));
    assert_int_equal(ear.last, IPC_ORDER);
    assert_int_equal(ear.text_len, sizeof(order));
    ipc_link_close(&mouth, NULL, NULL);
    ear_close(&ear);
}

static void lie(void *with)
{
    struct ear ear;

    (void)with;
    (void)ear_open(&ear, ROLE_BORDER, ROLE_KEEPER);
    (void)ipc_send(&ear.link, IPC_KEYS, SLICE_NONE, NULL, 0);
}

static void we_do_not_say_what_we_may_not(void **state)
{
    (void)state;
    assert_true(breaks_promise(lie, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_the_table_says),
        cmocka_unit_test(texts_and_structs_arrive),
        cmocka_unit_test(descriptors_pass_and_do_not_leak),
        cmocka_unit_test(hostile_messages_end_the_link),
        cmocka_unit_test(a_deaf_process_costs_bounded_memory),
        cmocka_unit_test(the_gate_is_spoken_to_without_a_head),
        cmocka_unit_test(we_do_not_say_what_we_may_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
