/* Via: SIP/2.0/transport host:port;parameters, comma list (RFC 3261 20.42). */
#include "wire/sip/host.h"
#include "wire/sip/params.h"

/* "SIP / 2.0 /" with blanks; returns the place behind it, or from. */
static unsigned protocol_spread(const struct sip_reader *reader, unsigned from, unsigned limit)
{
    static const struct slice parts[] = {SLICE_INIT("SIP"), SLICE_INIT("2.0")};
    unsigned place = from;

    for (unsigned i = 0; i < 2; i++) {
        unsigned end = next_stop(reader, place, limit);

        if (!slice_equal_nocase(reader_slice(reader, place, end), parts[i])) {
            return from;
        }
        end = skip_blanks(reader, end, limit);
        if (!is_octet(reader, end, limit, '/')) {
            return from;
        }
        place = skip_blanks(reader, end + 1, limit);
    }
    return place;
}

static unsigned protocol_take(const struct sip_reader *reader, unsigned from, unsigned limit)
{
    if (limit - from > 8 && memcmp(reader->at + from, "SIP/2.0/", 8) == 0) {
        return from + 8;
    }
    return protocol_spread(reader, from, limit);
}

/* host or host:port; returns the place behind it and the blanks. */
static unsigned sent_by_take(const struct sip_reader *reader, unsigned from, unsigned limit,
                             struct sip_value *value)
{
    unsigned end = host_end(reader, from, limit);
    unsigned port;

    value->via.host = span_between(from, end);
    value->via.host_kind = (uint8_t)host_judge(reader, from, end);
    end = skip_blanks(reader, end, limit);
    if (is_octet(reader, end, limit, ':')) {
        port = skip_blanks(reader, end + 1, limit);
        end = next_stop(reader, port, limit);
        value->via.port = port_read(reader, port, end);
        end = skip_blanks(reader, end, limit);
    }
    return end;
}

static unsigned value_take(const struct sip_reader *reader, unsigned from, unsigned limit,
                           struct sip_value *value)
{
    unsigned transport = protocol_take(reader, from, limit);
    unsigned end = next_stop(reader, transport, limit);
    unsigned host = skip_blanks(reader, end, limit);

    if (transport == from || transport == end || host == end) {
        sip_note(reader, SIP_ODD_BAD_VIA, from, limit);
        end = sip_value_end(reader, from, limit);
        value->text = span_between(from, trim_blanks(reader, from, end));
        return end;
    }
    value->via.transport = span_between(transport, end);
    end = sent_by_take(reader, host, limit, value);
    if (is_octet(reader, end, limit, ';')) {
        end = params_take(reader, end + 1, limit, PARAMS_VIA, value);
    }
    if (end < limit && reader->at[end] != ',') {
        sip_note(reader, SIP_ODD_BAD_VIA, from, limit);
        end = sip_value_end(reader, end, limit);
    }
    value->text = span_between(from, trim_blanks(reader, from, end));
    return end;
}

/* Only the topmost branch is a transaction's name here (HYG-R08); those below are for others. */
static void branch_judge(const struct sip_reader *reader, const struct sip_value *value)
{
    const char *branch = reader->at + value->tag.at;

    if (value->tag.len <= 7 || !chars_equal(branch, "z9hG4bK", 7)) {
        sip_note(reader, SIP_ODD_BAD_BRANCH, value->text.at, value->text.at + value->text.len);
    }
}

void sip_via_take(const struct sip_reader *reader, unsigned header)
{
    struct sip_span line = reader->message->headers[header].value;
    unsigned from = line.at, limit = from + line.len;
    struct sip_value *value;

    for (;; from++) {
        from = skip_blanks(reader, from, limit);
        if (from == limit || reader->at[from] == ',') {
            sip_note(reader, SIP_ODD_EMPTY_VALUE, line.at, limit);
        } else {
            value = sip_value_add(reader, header);
            if (value == NULL) {
                return;
            }
            from = value_take(reader, from, limit, value);
            if (value == sip_value(reader->message, SIP_HEADER_VIA)) {
                branch_judge(reader, value);
            }
        }
        if (from == limit) {
            return;
        }
    }
}
