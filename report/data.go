package report

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// A comparison is the data before and after, line by line.
type comparison struct {
	Before, After []line
	Problem       string // why there is nothing to see
}

// A line is one of a text, and whether the other text has it.
type line struct {
	Text    string
	Changed bool
}

// compare shows data as JSON. before may be nil: it is not known.
func compare(before, after any) comparison {
	var c comparison
	text, err := jsonOf(after)
	if err != nil {
		c.Problem = err.Error()
		return c
	}
	c.After = linesOf(text)
	if before == nil {
		return c
	}
	if text, err = jsonOf(before); err != nil {
		c.Problem = "the data before: " + err.Error()
		return c
	}
	c.Before = linesOf(text)
	markChanges(c.Before, c.After)
	return c
}

func linesOf(text string) []line {
	var lines []line
	for each := range strings.Lines(text) {
		lines = append(lines, line{Text: strings.TrimSuffix(each, "\n")})
	}
	return lines
}

// mostCompared is how many lines of a text are compared at most: it takes the
// square of it.
const mostCompared = 2000

// markChanges marks what is not in the longest common subsequence of the two. A
// comma at the end of a line makes no difference.
func markChanges(a, b []line) {
	same := func(i, j int) bool { return strings.TrimSuffix(a[i].Text, ",") == strings.TrimSuffix(b[j].Text, ",") }
	head := 0
	for head < min(len(a), len(b)) && same(head, head) {
		head++
	}
	if len(a)-head > mostCompared || len(b)-head > mostCompared {
		return
	}
	// common[i][j] is the length of what a[i:] and b[j:] have in common.
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= head; i-- {
		for j := len(b) - 1; j >= head; j-- {
			if same(i, j) {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	for i, j := head, head; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && same(i, j):
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || common[i+1][j] >= common[i][j+1]):
			a[i].Changed = true
			i++
		default:
			b[j].Changed = true
			j++
		}
	}
}

// A fact is a name and what there is to say.
type fact struct{ Name, Value string }

// valueOf is a value of the metadata, in one line if that is short.
func valueOf(v any) string {
	text, err := jsonOf(v)
	if err != nil {
		return err.Error()
	}
	var short bytes.Buffer
	if err := json.Compact(&short, []byte(text)); err == nil && short.Len() <= 80 {
		return short.String()
	}
	return text
}

func factsOf(metadata map[string]any) []fact {
	var facts []fact
	for key, value := range metadata {
		facts = append(facts, fact{printable(key), valueOf(value)})
	}
	slices.SortFunc(facts, func(a, b fact) int { return strings.Compare(a.Name, b.Name) })
	return facts
}
