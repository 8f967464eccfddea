/* Parts of a line of text, which are neither copied nor ended. Private to the importers. */
#ifndef CLI_IMPORT_PART_H
#define CLI_IMPORT_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct part {
	const char *text;
	size_t len;
};

/* Without the blanks around it. */
static inline struct part part_trim(struct part p)
{
	while (p.len > 0 && (*p.text == ' ' || *p.text == '\t')) {
		p.text++;
		p.len--;
	}
	while (p.len > 0 &&
		(p.text[p.len - 1] == ' ' || p.text[p.len - 1] == '\t' ||
			p.text[p.len - 1] == '\r'))
		p.len--;
	return p;
}

/* Takes the first word off the line; an empty one where there is none. */
static inline struct part part_word_take(struct part *line)
{
	struct part word;

	*line = part_trim(*line);
	word = (struct part){line->text, 0};
	while (word.len < line->len && word.text[word.len] != ' ' && word.text[word.len] != '\t')
		word.len++;
	line->text += word.len;
	line->len -= word.len;
	return word;
}

static inline bool part_is(struct part p, const char *text)
{
	return strlen(text) == p.len && memcmp(p.text, text, p.len) == 0;
}

/* Without the quotes around it. */
static inline struct part part_unquote(struct part p)
{
	if (p.len >= 2 && (*p.text == '"' || *p.text == '\'') && p.text[p.len - 1] == *p.text)
		return (struct part){p.text + 1, p.len - 2};
	return p;
}

#endif
