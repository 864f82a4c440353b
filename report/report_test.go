package report_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/report"
	"github.com/taskchain-go/taskchain/runner"
)

func TestAReportTellsWhatHappened(t *testing.T) {
	page := html(t, report.New(trip(), execute(t, trip()).Context, report.Before(newOrder())))
	for _, want := range []string{
		"book a trip", "o-4711", `badge stuck`, "A compensation failed: a person must look.",
		"2 failures", "airline: the booking can&#39;t be cancelled any more", "next in 150ms",
		"panic: runtime error: index out of range [2] with length 2", "kit_test.go", // the stack
		"3 attempts, 570ms", "waits 200ms for attempt 3, waited 200ms",
		`<span class="new">    &#34;flight&#34;: &#34;flight-o-4711&#34;`,
		"&#34;acme&#34;", "[&#34;vip&#34;,&#34;web&#34;]", "INFO from the web shop",
		"36 events", "asks the bureau",
	} {
		require.Contains(t, page, want)
	}
	require.NotContains(t, page, "<script")
	require.NotRegexp(t, `(?i)(src|href|url)\s*[=(]`, page, "it loads nothing")
	require.NotContains(t, page, "ZgotmplZ", "html/template has not refused anything")
}

func TestSummary(t *testing.T) {
	s := report.New(trip(), execute(t, trip()).Context).Summary()
	require.Equal(t, "book a trip", s.Plan)
	require.Equal(t, chain.Stuck, s.Status)
	require.Equal(t, 1760*time.Millisecond, s.Duration)
	require.Equal(t, 4, s.Retries)
	require.Equal(t, 1, s.Runs)
	require.Equal(t, []report.Failure{
		{Path: "insure", Error: "panic: runtime error: index out of range [2] with length 2", Run: 1},
		{Path: "book/flight", Phase: chain.Compensation, Error: "airline: the booking can't be cancelled any more", Run: 1},
	}, s.Failures)
}

func TestEachRunHasATimeline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := chain.New[*order]().
			Process("p", chain.New[*order]().
				Step("a", takes(time.Second, "")).
				Step("b", breaks(1, time.Second, "not yet"))).
			MustBuild()
		r := runner.NewSync(plan)
		out, err := r.Run(t.Context(), newOrder())
		require.Error(t, err)
		time.Sleep(26 * time.Hour)
		doc, err := codec.Marshal(out.Context)
		require.NoError(t, err)
		exec, err := codec.Unmarshal[*order](doc)
		require.NoError(t, err)
		_, err = r.Resume(t.Context(), exec)
		require.NoError(t, err)

		made := report.New(plan, exec)
		s := made.Summary()
		require.Equal(t, 3*time.Second, s.Duration, "without the pause")
		require.Equal(t, []report.Failure{{Path: "p/b", Error: "not yet", Run: 1}}, s.Failures)
		page := html(t, made)
		require.Contains(t, page, "Run 1 of 2:")
		require.Contains(t, page, "1s, after a pause of 26h0m0s")
		require.Contains(t, page, "after 2s of run 1")
		require.Contains(t, page, "badge succeeded")
	})
}

func TestAnExecutionInTheMiddleOfItsWork(t *testing.T) {
	var page string
	plan := chain.New[*order]().
		Step("a", takes(time.Second, "")).
		Step("b", takes(time.Second, "")).
		MustBuild()
	synctest.Test(t, func(t *testing.T) {
		_, err := runner.NewSync(plan, runner.WithObserver(func(ctx context.Context, e chain.Event) {
			if exec, ok := chain.FromContext[*order](ctx); ok && e.Kind == chain.KindStarted && e.Path == "b" {
				page = html(t, report.New(plan, exec))
			}
		})).Run(t.Context(), newOrder())
		require.NoError(t, err)
	})
	require.Contains(t, page, "badge running")
	require.Contains(t, page, "box underway")
	require.Contains(t, page, "attempt 1, not ended")
}

func TestNothingHasHappenedYet(t *testing.T) {
	page := html(t, report.New(trip(), chain.NewExecutionContext(newOrder())))
	require.Contains(t, page, "Nothing has happened yet.")
	require.Contains(t, page, "badge pending")
	require.NotContains(t, page, `id="failures"`)
	require.NotContains(t, page, `id="trace"`)
}

