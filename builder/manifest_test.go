package builder_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
)

func TestManifest(t *testing.T) {
	for _, p := range []*builder.Plan[Data]{checkout(), everything(), outer()} {
		t.Run(p.Name(), func(t *testing.T) {
			got, err := json.MarshalIndent(p.Manifest(), "", "  ")
			require.NoError(t, err)
			check(t, p.Name()+".json", string(got)+"\n")

			var back builder.Manifest
			require.NoError(t, json.Unmarshal(got, &back))
			require.Equal(t, p.Manifest(), back)
		})
	}
}
