/*
 * Memory for secrets. Each piece has whole pages of its own: locks do not nest, so that two secrets
 * on one page would lose theirs when the first of them goes.
 *
 * N.B. two flags outlive a call: core dumps and the limit of locked memory belong to the process.
 */
#include "store/secret.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/arena.h"

static atomic_bool is_hardened, was_refused;
static atomic_bool has_began; /* the next is set */
static struct rlimit core_began;

static void core_limit(rlim_t soft)
{
	struct rlimit core;

	if (getrlimit(RLIMIT_CORE, &core) != 0)
		return;
	if (!atomic_load(&has_began)) {
		core_began = core;
		atomic_store(&has_began, true);
	}
	core.rlim_cur = soft < core.rlim_max ? soft : core.rlim_max;
	(void)setrlimit(RLIMIT_CORE, &core);
}

/* N.B. both are needed: a core_pattern that is a pipe does not heed the limit. */
void secret_harden(void)
{
	if (atomic_exchange(&is_hardened, true))
		return;
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	core_limit(0);
}

/* N.B. a limit of one byte is the one that a pipe heeds. */
void secret_dumps_forbid(void)
{
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	core_limit(1);
}

void secret_core_limit(struct rlimit *began)
{
	if (atomic_load(&has_began))
		*began = core_began;
	else if (getrlimit(RLIMIT_CORE, began) != 0)
		*began = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
}

static size_t whole_pages(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return size == 0 ? page : (size + page - 1) / page * page;
}

void *secret_alloc(size_t size)
{
	size_t len = whole_pages(size);
	void *p;

	if (len < size)
		return NULL;
	secret_harden();
	p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	if (mlock(p, len) != 0)
		atomic_store(&was_refused, true);
	(void)madvise(p, len, MADV_DONTDUMP);
	(void)madvise(p, len, MADV_WIPEONFORK); /* a copy is neither locked nor wiped */
	return p;
}

void secret_free(void *p, size_t size)
{
	if (p == NULL)
		return;
	explicit_bzero(p, whole_pages(size));
	(void)munmap(p, whole_pages(size));
}

struct arena *secret_arena_create(size_t max_bytes)
{
	static const struct arena_memory memory = {.alloc = secret_alloc, .free = secret_free};

	return arena_create_over(max_bytes, &memory);
}

bool secret_lock_refusal(char text[SECRET_REFUSAL_MAX])
{
	struct rlimit limit = {0};

	if (!atomic_load(&was_refused))
		return false;
	(void)getrlimit(RLIMIT_MEMLOCK, &limit);
	(void)snprintf(text, SECRET_REFUSAL_MAX,
		"a secret could not be locked in memory, and may have reached the swap: only "
		"%lu KiB may be locked here (see `ulimit -l`)",
		(unsigned long)(limit.rlim_cur >> 10));
	return true;
}
