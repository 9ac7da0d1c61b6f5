/* CT-DOS-05: what comes in a neighbour's name may be anybody's: told, never answered with a ban. */
#include "guard/admission.h"

enum outcome control_spoofed_bans(struct inspection *inspection)
{
    const struct standing *source = inspection->source;

    /* What would ban a stranger is noted after the verdict (admission_note.c), and told there. */
    return source == NULL || source->level != STANDING_CONTRACT ? OUTCOME_NOT_APPLICABLE
                                                                : OUTCOME_PASSED;
}
