/* Words for the enumerations of the trip. */
#include "guard/event.h"

const char *emergency_name(enum emergency emergency)
{
    static const char *const names[] = {
        [EMERGENCY_NONE] = "none",     [EMERGENCY_CALL] = "call",
        [EMERGENCY_TEST] = "test",     [EMERGENCY_REGISTRATION] = "registration",
        [EMERGENCY_DIALOG] = "dialog",
    };
    return names[emergency];
}

const char *match_name(enum match_kind kind)
{
    static const char *const names[] = {
        [MATCH_NONE] = "nothing known",
        [MATCH_RETRANSMISSION] = "a retransmission",
        [MATCH_MERGED] = "the same request by another way",
        [MATCH_ACK] = "the ACK of a refused INVITE",
        [MATCH_CANCEL] = "the CANCEL of an INVITE in progress",
        [MATCH_RESPONSE] = "the response to a request of ours",
        [MATCH_DIALOG] = "a dialog",
        [MATCH_DIALOG_PARTLY] = "a dialog, by some of its identifiers only",
    };
    return names[kind];
}

const char *outcome_name(enum outcome outcome)
{
    static const char *const names[] = {
        [OUTCOME_NOT_APPLICABLE] = "not applicable",
        [OUTCOME_PASSED] = "passed",
        [OUTCOME_FAILED] = "failed",
        [OUTCOME_WAITING] = "waiting",
        [OUTCOME_NONE] = "did not run",
    };
    return names[outcome];
}

const char *policy_mode_name(enum policy_mode mode)
{
    static const char *const names[] = {
        [MODE_ENFORCE] = "enforce",
        [MODE_OBSERVE] = "observe",
        [MODE_OFF] = "off",
    };
    return names[mode];
}
