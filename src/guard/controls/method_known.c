/* CT-FW-13: another version, an unknown method, a CSeq that names another one. */
#include "guard/inspect.h"

enum outcome control_method_known(struct inspection *inspection)
{
    return inspection_violations(inspection);
}
