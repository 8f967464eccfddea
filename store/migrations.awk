# Makes an array of C structs of the numbered SQL files: {number, "name", "text"}, in their order.
# A gap in the numbers is an error.
function finish() {
	if (n > 0)
		print "},"
}
FNR == 1 {
	finish()
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\.sql$/, "", name)
	if (substr(name, 1, 4) != sprintf("%03d_", ++n)) {
		print FILENAME ": migrations are numbered from 001 without a gap" >"/dev/stderr"
		exit 1
	}
	printf "{%d, \"%s\",\n", n, name
}
{
	gsub(/\\/, "&&")
	gsub(/"/, "\\\"")
	printf "\t\"%s\\n\"\n", $0
}
END { finish() }
