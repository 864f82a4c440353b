// Package golden compares the output of an example with a file that was looked
// at once. To write the files anew:
//
//	go test ./examples/import -update
package golden

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Check requires that got is what the file says, or with -update makes it so.
func Check(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "run the test with -update first")
	require.Equal(t, string(want), got)
}

var clock = regexp.MustCompile(`(?m)^ +\+[0-9.]+[nµm]?s `)

// Timeless is the text of a trace without its times, which differ each time.
func Timeless(trace string) string {
	return clock.ReplaceAllString(trace, "       +T ")
}
