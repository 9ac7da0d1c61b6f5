#include "wire/sip/scan_block.h"

scan_function *scan_choose(void)
{
    if (__builtin_cpu_supports("avx512bw")) {
        return scan_avx512;
    }
    if (__builtin_cpu_supports("avx2")) {
        return scan_avx2;
    }
    return __builtin_cpu_supports("sse4.2") ? scan_sse42 : scan_plain;
}
