// Onboarding signs people up: the smallest useful chain.
//
//	go run ./examples/onboarding
//
// Each sign-up has its e-mail checked, its account created (a file) and its
// welcome mail sent (over SMTP, to the little server in smtp.go). Ada's goes
// through. Grace's mail server is busy at first, so the mail is sent again.
// Nobody has no mailbox, so the account that was created is deleted.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/mail"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

// Signup is what the steps work on.
type Signup struct {
	Name, Email string
}

func newPlan(accounts Accounts, mailer Mailer) (*builder.Plan[Signup], error) {
	// readme:begin plan
	plan, err := chain.New[Signup]().Named("onboarding").

		// Nothing has happened yet, so there is nothing to undo.
		Step("validate", checkEmail).

		// If a later step fails, the account is deleted.
		Step("account", accounts.Create).
		Compensate(accounts.Delete).

		// A busy mail server is tried again, one that says no is not.
		Step("welcome", mailer.Welcome).
		Retry(policy.Exponential(4, 100*time.Millisecond).GiveUpOn(rejected)).
		Timeout(5 * time.Second).

		// When a step has failed for good, undo those before it.
		OnFailure(policy.Compensate).
		Build()
	// readme:end plan
	return plan, err
}

// A step is a func of this shape, or a method.
func checkEmail(_ context.Context, s *Signup) error {
	_, err := mail.ParseAddress(s.Email)
	return err
}

// Accounts is a folder with a file for each account.
type Accounts struct{ Dir string }

// Create opens the account. One that exists is somebody else's: that is an
// error, and since a failed step is not undone, Delete never touches it.
func (a Accounts) Create(_ context.Context, s *Signup) error {
	f, err := os.OpenFile(a.path(s), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(json.NewEncoder(f).Encode(s), f.Close())
}

// Delete is the compensation of Create. A compensation may run twice, after a
// crash or a retry, so what is gone already is no error.
func (a Accounts) Delete(_ context.Context, s *Signup) error {
	if err := os.Remove(a.path(s)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (a Accounts) path(s *Signup) string {
	return filepath.Join(a.Dir, url.PathEscape(s.Email)+".json")
}

// rejected tells a lasting no of a mail server (5xx), after which there is no
// point in a retry, from a passing one (4xx).
func rejected(err error) bool {
	var reply *textproto.Error
	return errors.As(err, &reply) && reply.Code >= 500
}

func main() {
	if err := run(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(stdout io.Writer) error {
	dir, err := os.MkdirTemp("", "onboarding")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	server, err := StartMailServer()
	if err != nil {
		return err
	}
	defer server.Close()

	plan, err := newPlan(Accounts{dir}, Mailer{server.Addr()})
	if err != nil {
		return err
	}
	signUp := runner.NewSync(plan)
	for _, s := range []Signup{
		{"Ada", "ada@example.com"},
		{"Grace", "grace@busy.example"},
		{"Nobody", "nobody@example.com"},
		{"Ada", "ada at example.com"},
	} {
		out, err := signUp.Run(context.Background(), s)
		fmt.Fprintf(stdout, "%s <%s>: %s\n", s.Name, s.Email, out.Status)
		if failed, ok := errors.AsType[*chain.StepError](err); ok {
			fmt.Fprintf(stdout, "because %v\n", failed)
		}
		fmt.Fprintln(stdout, out.Context.Trace())
	}

	accounts, err := filepath.Glob(filepath.Join(dir, "*"))
	for _, path := range accounts {
		fmt.Fprintln(stdout, "account:", filepath.Base(path))
	}
	for _, to := range server.Delivered() {
		fmt.Fprintln(stdout, "mail to:", to)
	}
	return err
}
