/*
 * The settings file: what is wrong with it is told by the place where it stands; what is taken is a
 * value that its setting can have, and comes back the same when it is written anew. Where the first
 * line begins as a variable of the environment does, each line is one.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/value.h"
#include "store/settings_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOME "/home/somebody"
#define PREFIX "WINDROW__"
#define VARIABLES_MOST 32
#define FILE_NAME HOME "/.windrow/" SETTINGS_FILE_NAME

static int take(struct settings *s, const char *text, size_t len, struct err *e)
{
	static char home[] = "HOME=" HOME;
	static char *const env[] = {home, NULL};

	*s = (struct settings){.home = HOME "/.windrow", .file = FILE_NAME};
	s->arena = arena_create((size_t)64 << 20);
	if (s->arena == NULL)
		abort();
	e->text[0] = '\0';
	return settings_text_take(s, env, text, len, e);
}

static void must_begin(const char *text, const char *beginning)
{
	if (strncmp(text, beginning, strlen(beginning)) != 0)
		abort();
}

static void check_value(const struct settings *s, enum setting_id id)
{
	const char *text = s->values[id].text;

	switch (setting_defs[id].type) {
	case SETTING_NUMBER:
		if (settings_number(s, id) < 1 || settings_number(s, id) > SETTING_NUMBER_MAX)
			abort();
		break;
	case SETTING_DURATION:
		if (settings_duration(s, id) < SETTING_DURATION_MIN)
			abort();
		break;
	case SETTING_BOOL:
		if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
			abort();
		break;
	case SETTING_PATH:
		if (text[0] != '/')
			abort();
		break;
	}
}

/* A text in YAML, which has three more ends of a line than JSON. */
static void text_write(const char *text, struct buf *out)
{
	static const char *const ends[][2] = {
		{"\xc2\x85", "\\N"}, {"\xe2\x80\xa8", "\\L"}, {"\xe2\x80\xa9", "\\P"}};
	struct value v = value_cstring(text);
	struct buf json;

	buf_init(&json, 0);
	value_json(&v, &json);
	for (const char *at = buf_str(&json); *at != '\0';) {
		size_t n = 1;

		for (size_t i = 0; i < 3 && n == 1; i++) {
			if (strncmp(at, ends[i][0], strlen(ends[i][0])) != 0)
				continue;
			buf_adds(out, ends[i][1]);
			n = strlen(ends[i][0]);
		}
		if (n == 1)
			buf_addc(out, *at);
		at += n;
	}
	buf_free(&json);
}

/* N.B. a file may hold a section once. */
static void write_anew(const struct settings *s, struct buf *out)
{
	const char *section = "";

	for (int i = 0; i < SETTING_COUNT; i++) {
		if (s->values[i].text == NULL)
			continue;
		if (strcmp(section, setting_defs[i].section) != 0)
			buf_addf(out, "%s:\n", setting_defs[i].section);
		section = setting_defs[i].section;
		buf_addf(out, "  %s: ", setting_defs[i].key);
		text_write(s->values[i].text, out);
		buf_addc(out, '\n');
	}
}

static void round_trip(const struct settings *s)
{
	struct settings again;
	struct buf text;
	struct err e;

	buf_init(&text, 0);
	write_anew(s, &text);
	if (take(&again, buf_str(&text), text.len, &e) != 0)
		abort();
	for (int i = 0; i < SETTING_COUNT; i++) {
		const char *a = s->values[i].text, *b = again.values[i].text;

		if ((a == NULL) != (b == NULL) || (a != NULL && strcmp(a, b) != 0))
			abort();
		if (a == NULL)
			continue;
		check_value(s, (enum setting_id)i);
		must_begin(s->values[i].origin, FILE_NAME ":");
	}
	buf_free(&text);
	arena_destroy(again.arena);
}

static void environment(char *text)
{
	static char home[] = "HOME=" HOME, ours[] = "WINDROW_HOME=/nowhere/windrow";
	char *env[VARIABLES_MOST + 3] = {home, ours};
	struct settings *s;
	struct err e;

	for (size_t n = 2; text != NULL && n < VARIABLES_MOST + 2; n++) {
		env[n] = text;
		text = strchr(text, '\n');
		if (text != NULL)
			*text++ = '\0';
	}
	if (settings_load(env, &s, &e) != 0) {
		must_begin(e.text, PREFIX);
		return;
	}
	for (int i = 0; i < SETTING_COUNT; i++) {
		check_value(s, (enum setting_id)i);
		must_begin(s->values[i].origin, s->values[i].origin[0] == 'd' ? "default" : PREFIX);
	}
	settings_destroy(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct settings s;
	struct err e;

	if (text == NULL)
		abort();
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (strncmp(text, PREFIX, strlen(PREFIX)) == 0) {
		environment(text);
		free(text);
		return 0;
	}
	if (take(&s, text, size, &e) == 0)
		round_trip(&s);
	else
		must_begin(e.text, FILE_NAME ":");
	arena_destroy(s.arena);
	free(text);
	return 0;
}
