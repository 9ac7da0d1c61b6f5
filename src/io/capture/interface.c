#include "io/capture/interface.h"

#include "io/capture/octets.h"

#include <dlfcn.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>

enum {
    HEAD = 24,
    RECORD_HEAD = 16,
    SNAP = 262144,             /* what frames.h reads at most; its names are libpcap's, too */
    BUFFER = 16 * 1024 * 1024, /* of the kernel: a second of a busy border's signalling and media */
    /* Frames are handed over in blocks, the last one after this long.  Without blocks (immediate
     * mode) the kernel wakes us for each frame and drops sooner. */
    TIMEOUT_MS = 20,
};

struct interface {
    void *library;
    // clang-format off
#define CALL(name) __typeof__(name) *name;
#include "io/capture/pcap_calls.def"
#undef CALL
    // clang-format on
    pcap_t *pcap;
    const struct until *until;
    struct pollfd polls[2];
    char head[HEAD];      /* of the file, then of each frame */
    struct slice left[2]; /* what is to be shown: a head and its frame */
};

static const char *const call_names[] = {
// clang-format off
#define CALL(name) #name,
#include "io/capture/pcap_calls.def"
#undef CALL
    // clang-format on
};

/* A pointer to a function is stored as what dlsym gives, which is how POSIX wants it. */
static bool library_load(struct interface *interface, struct fault *fault)
{
    void *const places[] = {
    // clang-format off
#define CALL(name) &interface->name,
#include "io/capture/pcap_calls.def"
#undef CALL
        // clang-format on
    };

    interface->library = dlopen("libpcap.so.0.8", RTLD_NOW | RTLD_LOCAL);
    if (interface->library == NULL) {
        return fault_set(fault, "capturing needs libpcap (install libpcap0.8): %s", dlerror());
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        void *found = dlsym(interface->library, call_names[i]);

        if (found == NULL) {
            return fault_set(fault, "libpcap is too old: it has no %s", call_names[i]);
        }
        memcpy(places[i], &found, sizeof(found));
    }
    return true;
}

/* library_load has filled every call that is made below. */
// NOLINTBEGIN(clang-analyzer-core.CallAndMessage)

static bool filter_set(struct interface *interface, const char *name, const char *filter,
                       struct fault *fault)
{
    struct bpf_program program;

    if (filter == NULL) {
        return true;
    }
    if (interface->pcap_compile(interface->pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        return fault_set(fault, "filter \"%s\": %s", filter,
                         interface->pcap_geterr(interface->pcap));
    }
    int result = interface->pcap_setfilter(interface->pcap, &program);
    interface->pcap_freecode(&program);
    return result == 0 ||
           fault_set(fault, "%s: filter: %s", name, interface->pcap_geterr(interface->pcap));
}

static bool refused(struct interface *interface, const char *name, int status, struct fault *fault)
{
    if (status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR_PROMISC_PERM_DENIED) {
        return fault_set(fault,
                         "%s: not permitted: capturing wants CAP_NET_RAW, or root; a capture "
                         "made elsewhere can be read from - (tcpdump -w - | sipwarden inspect -)",
                         name);
    }
    if (status == PCAP_ERROR_NO_SUCH_DEVICE) {
        return fault_set(fault, "%s: there is no such interface", name);
    }
    if (status == PCAP_ERROR_IFACE_NOT_UP) {
        return fault_set(fault, "%s: the interface is down", name);
    }
    return fault_set(fault, "%s: %s", name,
                     status == PCAP_ERROR ? interface->pcap_geterr(interface->pcap)
                                          : interface->pcap_statustostr(status));
}

static bool activate(struct interface *interface, const char *name, struct fault *fault)
{
    char error[PCAP_ERRBUF_SIZE] = "";

    interface->pcap = interface->pcap_create(name, error);
    if (interface->pcap == NULL) {
        return fault_set(fault, "%s: %s", name, error);
    }
    /* Refused only by what is active. */
    (void)interface->pcap_set_snaplen(interface->pcap, SNAP);
    (void)interface->pcap_set_promisc(interface->pcap, 1);
    (void)interface->pcap_set_timeout(interface->pcap, TIMEOUT_MS);
    (void)interface->pcap_set_buffer_size(interface->pcap, BUFFER);
    int status = interface->pcap_activate(interface->pcap); /* above 0: a warning */
    if (status < 0) {
        return refused(interface, name, status, fault);
    }
    if (interface->pcap_setnonblock(interface->pcap, 1, error) != 0) {
        return fault_set(fault, "%s: %s", name, error);
    }
    interface->polls[1] = (struct pollfd){
        .fd = interface->pcap_get_selectable_fd(interface->pcap),
        .events = POLLIN,
    };
    return true;
}

/* Numbers in network order, as the magic number then says. */
static void head_write(struct interface *interface)
{
    memset(interface->head, 0, HEAD);
    octets_put_u32(interface->head, UINT32_C(0xA1B2C3D4));
    octets_put_u16(interface->head + 4, 2);
    octets_put_u16(interface->head + 6, 4);
    octets_put_u32(interface->head + 16, SNAP);
    octets_put_u32(interface->head + 20, (uint32_t)interface->pcap_datalink(interface->pcap));
    interface->left[0] = slice_of(interface->head, HEAD);
}

struct interface *interface_open(const char *name, const char *filter, const struct until *until,
                                 struct fault *fault)
{
    struct interface *interface = calloc(1, sizeof(*interface));

