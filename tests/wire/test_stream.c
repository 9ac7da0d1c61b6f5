#include "../expect.h"

#include "wire/sip/stream.h"

static const struct sip_stream_limits limits = {.head_max = 2048, .message_max = 4096};

#define START "OPTIONS sip:border@example.com SIP/2.0\r\n"

/* One message or fault, whole at once. */
static enum sip_frame frame(struct sip_stream *stream, struct slice bytes, size_t *len)
{
    *stream = (struct sip_stream){.total = 0};
    return sip_stream_frame(stream, bytes, &limits, len);
}

/* The message ends where rest begins. */
#define expect_message(text, rest)                                                                 \
    expect_message_at(SLICE(text rest), sizeof(text) - 1, __FILE__, __LINE__)
static void expect_message_at(struct slice bytes, size_t wanted, const char *file, int line)
{
    struct sip_stream stream;
    size_t len;

    if (frame(&stream, bytes, &len) != SIP_FRAME_MESSAGE || len != wanted) {
        print_error("%zu octets, fault %s\n", len, sip_stream_fault_name(stream.fault));
        _fail(file, line);
    }
}

#define expect_broken(text, fault) expect_broken_at(SLICE(text), fault, __FILE__, __LINE__)
static void expect_broken_at(struct slice bytes, enum sip_stream_fault fault, const char *file,
                             int line)
{
    struct sip_stream stream;
    size_t len;

    if (frame(&stream, bytes, &len) != SIP_FRAME_BROKEN || stream.fault != fault ||
        len > bytes.len) {
        print_error("%zu octets, fault %s\n", len, sip_stream_fault_name(stream.fault));
        _fail(file, line);
    }
    assert_int_equal(sip_stream_frame(&stream, bytes, &limits, &len), SIP_FRAME_BROKEN);
    assert_int_equal(len, bytes.len);
}

static void content_length_says_where_a_message_ends(void **state)
{
    (void)state;
    expect_message(START "Content-Length: 5\r\n\r\nhello", "");
    expect_message(START "Content-Length: 0\r\n\r\n", "OPTIONS");
    expect_message(START "l:5\r\n\r\nhello", "!");
    expect_message(START "CONTENT-length \t: 5\r\n\r\nhello", "\r\n");
    expect_message(START "Content-Length:\t05 \t\r\n\r\nhello", "");
    expect_message("SIP/2.0 200 OK\r\nVia: x\r\n folded\r\nL: 2\r\n\r\n\r\n", "\r\n");
    expect_message("INVITE sip:a SIP/7.0\r\nl: 0\r\n\r\n", "");
}

static void a_length_two_readers_could_read_differently_breaks(void **state)
{
    (void)state;
    expect_broken(START "\r\n", SIP_STREAM_NO_LENGTH);
    expect_broken(START "Content-Length 5\r\n\r\n", SIP_STREAM_NO_LENGTH);
    expect_broken(START "X-Content-Length: 5\r\n\r\n", SIP_STREAM_NO_LENGTH);
    expect_broken(START "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
                  SIP_STREAM_TWO_LENGTHS);
    expect_broken(START "Content-Length: 5\r\nl: 5\r\n\r\nhello", SIP_STREAM_TWO_LENGTHS);
    expect_broken(START "Content-Length: 5, 5\r\n\r\nhello", SIP_STREAM_BAD_LENGTH);
    expect_broken(START "Content-Length: +5\r\n\r\nhello", SIP_STREAM_BAD_LENGTH);
    expect_broken(START "Content-Length: -1\r\n\r\nhello", SIP_STREAM_BAD_LENGTH);
    expect_broken(START "Content-Length: 0x5\r\n\r\nhello", SIP_STREAM_BAD_LENGTH);
    expect_broken(START "Content-Length: 5 5\r\n\r\nhello", SIP_STREAM_BAD_LENGTH);
    expect_broken(START "Content-Length: 5;a=b\r\n\r\nhello", SIP_STREAM_BAD_LENGTH);
    expect_broken(START "Content-Length:\r\n\r\nhello", SIP_STREAM_BAD_LENGTH);
    expect_broken(START "Content-Length: 4294967301\r\n\r\nhello", SIP_STREAM_BAD_LENGTH);
    expect_broken(START "Content-Length: 18446744073709551621\r\n\r\n", SIP_STREAM_BAD_LENGTH);
    expect_broken(START "Content-Length: 00000000005\r\n\r\nhello", SIP_STREAM_BAD_LENGTH);
    expect_broken(START "Content-Length: 5\0\r\n\r\nhello", SIP_STREAM_BAD_LENGTH);
}

