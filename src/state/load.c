#include "state/load.h"

enum {
    GAIN_PROPORTIONAL = 20, /* percent of loss for a wait of twice the target */
    GAIN_INTEGRAL = 10,     /* percent more of it with every beat that it stays so */
    THOUSAND = 1000,
    SAMPLE_MAX = 10, /* times the target: beyond that one sample says no more */
};

/* How far off the target, in thousandths of it: from -1000, idle, to 9000. */
static int32_t error_of(const struct load_sample *sample)
{
    uint64_t wait = (uint64_t)sample->wait_us * THOUSAND / LOAD_TARGET_US;
    uint64_t full =
        sample->table_percent <= LOAD_TABLE_FULL
            ? 0
            : (sample->table_percent - LOAD_TABLE_FULL) * 10U * THOUSAND / 100 + THOUSAND;
    uint64_t most = wait > full ? wait : full;

    return (int32_t)(most < SAMPLE_MAX * THOUSAND ? most : SAMPLE_MAX * THOUSAND) - THOUSAND;
}

static int32_t clamp(int32_t value, int32_t least, int32_t most)
{
    return value < least ? least : value > most ? most : value;
}

void load_tell(struct load *load, const struct load_sample *sample)
{
    int32_t error = error_of(sample);

    load->integral = clamp(load->integral + GAIN_INTEGRAL * error, 0, LOAD_LOSS_MAX * THOUSAND);
    int32_t loss = (load->integral + GAIN_PROPORTIONAL * error) / THOUSAND;
    loss = clamp(loss, 0, LOAD_LOSS_MAX);
    load->loss = loss < LOAD_HYSTERESIS ? 0 : (uint32_t)loss;
}

/* The three kinds fill up one after the other: the first third of the loss is all of the first. */
static uint32_t share_of(uint32_t loss, enum load_kind kind)
{
    int32_t share = (int32_t)loss * 3 - LOAD_LOSS_MAX * (int32_t)kind;

    return (uint32_t)clamp(share, 0, LOAD_LOSS_MAX);
}

bool load_sheds(struct load *load, enum load_kind kind)
{
    uint32_t share = kind == LOAD_KEPT ? 0 : share_of(load->loss, kind);

    if (share == 0) {
        return false;
    }
    /* A walk by 61 through 0..99 meets each number once: no chance is needed to be even. */
    load->dice = (load->dice + 61) % 100;
    if (load->dice >= share) {
        return false;
    }
    load->shed[kind]++;
    return true;
}
