package policy_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/policy"
)

func TestMarkedErrorsReadAsTheirOwn(t *testing.T) {
	for name, err := range map[string]error{
		"permanent":   policy.Permanent(io.EOF),
		"retry after": policy.RetryAfter(io.EOF, time.Second),
		"both":        policy.Permanent(policy.RetryAfter(io.EOF, time.Second)),
	} {
		t.Run(name, func(t *testing.T) {
			require.EqualError(t, err, "EOF")
			require.ErrorIs(t, err, io.EOF)
			require.NotErrorIs(t, err, io.ErrNoProgress)
		})
	}
	require.Equal(t, io.EOF, errors.Unwrap(policy.Permanent(io.EOF)))
	require.Equal(t, io.EOF, errors.Unwrap(policy.RetryAfter(io.EOF, 1)))
}

func TestMarkedNilIsNil(t *testing.T) {
	require.NoError(t, policy.Permanent(nil))
	require.NoError(t, policy.RetryAfter(nil, time.Second))
}

// reluctant asks to be retried only where RetryOn names it, unless it is willing.
type reluctant struct {
	willing bool
	err     error
}

func (e reluctant) Error() string   { return "reluctant" }
func (e reluctant) Retryable() bool { return e.willing }
func (e reluctant) Unwrap() error   { return e.err }

// tree has holes, as no error of the standard library has.
type tree []error

func (tree) Error() string     { return "tree" }
func (e tree) Unwrap() []error { return e }

func TestShouldRetryReadsTheWholeErrorTree(t *testing.T) {
	plain := errors.New("plain")
	leaves := []struct {
		name           string
		err            error
		default_       bool // without RetryOn
		named          bool // with a RetryOn that matches everything
		namedOtherwise bool // with a RetryOn that matches nothing
	}{
		{"plain", plain, true, true, false},
		{"ours", policy.Permanent(plain), false, false, false},
		{"cenkalti's", backoff.Permanent(plain), false, false, false},
		{"reluctant", reluctant{}, false, true, false},
		{"willing", reluctant{willing: true}, true, true, false},
		{"reluctant over permanent", reluctant{err: policy.Permanent(plain)}, false, false, false},
		{"willing over reluctant", reluctant{willing: true, err: reluctant{}}, false, true, false},
		{"reluctant over willing", reluctant{err: reluctant{willing: true}}, false, true, false},
	}
	places := map[string]func(error) error{
		"alone":        func(err error) error { return err },
		"wrapped":      func(err error) error { return fmt.Errorf("a: %w", fmt.Errorf("b: %w", err)) },
		"joined first": func(err error) error { return errors.Join(err, plain) },
		"joined last":  func(err error) error { return errors.Join(plain, err) },
		"two verbs":    func(err error) error { return fmt.Errorf("%w and %w", plain, err) },
		"deep":         func(err error) error { return fmt.Errorf("x: %w", errors.Join(plain, errors.Join(plain, err), plain)) },
		"with holes":   func(err error) error { return tree{nil, err, nil} },
		"retry after":  func(err error) error { return policy.RetryAfter(err, time.Second) },
	}
	all := policy.Match(func(error) bool { return true })
	none := policy.Match(func(error) bool { return false })
	for _, leaf := range leaves {
		for place, put := range places {
			t.Run(leaf.name+"/"+place, func(t *testing.T) {
				err := put(leaf.err)
				require.Equal(t, leaf.default_, policy.Fixed(3, 0).ShouldRetry(1, err))
				require.Equal(t, leaf.named, policy.Fixed(3, 0).RetryOn(all).ShouldRetry(1, err))
				require.Equal(t, leaf.namedOtherwise, policy.Fixed(3, 0).RetryOn(none).ShouldRetry(1, err))
				require.False(t, policy.Fixed(3, 0).RetryOn(all).GiveUpOn(all).ShouldRetry(1, err))
			})
		}
	}
	require.True(t, policy.Fixed(3, 0).ShouldRetry(1, tree{}), "an empty tree")
	require.True(t, policy.Fixed(3, 0).ShouldRetry(1, reluctant{willing: true, err: nil}), "a wrapper of nothing")
}

func TestDelayFindsRetryAfterAnywhere(t *testing.T) {
	plain := errors.New("plain")
	after := policy.RetryAfter(plain, 7*time.Second)
	for _, tc := range []struct {
		name string
		err  error
		want time.Duration
	}{
		{"nil", nil, time.Second},
		{"plain", plain, time.Second},
		{"alone", after, 7 * time.Second},
		{"wrapped", fmt.Errorf("x: %w", after), 7 * time.Second},
		{"joined", errors.Join(plain, errors.Join(plain, after)), 7 * time.Second},
		{"joined without", errors.Join(plain, plain), time.Second},
		{"with holes", tree{nil, after}, 7 * time.Second},
		{"wrapper of nothing", reluctant{}, time.Second},
		{"outermost wins", policy.RetryAfter(after, 3*time.Second), 3 * time.Second},
		{"first wins", errors.Join(after, policy.RetryAfter(plain, 3*time.Second)), 7 * time.Second},
		{"zero", policy.RetryAfter(plain, 0), 0},
		{"negative counts as 0", policy.RetryAfter(plain, -time.Hour), 0},
		{"capped", policy.RetryAfter(plain, time.Hour), 10 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := policy.Fixed(3, time.Second).MaxDelay(10 * time.Second)
			d, ok := r.Delay(r.NewBackOff(), tc.err, 0)
			require.True(t, ok)
			require.Equal(t, tc.want, d)
		})
	}
}
