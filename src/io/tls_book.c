#include "io/tls_book.h"

struct entry_head {
    uint32_t kind, owner, len;
};

void tls_book_put(struct text *book, const struct tls_entry *entry)
{
    const struct entry_head head = {entry->kind, entry->owner, (uint32_t)entry->octets.len};

    text_put(book, slice_of((const char *)&head, sizeof(head)));
    text_put(book, entry->octets);
}

bool tls_book_next(struct slice *rest, struct tls_entry *entry)
{
    struct entry_head head;

    if (rest->len < sizeof(head)) {
        return false;
    }
    memcpy(&head, rest->at, sizeof(head));
    *rest = slice_skip(*rest, sizeof(head));
    if (head.len > rest->len) {
        return false;
    }
    *entry = (struct tls_entry){head.kind, head.owner, slice_head(*rest, head.len)};
    *rest = slice_skip(*rest, head.len);
    return true;
}
