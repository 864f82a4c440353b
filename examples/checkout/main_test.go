package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
	"github.com/taskchain-go/taskchain/examples/checkout/services"
	"github.com/taskchain-go/taskchain/examples/checkout/shop"
	"github.com/taskchain-go/taskchain/policy"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	shipped = "orders.jsonl"
	well    = "\nall well\n"
)

// result is what one run of the program has printed, and its exit status.
type result struct {
	status      int
	out, errors string
}

// sell runs the program with -seed 1, unless args say another, and without what differs from run to run.
func sell(t *testing.T, stdin io.Reader, args ...string) result {
	t.Helper()
	return sellUntil(t.Context(), stdin, args...)
}

func sellUntil(ctx context.Context, stdin io.Reader, args ...string) result {
	var out, errs bytes.Buffer
	// A minute an attempt: what is repeatable must not hang on how busy the machine is.
	args = append([]string{"-seed=1", "-quiet", "-timings=false", "-timeout=1m"}, args...)
	status := run(ctx, args, stdin, &out, &errs)
	return result{status, out.String(), errs.String()}
}

// order is a line that is an order.
func order(id, card, address string) string {
	return fmt.Sprintf(`{"id":%q,"customer":"Ada","sku":"mug","quantity":1,"amount":1250,"card":%q,"address":%q}`+"\n", id, card, address)
}

func good(id string) string { return order(id, "visa", "1 Mill Lane, Ireland") }

// shippedLine is a line of the shipped file, counted from 1.
func shippedLine(t *testing.T, n int) string {
	t.Helper()
	text, err := os.ReadFile(shipped)
	require.NoError(t, err)
	return strings.SplitAfter(string(text), "\n")[n-1]
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestShippedOrders(t *testing.T) {
	t.Parallel()
	r := sell(t, nil, shipped)
	golden(t, "seed-1.golden", r.out)
	golden(t, "malformed.golden", r.errors)
	require.Equal(t, mustLook, r.status)
}

func TestStuckOrders(t *testing.T) {
	t.Parallel()
	r := sell(t, nil, "-stuck", shipped)
	golden(t, "seed-1-stuck.golden", r.out)
	require.Equal(t, mustLook, r.status)

	alone := sell(t, strings.NewReader(order("o-1", "no-refunds", "Moon")), "-stuck")
	require.Contains(t, alone.out, "1 stuck")
	require.Contains(t, alone.out, "to be looked at: order o-1 is stuck: payment holds 12.50")
	require.Contains(t, alone.out, "not all well: 1 order stuck\n")
	require.Equal(t, mustLook, alone.status)
}

// The seed decides which calls fail, however many orders run together and wherever they come from.
func TestSeedRepeatsARun(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(shipped)
	require.NoError(t, err)
	want := sell(t, nil, "-seed=7", shipped)
	require.NotEqual(t, sell(t, nil, "-seed=8", shipped).out, want.out)
	for _, args := range [][]string{{"-parallel=9"}, {"-parallel=200", "-"}} {
		require.Equal(t, want, sell(t, bytes.NewReader(text), append([]string{"-seed=7"}, args...)...))
	}
}

func TestSeedIsDrawnAndNamed(t *testing.T) {
	t.Parallel()
	first := sell(t, strings.NewReader(good("o-1")), "-seed=0")
	drawn := regexp.MustCompile(`seed (\d+)`).FindStringSubmatch(first.out)
	require.NotNil(t, drawn)
	require.NotEqual(t, "0", drawn[1])
	require.Equal(t, first, sell(t, strings.NewReader(good("o-1")), "-seed="+drawn[1]))
}

func TestAllWell(t *testing.T) {
	t.Parallel()
	for name, input := range map[string]string{
		"nothing to do":   "",
		"one order":       good("o-1"),
		"cleanly undone":  good("o-1") + order("o-2", "declined", "Ireland") + order("o-3", "visa", "Moon"),
		"a careless file": "\ufeff" + good("o-1") + "\r\n\n  " + strings.TrimSpace(good("o-2")) + "\r\n" + strings.TrimSpace(good("o-3")),
	} {
		r := sell(t, strings.NewReader(input))
		require.Equal(t, allWell, r.status, name)
		require.Contains(t, r.out, well, name)
		require.Empty(t, r.errors, name)
	}
}

func TestMalformedLinesAreNumbered(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", shop.MaxLine+1)
	r := sell(t, strings.NewReader(good("o-1")+"\nnot an order\n"+good("o-1")+long+"\n"+good("o-2")+`{"id":`))
	require.Equal(t, mustLook, r.status)
	require.Equal(t, []string{
		"line 3: invalid character 'o' in literal null (expecting 'u')",
		`line 4: id "o-1" is that of line 1`,
		"line 5: longer than 1048576 bytes",
		"line 7: unexpected end of JSON input",
	}, strings.Split(strings.TrimSpace(r.errors), "\n"))
	require.Contains(t, r.out, "checkout: 6 lines read")
	require.Contains(t, r.out, "2 succeeded")
	require.Contains(t, r.out, "4 malformed: lines 3, 4, 5, 7\n")
}

// A long line that is an order is one, however little a reader's buffer holds.
func TestLongLine(t *testing.T) {
	t.Parallel()
	r := sell(t, strings.NewReader(order("o-1", "visa", strings.Repeat(" ", 50_000)+"Ireland")))
	require.Equal(t, allWell, r.status)
}

func TestOut(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "folder")
	r := sell(t, nil, "-stuck", "-out", dir, shipped)
	require.Equal(t, mustLook, r.status)

	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 229)
	statuses := map[chain.Status]int{}
	for _, f := range files {
		exec := readExecution(t, filepath.Join(dir, f.Name()))
		require.Equal(t, exec.ID+".json", f.Name())
		require.Equal(t, exec.ID, exec.Data.ID)
		require.Equal(t, exec.Status() == chain.Succeeded, exec.Data.Receipts.Shipping != "", exec.ID)
		statuses[exec.Status()]++
	}
	require.Equal(t, map[chain.Status]int{chain.Succeeded: 186, chain.Compensated: 41, chain.Stuck: 2}, statuses)
}

