package main

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

// A report is the results so far.
type report struct {
	results []result
	kept    []kept
}

func (all report) result(name string) (result, bool) {
	i := slices.IndexFunc(all.results, func(r result) bool { return r.name == name })
	if i < 0 {
		return result{}, false
	}
	return all.results[i], true
}

func (r result) row(name string) row {
	i := slices.IndexFunc(r.rows, func(row row) bool { return row.name == name })
	if i < 0 {
		panic("no contender " + name + " in " + r.name)
	}
	return r.rows[i]
}

func (all report) verdicts(of result, r row) []verdict {
	verdicts := make([]verdict, len(r.targets))
	for i, t := range r.targets {
		verdicts[i] = t(all, of, r)
	}
	return verdicts
}

// table is a work's, in Markdown.
func (all report) table(of result) string {
	var out strings.Builder
	fmt.Fprintf(&out, "### %s\n\n", of.name)
	out.WriteString("| contender | ns | × first | B | allocs | target |\n|---|--:|--:|--:|--:|---|\n")
	for _, r := range of.rows {
		texts := make([]string, 0, 2)
		for _, v := range all.verdicts(of, r) {
			texts = append(texts, v.String())
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %s | %s |\n", r.name,
			thousands(r.of(nanoseconds)), strings.TrimSuffix(times(r.ratio(of.rows[0])), " ×"),
			thousands(r.of(bytes)), count(r.of(allocs)), strings.Join(texts, "; "))
	}
	return out.String()
}

// summary counts the targets.
func (all report) summary() string {
	met, missed := 0, []string{}
	tally := func(what string, v verdict) {
		switch {
		case v.unknown || v.asked == "":
		case v.met:
			met++
		default:
			missed = append(missed, fmt.Sprintf("- %s: %s", what, v))
		}
	}
	for _, of := range all.results {
		for _, r := range of.rows {
			for _, v := range all.verdicts(of, r) {
				tally(of.name+": "+r.name, v)
			}
		}
	}
	for _, k := range all.kept {
		tally(fmt.Sprintf("%s: %d steps", keptName, k.steps), k.verdict())
	}
	text := fmt.Sprintf("Targets met: %d of %d.", met, met+len(missed))
	if len(missed) > 0 {
		text += " Missed:\n\n" + strings.Join(missed, "\n")
	}
	return text
}

func times(ratio float64) string {
	if ratio >= 10 {
		return fmt.Sprintf("%.0f ×", ratio)
	}
	return fmt.Sprintf("%.2f ×", ratio)
}

// count is a number of allocations: whole but for those that are shared by
// several runs.
func count(n float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", n), ".0")
}

// thousands is n with separators, and with a decimal below ten.
func thousands(n float64) string {
	switch {
	case n < 0:
		return "-" + thousands(-n)
	case n < 9.95:
		return count(n)
	}
	digits := fmt.Sprintf("%.0f", n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// environment is what the numbers depend on.
func environment() string {
	var out strings.Builder
	fmt.Fprintf(&out, "- %s, %s/%s, %s, GOMAXPROCS %d\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, processor(), runtime.GOMAXPROCS(0))
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		fmt.Fprintf(&out, "- load before: %s\n", strings.Join(strings.Fields(string(load))[:3], " "))
	}
	if commit, err := exec.Command("git", "describe", "--always", "--dirty").Output(); err == nil {
		fmt.Fprintf(&out, "- commit %s\n", strings.TrimSpace(string(commit)))
	}
	fmt.Fprintf(&out, "- %s\n", strings.Join(versions(), ", "))
	fmt.Fprintf(&out, "- time.Now takes %s ns, and time.Since, which reads one clock of the two, %s ns\n",
		thousands(costOf(func() { clock = time.Now() })), thousands(costOf(func() { late = time.Since(clock) > time.Hour || late })))
	return out.String()
}

// What is read goes here, so that it is read.
var (
	clock time.Time
	late  bool
)

// costOf is how many nanoseconds f takes, the fastest of some.
func costOf(f func()) float64 {
	fastest := math.Inf(1)
	for range 5 {
		r := testing.Benchmark(func(b *testing.B) {
			for b.Loop() {
				f()
			}
		})
		fastest = min(fastest, float64(r.T.Nanoseconds())/float64(r.N))
	}
	return fastest
}

func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(info)) {
			if name, ok := strings.CutPrefix(line, "model name"); ok {
				return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(name), ":"))
			}
		}
	}
	return "processor unknown"
}

// versions is the modules of the contenders. Those of their own needs are no
// news.
func versions() []string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return []string{"module versions unknown"}
	}
	var versions []string
	for _, m := range info.Deps {
		if slices.Contains(contenderModules, m.Path) {
			versions = append(versions, m.Path+" "+m.Version)
		}
	}
	return versions
}

var contenderModules = []string{
	"github.com/avast/retry-go/v4",
	"github.com/cenkalti/backoff/v4",
	"github.com/failsafe-go/failsafe-go",
	"github.com/samber/lo",
	"github.com/sourcegraph/conc",
	"golang.org/x/sync",
}
