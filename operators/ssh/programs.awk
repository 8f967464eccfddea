# Makes C strings of the programs that run on the host: comments and indentation go, lines are joined.
FNR == 1 {
	if (name != "")
		print "\";"
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\.sh$/, "_program", name)
	printf "static const char %s[] =\n\t\"", name
	separator = ""
}
/^[ \t]*#/ || /^[ \t]*$/ { next }
{
	sub(/^[ \t]+/, "")
	sub(/[ \t]+$/, "")
	if ($0 ~ /['!]/) {
		print FILENAME ":" FNR ": neither a quote nor an exclamation mark may stand here" >"/dev/stderr"
		exit 1
	}
	gsub(/\\/, "&&")
	gsub(/"/, "\\\"")
	printf "%s%s", separator, $0
	separator = " \"\n\t\""
}
END { print "\";" }