func readExecution(t *testing.T, path string) *chain.ExecutionContext[shop.Order] {
	t.Helper()
	doc, err := os.ReadFile(path)
	require.NoError(t, err)
	exec, err := codec.Unmarshal[shop.Order](doc, codec.Strict())
	require.NoError(t, err, path)
	return exec
}

// An id comes from the input: it must reach no other folder, and each has a file of its own.
func TestHostileIDs(t *testing.T) {
	t.Parallel()
	ids := []string{"../../x", "..", ".", "/etc/passwd", `..\x`, "a/b", "a%2Fb", "a:b", "ünï", strings.Repeat("é", shop.MaxID/2)}
	var input strings.Builder
	for i, id := range ids { // one half is sold, the other undone
		input.WriteString(order(id, "visa", []string{"Ireland", "Moon"}[i%2]))
	}
	top := t.TempDir()
	dir := filepath.Join(top, "a", "b", "out")
	r := sell(t, strings.NewReader(input.String()), "-out", dir)
	require.Equal(t, allWell, r.status, r)

	var found []string
	require.NoError(t, filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			require.Equal(t, dir, filepath.Dir(path))
			found = append(found, readExecution(t, path).ID)
		}
		return err
	}))
	require.ElementsMatch(t, ids, found)
}

func TestOutThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	t.Run("no folder", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		r := sell(t, strings.NewReader(good("o-1")), "-out", filepath.Join(file, "folder"))
		require.Equal(t, untrusted, r.status)
		require.Contains(t, r.errors, "not a directory")
		require.Empty(t, r.out)
	})
	t.Run("one execution", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "o-2.json", "in the way"), 0o700))
		r := sell(t, strings.NewReader(good("o-1")+good("o-2")+good("o-3")), "-out", dir)
		require.Equal(t, untrusted, r.status)
		require.Contains(t, r.errors, "order o-2 is not written: ")
		require.Contains(t, r.out, "3 succeeded")
		require.Contains(t, r.out, "not all well: 1 execution not written\n")
		files, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, files, 3, "nothing half-written is left")
	})
	t.Run("a page", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "order-o-1.html", "in the way"), 0o700))
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "index.html", "in the way"), 0o700))
		r := sell(t, strings.NewReader(good("o-1")+good("o-2")), "-report", dir)
		require.Equal(t, untrusted, r.status)
		require.Contains(t, r.errors, "the page of order o-1 is not written: ")
		require.Contains(t, r.errors, "the overview is not written: ")
		require.Contains(t, r.out, "2 succeeded")
		require.Contains(t, r.out, "not all well: 2 executions not written\n")
	})
	t.Run("report", func(t *testing.T) {
		var errs bytes.Buffer
		require.Equal(t, untrusted, run(t.Context(), []string{"-quiet"}, strings.NewReader(""), brokenPipe{}, &errs))
		require.Equal(t, "checkout: writing the report: broken pipe\n", errs.String())
	})
}

func TestPages(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hostile := "../100%?"
	input := good("o-1") + order("o-2", "visa", "Moon") + order(hostile, "no-refunds", "Moon")
	r := sell(t, strings.NewReader(input), "-stuck", "-report", dir)
	require.Equal(t, mustLook, r.status)
	read := func(name string) string {
		page, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		return string(page)
	}
	overview := read("index.html")
	links := regexp.MustCompile(`<a href="([^"]+)">([^<]+)</a>`).FindAllStringSubmatch(overview, -1)
	found := map[string]string{}
	for _, link := range links {
		name, err := url.PathUnescape(link[1])
		require.NoError(t, err)
		found[link[2]] = read(name)
	}
	require.Len(t, found, 3)
	require.Contains(t, found["o-1"], "badge succeeded")
	require.Contains(t, found["o-1"], "receipts")
	require.Contains(t, found["o-2"], "shipping: 422")
	require.Contains(t, found[hostile], "badge stuck")
	require.Contains(t, overview, "1 execution stuck: a person must look")

	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 4)
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestTrace(t *testing.T) {
	t.Parallel()
	input := good("o-1") + order("o-2", "visa", "Moon")
	r := sell(t, strings.NewReader(input), "-trace", "o-2")
	require.Contains(t, r.out, "\norder o-2\n")
	require.Regexp(t, `book +✗ failed: shipping: 422`, r.out)
	require.Regexp(t, `├── ↩ hold`, r.out)
	require.NotContains(t, r.out, "o-1")

	require.Contains(t, sell(t, strings.NewReader(input), "-trace", "o-9").out, "\nno order \"o-9\" was run\n")
}