static void folds_that_hide_a_length_or_an_end_break(void **state)
{
    (void)state;
    expect_broken(START "Content-Length:\r\n 5\r\n\r\nhello", SIP_STREAM_BAD_LENGTH);
    expect_broken(START "Content-Length: 5\r\n 0\r\n\r\nhello", SIP_STREAM_FOLDED);
    expect_broken(START "Content-Length: 5\r\n\t\r\n\r\nhello", SIP_STREAM_BLANK_LINE);
    expect_broken(START " Content-Length: 5\r\n\r\nhello", SIP_STREAM_FOLDED);
    expect_broken(START "Subject: a\r\n \r\nContent-Length: 5\r\n\r\nhello", SIP_STREAM_BLANK_LINE);
    expect_message(START "Subject: a\r\n Content-Length: 9\r\nl: 0\r\n\r\n", "123456789");
}

static void only_crlf_ends_a_line(void **state)
{
    struct sip_stream stream;
    size_t len;
    struct slice hidden = SLICE(START "l: 0\n\nOPTIONS sip:hidden SIP/2.0\r\nl: 0\r\n\r\n");

    (void)state;
    expect_broken(START "Subject: a\nl: 0\r\n\r\n", SIP_STREAM_BARE_LF);
    expect_broken("OPTIONS sip:a SIP/2.0\nl: 0\r\n\r\n", SIP_STREAM_BARE_LF);
    expect_broken(START "l: 0\r\n\n", SIP_STREAM_BARE_LF);
    expect_broken(START "Subject: a\rb\r\nl: 0\r\n\r\n", SIP_STREAM_BARE_CR);
    expect_broken(START "l: 0\r\n\r\r\n\r\n", SIP_STREAM_BARE_CR);
    expect_broken(START "l: 0\r\r\n\r\n", SIP_STREAM_BARE_CR);

    /* What is judged ends where the first reader would have ended it. */
    assert_int_equal(frame(&stream, hidden, &len), SIP_FRAME_BROKEN);
    assert_int_equal(len, sizeof(START "l: 0\n\n") - 1);
}

static void what_is_not_sip_breaks_at_its_first_line(void **state)
{
    (void)state;
    expect_broken("GET / HTTP/1.1\r\n", SIP_STREAM_NOT_SIP);
    expect_broken("SSH-2.0-OpenSSH_9.2\r\n", SIP_STREAM_NOT_SIP);
    expect_broken("OPTIONS rtsp://a RTSP/1.0\r\n", SIP_STREAM_NOT_SIP);
    expect_broken("OPTIONS\tsip:a\tSIP/2.0\r\n", SIP_STREAM_NOT_SIP);
    expect_broken("\x16\x03\x01", SIP_STREAM_NOT_SIP);
    expect_broken("\xf8", SIP_STREAM_NOT_SIP);
    expect_broken("\n", SIP_STREAM_NOT_SIP);
    expect_broken("\r\r", SIP_STREAM_NOT_SIP);
    expect_broken(" OPTIONS", SIP_STREAM_NOT_SIP);
    expect_broken("\0", SIP_STREAM_NOT_SIP);
}

