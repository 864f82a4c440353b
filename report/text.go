package report

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// above is the path of what a step is in, "" for the plan itself.
func above(path string) string { return path[:max(0, strings.LastIndexByte(path, '/'))] }

// short is a duration with three digits, or in whole seconds.
func short(d time.Duration) string {
	for unit := time.Duration(1); unit < time.Second; unit *= 10 {
		if d.Abs() < 1000*unit {
			return d.Round(unit).String()
		}
	}
	return d.Round(time.Second).String()
}

func clock(t time.Time) string { return t.Format("2006-01-02 15:04:05.000 MST") }

// printable quotes a text that could not be seen as it is.
func printable(text string) string {
	hidden := func(r rune) bool { return !unicode.IsPrint(r) }
	if strings.TrimSpace(text) != text || !utf8.ValidString(text) || strings.ContainsFunc(text, hidden) {
		return strconv.Quote(text)
	}
	return text
}

// width is about how wide a text is in the graph, in pixels, and rather too much
// than too little: there is no font to ask.
func width(text string) (pixels int) {
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Mn, r): // stands upon the one before
		case strings.ContainsRune("MWmw@%", r):
			pixels += 14
		case r >= 0x1100 && !unicode.Is(unicode.Latin, r) && r != '…': // East Asia, pictures
			pixels += 19
		case unicode.IsUpper(r) || r > unicode.MaxASCII:
			pixels += 11
		default:
			pixels += 9
		}
	}
	return pixels
}

// fit cuts a text that is wider than that many pixels.
func fit(text string, most int) string {
	if width(text) <= most {
		return text
	}
	n := width("…")
	for i, r := range text {
		if n += width(string(r)); n > most {
			return text[:i] + "…"
		}
	}
	return text
}

// slug is a text as a part of a class name.
func slug(text string) string { return strings.NewReplacer("_", "-", " ", "-").Replace(text) }

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
