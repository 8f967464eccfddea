# Makes C strings of the programs that run on the host: comments and indentation go, lines are joined.
# A line `. NAME.sh;` becomes what stands in that file beside them.
function add(line) {
	if (line ~ /^[ \t]*#/ || line ~ /^[ \t]*$/)
		return
	sub(/^[ \t]+/, "", line)
	sub(/[ \t]+$/, "", line)
	if (line ~ /['!]/)
		fail(FILENAME ":" FNR ": neither a quote nor an exclamation mark may stand here")
	gsub(/\\/, "&&", line)
	gsub(/"/, "\\\"", line)
	printf "%s%s", separator, line
	separator = " \"\n\t\""
}

function add_file(path, line, got) {
	while ((got = (getline line <path)) > 0)
		add(line)
	if (got < 0)
		fail(FILENAME ":" FNR ": there is no " path)
	close(path)
}

function fail(why) {
	print why >"/dev/stderr"
	exit 1
}

FNR == 1 {
	if (name != "")
		print "\";"
	name = folder = FILENAME
	sub(/[^\/]*$/, "", folder)
	sub(/.*\//, "", name)
	sub(/\.sh$/, "_program", name)
	printf "static const char %s[] =\n\t\"", name
	separator = ""
}
/^\. [a-z_]+\.sh;$/ {
	add_file(folder substr($2, 1, length($2) - 1))
	next
}
{ add($0) }
END { print "\";" }