static void limits_hold(void **state)
{
    struct sip_stream stream = {.total = 0};
    char head[4200];
    size_t len;

    (void)state;
    memset(head, 'x', sizeof(head));
    memcpy(head, START "l: 0\r\nx: ", sizeof(START "l: 0\r\nx: ") - 1);
    memcpy(head + 2044, "\r\n\r\n", 4);
    assert_int_equal(frame(&stream, slice_of(head, 2048), &len), SIP_FRAME_MESSAGE);
    assert_int_equal(len, 2048);

    memset(head + 2044, 'x', 4);
    assert_int_equal(frame(&stream, slice_of(head, 2047), &len), SIP_FRAME_MORE);
    assert_int_equal(frame(&stream, slice_of(head, 4096), &len), SIP_FRAME_BROKEN);
    assert_int_equal(stream.fault, SIP_STREAM_LONG_HEAD);
    assert_int_equal(len, 2048);

    expect_broken(START "Content-Length: 4035\r\n\r\n", SIP_STREAM_LONG_MESSAGE);
    assert_int_equal(frame(&stream, SLICE(START "Content-Length: 4032\r\n\r\n"), &len),
                     SIP_FRAME_MORE);
}

static void keep_alives_stand_between_messages(void **state)
{
    struct sip_stream stream = {.total = 0};
    size_t len;

    (void)state;
    assert_int_equal(sip_stream_frame(&stream, SLICE("\r\n\r\nOPT"), &limits, &len),
                     SIP_FRAME_PING);
    assert_int_equal(len, 4);
    assert_int_equal(sip_stream_frame(&stream, SLICE("\r\n"), &limits, &len), SIP_FRAME_MORE);
    assert_int_equal(sip_stream_frame(&stream, SLICE("\r\nO"), &limits, &len), SIP_FRAME_PONG);
    assert_int_equal(len, 2);
    assert_int_equal(stream.blanks, 6);
    stream.awaits_pong = true;
    assert_int_equal(sip_stream_frame(&stream, SLICE("\r"), &limits, &len), SIP_FRAME_MORE);
    assert_int_equal(sip_stream_frame(&stream, SLICE("\r\n"), &limits, &len), SIP_FRAME_PONG);
    assert_int_equal(sip_stream_frame(&stream, SLICE("\r\n"), &limits, &len), SIP_FRAME_MORE);
    assert_int_equal(sip_stream_frame(&stream, SLICE("\r\n\r\n"), &limits, &len), SIP_FRAME_PING);
    assert_int_equal(sip_stream_frame(&stream, SLICE(""), &limits, &len), SIP_FRAME_MORE);
    assert_int_equal(sip_stream_frame(&stream, SLICE(START "l:0\r\n\r\n"), &limits, &len),
                     SIP_FRAME_MESSAGE);
    assert_int_equal(stream.blanks, 0);
}

static void octets_are_looked_at_once(void **state)
{
    struct guarded guarded = guarded_open();
    struct sip_stream stream = {.total = 0};
    struct slice whole = SLICE(START "Via: SIP/2.0/TCP a;branch=z9hG4bK1\r\nContent-Length: 3"
                                     "\r\n\r\nabc");
    size_t len;

    (void)state;
    for (size_t i = 0; i < whole.len; i++) {
        struct slice prefix = guarded_copy(&guarded, slice_head(whole, i));

        assert_int_equal(sip_stream_frame(&stream, prefix, &limits, &len), SIP_FRAME_MORE);
        assert_int_equal(len, 0);
        if (stream.total == 0) {
            assert_int_equal(stream.scanned, i);
        }
    }
    assert_int_equal(sip_stream_frame(&stream, guarded_copy(&guarded, whole), &limits, &len),
                     SIP_FRAME_MESSAGE);
    guarded_close(&guarded);
}

enum { INPUT_MAX = 1 << 16, FRAMES_MAX = 512 };

struct frames {
    unsigned count;
    struct {
        enum sip_frame kind;
        size_t at, len;
        uint8_t fault;
    } list[FRAMES_MAX];
};

