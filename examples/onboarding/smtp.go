package main

import (
	"net"
	"net/textproto"
	"slices"
	"strings"
	"sync"
)

// A MailServer speaks just enough SMTP to be sent mail to. It knows no mailbox
// "nobody", and is too busy for a domain "busy" the first two times.
type MailServer struct {
	listener net.Listener

	mu        sync.Mutex
	busy      int
	delivered []string
}

// StartMailServer starts one on loopback.
func StartMailServer() (*MailServer, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &MailServer{listener: listener, busy: 2}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.serve(textproto.NewConn(conn))
		}
	}()
	return s, nil
}

// Addr is where it listens.
func (s *MailServer) Addr() string { return s.listener.Addr().String() }

// Close stops it.
func (s *MailServer) Close() error { return s.listener.Close() }

// Delivered is the addresses that got mail.
func (s *MailServer) Delivered() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.delivered)
}

func (s *MailServer) serve(conn *textproto.Conn) {
	defer conn.Close()
	reply, to := "220 ready", ""
	for conn.PrintfLine("%s", reply) == nil {
		line, err := conn.ReadLine()
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(line, " ")
		switch verb {
		case "RCPT":
			to = strings.Trim(strings.TrimPrefix(rest, "TO:"), "<>")
			reply = s.accept(to)
		case "DATA":
			if conn.PrintfLine("354 go on, end with a dot") != nil {
				return
			}
			if _, err := conn.ReadDotLines(); err != nil {
				return
			}
			s.mu.Lock()
			s.delivered = append(s.delivered, to)
			s.mu.Unlock()
			reply = "250 delivered"
		case "QUIT":
			_ = conn.PrintfLine("221 bye")
			return
		default: // EHLO, MAIL
			reply = "250 ok"
		}
	}
}

// accept is the reply to the name of a recipient.
func (s *MailServer) accept(to string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case strings.HasPrefix(to, "nobody@"):
		return "550 no such mailbox"
	case strings.Contains(to, "@busy.") && s.busy > 0:
		s.busy--
		return "450 mailbox busy, try again"
	}
	return "250 ok"
}
