package policy_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/policy"
)

func TestMatch(t *testing.T) {
	wrapped := fmt.Errorf("read: %w", io.EOF)
	path := &fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}
	never := policy.Match(func(error) bool { return false })

	for _, tc := range []struct {
		name  string
		match policy.Match
		err   error
		want  bool
	}{
		{"is itself", policy.Is(io.EOF), io.EOF, true},
		{"is wrapped", policy.Is(io.EOF), wrapped, true},
		{"is joined", policy.Is(io.EOF), errors.Join(errors.New("x"), wrapped), true},
		{"is second target", policy.Is(io.ErrNoProgress, io.EOF), wrapped, true},
		{"is other", policy.Is(io.ErrNoProgress), wrapped, false},
		{"is nothing", policy.Is(), wrapped, false},
		{"is nil error", policy.Is(nil), nil, false},
		{"is nil target", policy.Is(nil), wrapped, false},
		{"as itself", policy.As[*fs.PathError](), path, true},
		{"as wrapped", policy.As[*fs.PathError](), fmt.Errorf("x: %w", path), true},
		{"as interface", policy.As[interface {
			error
			Timeout() bool
		}](), path, true},
		{"as other", policy.As[*fs.PathError](), io.EOF, false},
		{"as nil error", policy.As[*fs.PathError](), nil, false},
		{"any second", policy.Any(never, policy.Is(io.EOF)), wrapped, true},
		{"any none", policy.Any(never, policy.Is(io.ErrNoProgress)), wrapped, false},
		{"any nothing", policy.Any(), wrapped, false},
		{"any nil match", policy.Any(nil, policy.Is(io.EOF)), wrapped, true},
		{"any only nil", policy.Any(nil), wrapped, false},
		{"any nil error", policy.Any(func(error) bool { return true }), nil, false},
	} {
		t.Run(tc.name, func(t *testing.T) { require.Equal(t, tc.want, tc.match(tc.err)) })
	}
}

func TestMatchKeepsItsOwnArguments(t *testing.T) {
	targets := []error{io.EOF}
	is := policy.Is(targets...)
	targets[0] = io.ErrNoProgress
	require.True(t, is(io.EOF))

	matches := []policy.Match{is}
	anyOf := policy.Any(matches...)
	matches[0] = nil
	require.True(t, anyOf(io.EOF))
}
