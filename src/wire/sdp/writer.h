/*
 * Between the files of the SDP writer.
 */
#pragma once

#include "wire/sdp/write.h"

/* What is being written, so that the pieces need not be handed on one by one. */
struct sdp_writing {
    struct text *text;
    const struct sdp *sdp;
    const struct sdp_rewrite *rewrite;
    const struct sdp_level *level;
    const struct sdp_media *media;        /* NULL on the session level */
    const struct sdp_media_rewrite *ours; /* of the medium; NULL when the media pass us by */
    uint64_t dropped[2];                  /* payload types that do not go out */
};

/* The attributes of a level, each as its treatment says. */
void sdp_attributes_write(const struct sdp_writing *writing);

static inline void sdp_line_end(struct text *text)
{
    text_put(text, SLICE("\r\n"));
}

/* The level's lines are those from its first to this. */
static inline const struct sdp_line *sdp_writing_end(const struct sdp_writing *writing)
{
    return &writing->sdp->lines[writing->level->first_line + writing->level->line_count];
}

static inline bool sdp_writing_drops(const struct sdp_writing *writing, uint64_t payload_type)
{
    return ((writing->dropped[payload_type / 64] >> (payload_type % 64)) & 1) != 0;
}
