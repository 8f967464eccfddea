/* Opening the store for a command, in the name of the person who typed it. */
#include "cli/stores.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/report.h"
#include "cli/settings.h"
#include "engine/buf.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "store/secret.h"

/* `cli:anna`; behind sudo `cli:root (sudo anna)`. */
static char *actor_name(void)
{
	const struct passwd *pw = getpwuid(getuid());
	const char *sudo = getenv("SUDO_USER");
	struct buf b;

	buf_init(&b, 0);
	buf_adds(&b, "cli:");
	if (pw != NULL)
		buf_adds(&b, pw->pw_name);
	else
		buf_addf(&b, "%u", (unsigned)getuid());
	if (sudo != NULL && *sudo != '\0' && getuid() == 0)
		buf_addf(&b, " (sudo %s)", sudo);
	return buf_steal(&b);
}

bool stores_options_or_report(struct stores_options *o)
{
	struct settings *s = settings_or_report();

	memset(o, 0, sizeof(*o));
	if (s == NULL)
		return false;
	o->home = strdup(settings_home_path(s));
	o->actor = actor_name();
	settings_destroy(s);
	if (o->home == NULL || o->actor == NULL) {
		stores_options_free(o);
		report_error("%s", err_text(ERR_NOMEM));
		return false;
	}
	o->store = (struct store_options){.home = o->home, .env = environ, .actor = o->actor};
	return true;
}

void stores_options_free(struct stores_options *o)
{
	free(o->home);
	free(o->actor);
	o->home = o->actor = NULL;
}

/* N.B. who may not open what is sealed has reached the store all the same. */
int stores_report(const struct err *e)
{
	bool is_unreachable =
		e->code == ERR_UNAVAILABLE || e->code == ERR_IO || e->code == ERR_CORRUPT;

	report_error("%s", e->text);
	return is_unreachable ? EXIT_UNREACHABLE : EXIT_FAILED;
}

static struct store *open_store(bool may_create, bool is_to_copy, int *status)
{
	struct stores_options o;
	struct store *s = NULL;
	struct err e;
	int r;

	*status = EXIT_FAILED;
	if (!stores_options_or_report(&o))
		return NULL;
	o.store.may_create = may_create;
	o.store.is_to_copy = is_to_copy;
	r = store_open(&o.store, &s, &e);
	stores_options_free(&o);
	*status = r == 0 || (r == ERR_NOTFOUND && !may_create) ? EXIT_DONE : EXIT_UNREACHABLE;
	if (*status != EXIT_DONE)
		report_error("%s", e.text);
	return s;
}

struct store *stores_open(int *status)
{
	return open_store(true, false, status);
}

struct store *stores_open_to_read(int *status)
{
	return open_store(false, false, status);
}

struct store *stores_open_to_copy(int *status)
{
	return open_store(false, true, status);
}

int stores_look(const struct args *args,
	int (*look)(struct store *s, struct arena *a, const struct args *args))
{
	struct arena *a = secret_arena_create(0);
	int status;
	struct store *s = stores_open_to_read(&status);

	if (status == EXIT_DONE)
		status = a == NULL ? report_no_memory() : look(s, a, args);
	arena_destroy(a);
	stores_close(s);
	return status;
}

void stores_close(struct store *s)
{
	char refusal[SECRET_REFUSAL_MAX];

	store_close(s);
	if (secret_lock_refusal(refusal))
		report_note("%s", refusal);
}
