package chain

import (
	"math/rand/v2"
	"time"
)

// NewID is an ID as executions get that are given none, for authors of runners.
func NewID() string { return newID(time.Now()) }

// newID makes a ULID (github.com/ulid/spec): 48 bits of milliseconds and 80
// random ones in Crockford's base 32, so that IDs sort by time. They are unique,
// not secret.
func newID(now time.Time) string {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	var id [26]byte
	at := uint64(now.UnixMilli())
	for i := 9; i >= 0; i-- {
		id[i] = alphabet[at&31]
		at >>= 5
	}
	for half := 10; half < 26; half += 8 {
		random := rand.Uint64()
		for i := half; i < half+8; i++ {
			id[i] = alphabet[random&31]
			random >>= 5
		}
	}
	return string(id[:])
}