func TestTimings(t *testing.T) {
	t.Parallel()
	r := sell(t, strings.NewReader(good("o-1")+order("o-2", "visa", "Moon")), "-timings")
	require.Len(t, regexp.MustCompile(`\d+m?s  (reserve|hold|book)( \(undo\))? of o-[12], \d+ attempts?\n`).FindAllString(r.out, -1), maxSlowest)
}

// Slow answers come too late here. The keys and the undoing of failed steps keep the books right.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	r := sell(t, nil, "-timeout=15ms", shipped)
	require.Contains(t, r.out, "nothing leaked")
	require.NotEqual(t, untrusted, r.status)
}

func TestCtrlC(t *testing.T) {
	t.Parallel()
	busy := shippedLine(t, 6) // an order that takes more than a second with this seed
	for _, c := range []struct {
		name, parallel string
		others         int
	}{
		{"orders under way are undone", "-parallel=50", 20},
		{"the rest isn't started", "-parallel=1", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			stdin, input := io.Pipe()
			defer input.Close()
			go func() {
				_, _ = io.WriteString(input, busy)
				for i := range c.others {
					_, _ = io.WriteString(input, good(fmt.Sprint("x-", i)))
				}
				cancel() // and the input stays open, as a terminal does
			}()
			r := sellUntil(ctx, stdin, c.parallel)
			require.Equal(t, mustLook, r.status, r)
			require.Regexp(t, `\d interrupted\n`, r.out)
			require.Contains(t, r.out, "nothing leaked")
			require.Contains(t, r.out, "not all well: interrupted\n")
			if c.parallel == "-parallel=1" {
				require.Contains(t, r.out, "checkout: 1 line read")
			}
		})
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"-h"}, allWell, "exit status:"},
		{[]string{"-no-such-flag"}, untrusted, "-no-such-flag"},
		{[]string{"-parallel=0"}, untrusted, "-parallel is 0, less than 1"},
		{[]string{"-timeout=0s"}, untrusted, "-timeout is not above 0"},
		{[]string{shipped, "-quiet"}, untrusted, "flags stand before the file"},
		{[]string{"no such file"}, untrusted, "open no such file"},
		{[]string{"testdata"}, untrusted, ""}, // a folder
	} {
		r := sell(t, nil, c.args...)
		require.Equal(t, c.status, r.status, c.args)
		require.Contains(t, r.errors, c.says, c.args)
	}
}

// What was ordered before the input broke off is sold, and reported.
func TestInputThatBreaksOff(t *testing.T) {
	t.Parallel()
	in := io.MultiReader(strings.NewReader(good("o-1")+`{"id":`), brokenInput{})
	r := sell(t, in)
	require.Equal(t, untrusted, r.status)
	require.Contains(t, r.out, "1 succeeded")
	require.Contains(t, r.out, "not all well: reading ended early: line 2: broken input\n")
}

type brokenInput struct{}

func (brokenInput) Read([]byte) (int, error) { return 0, errors.New("broken input") }

// A plan that forgets an undo is found out by the books.
func TestLeakIsFound(t *testing.T) {
	t.Parallel()
	cfg, err := parseFlags([]string{"-seed=1"}, io.Discard)
	require.NoError(t, err)
	world, err := services.Start(cfg.faults())
	require.NoError(t, err)
	defer world.Close()
	s := shop.New(world.StockURL, world.PaymentURL, world.ShippingURL, 1)
	defer s.Close()
	patient := policy.Exponential(5, 0).RetryOn(services.Transient)
	leaky, err := chain.New[shop.Order]().
		Step("reserve", s.Reserve).Retry(patient).Compensate(s.Release).
		Step("hold", s.Hold).Retry(patient).
		Step("book", s.Book).Retry(patient).
		OnFailure(policy.Compensate).
		Build()
	require.NoError(t, err)

	j := newJob(cfg, leaky, nil, nil, newProgress(io.Discard, true))
	require.NoError(t, j.run(t.Context(), strings.NewReader(good("o-1")+order("o-2", "visa", "Moon"))))
	var out bytes.Buffer
	status, err := j.report(t.Context(), world.Books(), nil).print(&out)
	require.NoError(t, err)
	require.Equal(t, untrusted, status)
	require.Contains(t, out.String(), "LEAK: payment holds 12.50 for order o-2, which did not succeed\n")
	require.Contains(t, out.String(), "not all well: the books leak\n")
}
