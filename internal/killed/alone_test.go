package killed

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
)

// direct is the way to a world in the same process.
type direct struct{ w *world }

func (d direct) RoundTrip(r *http.Request) (res *http.Response, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = v.(error)
		}
	}()
	answer := httptest.NewRecorder()
	d.w.ServeHTTP(answer, r)
	return answer.Result(), nil
}

// uninterrupted is what becomes of an order in a world where nobody is killed. Its
// delays take no time.
func uninterrupted(t *testing.T, w *world, id string) (out chain.Outcome[Order]) {
	synctest.Test(t, func(t *testing.T) {
		orders := runner.NewSync(newPlan(services{"http://world", &http.Client{Transport: direct{w}}}))
		exec := chain.NewExecutionContext(Order{}, chain.WithID(id))
		out, _ = orders.Resume(t.Context(), exec)
		for out.Status == chain.Stuck {
			out, _ = orders.Resume(t.Context(), exec)
		}
		require.True(t, out.Status.Finished(), "%s", id)
	})
	return out
}

// toUndo is what is right to be undone of an order that has failed, in order: the
// last of the steps that were called is the one that failed.
func toUndo(called []string) (undo []string) {
	_, evenIfFailed := leaves()
	failed := called[len(called)-1]
	for _, path := range slices.Backward(called) {
		inWhole := strings.HasPrefix(path, whole+"/")
		switch {
		case path == "quote": // has no compensation
		case path == failed && !evenIfFailed[path]:
		case inWhole && strings.HasPrefix(failed, whole+"/"): // half of it: each by itself
			undo = append(undo, path)
		case inWhole && !slices.Contains(undo, whole):
			undo = append(undo, whole)
		case inWhole:
		default:
			undo = append(undo, path)
		}
	}
	return undo
}

func TestToUndo(t *testing.T) {
	require.Equal(t, []string{"a"}, toUndo([]string{"quote", "a", "b"}))
	require.Equal(t, []string{"ship", "pack", "a"}, toUndo([]string{"a", "pack/box", "pack/label", "ship"}))
	require.Equal(t, []string{"pack/box", "a"}, toUndo([]string{"a", "pack/box", "pack/label"}))
}
