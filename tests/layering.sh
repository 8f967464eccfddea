#!/bin/sh
# The floors of the house: each includes what stands below it, never above; and the engine does no
# I/O, starts no thread and reads no clock. One TAP test a floor.
set -u
LC_ALL=C # what a range of letters holds, and what is text
export LC_ALL
cd "${top_srcdir:-.}" || exit 1
floors='engine store operators scheduler cli' # from the ground up
count=0

# $1: nothing, or the lines that break the rule $2.
tell() {
	count=$((count + 1))
	if [ -z "$1" ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		printf '%s\n' "$1" | sed 's/^/# /'
	fi
}

below=
for floor in $floors; do
	below="$below$floor|"
	found=$(grep -rnE '^#include "' "$floor" --include='*.[ch]' |
		grep -vE "#include \"(${below%|})/" | grep -v '#include "config.h"')
	tell "$found" "$floor/ includes nothing from the floors above it"
done

found=$(grep -rnE '^#include <(unistd|fcntl|pthread|uv|sqlite3|libssh2|sys/[a-z]+|netdb|signal|poll|dirent|spawn|threads)(\.h)>' \
	engine --include='*.[ch]')
tell "$found" 'engine/ includes no header of the operating system'

calls='fopen|freopen|open|read|write|system|popen|getenv|secure_getenv|time|clock|clock_gettime|gettimeofday|localtime|localtime_r|gmtime|mktime|tzset|rand|random|srand|printf|puts|putchar|perror|exit|abort'
found=$(grep -rnE "(^|[^A-Za-z0-9_.>\"])($calls) ?\(" engine --include='*.[ch]' |
	grep -vE '^[^:]*:[0-9]+:[[:space:]]*(\*|/\*|//)' | grep -vE '__attribute__|format\(printf')
tell "$found" 'engine/ calls nothing that does I/O, reads a clock or the environment'

found=$(grep -rnE '^(static )?[a-z][a-z_0-9 *]*[ *][a-z_0-9]+(\[[^]]*\])?( = .*)?;$' engine --include='*.c' |
	grep -vE ':(static )?const |[ *]const [a-z_]*(\[[^]]*\])?( = .*)?;|typedef|extern|struct [a-z_]+;|:return|:goto|:_')
tell "$found" 'engine/ has no variable that outlives a call'

echo "1..$count"
