package builder_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
)

func TestInvalidErrorText(t *testing.T) {
	for _, test := range []struct {
		err  builder.InvalidError
		want string
	}{
		{
			builder.InvalidError{Plan: "checkout", Path: "charge", File: "/src/shop/order.go", Line: 42, Reason: "nil func"},
			`builder: plan "checkout": step "charge": nil func (order.go:42)`,
		},
		{
			builder.InvalidError{Plan: "checkout", File: "order.go", Line: 7, Reason: "no steps"},
			`builder: plan "checkout": no steps (order.go:7)`,
		},
		{
			builder.InvalidError{Path: "fulfil/", File: "order.go", Line: 7, Reason: "the step's name is empty"},
			`builder: plan: step "fulfil/": the step's name is empty (order.go:7)`,
		},
		{
			builder.InvalidError{Plan: `a "b"`, Path: "c\xff\n", Reason: "nil func"},
			`builder: plan "a \"b\"": step "c\xff\n": nil func`,
		},
		{
			builder.InvalidError{Reason: "no steps"},
			`builder: plan: no steps`,
		},
	} {
		require.EqualError(t, &test.err, test.want)
	}
}
