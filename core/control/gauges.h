/* gauges.h - numbers that others keep, for the registry of metrics
 */
#ifndef HD_CONTROL_GAUGES_H
#define HD_CONTROL_GAUGES_H

struct hd_control;

/* Sets them to what they are now. [loop] */
void hd_gauges_set(struct hd_control *control);

#endif
