package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/taskchain-go/taskchain/examples/checkout/services"
)

// addresses is where the services are, as a file in the folder says.
type addresses struct {
	Stock, Payment, Shipping string
	Office                   string // shows the books, and ends the services
}

func addressFile(dir string) string { return filepath.Join(dir, "services.json") }

// serveServices serves until it is told to stop. The books live as long as that.
func serveServices(ctx context.Context, a *call) (status int, err error) {
	faults := services.DefaultFaults(a.seed)
	faults.Stuck = a.stuck
	world, err := services.Start(faults)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, world.Close()) }()

	ctx, stop := context.WithCancel(ctx)
	defer stop()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	office := &http.Server{Handler: officeOf(world, stop), ReadHeaderTimeout: 10 * time.Second}
	closed := make(chan error, 1)
	go func() { closed <- office.Serve(l) }()

	at := addresses{world.StockURL, world.PaymentURL, world.ShippingURL, "http://" + l.Addr().String()}
	if err := at.write(a.dir); err != nil {
		return 0, errors.Join(err, office.Close())
	}
	a.say("the services are open")
	select {
	case err = <-closed:
	case <-ctx.Done():
		err = office.Shutdown(context.WithoutCancel(ctx)) // who told it to stop gets an answer
	}
	return allWell, errors.Join(err, os.Remove(addressFile(a.dir)))
}

func officeOf(world *services.World, stop func()) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /books", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(world.Books()) // a reader that has gone is not told
	})
	mux.HandleFunc("POST /stop", func(http.ResponseWriter, *http.Request) { stop() })
	return mux
}

// write says where the services are. Under the file's name there is all of it or
// nothing.
func (at addresses) write(dir string) error {
	doc, err := json.Marshal(at)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	temp := addressFile(dir) + ".tmp"
	if err := os.WriteFile(temp, doc, 0o600); err != nil {
		return err
	}
	return os.Rename(temp, addressFile(dir))
}

// find waits until the services are open: whoever sells to nobody's stock finds
// every call failing. When they are just being started nothing need be said.
func (a *call) find(ctx context.Context) (addresses, error) {
	tick, long := time.NewTicker(50*time.Millisecond), time.After(2*time.Second)
	defer tick.Stop()
	for {
		at, err := a.tryFind(ctx)
		if err == nil {
			return at, nil
		}
		select {
		case <-tick.C:
		case <-long:
			fmt.Fprintf(a.stderr, "durable: waiting for the services; to open them: durable services -dir %s\n", a.dir)
		case <-ctx.Done():
			return at, fmt.Errorf("the services are not open: %w", err)
		}
	}
}

func (a *call) tryFind(ctx context.Context) (at addresses, err error) {
	doc, err := os.ReadFile(addressFile(a.dir))
	if err != nil {
		return at, err
	}
	if err := json.Unmarshal(doc, &at); err != nil {
		return at, err
	}
	_, err = at.books(ctx)
	return at, err
}

// books asks for the books.
func (at addresses) books(ctx context.Context) (b services.Books, err error) {
	res, err := ask(ctx, http.MethodGet, at.Office+"/books")
	if err != nil {
		return b, err
	}
	defer res.Body.Close()
	return b, json.NewDecoder(res.Body).Decode(&b)
}

func stopServices(ctx context.Context, a *call) (status int, err error) {
	at, err := a.tryFind(ctx)
	if err != nil {
		return 0, err
	}
	res, err := ask(ctx, http.MethodPost, at.Office+"/stop")
	if err != nil {
		return 0, err
	}
	return allWell, res.Body.Close()
}

func ask(ctx context.Context, method, url string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err == nil && res.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("%s %s: %s", method, url, res.Status), res.Body.Close())
	}
	return res, err
}
