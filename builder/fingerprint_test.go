package builder_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/policy"
)

// Fingerprints are stored with executions. If this test fails, every stored
// execution looks as if its plan had changed: don't update it, keep the format.
func TestFingerprintIsPinned(t *testing.T) {
	require.Equal(t, "1247a3dde466eccb5596fc21d0b40d6d", begin().Step("a", pass).MustBuild().Fingerprint())
	require.Equal(t, "c7087577a3755ddaa315f736f62609a9", begin().Named("p").OnFailure(policy.Compensate).
		Step("a", pass).Compensate(pass).CompensateOnFailure().
		AsyncStep("b", start).CompensateAsync(start).
		Process("c", begin().OnFailure(policy.Continue).Step("d", pass).Parallel("e", begin().Step("f", pass))).Compensate(pass).
		MustBuild().Fingerprint())
	require.Equal(t, "5e4f1e71ca77feccc36e427b2dada550", begin().Step("größe 注文 🚀\n\"\u00a0\x7f", pass).MustBuild().Fingerprint())
}

func TestFingerprint(t *testing.T) {
	of := func(b interface {
		MustBuild() *builder.Plan[Data]
	}) string {
		return b.MustBuild().Fingerprint()
	}
	original := of(begin().Named("p").
		Step("a", pass).Compensate(pass).
		Process("b", begin().Step("c", pass).Step("d", pass)).
		Step("e", pass))

	for name, same := range map[string]string{
		"again": of(begin().Named("p").
			Step("a", pass).Compensate(pass).
			Process("b", begin().Step("c", pass).Step("d", pass)).
			Step("e", pass)),
		"another name, no name in the fragment": of(begin().Named("q").
			Step("a", pass).Compensate(pass).
			Process("b", begin().Named("f").Step("c", pass).Step("d", pass)).
			Step("e", pass)),
		"other funcs": of(begin().
			Step("a", note("a")).Compensate(note("undo")).
			Process("b", begin().Step("c", note("c")).Step("d", note("d"))).
			Step("e", note("e"))),
		"what may change at any time": of(begin().Within(time.Hour).
			Step("a", pass).Compensate(pass).RetryCompensation(policy.Fixed(2, 0)).CompensationTimeout(1).
			Process("b", begin().Within(1).Step("c", pass).Timeout(1).Step("d", pass).Retry(policy.Fixed(3, 1))).Describe("b").
			Step("e", pass).When(always).Describe("e")),
		"the default said": of(begin().OnFailure(policy.Abort).
			Step("a", pass).Compensate(pass).
			Process("b", begin().Step("c", pass).Step("d", pass)).
			Step("e", pass)),
		"an async compensation": of(begin().
			Step("a", pass).CompensateAsync(start).
			Process("b", begin().Step("c", pass).Step("d", pass)).
			Step("e", pass)),
		"embedded": of(begin().
			Step("a", pass).Compensate(pass).
			Process("b", builder.Embed(begin().Step("c", pass).Step("d", pass).MustBuild(), func(d *Data) *Data { return d })).
			Step("e", pass)),
	} {
		require.Equal(t, original, same, name)
	}

	seen := map[string]string{original: "original"}
	for name, changed := range map[string]string{
		"path": of(begin().
			Step("a", pass).Compensate(pass).
			Process("b", begin().Step("c", pass).Step("x", pass)).
			Step("e", pass)),
		"path of a Process": of(begin().
			Step("a", pass).Compensate(pass).
			Process("x", begin().Step("c", pass).Step("d", pass)).
			Step("e", pass)),
		"kind of a step": of(begin().
			Step("a", pass).Compensate(pass).
			Process("b", begin().Step("c", pass).AsyncStep("d", start)).
			Step("e", pass)),
		"kind of a composite": of(begin().
			Step("a", pass).Compensate(pass).
			Parallel("b", begin().Step("c", pass).Step("d", pass)).
			Step("e", pass)),
		"compensation gone": of(begin().
			Step("a", pass).
			Process("b", begin().Step("c", pass).Step("d", pass)).
			Step("e", pass)),
		"compensation new": of(begin().
			Step("a", pass).Compensate(pass).
			Process("b", begin().Step("c", pass).Step("d", pass)).Compensate(pass).
			Step("e", pass)),
		"compensation on failure": of(begin().
			Step("a", pass).Compensate(pass).CompensateOnFailure().
			Process("b", begin().Step("c", pass).Step("d", pass)).
			Step("e", pass)),
		"strategy": of(begin().OnFailure(policy.Compensate).
			Step("a", pass).Compensate(pass).
			Process("b", begin().Step("c", pass).Step("d", pass)).
			Step("e", pass)),
		"another strategy": of(begin().OnFailure(policy.Continue).
			Step("a", pass).Compensate(pass).
			Process("b", begin().Step("c", pass).Step("d", pass)).
			Step("e", pass)),
		"strategy of a Process": of(begin().
			Step("a", pass).Compensate(pass).
			Process("b", begin().OnFailure(policy.Abort).Step("c", pass).Step("d", pass)).
			Step("e", pass)),
		"order": of(begin().
			Step("a", pass).Compensate(pass).
			Step("e", pass).
			Process("b", begin().Step("c", pass).Step("d", pass))),
		"order inside": of(begin().
			Step("a", pass).Compensate(pass).
			Process("b", begin().Step("d", pass).Step("c", pass)).
			Step("e", pass)),
		"nesting": of(begin().
			Step("a", pass).Compensate(pass).
			Process("b", begin().Step("c", pass)).
			Step("d", pass).
			Step("e", pass)),
		"one step more": of(begin().
			Step("a", pass).Compensate(pass).
			Process("b", begin().Step("c", pass).Step("d", pass)).
			Step("e", pass).Step("f", pass)),
	} {
		require.NotContains(t, seen, changed, "%s and %s", name, seen[changed])
		require.Regexp(t, `^[0-9a-f]{32}$`, changed)
		seen[changed] = name
	}
}
