#include "io/privileges.h"

#include "base/must.h"
#include "io/privileges_more.h"

#include <errno.h>
#include <grp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

struct syscall_row {
    int number;
    bool of[ROLE_COUNT];
};

static const struct syscall_row rows[] = {
#define SYSCALL(name, border, media, keeper, recorder, resolver)                                   \
    {SCMP_SYS(name),                                                                               \
     {[ROLE_BORDER] = (border),                                                                    \
      [ROLE_MEDIA] = (media),                                                                      \
      [ROLE_KEEPER] = (keeper),                                                                    \
      [ROLE_RECORDER] = (recorder),                                                                \
      [ROLE_RESOLVER] = (resolver)}},
#include "io/syscalls.def"
#undef SYSCALL
};

static bool refused(const char *what, struct fault *fault)
{
    return fault_set(fault, "%s: %s", what, strerror(errno));
}

void privileges_forget(int last)
{
    (void)close_range((unsigned)last + 1, ~0U, 0);
}

static bool has_capability(cap_value_t capability)
{
    cap_flag_value_t value = CAP_CLEAR;
    cap_t held = cap_get_proc();

    if (held == NULL) {
        return false;
    }
    (void)cap_get_flag(held, capability, CAP_EFFECTIVE, &value);
    (void)cap_free(held);
    return value == CAP_SET;
}

/* count 0: none at all. */
static bool capabilities_keep(const cap_value_t *kept, int count, struct fault *fault)
{
    cap_t wanted = cap_init();
    bool is_done = wanted != NULL;

    if (is_done && count > 0) {
        is_done = cap_set_flag(wanted, CAP_PERMITTED, count, kept, CAP_SET) == 0 &&
                  cap_set_flag(wanted, CAP_EFFECTIVE, count, kept, CAP_SET) == 0;
    }
    is_done = is_done && cap_set_proc(wanted) == 0;
    (void)cap_free(wanted);
    return is_done || refused("capabilities", fault);
}

/* What no program started from here could get back. */
static void capabilities_bound(void)
{
    if (!has_capability(CAP_SETPCAP)) {
        return;
    }
    for (cap_value_t capability = 0; CAP_IS_SUPPORTED(capability); capability++) {
        (void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    }
}

static bool lock_in(int folder, struct fault *fault)
{
    bool is_done = true;

    if (folder < 0) {
        return true;
    }
    if (has_capability(CAP_SYS_CHROOT)) {
        is_done = fchdir(folder) == 0 && chroot(".") == 0 && chdir("/") == 0;
    }
    (void)close(folder);
    return is_done || refused("chroot", fault);
}

static bool become(uid_t user, gid_t group, struct fault *fault)
{
    if (user == 0 || !has_capability(CAP_SETUID)) {
        return true;
    }
    if (setgroups(0, NULL) != 0 || setresgid(group, group, group) != 0 ||
        setresuid(user, user, user) != 0) {
        return refused("change of user", fault);
    }
    must(setresuid(0, 0, 0) != 0);
    return true;
}

bool privileges_drop(const struct privileges *privileges, struct fault *fault)
{
    const struct rlimit none = {0, 0};

    if (!lock_in(privileges->folder, fault)) {
        return false;
    }
    capabilities_bound();
    if (!become(privileges->user, privileges->group, fault) || !capabilities_keep(NULL, 0, fault)) {
        return false;
    }
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return refused("prctl", fault);
    }
    return true;
}

/* No memory is ever run that was not run from the start; the one ioctl is what libuv makes
 * descriptors not wait by; the one prctl is how finely a short sleep is timed. */
static int allow_arguments(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp is_not_run = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    const struct {
        int number;
        struct scmp_arg_cmp argument;
    } allowed[] = {
        {SCMP_SYS(mmap), is_not_run},
        {SCMP_SYS(mprotect), is_not_run},
        {SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, FIONBIO)},
        {SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_TIMERSLACK)},
    };
    int error = 0;

    for (size_t i = 0; error == 0 && i < ARRAY_COUNT(allowed); i++) {
        error = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, allowed[i].number, 1,
                                       &allowed[i].argument);
    }
    return error;
}

bool privileges_confine(enum ipc_role role, struct fault *fault)
{
    size_t more_count = 0;
    const int *more = privileges_more(&more_count);
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int error = filter == NULL ? -ENOMEM : seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

    for (size_t i = 0; error == 0 && i < ARRAY_COUNT(rows); i++) {
        if (rows[i].of[role]) {
            error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, rows[i].number, 0);
        }
    }
    for (size_t i = 0; error == 0 && i < more_count; i++) {
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, more[i], 0);
    }
    if (error == 0) {
        error = allow_arguments(filter);
    }
    if (error == 0) {
        error = seccomp_load(filter);
    }
    seccomp_release(filter);
    return error == 0 || fault_set(fault, "seccomp: %s", strerror(-error));
}

bool privileges_keep_for_parent(struct fault *fault)
{
    static const cap_value_t wanted[] = {
        CAP_SETUID, CAP_SETGID,           CAP_SYS_CHROOT, CAP_SETPCAP,
        CAP_KILL,   CAP_NET_BIND_SERVICE, CAP_NET_ADMIN,  CAP_DAC_READ_SEARCH,
    };
    cap_value_t kept[ARRAY_COUNT(wanted)];
    int count = 0;

    for (size_t i = 0; i < ARRAY_COUNT(wanted); i++) {
        if (has_capability(wanted[i])) {
            kept[count++] = wanted[i];
        }
    }
    return capabilities_keep(kept, count, fault) &&
           (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 || refused("prctl", fault));
}
