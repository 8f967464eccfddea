/* `windrow secrets rotate`: a new master key, everything sealed anew. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "cli/stores.h"
#include "engine/err.h"

static int rotate_exec(const struct args *args)
{
	const char *key_file = args_text(args, "new-key-file", NULL);
	struct store_rotation done;
	int status;
	struct store *s = stores_open_to_read(&status);
	struct err e;

	if (status != EXIT_DONE)
		return status;
	if (s == NULL) {
		report_note("there is no store yet, and nothing to seal anew");
		return EXIT_DONE;
	}
	if (store_rotate(s, key_file, &done, &e) != 0)
		status = stores_report(&e);
	else if (done.is_kept_by_us)
		report_note(
			"%llu secret%s sealed anew; the new master key is in %s: keep a copy of "
			"it where backups of the store do not lie",
			(unsigned long long)done.n_sealed, done.n_sealed == 1 ? "" : "s",
			done.key_name);
	else
		report_note("%llu secret%s sealed anew; now put the key of %s in the place of %s",
			(unsigned long long)done.n_sealed, done.n_sealed == 1 ? "" : "s", key_file,
			done.key_name);
	stores_close(s);
	return status;
}

static const struct flag rotate_flags[] = {
	{"new-key-file", 0, FLAG_TEXT, "FILE",
		"take the new master key from here; else it is made"},
};

const struct command command_secrets_rotate = {
	.group = "secrets",
	.verb = "rotate",
	.summary = "make a new master key, and seal everything anew",
	.details =
		"Killed at any moment it leaves everything as it was, or as it is to be. Where the "
		"master key comes from $WINDROW_MASTER_KEY or systemd's credentials, you give the "
		"new one: 32 bytes in base64. Older backups of the store need the older key.",
	.flags = rotate_flags,
	.n_flags = sizeof(rotate_flags) / sizeof(rotate_flags[0]),
	.example = "windrow secrets rotate",
	.exec = rotate_exec,
};
