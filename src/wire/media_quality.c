#include "wire/media_quality.h"

enum {
    RATING_BEST = 932,      /* tenths: R of a line without any trouble */
    IMPAIRMENT_MAX = 950,   /* tenths */
    ROBUSTNESS = 251,       /* tenths of a percent: Bpl of G.711 with concealment */
    DELAY_BASE_US = 60000,  /* of packets of 20 ms and a buffer of two, beside jitter */
    DELAY_FREE_US = 177300, /* G.107: below, a delay hardly matters */
};

/* Tenths of R: 0.024 for each millisecond, and 0.11 for each beyond what goes unnoticed. */
static uint32_t delay_impairment(uint64_t delay_us)
{
    uint64_t beyond = delay_us > DELAY_FREE_US ? delay_us - DELAY_FREE_US : 0;
    uint64_t tenths = (24 * delay_us + 110 * beyond) / 100000;

    return tenths > RATING_BEST ? RATING_BEST : (uint32_t)tenths;
}

/* 100 MOS = 100 + 3.5 R + 7e-4 R (R - 60) (100 - R), R in tenths. */
static unsigned mos_of(int64_t rating)
{
    int64_t curve = rating * (rating - 600) * (1000 - rating);

    if (rating <= 0) {
        return 100;
    }
    return (unsigned)(100 + rating * 35 / 100 + curve * 7 / 10000000);
}

unsigned media_mos(const struct media_side_counts *counts)
{
    uint64_t media = counts->packets - counts->control_packets;
    uint64_t expected = media + counts->lost;
    uint64_t lost, loss_impairment;

    if (counts->packets <= counts->control_packets) {
        return 0;
    }
    lost = 1000 * (uint64_t)counts->lost / expected; /* tenths of a percent */
    loss_impairment = IMPAIRMENT_MAX * lost / (lost + ROBUSTNESS);
    return mos_of((int64_t)RATING_BEST - (int64_t)loss_impairment -
                  delay_impairment(DELAY_BASE_US + 2 * (uint64_t)counts->jitter_us));
}
