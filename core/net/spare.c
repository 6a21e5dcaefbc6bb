#include "core/net/spare.h"

#include <fcntl.h>
#include <unistd.h>

void hd_spare_keep(struct hd_spare *spare)
{
	if (spare->fd < 0)
		spare->fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool hd_spare_give_up(struct hd_spare *spare)
{
	if (spare->fd < 0)
		return false;
	close(spare->fd);
	spare->fd = -1;
	return true;
}
