/* Frames out of both formats: who wrote them, how finely, and what cannot be true. */
#include "capture_kit.h"

#include "io/capture/frames.h"

static struct slice options_frame(void)
{
    static struct kit_room room;

    return kit_datagram(&room, SLICE(KIT_OPTIONS));
}

static void pcap_in_every_spelling(void **state)
{
    static const struct {
        uint32_t magic;
        uint32_t part;
    } kinds[] = {{0xA1B2C3D4, 123456}, {0xA1B23C4D, 123456789}};

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        char memory[1024];
        struct text text;
        bool is_little = i % 2 == 1;

        text_init(&text, memory, sizeof(memory));
        kit_pcap_head(&text, kinds[i / 2].magic, 101, is_little);
        kit_pcap_frame(&text, 1700000000, kinds[i / 2].part, options_frame(), is_little);
        struct kit_result *result = kit_read(text_slice(&text));
        assert_string_equal(result->fault.text, "");
        assert_int_equal(result->count, 1);
        expect_slice(result->seen[0].bytes, KIT_OPTIONS);
        assert_int_equal(result->seen[0].packet.when_us, UINT64_C(1700000000123456));
        assert_int_equal(result->seen[0].packet.number, 1);
        kit_free(result);
    }
}

static void pcap_with_longer_heads(void **state)
{
    char memory[1024];
    struct text text;
    struct slice frame = options_frame();

    (void)state;
    text_init(&text, memory, sizeof(memory));
    kit_pcap_head(&text, 0xA1B2CD34, 101, true);
    for (unsigned i = 0; i < 2; i++) {
        kit_u32(&text, 1, true);
        kit_u32(&text, 2, true);
        kit_u32(&text, (uint32_t)frame.len, true);
        kit_u32(&text, (uint32_t)frame.len, true);
        text_put(&text, SLICE("\0\0\0\0\0\0\0\0"));
        text_put(&text, frame);
    }
    struct kit_result *result = kit_read(text_slice(&text));
    assert_int_equal(result->count, 2);
    assert_int_equal(result->seen[1].packet.number, 2);
    kit_free(result);
}

/* Blocks of a pcapng. */
struct ng {
    char memory[8192];
    struct text text;
    bool is_little;
};

static void ng_block(struct ng *ng, uint32_t type, struct slice body, struct slice options)
{
    static const char zeros[4] = {0};
    size_t pad = (4 - body.len % 4) % 4;
    uint32_t len = (uint32_t)(12 + body.len + pad + options.len);

    kit_u32(&ng->text, type, ng->is_little);
    kit_u32(&ng->text, len, ng->is_little);
    text_put(&ng->text, body);
    text_put(&ng->text, slice_of(zeros, pad));
    text_put(&ng->text, options);
    kit_u32(&ng->text, len, ng->is_little);
    assert_false(ng->text.is_full);
}

static void ng_section(struct ng *ng)
{
    char memory[32];
    struct text body;

    text_init(&body, memory, sizeof(memory));
    kit_u32(&body, 0x1A2B3C4D, ng->is_little);
    kit_u16(&body, 1, ng->is_little);
    kit_u16(&body, 0, ng->is_little);
    kit_u32(&body, UINT32_MAX, ng->is_little);
    kit_u32(&body, UINT32_MAX, ng->is_little);
    ng_block(ng, 0x0A0D0D0A, text_slice(&body), SLICE_NONE);
}

static void ng_open(struct ng *ng, bool is_little)
{
    text_init(&ng->text, ng->memory, sizeof(ng->memory));
    ng->is_little = is_little;
    ng_section(ng);
}

