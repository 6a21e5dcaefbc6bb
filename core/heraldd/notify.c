#include "core/heraldd/notify.h"

#ifdef HAVE_SYSTEMD

#include <systemd/sd-daemon.h>

#include "core/base/clock.h"

void hd_notify(const char *state)
{
	sd_notify(0, state);
}

void hd_notify_reloading(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
		   (long long)hd_now_us());
}

uint64_t hd_notify_watchdog_us(void)
{
	uint64_t us = 0;

	return sd_watchdog_enabled(0, &us) > 0 ? us : 0;
}

#else

void hd_notify(const char *state)
{
	(void)state;
}

void hd_notify_reloading(void)
{
}

uint64_t hd_notify_watchdog_us(void)
{
	return 0;
}

#endif
