# Plots of the report: plot(FILE, TITLE, UNIT, N) draws plot_name[1..N], plot_value[] as bars on a
# logarithmic scale, and marks those of plot_own[]. Sourced with report.awk.

function svg_text(text)
{
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	return text
}

function log10(x)
{
	return log(x) / log(10)
}

function floor_of(x)
{
	return int(x) - (x < int(x))
}

# three significant figures, and a comma between thousands
function figure(x,   text)
{
	if (x >= 1000)
		text = sprintf("%.0f", x)
	else if (x >= 100)
		return sprintf("%.0f", x)
	else if (x >= 10)
		return sprintf("%.1f", x)
	else if (x >= 0.1)
		return sprintf("%.2f", x)
	else if (x > 0)
		return sprintf("%.2g", x)
	else
		return "0"
	while (match(text, /[0-9][0-9][0-9][0-9](,|$)/))
		text = substr(text, 1, RSTART) "," substr(text, RSTART + 1)
	return text
}

function plot(file, title, unit, n,   i, low, high, width, y, x)
{
	for (i = 1; i <= n; i++) {
		if (plot_value[i] <= 0)
			continue
		if (low == "" || plot_value[i] < low)
			low = plot_value[i]
		if (high == "" || plot_value[i] > high)
			high = plot_value[i]
	}
	if (low == "")
		return
	# A bar of the least value is still a bar.
	low = floor_of(log10(low) - 0.3)
	high = log10(high)
	width = 420
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 %d\" font-family=\"sans-serif\" font-size=\"13\">\n", \
		52 + 24 * n >file
	print "<style>text{fill:#222}rect{fill:#9aa5b1}rect.own{fill:#2f7d4f}line{stroke:#d5dae0}" \
		"@media (prefers-color-scheme:dark){text{fill:#ddd}rect{fill:#6b7783}rect.own{fill:#54b37d}line{stroke:#3a4149}}</style>" >file
	printf "<text x=\"8\" y=\"20\" font-weight=\"bold\">%s (%s, logarithmic, less is better)</text>\n", svg_text(title), svg_text(unit) >file
	for (i = low; i <= high; i++) {
		x = 170 + width * (i - low) / (high - low)
		printf "<line x1=\"%.1f\" y1=\"30\" x2=\"%.1f\" y2=\"%d\"/>", x, x, 32 + 24 * n >file
		printf "<text x=\"%.1f\" y=\"%d\" font-size=\"10\" text-anchor=\"middle\">%s</text>\n", x, 46 + 24 * n, figure(10 ^ i) >file
	}
	for (i = 1; i <= n; i++) {
		y = 12 + 24 * i
		x = plot_value[i] > 0 ? width * (log10(plot_value[i]) - low) / (high - low) : 0
		printf "<text x=\"162\" y=\"%d\" text-anchor=\"end\">%s</text>", y + 14, svg_text(plot_name[i]) >file
		printf "<rect%s x=\"170\" y=\"%d\" width=\"%.1f\" height=\"18\"/>", plot_own[i] ? " class=\"own\"" : "", y, x >file
		printf "<text x=\"%.1f\" y=\"%d\">%s</text>\n", 176 + x, y + 14, figure(plot_value[i]) >file
	}
	print "</svg>" >file
	close(file)
}
