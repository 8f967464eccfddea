/* What kind of error it is where a system call failed. */
#ifndef STORE_SYSTEM_ERROR_H
#define STORE_SYSTEM_ERROR_H

/* The code of what errno said: ERR_DENIED where somebody has to give a right, ERR_NOMEM, else
 * `otherwise`. */
int system_error_code(int number, int otherwise);

#endif
