/* CT-FW-07: a header name that is no token, has blanks inside, or has no colon. */
#include "guard/inspect.h"

enum outcome control_header_names(struct inspection *inspection)
{
    return inspection_violations(inspection);
}
