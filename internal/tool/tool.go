// Package tool finds the programs of other people that some tests need: a
// browser, Graphviz, Mermaid. A test is skipped where there is none, unless
// TASKCHAIN_TOOLS says "required", as .ci/run does: then it fails.
package tool

import (
	"os"
	"os/exec"
	"testing"
)

// Find is the path of the first of those programs that there is.
func Find(t testing.TB, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, names)
	return ""
}

// Dir is a folder that a variable of the environment names, which .ci/run fills.
func Dir(t testing.TB, variable string) string {
	t.Helper()
	dir := os.Getenv(variable)
	if info, err := os.Stat(dir); dir != "" && err == nil && info.IsDir() {
		return dir
	}
	missing(t, []string{"a folder in " + variable})
	return ""
}

func missing(t testing.TB, what []string) {
	t.Helper()
	if os.Getenv("TASKCHAIN_TOOLS") == "required" {
		t.Fatalf("none of %q is here, and TASKCHAIN_TOOLS says that it must be", what)
	}
	t.Skipf("none of %q is here", what)
}
