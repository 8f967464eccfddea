#!/bin/sh
# The same seed makes the same world in each simulator, whatever the time is and wherever memory lies.
. "${top_srcdir:-.}/tests/e2e/tap.sh"

# same SIMULATOR SEED: told twice, with other bytes in memory that nobody has set
same()
{
	"$top_builddir/tests/sim/$1" --seed "$2" --trace >"$work/first" 2>&1
	MALLOC_PERTURB_=165 "$top_builddir/tests/sim/$1" --seed "$2" --trace >"$work/again" 2>&1
	like "$1 --seed $2 comes to its end" "$(tail -n 1 "$work/first")" "ok*"
	ok "$1 --seed $2 is the same again" cmp "$work/first" "$work/again"
}

for seed in 1 2 3 5 8 13 21 34; do
	same sim $seed
	same sim_conductor $seed
done
tap_done
