/* The functions that the linker puts in the place of those that allocate. */
#include "tests/unit/nomem_kit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__real_arena_alloc(struct arena *a, size_t size);
void *__real_arena_array(struct arena *a, size_t n, size_t size);
char *__real_arena_memdup(struct arena *a, const void *p, size_t len);
char *__real_arena_strdup(struct arena *a, const char *s);
int __real_vasprintf(char **out, const char *fmt, va_list ap);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
void *__wrap_arena_alloc(struct arena *a, size_t size);
void *__wrap_arena_array(struct arena *a, size_t n, size_t size);
char *__wrap_arena_memdup(struct arena *a, const void *p, size_t len);
char *__wrap_arena_strdup(struct arena *a, const char *s);
char *__wrap_arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int __wrap_vasprintf(char **out, const char *fmt, va_list ap);

static bool fails(void)
{
	if (!nomem_fails())
		return false;
	errno = ENOMEM;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return fails() ? NULL : __real_reallocarray(p, n, size);
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
	return fails() ? NULL : __real_aligned_alloc(align, size);
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return fails() ? NULL : __real_strndup(s, n);
}

__attribute__((format(printf, 2, 0))) int __wrap_vasprintf(char **out, const char *fmt, va_list ap)
{
	return fails() ? -1 : __real_vasprintf(out, fmt, ap);
}

/* N.B. an arena asks for memory now and then alone; here each thing in it may be what fails. */
void *__wrap_arena_alloc(struct arena *a, size_t size)
{
	return fails() ? arena_refuse(a) : __real_arena_alloc(a, size);
}

void *__wrap_arena_array(struct arena *a, size_t n, size_t size)
{
	return fails() ? arena_refuse(a) : __real_arena_array(a, n, size);
}

char *__wrap_arena_memdup(struct arena *a, const void *p, size_t len)
{
	return fails() ? arena_refuse(a) : __real_arena_memdup(a, p, len);
}

char *__wrap_arena_strdup(struct arena *a, const char *s)
{
	return fails() ? arena_refuse(a) : __real_arena_strdup(a, s);
}

char *__wrap_arena_printf(struct arena *a, const char *fmt, ...)
{
	char *text, *copy;
	va_list ap;
	int n;

	if (fails())
		return arena_refuse(a);
	va_start(ap, fmt);
	n = __real_vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return NULL;
	copy = __real_arena_memdup(a, text, (size_t)n);
	free(text);
	return copy;
}
