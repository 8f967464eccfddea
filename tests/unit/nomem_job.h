/*
 * Jobs that run where memory runs out, at the first allocation, the second, and so on: each time
 * one says so, or what it says where there is enough. Linked with --wrap for each function that
 * allocates (NOMEM_WRAP in tests/local.mk).
 */
#ifndef TESTS_NOMEM_JOB_H
#define TESTS_NOMEM_JOB_H

#include "engine/buf.h"

/* Does its work and adds what came of it to said, behind nomem_job_stop(): from there on there is
 * memory. Returns 0 or an error. */
typedef int nomem_job(struct buf *said);

void nomem_job_stop(void);
void nomem_job_test(nomem_job *job, const char *name);

#endif