/* resolution: if_tsresol, or -1 for none; offset: if_tsoffset, or 0 for none. */
static void ng_interface(struct ng *ng, unsigned link, int resolution, int64_t offset)
{
    char memory[64];
    struct text body;
    bool is_little = ng->is_little;

    text_init(&body, memory, sizeof(memory));
    kit_u16(&body, link, is_little);
    kit_u16(&body, 0, is_little);
    kit_u32(&body, 0, is_little);
    if (resolution >= 0) {
        kit_u16(&body, 9, is_little);
        kit_u16(&body, 1, is_little);
        text_put_octet(&body, (char)resolution);
        text_put(&body, SLICE("\0\0\0"));
    }
    if (offset != 0) {
        uint32_t high = (uint32_t)((uint64_t)offset >> 32), low = (uint32_t)(uint64_t)offset;

        kit_u16(&body, 14, is_little);
        kit_u16(&body, 8, is_little);
        kit_u32(&body, is_little ? low : high, is_little);
        kit_u32(&body, is_little ? high : low, is_little);
    }
    if (resolution >= 0 || offset != 0) {
        kit_u32(&body, 0, is_little);
    }
    ng_block(ng, 1, text_slice(&body), SLICE_NONE);
}

static void ng_packet(struct ng *ng, uint32_t interface, uint64_t units, struct slice frame)
{
    char memory[2048];
    struct text body;

    text_init(&body, memory, sizeof(memory));
    kit_u32(&body, interface, ng->is_little);
    kit_u32(&body, (uint32_t)(units >> 32), ng->is_little);
    kit_u32(&body, (uint32_t)units, ng->is_little);
    kit_u32(&body, (uint32_t)frame.len, ng->is_little);
    kit_u32(&body, (uint32_t)frame.len, ng->is_little);
    text_put(&body, frame);
    ng_block(ng, 6, text_slice(&body), SLICE_NONE);
}

static struct kit_result *ng_read(struct ng *ng)
{
    return kit_read(text_slice(&ng->text));
}

static uint64_t time_read(int resolution, int64_t offset, uint64_t units, bool is_little)
{
    struct ng ng;

    ng_open(&ng, is_little);
    ng_interface(&ng, 101, resolution, offset);
    ng_packet(&ng, 0, units, options_frame());
    struct kit_result *result = ng_read(&ng);
    assert_string_equal(result->fault.text, "");
    assert_int_equal(result->count, 1);
    uint64_t when_us = result->seen[0].packet.when_us;
    kit_free(result);
    return when_us;
}

static void pcapng_times(void **state)
{
    uint64_t now = UINT64_C(1700000000123456);

    (void)state;
    for (unsigned little = 0; little < 2; little++) {
        assert_int_equal(time_read(-1, 0, now, little), now);
        assert_int_equal(time_read(6, 0, now, little), now);
        assert_int_equal(time_read(9, 0, now * 1000 + 999, little), now);
        assert_int_equal(time_read(3, 0, now / 1000, little), now / 1000 * 1000);
        assert_int_equal(time_read(0, 0, 1700000000, little), UINT64_C(1700000000000000));
        assert_int_equal(time_read(19, 0, UINT64_C(12345678901234567890), little), 1234567);
        assert_int_equal(time_read(0x80 | 10, 0, 3 * 1024 + 512, little), 3500000);
        assert_int_equal(time_read(0x80 | 32, 0, (UINT64_C(5) << 32) + (1U << 31), little),
                         5500000);
        assert_int_equal(time_read(0x80 | 60, 0, (UINT64_C(5) << 60) + (UINT64_C(1) << 58), little),
                         5250000);
        assert_int_equal(time_read(0x80 | 127, 0, UINT64_MAX, little), 0);
        assert_int_equal(time_read(0x80 | 64, 0, UINT64_MAX, little), 999999);
        assert_int_equal(time_read(6, 1700000000, 123456, little), now);
        assert_int_equal(time_read(6, -1, now, little), now - 1000000);
    }
}