func TestTheZeroReportSaysSo(t *testing.T) {
	require.ErrorContains(t, new(report.Report).WriteHTML(&bytes.Buffer{}), "make one with New")
}

func TestNothingToReportOnIsAnError(t *testing.T) {
	require.EqualError(t, report.New(nil, chain.NewExecutionContext(1)).WriteHTML(&bytes.Buffer{}), "report: the plan is nil")
	var none *chain.ExecutionContext[*order]
	made := report.New(trip(), none)
	require.EqualError(t, made.WriteHTML(&bytes.Buffer{}), "report: the execution is nil")
	require.Zero(t, made.Summary())
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

func TestAWritersErrorIsReturned(t *testing.T) {
	require.ErrorContains(t, report.New(trip(), chain.NewExecutionContext(newOrder())).WriteHTML(full{}), "the disk is full")
	require.ErrorContains(t, report.WriteOverview(full{}, "all", nil), "the disk is full")
}

func TestWhatMustNotBeSeenIsNotThere(t *testing.T) {
	plan := chain.New[*order]().
		Step("a", breaks(9, 0, "card 4111 1111")).Retry(policy.Fixed(2, 0)).
		Process("p", chain.New[*order]().Step("b", breaks(9, 0, "card 4111 1111"))).
		OnFailure(policy.Continue).MustBuild()
	exec := chain.NewExecutionContext(newOrder(), chain.WithMetadata(map[string]any{"token": "s3cret"}))
	_, err := runner.NewSync(plan, runner.WithErrorText(func(error) string { return "(hidden)" })).Resume(t.Context(), exec)
	require.ErrorContains(t, err, "4111")

	page := html(t, report.New(plan, exec, report.WithoutData(), report.Before(newOrder())))
	require.Contains(t, page, "(hidden)")
	for _, secret := range []string{"4111", "s3cret", "Lovelace"} {
		require.NotContains(t, page, secret)
	}
	require.Contains(t, html(t, report.New(plan, exec)), "s3cret")
}

type rude struct{ Name string }

func (rude) MarshalJSON() ([]byte, error) { panic("no JSON today") }

type rudeError struct{}

func (rudeError) Error() string { return "rude" }
func (rudeError) As(any) bool   { panic("no cause") }

func TestDataThatIsNoJSON(t *testing.T) {
	channels := chain.New[chan int]().Step("a", func(context.Context, *chan int) error { return nil }).MustBuild()
	out, err := runner.NewSync(channels).Run(t.Context(), make(chan int))
	require.NoError(t, err)
	require.Contains(t, html(t, report.New(channels, out.Context)), "It is not shown: json: unsupported type: chan int")

	plan := chain.New[rude]().Step("a", func(context.Context, *rude) error { return rudeError{} }).MustBuild()
	exec := chain.NewExecutionContext(rude{}, chain.WithMetadata(map[string]any{"f": func() {}}))
	_, err = runner.NewSync(plan).Resume(t.Context(), exec)
	require.Error(t, err)
	page := html(t, report.New(plan, exec))
	require.Contains(t, page, "panic: no JSON today")
	require.Contains(t, page, "json: unsupported type: func()")
}

// Names, texts and data are the user's, and may look like HTML.
func TestNothingOfTheUsersIsHTML(t *testing.T) {
	evil := `<img src=x onerror="alert(1)">'"--></style></title></svg><script>alert(1)</script>`
	name := strings.ReplaceAll(evil, "/", "|")
	plan := chain.New[*order]().Named(name).
		Step(name, breaks(9, 0, evil)).Describe(evil).Retry(policy.Fixed(2, 0)).
		Process("p "+name, chain.New[*order]().Step(name+"\x00\u202e", breaks(9, 0, evil+"\x00\xff"))).
		OnFailure(policy.Continue).MustBuild()
	exec := chain.NewExecutionContext(&order{Customer: evil}, chain.WithID(evil), chain.WithMetadata(map[string]any{evil: evil}))
	exec.Log(slog.LevelWarn, evil)
	_, err := runner.NewSync(plan).Resume(t.Context(), exec)
	require.Error(t, err)
	made := report.New(plan, exec, report.Before(map[string]string{evil: evil}))
	var overview bytes.Buffer
	require.NoError(t, report.WriteOverview(&overview, evil+"\u202e", []report.Entry{{Summary: made.Summary(), Link: "javascript:alert(1)"}}))
	for _, page := range []string{html(t, made), overview.String()} {
		require.NotContains(t, page, "<img")
		require.NotContains(t, page, "<script")
		require.NotContains(t, page, "</style></title>")
		require.NotContains(t, page, `href="javascript:`)
		require.NotContains(t, page, "\x00")
		require.NotContains(t, page, "\u202e")
		require.Equal(t, 1, strings.Count(page, "<style>"))
	}
}

func TestOverview(t *testing.T) {
	fails := report.Failure{Path: "charge", Error: "declined"}
	undo := report.Failure{Path: "reserve", Phase: chain.Compensation, Error: "no answer"}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	entries := []report.Entry{
		{Summary: report.Summary{ID: "o-1", Plan: "checkout", Status: chain.Succeeded, Begun: at}, Link: "o-1.html"},
		{Summary: report.Summary{ID: "o-2", Status: chain.Compensated, Begun: at, Failures: []report.Failure{fails}}},
		{Summary: report.Summary{ID: "o-3", Status: chain.Compensated, Begun: at.Add(time.Hour), Failures: []report.Failure{{Path: "charge", Error: "expired"}}}},
		{Summary: report.Summary{ID: "o-4", Status: chain.Stuck, Begun: at, Failures: []report.Failure{fails, undo}}, Link: "o-4.html"},
		{Summary: report.Summary{ID: "o-5"}},
	}
	var b bytes.Buffer
	require.NoError(t, report.WriteOverview(&b, "checkout today", entries))
	page := b.String()
	for _, want := range []string{
		"checkout today", "5 executions", "begun from 2026-01-02 03:04:05.000 UTC to 2026-01-02 04:04:05.000 UTC",
		"<b>1</b> stuck", "<b>2</b> compensated", "1 execution stuck: a person must look",
		`<a href="o-4.html">o-4</a>`, "compensation of reserve: no answer",
		"step <code>charge</code> <small>3 failures</small>", "<b>2</b> <span class=\"error\">declined</span>",
		"compensation of <code>reserve</code> <small>1 failure</small>",
	} {
		require.Contains(t, page, want)
	}
	ids := regexp.MustCompile(`(?:<td>|html">)(o-\d)`).FindAllStringSubmatch(page[strings.Index(page, "All executions"):], -1)
	var order []string
	for _, id := range ids {
		order = append(order, id[1])
	}
	require.Equal(t, []string{"o-4", "o-5", "o-2", "o-3", "o-1"}, order, "the most urgent first")

	b.Reset()
	require.NoError(t, report.WriteOverview(&b, "nothing", nil))
	require.Contains(t, b.String(), "There are none.")
}

func TestAPlanThatHasChangedIsDrawnAsItIs(t *testing.T) {
	out := execute(t, trip())
	other := chain.New[*order]().Step("check the customer", takes(0, "")).Step("new", takes(0, "")).MustBuild()
	page := html(t, report.New(other, out.Context))
	require.Contains(t, page, "new (step): untouched")
	require.Contains(t, page, "check the customer (step): completed")
	require.Contains(t, page, `title="book/flight"`, "the timeline has what happened")
}

func TestAReportDoesNotChange(t *testing.T) {
	plan := trip()
	exec := execute(t, plan).Context
	made := report.New(plan, exec)
	before := html(t, made)
	exec.Set("late", true)
	exec.Log(slog.LevelInfo, "late")
	exec.Data.Customer = "nobody"
	made.Summary().Failures[0].Path = "elsewhere"
	require.Equal(t, before, html(t, made))
}

// A plan of a thousand steps, with as many branches, is drawn at once.
func TestALargePlan(t *testing.T) {
	b, branches := chain.New[*order](), chain.New[*order]()
	for i := range 500 {
		name := strings.Repeat("x", i%40+1) + string(rune('a'+i%26)) + time.Duration(i).String()
		b, branches = b.Step(name, takes(0, "")).Builder, branches.Step(name, takes(0, "")).Builder
	}
	plan := b.Parallel("all", branches).MustBuild()
	out, err := runner.NewSync(plan).Run(t.Context(), newOrder())
	require.NoError(t, err)
	page := html(t, report.New(plan, out.Context))
	require.Equal(t, 1001, strings.Count(page, `<g class="box completed`))
}
