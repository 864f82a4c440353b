package services

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// StockClient calls the stock service at URL. A nil HTTP is [http.DefaultClient]. The methods of the
// three clients return a *[StatusError] or a *[TransportError], and make one call each: they never
// retry.
type StockClient struct {
	URL  string
	HTTP *http.Client
}

// Reserve reserves pieces and returns the receipt. More than is on hand is [ErrOutOfStock].
func (c StockClient) Reserve(ctx context.Context, key string, r Reservation) (receipt string, err error) {
	return caller{"stock", c.HTTP, key}.post(ctx, c.URL+"/reservations", r)
}

// Release gives back all that is reserved for the order, if anything.
func (c StockClient) Release(ctx context.Context, key, order string) error {
	return caller{"stock", c.HTTP, key}.delete(ctx, c.URL+"/reservations", order)
}

// PaymentClient calls the payment service at URL. A nil HTTP is [http.DefaultClient].
type PaymentClient struct {
	URL  string
	HTTP *http.Client
}

// Hold holds money and returns the receipt. A refused card is [ErrDeclined].
func (c PaymentClient) Hold(ctx context.Context, key string, h Hold) (receipt string, err error) {
	return caller{"payment", c.HTTP, key}.post(ctx, c.URL+"/holds", h)
}

// Refund gives back all that is held for the order, if anything.
func (c PaymentClient) Refund(ctx context.Context, key, order string) error {
	return caller{"payment", c.HTTP, key}.delete(ctx, c.URL+"/holds", order)
}

// ShippingClient calls the shipping service at URL. A nil HTTP is [http.DefaultClient].
type ShippingClient struct {
	URL  string
	HTTP *http.Client
}

// Book books a parcel and returns the receipt. An address where no parcel goes is [ErrUnservable].
func (c ShippingClient) Book(ctx context.Context, key string, p Parcel) (receipt string, err error) {
	return caller{"shipping", c.HTTP, key}.post(ctx, c.URL+"/parcels", p)
}

// Cancel cancels all parcels of the order, if any.
func (c ShippingClient) Cancel(ctx context.Context, key, order string) error {
	return caller{"shipping", c.HTTP, key}.delete(ctx, c.URL+"/parcels", order)
}

// caller makes one call. An empty key sends none.
type caller struct {
	service string
	http    *http.Client
	key     string
}

func (c caller) post(ctx context.Context, target string, body any) (receipt string, err error) {
	b, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("%s: %w", c.service, err)
	}
	return c.do(ctx, http.MethodPost, target, bytes.NewReader(b))
}

func (c caller) delete(ctx context.Context, target, order string) error {
	// An order called ".." is a name like any other, and not the way up.
	name := strings.ReplaceAll(url.PathEscape(order), ".", "%2E")
	_, err := c.do(ctx, http.MethodDelete, target+"/"+name, nil)
	return err
}

func (c caller) do(ctx context.Context, method, target string, body io.Reader) (text string, err error) {
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return "", fmt.Errorf("%s: %w", c.service, err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.key != "" {
		req.Header.Set("Idempotency-Key", c.key)
	}
	client := c.http
	if client == nil {
		client = http.DefaultClient
	}
	res, err := client.Do(req)
	if err != nil {
		return "", &TransportError{c.service, err}
	}
	return c.read(res)
}

// read reads the answer to its end, so that the connection can be used again.
func (c caller) read(res *http.Response) (text string, err error) {
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	if err != nil {
		return "", &TransportError{c.service, err}
	}
	text = strings.TrimSpace(string(b))
	if res.StatusCode/100 == 2 {
		return text, nil
	}
	return "", &StatusError{Service: c.service, Code: res.StatusCode, RetryAfter: retryAfter(res.Header), Body: text}
}

// retryAfter reads the header in its form of seconds, the only one that these services send.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseUint(h.Get("Retry-After"), 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
