/* What the files of the settings share. Private to store/settings*.c. */
#ifndef STORE_SETTINGS_IMPL_H
#define STORE_SETTINGS_IMPL_H

#include <stdbool.h>
#include <stddef.h>

#include "store/settings.h"

struct arena;

struct settings {
	struct arena *arena;
	const char *home;
	const char *file;
	bool has_file;
	struct {
		const char *text;
		const char *origin;
	} values[SETTING_COUNT];
};

/* Whether there is a section of this name. */
bool settings_is_section(const char *section, size_t len);

/* Sets a value as it will be read. base: what a relative path counts from, NULL: the current
 * folder. ERR_INVALID with the origin in front, ERR_NOMEM, ERR_IO. */
int settings_set(struct settings *s, int id, const char *text, const char *origin, const char *base,
	char *const *env, struct err *e);

/* Takes the settings file, where there is one; and its text. ERR_INVALID with the place in front,
 * ERR_NOMEM. */
int settings_file_take(struct settings *s, char *const *env, struct err *e);
int settings_text_take(
	struct settings *s, char *const *env, const char *text, size_t len, struct err *e);

#endif