    if (interface == NULL) {
        (void)fault_set(fault, "no memory to capture");
        return NULL;
    }
    interface->until = until;
    if (!library_load(interface, fault) || !activate(interface, name, fault) ||
        !filter_set(interface, name, filter, fault)) {
        interface_close(interface);
        return NULL;
    }
    head_write(interface);
    return interface;
}

void interface_close(struct interface *interface)
{
    if (interface == NULL) {
        return;
    }
    if (interface->pcap != NULL) {
        interface->pcap_close(interface->pcap);
    }
    if (interface->library != NULL) {
        (void)dlclose(interface->library);
    }
    free(interface);
}

uint64_t interface_dropped(struct interface *interface)
{
    struct pcap_stat stat = {0};

    return interface->pcap_stats(interface->pcap, &stat) == 0 ? stat.ps_drop : 0;
}

/* 1 when there is a frame, 0 when it is over, or a negative errno. */
static int frame_wait(struct interface *interface)
{
    struct pcap_pkthdr *head = NULL;
    const unsigned char *bytes = NULL;
    int got;

    if (!until_poll(interface->until, interface->polls, 1, false)) {
        return 0;
    }
    while ((got = interface->pcap_next_ex(interface->pcap, &head, &bytes)) == 0) {
        if (!until_poll(interface->until, interface->polls, 2, true)) {
            return 0;
        }
    }
    if (got < 0) {
        return got == PCAP_ERROR_BREAK ? 0 : -ENETDOWN;
    }
    octets_put_u32(interface->head, (uint32_t)head->ts.tv_sec);
    octets_put_u32(interface->head + 4, (uint32_t)head->ts.tv_usec);
    octets_put_u32(interface->head + 8, head->caplen);
    octets_put_u32(interface->head + 12, head->len);
    interface->left[0] = slice_of(interface->head, RECORD_HEAD);
    interface->left[1] = slice_of((const char *)bytes, head->caplen);
    return 1;
}

ptrdiff_t interface_read(void *from, char *at, size_t max)
{
    struct interface *interface = from;
    size_t len = 0;

    if (interface->left[0].len + interface->left[1].len == 0) {
        int waited = frame_wait(interface);

        if (waited <= 0) {
            return waited;
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        struct slice part = slice_head(interface->left[i], max - len);

        if (part.len > 0) {
            memcpy(at + len, part.at, part.len);
        }
        interface->left[i] = slice_skip(interface->left[i], part.len);
        len += part.len;
    }
    return (ptrdiff_t)len;
}

// NOLINTEND(clang-analyzer-core.CallAndMessage)
