/* answers.h - bytes as the answers of a service, one after the other
 *
 * Each answer begins with a byte that chooses its code and ends at the byte
 * 0x1e; after the last one comes no answer any more: the line is broken.  One
 * request or timer is under way at a time.
 */
#ifndef TESTS_FUZZ_ANSWERS_H
#define TESTS_FUZZ_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <herald/plugin.h>

/* Fills in what a flow of requests needs of the host, but complete(). */
void answers_init(herald_host *h, const uint8_t *data, size_t n);

/* Gives the next answer to whoever asked; false if nobody did. */
bool answers_give(void *self);

#endif
