/*
 * Replays a fuzzer's corpus without a fuzzer, one TAP test a file: what once was found stays
 * mended. Without arguments it takes tests/fuzz/corpus/NAME, NAME being the program's own name
 * after `fuzz_`; else the files that are named.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count, failed;

/* The whole file, to be freed, or NULL. */
static uint8_t *file_read(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	long end = -1;

	if (f == NULL)
		return NULL;
	if (fseek(f, 0, SEEK_END) == 0 && (end = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0)
		data = malloc((size_t)end + 1);
	if (data != NULL && fread(data, 1, (size_t)end, f) != (size_t)end) {
		free(data);
		data = NULL;
	}
	*size = (size_t)end;
	(void)fclose(f);
	return data;
}

static void replay(const char *path, const char *name)
{
	size_t size = 0;
	uint8_t *data = file_read(path, &size);

	count++;
	if (data == NULL) {
		failed++;
		printf("not ok %d - %s cannot be read\n", count, name);
		return;
	}
	(void)LLVMFuzzerTestOneInput(data, size);
	printf("ok %d - %s\n", count, name);
	(void)fflush(stdout);
	free(data);
}

static int is_visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static void replay_folder(const char *folder)
{
	struct dirent **list = NULL;
	char path[8192];
	int n = scandir(folder, &list, is_visible, alphasort);

	if (n <= 0) {
		printf("not ok 1 - no corpus in %s\n", folder);
		count = failed = 1;
	}
	for (int i = 0; i < n; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, list[i]->d_name);
		replay(path, list[i]->d_name);
		free(list[i]);
	}
	free(list);
}

int main(int argc, char **argv)
{
	const char *top = getenv("top_srcdir"), *name = strrchr(argv[0], '/');
	char folder[4096];

	name = name == NULL ? argv[0] : name + 1;
	if (strncmp(name, "fuzz_", 5) == 0)
		name += 5;
	(void)snprintf(
		folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", top == NULL ? "." : top, name);
	if (argc == 1)
		replay_folder(folder);
	for (int i = 1; i < argc; i++)
		replay(argv[i], argv[i]);
	printf("1..%d\n", count);
	return failed == 0 ? 0 : 1;
}
