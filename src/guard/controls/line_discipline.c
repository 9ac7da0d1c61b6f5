/* CT-FW-08: lines that do not end in CRLF, control octets, folding where two readers differ. */
#include "guard/inspect.h"

enum outcome control_line_discipline(struct inspection *inspection)
{
    return inspection_violations(inspection);
}
