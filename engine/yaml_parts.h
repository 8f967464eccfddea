/* What trees of nodes are made with. Private to engine/yaml_*.c. */
#ifndef ENGINE_YAML_PARTS_H
#define ENGINE_YAML_PARTS_H

#include <stddef.h>

#include "engine/yaml_tree.h"

struct strmap;

/* Zeroed, there are none. */
struct yaml_anchors {
	struct strmap *names; /* a name's place in list; NULL: none yet */
	struct yaml_node **list;
	size_t n, cap;
};

/* Gives a node a name (copied into the arena). N.B. YAML lets a name be given again; what follows
 * means the latest. ERR_NOMEM. */
int yaml_anchor_add(
	struct yaml_anchors *x, struct arena *a, const char *name, struct yaml_node *node);

/* The node of this name, or NULL. */
struct yaml_node *yaml_anchor_find(const struct yaml_anchors *x, const char *name);

/* Forgets and frees all. */
void yaml_anchors_free(struct yaml_anchors *x);

/* Makes a map's pairs of its n children, key and value in turn, in the arena; what is wrong with
 * them is told. ERR_NOMEM. */
int yaml_map_fill(struct arena *a, struct diags *diags, struct yaml_node *map,
	struct yaml_node *const *children, size_t n);

#endif