static void pcapng_sections_and_interfaces(void **state)
{
    static struct kit_room ethernet;
    struct slice frame =
        kit_join(&ethernet, SLICE("\1\2\3\4\5\6\1\2\3\4\5\7\x08\x00"), options_frame());
    struct ng ng;

    (void)state;
    ng_open(&ng, true);
    ng_interface(&ng, 1, -1, 0);
    ng_interface(&ng, 101, 9, 0);
    ng_block(&ng, 4, SLICE("names of hosts"), SLICE_NONE);
    ng_packet(&ng, 0, 1000000, frame);
    ng_packet(&ng, 1, 2000000000, options_frame());
    ng_block(&ng, 5, SLICE("statistics .."), SLICE_NONE);
    ng_block(&ng, 0xBAD, SLICE("custom"), SLICE_NONE);
    /* Another machine's file behind it; what its interfaces were starts anew. */
    ng.is_little = false;
    ng_section(&ng);
    ng_interface(&ng, 1, -1, 0);
    ng_packet(&ng, 0, 3000000, frame);
    struct kit_result *result = ng_read(&ng);
    assert_string_equal(result->fault.text, "");
    assert_int_equal(result->count, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(result->seen[i].packet.number, i + 1);
        assert_int_equal(result->seen[i].packet.when_us, (i + 1) * 1000000);
    }
    kit_free(result);
    ng_packet(&ng, 1, 0, frame);
    result = ng_read(&ng);
    assert_int_equal(result->count, 3);
    assert_non_null(strstr(result->fault.text, "not described"));
    kit_free(result);
}

static void pcapng_simple_and_old_packets(void **state)
{
    struct slice frame = options_frame();
    char memory[1024];
    struct text body;
    struct ng ng;

    (void)state;
    ng_open(&ng, false);
    ng_interface(&ng, 101, -1, 0);
    text_init(&body, memory, sizeof(memory));
    kit_u16(&body, 0, false);
    kit_u16(&body, 7, false); /* drops */
    kit_u32(&body, 0, false);
    kit_u32(&body, 5000000, false);
    kit_u32(&body, (uint32_t)frame.len, false);
    kit_u32(&body, (uint32_t)frame.len, false);
    text_put(&body, frame);
    ng_block(&ng, 2, text_slice(&body), SLICE_NONE);
    text_init(&body, memory, sizeof(memory));
    kit_u32(&body, (uint32_t)frame.len, false);
    text_put(&body, frame);
    ng_block(&ng, 3, text_slice(&body), SLICE_NONE);
    struct kit_result *result = ng_read(&ng);
    assert_string_equal(result->fault.text, "");
    assert_int_equal(result->count, 2);
    assert_int_equal(result->seen[1].packet.when_us, 5000000);
    kit_free(result);
}

/* Secrets, names and inventions may be longer than any window. */
static void pcapng_passes_over_long_blocks(void **state)
{
    static const char zeros[1024];
    struct kit kit = kit_open(101);
    struct ng ng;

    (void)state;
    ng_open(&ng, true);
    ng_interface(&ng, 101, -1, 0);
    kit.text.len = 0;
    text_put(&kit.text, text_slice(&ng.text));
    kit_u32(&kit.text, 10, true);
    kit_u32(&kit.text, 12 + 2048 * 1024, true);
    for (unsigned i = 0; i < 2048; i++) {
        text_put(&kit.text, slice_of(zeros, sizeof(zeros)));
    }
    size_t closing = kit.text.len;
    kit_u32(&kit.text, 12 + 2048 * 1024, true);
    ng.text.len = 0;
    ng_packet(&ng, 0, 1, options_frame());
    text_put(&kit.text, text_slice(&ng.text));
    struct kit_result *result = kit_read_by(text_slice(&kit.text), 4093);
    assert_string_equal(result->fault.text, "");
    assert_int_equal(result->count, 1);
    kit_free(result);

    kit.text.at[closing] ^= 1;
    result = kit_read(text_slice(&kit.text));
    assert_int_equal(result->count, 0);
    assert_non_null(strstr(result->fault.text, "begins with the length"));
    kit_free(result);

    result = kit_read(slice_head(text_slice(&kit.text), closing - 7));
    assert_non_null(strstr(result->fault.text, "ends inside a block"));
    kit_free(result);
    kit_close(&kit);
}

