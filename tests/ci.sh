#!/bin/sh
# All that a change must pass, leg by leg, each in a build folder of its own below ./ci. A leg that
# passes says so in a line; one that fails shows its output. The last line counts the tests.
#   tests/ci.sh SOURCE-FOLDER
set -u
src=$1
jobs=$(nproc)
passed=0 failed=0 skipped=0 broken=

mkdir -p ci
cd ci || exit 1
here=$(pwd)
case $here in
"$src"/*) inside=${here#"$src"/} ;;
*) inside=/ ;;
esac

# count LOG: adds the results that stand in a log of make check
count() {
	p=$(grep -cE '^ok [0-9]+ -|^PASS: ' "$1")
	f=$(grep -cE '^(FAIL|ERROR|XPASS): ' "$1")
	s=$(grep -c '^SKIP: ' "$1")
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

# leg NAME COMMAND...: one leg; its output goes to NAME.log
leg() {
	name=$1
	shift
	printf '%-12s ' "$name"
	if "$@" >"$here/$name.log" 2>&1; then
		count "$here/$name.log"
		echo passed
	else
		count "$here/$name.log"
		echo FAILED
		broken="$broken $name"
		grep -E -A12 '(^FAIL|^ERROR|^not ok|error:|warning:|\*\*\*)' "$here/$name.log" | tail -n 120
		echo "    (the end of it)"
		tail -n 25 "$here/$name.log"
	fi
}

# build_and_check FOLDER CONFIGURE-ARGUMENTS...; the checks run under $steady
steady=
build_and_check() {
	folder=$1
	shift
	mkdir -p "$here/$folder" && cd "$here/$folder" || return 1
	[ -f Makefile ] || "$src/configure" -q "$@" || return 1
	# shellcheck disable=SC2086 # nothing, or a command and its flag
	make -s -j"$jobs" all && $steady make -s -j"$jobs" check VERBOSE=1
}

sources() {
	cd "$src" && find . \( -name '*.c' -o -name '*.h' \) -not -path './build*' -not -path "./$inside/*" \
		-not -path './ci/*' -not -path './windrow-*'
}

# judged NAME TOOL VERSION COMMAND...: a leg whose verdict changes with the tool's version is judged by one version alone, the one in
# Debian 12; with others it is left out, in so many words.
judged() {
	name=$1 tool=$2 version=$3
	shift 3
	case $("$tool" --version 2>/dev/null) in
	*" $version" | *" $version."*) leg "$name" "$@" ;;
	*) printf '%-12s left out: it is judged by %s %s, and this is %s\n' "$name" "$tool" "$version" "$("$tool" --version 2>&1 | head -n 1)" ;;
	esac
}

layout() {
	cd "$src" && sources | xargs clang-format --dry-run -Werror
}

static_check() {
	cd "$src" && sources | grep -v '/tests/' | xargs cppcheck -q -j"$jobs" -I. --language=c --std=c11 --inline-suppr \
		--error-exitcode=1 --enable=warning,performance,portability --suppress=missingInclude \
		--suppress=missingIncludeSystem --suppress=unknownMacro --suppress=normalCheckLevelMaxBranches
}

installs() {
	cd "$here/gcc" && rm -rf "$here/root" && make -s install DESTDIR="$here/root" &&
		"$here/root/usr/local/bin/windrow" version
}

distributes() {
	mkdir -p "$here/dist" && cd "$here/dist" || return 1
	[ -f Makefile ] || "$src/configure" -q || return 1
	make -s distcheck
}

packages() {
	sh "$src/tests/deb.sh" "$here"/dist/windrow-*.tar.xz
}

[ -x "$src/configure" ] || "$src/bootstrap" >/dev/null 2>&1
leg gcc build_and_check gcc CC=gcc --enable-werror
leg clang build_and_check clang CC=clang --enable-werror
# N.B. where the kernel scatters addresses widely (vm.mmap_rnd_bits above 28), they fall now and then where
# gcc 12's sanitizers want to have their own.
setarch -R true 2>/dev/null && steady='setarch -R'
leg sanitizers build_and_check sanitizers CC=gcc CFLAGS='-g -O1' --enable-werror --enable-sanitizers
steady=
judged layout clang-format 14 layout
judged cppcheck cppcheck 2.10 static_check
leg install installs
leg distcheck distributes
leg debian packages

[ -z "$broken" ] || echo "These legs failed:$broken. Their logs are in $here."
if [ -n "$broken" ] && [ "$failed" = 0 ]; then
	failed=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
