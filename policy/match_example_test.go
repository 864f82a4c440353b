package policy_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"time"

	"github.com/taskchain-go/taskchain/policy"
)

var (
	errDeclined = errors.New("card declined")
	errBusy     = errors.New("busy")
)

func ExampleMatch() {
	deadlock := policy.Match(func(err error) bool { return strings.Contains(err.Error(), "deadlock") })
	r := policy.Fixed(3, 0).RetryOn(deadlock)

	fmt.Println(r.ShouldRetry(1, errors.New("sql: deadlock detected")))
	fmt.Println(r.ShouldRetry(1, errors.New("sql: syntax error")))
	// Output:
	// true
	// false
}

func ExampleIs() {
	r := policy.Exponential(5, 100*time.Millisecond).GiveUpOn(policy.Is(errDeclined, fs.ErrPermission))

	fmt.Println(r.ShouldRetry(1, fmt.Errorf("charge: %w", errDeclined)))
	fmt.Println(r.ShouldRetry(1, fmt.Errorf("charge: %w", errBusy)))
	// Output:
	// false
	// true
}

func ExampleAs() {
	r := policy.Exponential(5, 100*time.Millisecond).RetryOn(policy.As[net.Error]())

	fmt.Println(r.ShouldRetry(1, &net.DNSError{Err: "no such host", Name: "depot.example"}))
	fmt.Println(r.ShouldRetry(1, io.ErrUnexpectedEOF))
	// Output:
	// true
	// false
}

func ExampleAny() {
	transient := policy.Any(policy.Is(errBusy), policy.As[net.Error]())

	fmt.Println(transient(errBusy), transient(net.ErrClosed), transient(errDeclined))
	// Output: true true false
}