/* Wherever a file is cut: a fault that names a place, unless it is cut between frames; and all
 * frames before the cut count. */
static void expect_every_truncation(struct slice file, const size_t *ends, unsigned frame_count)
{
    for (size_t len = 0; len < file.len; len++) {
        struct kit_result *result = kit_read(slice_head(file, len));
        unsigned whole = 0;
        bool is_between = len == ends[0];

        for (unsigned i = 1; i <= frame_count; i++) {
            whole += ends[i] <= len;
            is_between = is_between || ends[i] == len;
        }
        assert_int_equal(result->count, whole);
        assert_int_equal(result->fault.text[0] == '\0', is_between);
        if (!is_between) {
            assert_non_null(strstr(result->fault.text, "octet "));
            assert_non_null(strstr(result->fault.text, "the file ends inside"));
        }
        kit_free(result);
    }
}

static void every_truncation_of_pcap(void **state)
{
    struct kit kit = kit_open(101);
    size_t ends[4] = {kit.text.len};

    (void)state;
    for (unsigned i = 1; i < 4; i++) {
        kit_frame(&kit, options_frame());
        ends[i] = kit.text.len;
    }
    expect_every_truncation(text_slice(&kit.text), ends, 3);
    kit_close(&kit);
}

static void every_truncation_of_pcapng(void **state)
{
    size_t ends[4];
    struct ng ng;

    (void)state;
    ng_open(&ng, true);
    ng_interface(&ng, 101, -1, 0);
    size_t section = 28, interface = ng.text.len;
    ends[0] = interface;
    for (unsigned i = 1; i < 4; i++) {
        ng_packet(&ng, 0, i, options_frame());
        ends[i] = ng.text.len;
    }
    expect_every_truncation(slice_head(text_slice(&ng.text), section), &section, 0);
    /* Between section and interface it may end as well, so look behind it only. */
    for (size_t len = interface + 1; len < ng.text.len; len++) {
        struct kit_result *result = kit_read(slice_head(text_slice(&ng.text), len));
        bool is_between = len == ends[1] || len == ends[2];

        assert_int_equal(result->count, (len >= ends[1]) + (len >= ends[2]));
        assert_int_equal(result->fault.text[0] == '\0', is_between);
        kit_free(result);
    }
}

/* A source that gives one octet at a time says the same as one that gives all. */
static void octet_by_octet(void **state)
{
    struct kit kit = kit_open(101);

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        kit_frame(&kit, options_frame());
    }
    struct kit_result *result = kit_read_by(text_slice(&kit.text), 1);
    assert_int_equal(result->count, 20);
    assert_int_equal(result->seen[19].packet.number, 20);
    kit_free(result);
    kit_close(&kit);
}

/* Every octet of the file, each of its bits: whatever it says, the reader answers. */
static void every_bit_flipped(void **state)
{
    struct ng ng;

    (void)state;
    ng_open(&ng, true);
    ng_interface(&ng, 101, 9, 1);
    ng_packet(&ng, 0, 1, options_frame());
    for (size_t bit = 0; bit < ng.text.len * 8; bit++) {
        ng.text.at[bit / 8] ^= (char)(1 << bit % 8);
        kit_free(ng_read(&ng));
        ng.text.at[bit / 8] ^= (char)(1 << bit % 8);
    }
}

