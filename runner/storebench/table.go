package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// A verdict says whether a target is met.
type verdict struct {
	what     string // is asked for
	asked    string
	measured string
	met      bool
}

func (v verdict) String() string {
	if v.met {
		return fmt.Sprintf("%s: met (%s)", v.asked, v.measured)
	}
	return fmt.Sprintf("%s: **missed** (%s)", v.asked, v.measured)
}

type verdicts []verdict

func (all verdicts) String() string {
	texts := make([]string, len(all))
	for i, v := range all {
		texts[i] = v.String()
	}
	return strings.Join(texts, "; ")
}

// summary counts the targets.
func (all verdicts) summary() string {
	text, missed := "", 0
	for _, v := range all {
		if !v.met {
			missed++
			text += fmt.Sprintf("\n- %s: %s", v.what, v)
		}
	}
	if missed > 0 {
		text = " Missed:\n" + text
	}
	return fmt.Sprintf("Targets met: %d of %d.%s", len(all)-missed, len(all), text)
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}

// thousands is n, which is not negative, as a whole number with separators.
func thousands(n float64) string {
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
	fmt.Fprintf(&out, "- load before: %s\n", load())
	if commit, err := exec.Command("git", "describe", "--always", "--dirty").Output(); err == nil {
		fmt.Fprintf(&out, "- commit %s\n", strings.TrimSpace(string(commit)))
	}
	fmt.Fprintf(&out, "- %s\n", versions("github.com/dbos-inc/dbos-transact-golang", "modernc.org/sqlite"))
	return out.String()
}

func load() string {
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(load))[:3], " ")
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

func versions(modules ...string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "module versions unknown"
	}
	var versions []string
	for _, m := range info.Deps {
		if slices.Contains(modules, m.Path) {
			versions = append(versions, m.Path+" "+m.Version)
		}
	}
	return strings.Join(versions, ", ")
}

// diskOf is the device and the file system of a folder. In memory there is
// nothing to be measured.
func diskOf(dir string) (string, error) {
	out, err := exec.Command("df", "--output=source,fstype", dir).CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err != nil || len(lines) != 2 {
		return "", fmt.Errorf("df of %s: %w: %s", dir, errors.Join(err, errors.ErrUnsupported), out)
	}
	disk := strings.Join(strings.Fields(lines[1]), ", ")
	if strings.HasSuffix(disk, "tmpfs") || strings.HasSuffix(disk, "ramfs") {
		return "", fmt.Errorf("%s is in memory (%s): -dir takes a folder on a disk", dir, disk)
	}
	return disk, nil
}
