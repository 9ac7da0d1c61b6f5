#include "wire/sip/scan_block.h"

scan_function *scan_choose(void)
{
    return scan_plain;
}
