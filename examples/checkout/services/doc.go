// Package services is the world outside the checkout example: a stock, a payment and a shipping
// service, each a real HTTP server on loopback, and a typed client for each.
//
// For most uses, call [Start] with a [Faults], give the URLs of the [World] to the clients, and when
// all orders have ended compare the books with what should have happened ([Books.Check]). The zero
// Faults is a world where nothing goes wrong; [DefaultFaults] is a realistic one. Faults depend on
// the seed, the service, the order and the number of the call, never on the order of arrival, so a
// seed repeats a run even when orders run together.
//
// Every POST honours an Idempotency-Key: repeated, it gives the first answer and has no second
// effect. Without the key a repeat does have a second effect, and the books show it. Every DELETE is
// idempotent: undoing what is not there is a success. It also closes the order: a POST that was on its way and
// comes later is answered with 410 and has no effect.
//
// All that is exported here may be used from any number of goroutines.
package services
