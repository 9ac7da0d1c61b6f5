#include "words.h"

#include "base/must.h"

void extras_add(struct extras *extras, struct slice name, struct slice value)
{
    must(extras->count < EXTRAS_MAX);
    extras->names[extras->count] = name;
    extras->values[extras->count++] = value;
}

bool extras_add_line(struct extras *extras, struct slice line)
{
    struct slice name;

    if (!slice_cut(&line, ':', &name) || name.len == 0) {
        return false;
    }
    extras_add(extras, slice_trim(name), slice_trim(line));
    return true;
}

static void put_line(struct text *text, struct slice name, struct slice value)
{
    text_put(text, name);
    text_put(text, SLICE(": "));
    text_put(text, value);
    text_put(text, SLICE("\r\n"));
}

/* True when the test has lines of that name: they were put. */
static bool put_own(struct text *text, struct extras *extras, struct slice name)
{
    bool has_own = false;

    for (unsigned i = 0; extras != NULL && i < extras->count; i++) {
        if (slice_equal_nocase(extras->names[i], name)) {
            has_own = true;
            if (!extras->is_used[i] && extras->values[i].len > 0) {
                put_line(text, extras->names[i], extras->values[i]);
            }
            extras->is_used[i] = true;
        }
    }
    return has_own;
}

static void put(struct text *text, const struct words *words, const char *name, struct slice value)
{
    if (!put_own(text, words->extras, slice_string(name)) && value.len > 0) {
        put_line(text, slice_string(name), value);
    }
}

static void put_number(struct text *text, const struct words *words, const char *name,
                       uint64_t number, struct slice behind)
{
    char room[64];
    struct text value;

    text_init(&value, room, sizeof(room));
    text_put_number(&value, number);
    text_put(&value, behind);
    put(text, words, name, text_slice(&value));
}

static void put_address(struct text *text, const struct words *words, const char *name,
                        struct slice address, struct slice tag)
{
    char room[2048];
    struct text value;

    text_init(&value, room, sizeof(room));
    text_put(&value, address);
    if (tag.len > 0) {
        text_put(&value, SLICE(";tag="));
        text_put(&value, tag);
    }
    must(!value.is_full);
    put(text, words, name, text_slice(&value));
}

static void put_cseq(struct text *text, const struct words *words)
{
    char room[64];
    struct text behind;

    text_init(&behind, room, sizeof(room));
    text_put_octet(&behind, ' ');
    text_put(&behind, words->method);
    put_number(text, words, "CSeq", words->cseq, text_slice(&behind));
}

void words_write(struct text *text, const struct words *words)
{
    bool is_request = words->status == 0;

    for (unsigned i = 0; words->extras != NULL && i < words->extras->count; i++) {
        words->extras->is_used[i] = false;
    }
    if (is_request) {
        text_put(text, words->method);
        text_put_octet(text, ' ');
        text_put(text, words->uri);
        text_put(text, SLICE(" SIP/2.0\r\n"));
    } else {
        text_put_format(text, "SIP/2.0 %u Said so\r\n", words->status);
    }
    if (!put_own(text, words->extras, SLICE("Via"))) {
        text_put(text, words->vias);
    }
    put(text, words, is_request ? "Route" : "Record-Route", words->routes);
    if (is_request) {
        put(text, words, "Max-Forwards", SLICE("70"));
    }
    put_address(text, words, "From", words->from, words->from_tag);
    put_address(text, words, "To", words->to, words->to_tag);
    put(text, words, "Call-ID", words->call_id);
    put_cseq(text, words);
    put(text, words, "Contact", words->contact);
    for (unsigned i = 0; words->extras != NULL && i < words->extras->count; i++) {
        if (!slice_equal_nocase(words->extras->names[i], SLICE("Content-Type")) &&
            !slice_equal_nocase(words->extras->names[i], SLICE("Content-Length"))) {
            put_own(text, words->extras, words->extras->names[i]);
        }
    }
    put(text, words, "Content-Type", words->body.len > 0 ? words->body_type : SLICE_NONE);
    put_number(text, words, "Content-Length", words->body.len, SLICE_NONE);
    text_put(text, SLICE("\r\n"));
    text_put(text, words->body);
    must(!text->is_full);
}

void words_sdp(struct text *text, const struct words_sdp *sdp)
{
    const char *family = sdp->is_v6 ? "IP6" : "IP4";

    text_put_format(text, "v=0\r\no=party 2890844526 %u IN %s %.*s\r\ns=call\r\n", sdp->version,
                    family, (int)sdp->host.len, sdp->host.at);
    text_put_format(text, "c=IN %s %.*s\r\nt=0 0\r\n", family, (int)sdp->host.len, sdp->host.at);
    for (unsigned i = 0; i < sdp->media; i++) {
        text_put_format(text, "m=%s %u RTP/AVP %s\r\n", i == 0 ? "audio" : "video",
                        sdp->port + 2 * i, i == 0 ? "8 0 101" : "99");
        if (i == 0) {
            text_put(text, SLICE("a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"));
        } else {
            text_put(text, SLICE("a=rtpmap:99 H264/90000\r\n"));
        }
        if (sdp->direction != NULL) {
            text_put_format(text, "a=%s\r\n", sdp->direction);
        }
    }
}
