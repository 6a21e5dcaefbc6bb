/* gauges_process.h - the process itself, under the names that Prometheus'
 * client libraries use: process_resident_memory_bytes, ...
 */
#ifndef HD_CONTROL_GAUGES_PROCESS_H
#define HD_CONTROL_GAUGES_PROCESS_H

#include <stdint.h>

/* Sets them to what they are now, and herald_build_info.  What the system does
 * not tell is left out. [loop] */
void hd_gauges_process(int64_t started_utc_ms);

#endif
