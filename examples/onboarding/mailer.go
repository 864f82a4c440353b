package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/smtp"

	"github.com/taskchain-go/taskchain/chain"
)

// Mailer sends mail by a server.
type Mailer struct{ Addr string }

// Welcome sends the welcome mail.
func (m Mailer) Welcome(ctx context.Context, s *Signup) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", m.Addr)
	if err != nil {
		return err
	}
	// net/smtp knows no context, so the connection is closed when ctx ends.
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	client, err := smtp.NewClient(conn, "localhost")
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	defer client.Close()

	if err := client.Mail("welcome@taskchain.example"); err != nil {
		return err
	}
	if err := client.Rcpt(s.Email); err != nil {
		return err
	}
	body, err := client.Data()
	if err != nil {
		return err
	}
	// If the server's last reply is lost, the mail is sent a second time. With
	// the same Message-ID on every attempt it is still one mail for its reader.
	step, _ := chain.StepFrom(ctx)
	fmt.Fprintf(body, "To: %s\r\nSubject: Welcome\r\nMessage-ID: <%s@taskchain.example>\r\n\r\nHello %s!\r\n",
		s.Email, step.IdempotencyKey(), s.Name)
	if err := body.Close(); err != nil {
		return err
	}
	return client.Quit()
}
