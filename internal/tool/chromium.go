package tool

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A Browser is a headless Chromium.
type Browser struct{ path string }

// FindBrowser finds one.
func FindBrowser(t testing.TB) Browser {
	return Browser{Find(t, "chromium", "chromium-browser", "google-chrome")}
}

// Open opens a page in a profile of its own, does what the flags say, and requires
// that the page has nothing to complain of. It returns what the flags have
// printed.
func (b Browser) Open(t testing.TB, url string, flags ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	home, err := os.MkdirTemp("", "browser") // some of it is still written when the test ends
	require.NoError(t, err)
	defer os.RemoveAll(home)
	cmd := exec.CommandContext(ctx, b.path, append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
		"--no-first-run", "--disable-extensions", "--disable-background-networking",
		"--user-data-dir=" + filepath.Join(home, "profile"), "--enable-logging=stderr",
	}, append(flags, url)...)...)
	cmd.Env = append(os.Environ(), "HOME="+home)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	require.NoError(t, cmd.Run(), "%s", &complaints)
	for line := range strings.Lines(complaints.String()) {
		require.NotContains(t, line, "CONSOLE", "the page complains")
	}
	return out.String()
}
