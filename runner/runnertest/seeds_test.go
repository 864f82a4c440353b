package runnertest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/runner"
)

// Seeds of random plans that once found a fault, beyond those of every run.
func TestSeedsThatFoundSomething(t *testing.T) {
	newAsync := func(p *builder.Plan[State], o ...runner.Option) runner.Runner[State] { return runner.NewAsync(p, o...) }
	for _, seed := range []uint64{121148, 9041372} {
		require.NoError(t, compareWithModel(t, newAsync, Trait(0).all(AsyncSteps, Together, Resumes, Returns), seed, 1))
	}
}