/* Feeds input in pieces of at most step octets (0: of any size), and notes what comes out. */
static void cut(struct slice input, size_t step, uint64_t *seed, struct frames *frames)
{
    struct sip_stream stream = {.total = 0};
    size_t seen = 0, consumed = 0, len;

    frames->count = 0;
    while (seen < input.len) {
        size_t piece = step == 0 ? 1 + chance_below(seed, 300) : step;
        enum sip_frame kind;

        seen = seen + piece < input.len ? seen + piece : input.len;
        while (kind = sip_stream_frame(&stream, slice_of(input.at + consumed, seen - consumed),
                                       &limits, &len),
               kind != SIP_FRAME_MORE) {
            assert_in_range(frames->count, 0, FRAMES_MAX - 1);
            frames->list[frames->count].kind = kind;
            frames->list[frames->count].at = consumed;
            frames->list[frames->count].fault = stream.fault;
            /* How much of a broken stream has come says nothing. */
            frames->list[frames->count++].len = kind == SIP_FRAME_BROKEN ? 0 : len;
            if (kind == SIP_FRAME_BROKEN) {
                return;
            }
            consumed += len;
        }
    }
}

static size_t pipeline(char *input, uint64_t *seed)
{
    static const char *const pieces[] = {
        START "Content-Length: 5\r\n\r\nhello",
        START "Via: a\r\n b\r\nl: 4\r\n\r\n\r\n\r\n",
        "SIP/2.0 200 OK\r\nContent-Length : 0\r\n\r\n",
        "\r\n\r\n",
        "\r\n",
        START "Content-Length: 7\r\nSubject: x\r\n\r\nOPTIONS",
        START "l: 1\r\nx: y\n\r\nz",
        "GET / HTTP/1.1\r\n",
        START "l: 0\r\nl: 0\r\n\r\n",
    };
    size_t len = 0, count = 5 + chance_below(seed, 40);

    for (size_t i = 0; i < count; i++) {
        /* The last three break the stream: seldom. */
        size_t which = chance_below(seed, chance_below(seed, 8) == 0 ? 9 : 6);
        size_t piece = strlen(pieces[which]);

        assert_true(len + piece < INPUT_MAX);
        memcpy(input + len, pieces[which], piece);
        len += piece;
    }
    return len;
}

static void every_cut_gives_the_same_frames(void **state)
{
    static char input[INPUT_MAX];
    static struct frames whole, pieces;
    static const size_t steps[] = {1, 2, 3, 7, 1460, 0, 0, 0};
    uint64_t seed = 20;

    (void)state;
    for (unsigned round = 0; round < 500; round++) {
        struct slice bytes = slice_of(input, pipeline(input, &seed));

        memset(&whole, 0, sizeof(whole));
        cut(bytes, bytes.len, &seed, &whole);
        for (unsigned i = 0; i < ARRAY_COUNT(steps); i++) {
            memset(&pieces, 0, sizeof(pieces));
            cut(bytes, steps[i], &seed, &pieces);
            assert_int_equal(pieces.count, whole.count);
            assert_memory_equal(&pieces, &whole, sizeof(whole));
        }
    }
}

static void faults_have_words(void **state)
{
    (void)state;
    assert_string_equal(sip_stream_fault_name(SIP_STREAM_TWO_LENGTHS), "TWO_LENGTHS");
    for (unsigned fault = 0; fault < SIP_STREAM_FAULT_COUNT; fault++) {
        assert_true(strlen(sip_stream_fault_seen((enum sip_stream_fault)fault)) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_length_says_where_a_message_ends),
        cmocka_unit_test(a_length_two_readers_could_read_differently_breaks),
        cmocka_unit_test(folds_that_hide_a_length_or_an_end_break),
        cmocka_unit_test(only_crlf_ends_a_line),
        cmocka_unit_test(what_is_not_sip_breaks_at_its_first_line),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(keep_alives_stand_between_messages),
        cmocka_unit_test(octets_are_looked_at_once),
        cmocka_unit_test(every_cut_gives_the_same_frames),
        cmocka_unit_test(faults_have_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