static void lengths_that_lie(void **state)
{
    struct kit kit = kit_open(101);

    (void)state;
    kit_frame(&kit, options_frame());
    size_t second = kit.text.len;
    kit_frame(&kit, options_frame());
    struct text len;
    text_init(&len, kit.text.at + second + 8, 4);
    kit_u32(&len, 0xFFFFFFFF, true);
    struct kit_result *result = kit_read(text_slice(&kit.text));
    assert_int_equal(result->count, 1);
    char place[64];
    snprintf(place, sizeof(place), "octet %zu: a frame of 4294967295 octets", second);
    assert_non_null(strstr(result->fault.text, place));
    kit_free(result);
    kit_close(&kit);

    struct ng ng;
    ng_open(&ng, true);
    ng_interface(&ng, 101, -1, 0);
    size_t packet = ng.text.len;
    ng_packet(&ng, 0, 1, options_frame());
    text_init(&len, ng.memory + packet + 8 + 12, 4);
    kit_u32(&len, (uint32_t)options_frame().len + 4, true);
    result = ng_read(&ng);
    assert_int_equal(result->count, 0);
    assert_non_null(strstr(result->fault.text, "longer than its block"));
    kit_free(result);
}

static void faults_in_words(void **state)
{
    static const struct {
        struct slice file;
        const char *says;
    } cases[] = {
        {SLICE_INIT(""), "ends inside its head"},
        {SLICE_INIT("\xD4\xC3\xB2\xA1\2\0\4\0"), "ends inside its head"},
        {SLICE_INIT("\xD4\xC3\xB2\xA1\3\0\4\0aaaabbbbccccdddd"), "version 3.4"},
        {SLICE_INIT("\x1F\x8B\x08\0aaaabbbb"), "compressed"},
        {SLICE_INIT("\x28\xB5\x2F\xFD"
                    "aaaabbbb"),
         "compressed"},
        {SLICE_INIT("snoop\0\0\0"), "snoop"},
        {SLICE_INIT("OPTIONS sip:a SIP/2.0\r\n"), "neither pcap nor pcapng"},
        {SLICE_INIT("\x0A\x0D\x0D\x0A\x1C\0\0\0\1\2\3\4aaaabbbbcccc\x1C\0\0\0"), "byte order"},
        {SLICE_INIT("\x0A\x0D\x0D\x0A\x04\0\0\0\x4D\x3C\x2B\x1A"), "a block of 4 octets"},
        {SLICE_INIT("\x0A\x0D\x0D\x0A\x1C\0\0\0\x4D\x3C\x2B\x1A\2\0\0\0bbbbcccc\x1C\0\0\0"),
         "another version"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct kit_result *result = kit_read(cases[i].file);

        if (strstr(result->fault.text, cases[i].says) == NULL) {
            fail_msg("case %zu says \"%s\"", i, result->fault.text);
        }
        kit_free(result);
    }
}

static ptrdiff_t read_nothing(void *from, char *at, size_t max)
{
    (void)from;
    (void)at;
    (void)max;
    return -5; /* EIO */
}

static void reading_that_fails(void **state)
{
    struct hash_key key = {0, 0};
    struct fault fault = {.text = ""};

    (void)state;
    assert_null(capture_new(read_nothing, NULL, &key, &fault));
    assert_non_null(strstr(fault.text, "reading failed"));
    assert_null(capture_open("/nonexistent/file", &fault));
    assert_non_null(strstr(fault.text, "No such file"));
    assert_null(capture_open("/", &fault));
    assert_non_null(strstr(fault.text, "directory"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pcap_in_every_spelling),
        cmocka_unit_test(pcap_with_longer_heads),
        cmocka_unit_test(pcapng_times),
        cmocka_unit_test(pcapng_sections_and_interfaces),
        cmocka_unit_test(pcapng_simple_and_old_packets),
        cmocka_unit_test(pcapng_passes_over_long_blocks),
        cmocka_unit_test(every_truncation_of_pcap),
        cmocka_unit_test(every_truncation_of_pcapng),
        cmocka_unit_test(octet_by_octet),
        cmocka_unit_test(every_bit_flipped),
        cmocka_unit_test(lengths_that_lie),
        cmocka_unit_test(faults_in_words),
        cmocka_unit_test(reading_that_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
