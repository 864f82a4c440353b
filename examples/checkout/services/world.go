package services

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// World is the three services, running. Its fields must not be changed.
type World struct {
	Stock    *Stock
	Payment  *Payment
	Shipping *Shipping

	StockURL    string
	PaymentURL  string
	ShippingURL string

	servers []*http.Server
	serving sync.WaitGroup
}

// Start starts the three services, each on a free port of 127.0.0.1, with the stock of
// [DefaultInventory]. The caller must Close the World.
func Start(faults Faults) (*World, error) {
	if err := faults.Validate(); err != nil {
		return nil, err
	}
	w := &World{
		Stock:    NewStock(DefaultInventory(), faults),
		Payment:  NewPayment(faults),
		Shipping: NewShipping(faults),
	}
	var errs [3]error
	w.StockURL, errs[0] = w.serve(w.Stock)
	w.PaymentURL, errs[1] = w.serve(w.Payment)
	w.ShippingURL, errs[2] = w.serve(w.Shipping)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *World) serve(h http.Handler) (url string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("services: %w", err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	w.servers = append(w.servers, srv)
	w.serving.Go(func() { _ = srv.Serve(l) }) // It ends with ErrServerClosed, which is no news.
	return "http://" + l.Addr().String(), nil
}

// Close stops the services and cuts their connections; an answer that is still due is lost. The books
// can still be read. A second Close does nothing.
func (w *World) Close() error {
	var errs []error
	for _, srv := range w.servers {
		errs = append(errs, srv.Close())
	}
	w.serving.Wait()
	return errors.Join(errs...)
}

// Books returns a copy of the books of the three services. They are read one after the other, so they
// agree with each other only when no call is under way.
func (w *World) Books() Books {
	return Books{Stock: w.Stock.Books(), Payment: w.Payment.Books(), Shipping: w.Shipping.Books()}
}
