/* Via: SIP/2.0/transport host:port;parameters, comma list (RFC 3261 20.42). */
#include "wire/sip/host.h"
#include "wire/sip/params.h"

static bool is_word(const struct sip_reader *reader, size_t from, size_t to, struct slice word)
{
    return slice_equal_nocase(reader_slice(reader, from, to), word);
}

/* "SIP / 2.0 /" with blanks; returns the place behind it, or from. */
static size_t protocol_spread(const struct sip_reader *reader, size_t from, size_t limit)
{
    size_t name_end = next_stop(reader, from);
    size_t slash = skip_blanks(reader, name_end, limit);
    size_t version, version_end;

    if (!is_word(reader, from, name_end, SLICE("SIP")) || reader->at[slash] != '/') {
        return from;
    }
    version = skip_blanks(reader, slash + 1, limit);
    version_end = next_stop(reader, version);
    slash = skip_blanks(reader, version_end, limit);
    if (!is_word(reader, version, version_end, SLICE("2.0")) || reader->at[slash] != '/') {
        return from;
    }
    return skip_blanks(reader, slash + 1, limit);
}

static inline size_t protocol_take(const struct sip_reader *reader, size_t from, size_t limit)
{
    if (limit - from > 8 && memcmp(reader->at + from, "SIP/2.0/", 8) == 0) {
        return from + 8;
    }
    return protocol_spread(reader, from, limit);
}

/* host or host:port; returns the place behind it and the blanks. */
static inline size_t sent_by_take(const struct sip_reader *reader, size_t from, size_t limit,
                                  struct sip_value *value)
{
    size_t end = sip_host_end(reader, from), port;

    span_set(&value->via.host, from, end);
    value->via.host_kind = (uint8_t)sip_host_judge(reader, from, end);
    end = skip_blanks(reader, end, limit);
    if (reader->at[end] == ':') {
        port = skip_blanks(reader, end + 1, limit);
        end = next_stop(reader, port);
        value->via.port = port_read(reader, port, end);
        end = skip_blanks(reader, end, limit);
    }
    return end;
}

/* A value that cannot be read from a place on. */
static size_t value_bad(const struct sip_reader *reader, size_t from, size_t place, size_t limit)
{
    sip_note(reader, SIP_ODD_BAD_VIA, from, limit);
    return sip_value_end(reader, place, limit);
}

static inline __attribute__((always_inline)) size_t
value_take(const struct sip_reader *reader, size_t from, size_t limit, struct sip_value *value)
{
    size_t transport = protocol_take(reader, from, limit);
    size_t end = next_stop(reader, transport);
    size_t host = skip_blanks(reader, end, limit);

    if (transport == from || transport == end || host == end) {
        end = value_bad(reader, from, from, limit);
    } else {
        span_set(&value->via.transport, transport, end);
        end = sent_by_take(reader, host, limit, value);
        if (reader->at[end] == ';') {
            end = sip_params_take(reader, end + 1, limit, PARAMS_VIA, value);
        }
        if (end < limit && reader->at[end] != ',') {
            end = value_bad(reader, from, end, limit);
        }
    }
    span_set(&value->text, from, trim_blanks(reader, from, end));
    return end;
}

/* Only the topmost branch is a transaction's name here (HYG-R08); those below are for others. */
void sip_branch_judge(const struct sip_reader *reader, const struct sip_value *value)
{
    const char *branch = reader->at + value->tag.at;

    if (value->tag.len <= 7 || !chars_equal(branch, "z9hG4bK", 7)) {
        sip_note(reader, SIP_ODD_BAD_BRANCH, value->text.at,
                 (size_t)value->text.at + value->text.len);
    }
}

void sip_via_take(const struct sip_reader *reader, const struct sip_header *header, size_t limit)
{
    size_t from = header->value.at;
    unsigned count = 0, empty_count = 0;

    for (;; from++) {
        from = skip_blanks(reader, from, limit);
        if (from == limit || reader->at[from] == ',') {
            empty_count++;
        } else {
            struct sip_value *value = value_add(reader, header);

            if (value == NULL) {
                return;
            }
            from = value_take(reader, from, limit, value);
            count++;
            if (value == sip_value(reader->message, SIP_HEADER_VIA)) {
                sip_branch_judge(reader, value);
            }
        }
        if (from >= limit) {
            break;
        }
    }
    if (empty_count > 0) {
        sip_empty_note(reader, header, limit, count > 0);
    }
}
