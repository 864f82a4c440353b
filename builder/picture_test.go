package builder_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/internal/golden"
	"github.com/taskchain-go/taskchain/policy"
)

// check compares with a golden file. After -update look at the difference, let
// Graphviz draw every .dot (dot -Tsvg) and Mermaid parse every .mmd before it is
// committed.
func check(t *testing.T, file, got string) {
	t.Helper()
	golden.Check(t, filepath.Join("testdata", file), got)
}

func checkout() *builder.Plan[Data] {
	return chain.New[Data]().Named("checkout").
		Step("reserve", pass).Compensate(pass).
		Step("charge", pass).
		Retry(policy.Exponential(5, 100*time.Millisecond)).
		Timeout(2*time.Second).
		Compensate(pass).
		CompensateOnFailure().
		RetryCompensation(policy.Fixed(3, time.Second)).
		Process("fulfil", chain.New[Data]().
			Step("pack", pass).Compensate(pass).
			Step("ship", pass).Describe("books a parcel")).
		OnFailure(policy.Compensate).
		MustBuild()
}

func checkoutMarks() map[string]builder.Mark {
	return map[string]builder.Mark{
		"reserve":     {State: builder.Compensated, Note: "12ms"},
		"charge":      {State: builder.Compensated, Note: "3 attempts, 120ms"},
		"fulfil":      {State: builder.Failed},
		"fulfil/pack": {State: builder.CompensationFailed},
		"fulfil/ship": {State: builder.Failed, Note: "no carrier"},
	}
}

// everything has each thing that can be said, and each way boxes can meet.
func everything() *builder.Plan[Data] {
	return chain.New[Data]().Named("everything").Within(time.Minute).
		AsyncStep("background", start).CompensateAsync(start).CompensationTimeout(time.Second).
		Parallel("ask", chain.New[Data]().
			Step("left", pass).When(always).
			Step("middle", pass).When(always).Compensate(pass).
			Process("right", chain.New[Data]().Step("first", pass).Step("second", pass))).
		Compensate(pass).CompensateOnFailure().
		Parallel("tell", chain.New[Data]().
			Parallel("near", chain.New[Data]().Step("one", pass).Step("two", pass)).
			Step("far", pass).
			Within(5*time.Second)).
		When(always).
		Process("tidy", chain.New[Data]().
			Step("sweep", pass).Retry(policy.Fixed(2, 0)).
			Describe("A sentence that is so long that a box of one line would be wider than the page it is printed on.").
			Step("mop", pass).
			OnFailure(policy.Continue)).
		Describe("may fail").
		Step("end", pass).
		MustBuild()
}

// everyMark has one step in each state, and one in none that we know.
func everyMark() map[string]builder.Mark {
	return map[string]builder.Mark{
		"background":       {State: builder.Completed, Note: "5ms"},
		"ask":              {State: builder.Compensated},
		"ask/left":         {State: builder.Skipped},
		"ask/right/first":  {State: builder.Completed},
		"ask/right/second": {State: builder.Completed},
		"tell":             {State: builder.Failed},
		"tell/near/one":    {State: builder.Failed, Note: "boom"},
		"tell/near/two":    {State: builder.CompensationFailed},
		"tidy":             {State: builder.Underway},
		"tidy/sweep":       {State: builder.Underway, Note: "2 attempts"},
		"end":              {State: builder.Untouched},
		"tidy/mop":         {State: 99},
		"elsewhere":        {State: builder.Failed, Note: "no step of this plan"},
	}
}

// strange holds what some notation reads as something else.
var strange = []string{
	`double "quotes"`, `'single' quotes`, "`backticks`", `back\slash`, `ends in \`, `\N \G \{n\}`,
	"[brackets]", "{braces}", "(parens)", "<b>bold</b>", "a < b > c", "pipe|pipe", "semi;colon", "# heading", "#35;", "&amp;", "&lt;b&gt;",
	"  spaces  around  ", "new\nline", "tab\there", "nul\x00", "bell\a", "esc\x1b[31m", "right\u202eleft", "no\u00a0break",
	"größe", "注文", "🚀 rocket", "e\u0301", "**bold** _it_ ~~no~~", "1. list", "2) list", "- list", "+ list", "* list", "---", "===",
	"[link](http://x.y)", "http://example.com", "www.example.com", "a@example.com", "![img](x)",
	"%% comment", `%%{init: {"theme": "dark"}}%%`, "%", "end", "subgraph x", "style s1 fill:red", "style:a#b;", "s1 --> s2", "s1@{ shape: x }",
	"fa:fa-car", "snake_case-and-dash", "send 1.5s.", "it's a.b", "$$x$$", "~", "^", "-", ".", "...", "=", ":", "a:b", "x: y", "@", "!",
}

// named is a plan with those names on a step, a Process and a step inside it,
// in a description and on the plan itself.
func named(names ...string) *builder.Plan[Data] {
	b := chain.New[Data]().Named(strings.ReplaceAll(strings.Join(names, " "), "/", "+"))
	for i, name := range names {
		plain := strings.ReplaceAll(name, "/", "+")
		s := b.Step(plain, pass).Describe(name)
		if i%2 == 0 {
			s = s.Compensate(pass)
		}
		b = s.Builder
	}
	for _, name := range names {
		name = strings.ReplaceAll(name, "/", "+")
		b = b.Process("in "+name, chain.New[Data]().Step(name, pass)).Builder
	}
	return b.MustBuild()
}

func strangeMarks() map[string]builder.Mark {
	marks := map[string]builder.Mark{}
	for _, name := range strange {
		marks[strings.ReplaceAll(name, "/", "+")] = builder.Mark{State: builder.Completed, Note: name + "\xff"}
	}
	return marks
}

func TestPictures(t *testing.T) {
	for _, test := range []struct {
		name  string
		plan  *builder.Plan[Data]
		marks map[string]builder.Mark
	}{
		{"checkout", checkout(), checkoutMarks()},
		{"everything", everything(), everyMark()},
		{"strange", named(strange...), strangeMarks()},
		{"unnamed", chain.New[Data]().Step("only", pass).MustBuild(), map[string]builder.Mark{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			plain := test.plan.Picture(nil)
			check(t, test.name+".txt", plain.String())
			check(t, test.name+".mmd", plain.Mermaid())
			check(t, test.name+".dot", plain.DOT())
			require.Equal(t, plain.String(), test.plan.String())
			require.Equal(t, plain.Mermaid(), test.plan.Mermaid())
			require.Equal(t, plain.DOT(), test.plan.DOT())

			marked := test.plan.Picture(test.marks)
			check(t, test.name+"-marked.txt", marked.String())
			check(t, test.name+"-marked.mmd", marked.Mermaid())
			check(t, test.name+"-marked.dot", marked.DOT())
		})
	}
}

func TestZeroPicture(t *testing.T) {
	var p builder.Picture
	require.Empty(t, p.String())
	require.Empty(t, p.Mermaid())
	require.Empty(t, p.DOT())
}

func TestPictureKeepsItsMarks(t *testing.T) {
	marks := checkoutMarks()
	p := checkout().Picture(marks)
	before := p.String()
	marks["reserve"] = builder.Mark{State: builder.Failed}
	delete(marks, "charge")
	require.Equal(t, before, p.String())
}

// Marks that say nothing yet are not the same as no marks.
func TestPictureOfAnExecutionThatNeverBegan(t *testing.T) {
	p := checkout()
	require.Equal(t, p.String(), p.Picture(nil).String())
	require.Contains(t, p.Picture(map[string]builder.Mark{}).String(), "── · reserve")
}
