package builder

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// fingerprint hashes one line a step. The format is part of the wire form of
// stored executions: changing it makes every stored one look changed. Paths go
// in as ASCII, because what plain %q escapes depends on the Unicode tables of
// the Go release.
func fingerprint(steps []Step) string {
	h := sha256.New()
	for _, s := range steps {
		strategy := "-"
		if s.HandlesFailure || s.Index == 0 {
			strategy = s.Failure.String()
		}
		fmt.Fprintf(h, "%+q %s compensation=%t onfailure=%t %s\n",
			s.Path, s.Kind, s.HasCompensation, s.CompensateOnFailure, strategy)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
