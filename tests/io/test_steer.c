#include "echo.h"

#include "io/steer.h"

enum { GROUP_MAX = 8 };

struct group {
    int fds[GROUP_MAX];
    unsigned count;
    struct address local;
};

static bool group_open(struct group *group, const char *host, unsigned count)
{
    struct fault fault;

    assert_true(address_read(&group->local, slice_string(host)));
    group->count = count;
    for (unsigned i = 0; i < count; i++) {
        group->fds[i] = socket_open_udp(&group->local, true, &fault);
        if (group->fds[i] < 0) {
            return false;
        }
        assert_true(socket_local(group->fds[i], &group->local));
    }
    return true;
}

static void group_close(struct group *group)
{
    for (unsigned i = 0; i < group->count; i++) {
        close(group->fds[i]);
    }
}

/* Which socket of the group gets what host sends. */
static unsigned reached(const struct group *group, const char *host)
{
    struct socket_address target;
    struct address source;
    struct fault fault;
    char octet;

    assert_true(address_read(&source, slice_string(host)));
    int fd = socket_open_udp(&source, false, &fault);
    assert_true(fd >= 0);
    socket_address_write(&target, &group->local);
    assert_int_equal(sendto(fd, "x", 1, 0, &target.any, target.len), 1);
    close(fd);
    for (unsigned tries = 0; tries < 1000; tries++) {
        for (unsigned i = 0; i < group->count; i++) {
            if (recv(group->fds[i], &octet, 1, MSG_DONTWAIT) == 1) {
                return i;
            }
        }
        usleep(100);
    }
    fail_msg("nothing came");
    return 0;
}

static struct prefix prefix_of(const char *literal)
{
    struct prefix prefix;

    assert_true(prefix_read(&prefix, slice_string(literal)));
    return prefix;
}

static void strangers_have_their_own_socket(void **state)
{
    const struct prefix known[] = {prefix_of("127.0.5.0/24"), prefix_of("127.0.9.9"),
                                   prefix_of("127.64.0.0/10"), prefix_of("2001:db8::/32")};
    struct group group;
    struct fault fault = {{0}};

    (void)state;
    assert_true(group_open(&group, "127.0.0.1", 2));
    if (!steer_attach(group.fds[0], ADDRESS_V4, known, ARRAY_COUNT(known), 1, &fault)) {
        fail_msg("%s", fault.text);
    }
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(reached(&group, "127.0.5.1"), 0);
        assert_int_equal(reached(&group, "127.0.5.255"), 0);
        assert_int_equal(reached(&group, "127.0.9.9"), 0);
        assert_int_equal(reached(&group, "127.77.1.1"), 0);
        assert_int_equal(reached(&group, "127.0.6.1"), 1);
        assert_int_equal(reached(&group, "127.0.9.8"), 1);
        assert_int_equal(reached(&group, "127.128.0.1"), 1);
    }
    /* The program of a new policy takes the old one's place. */
    const struct prefix changed = prefix_of("127.0.6.0/24");
    assert_true(steer_attach(group.fds[1], ADDRESS_V4, &changed, 1, 1, &fault));
    assert_int_equal(reached(&group, "127.0.6.1"), 0);
    assert_int_equal(reached(&group, "127.0.5.1"), 1);
    assert_true(steer_attach(group.fds[1], ADDRESS_V4, NULL, 0, 1, &fault));
    assert_int_equal(reached(&group, "127.0.6.1"), 1);
    group_close(&group);
}

static void workers_share_each_kind(void **state)
{
    const struct prefix known = prefix_of("127.0.5.0/24");
    struct group group;
    struct fault fault = {{0}};
    unsigned seen[6] = {0};

    (void)state;
    assert_true(group_open(&group, "127.0.0.1", 6));
    assert_true(steer_attach(group.fds[0], ADDRESS_V4, &known, 1, 3, &fault));
    for (unsigned i = 0; i < 200; i++) {
        unsigned neighbour = reached(&group, "127.0.5.1");
        unsigned stranger = reached(&group, "127.0.7.1");

        assert_in_range(neighbour, 0, 2);
        assert_in_range(stranger, 3, 5);
        seen[neighbour]++;
        seen[stranger]++;
    }
    for (unsigned i = 0; i < 6; i++) {
        assert_true(seen[i] > 10);
    }
    group_close(&group);
}

static void each_length_of_prefix(void **state)
{
    static const char *const ours[] = {"::1/128", "::/127", "::/96", "::/64", "::/33", "::/0"};
    static const char *const others[] = {"::2/128", "::2/127", "::1:0:0/96", "0:0:0:1::/64",
                                         "0:0:8000::/33"};
    struct group group;
    struct fault fault = {{0}};

    (void)state;
    if (!group_open(&group, "::1", 2)) {
        print_message("SKIPPED: no IPv6 here\n");
        return;
    }
    for (size_t i = 0; i < ARRAY_COUNT(ours); i++) {
        const struct prefix known[] = {prefix_of("2001:db8::/32"), prefix_of(ours[i])};

        assert_true(steer_attach(group.fds[0], ADDRESS_V6, known, 2, 1, &fault));
        assert_int_equal(reached(&group, "::1"), 0);
    }
    for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
        const struct prefix known[] = {prefix_of(others[i]), prefix_of("2001:db8::/32")};

        assert_true(steer_attach(group.fds[0], ADDRESS_V6, known, 2, 1, &fault));
        assert_int_equal(reached(&group, "::1"), 1);
    }
    group_close(&group);
}

static void too_many_are_said_to_be(void **state)
{
    static struct prefix known[3000];
    struct group group;
    struct fault fault = {{0}};

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(known); i++) {
        known[i] = prefix_of("127.0.5.1");
        known[i].address.bytes[2] = (uint8_t)(i / 256 + 10);
        known[i].address.bytes[3] = (uint8_t)i;
    }
    assert_true(group_open(&group, "127.0.0.1", 2));
    assert_false(steer_attach(group.fds[0], ADDRESS_V4, known, ARRAY_COUNT(known), 1, &fault));
    assert_non_null(strstr(fault.text, "too many"));
    assert_true(steer_attach(group.fds[0], ADDRESS_V4, known, 2000, 1, &fault));
    assert_int_equal(reached(&group, "127.0.17.207"), 0); /* number 1999 */
    assert_int_equal(reached(&group, "127.0.17.208"), 1);
    group_close(&group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_have_their_own_socket),
        cmocka_unit_test(workers_share_each_kind),
        cmocka_unit_test(each_length_of_prefix),
        cmocka_unit_test(too_many_are_said_to_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
