package chain

import (
	"errors"
	"fmt"
	"sync"
)

// known are the errors of users that keep their meaning when stored.
var known struct {
	sync.RWMutex
	errs  []codedError
	codes map[string]bool
}

type codedError struct {
	code string
	err  error
}

// RegisterError has errors.Is know an error of the user's, and what that wraps,
// after it was written down and read back, in any process that has registered it
// under the same code. The code is part of what is stored: it must not change. It
// is an error if the code is empty or taken, or err is nil. Register errors when
// the program starts, such as in a var or init; it is safe for concurrent use.
func RegisterError(code string, err error) error {
	known.Lock()
	defer known.Unlock()
	switch {
	case code == "":
		return errors.New("chain: RegisterError: the code is empty")
	case err == nil:
		return fmt.Errorf("chain: RegisterError: the error of code %q is nil", code)
	case known.codes[code] || code == "panic" || ownCode(code):
		return fmt.Errorf("chain: RegisterError: the code %q is taken", code)
	}
	if known.codes == nil {
		known.codes = map[string]bool{}
	}
	known.codes[code] = true
	known.errs = append(known.errs, codedError{code, err})
	return nil
}

func ownCode(code string) bool {
	for _, c := range errorCodes {
		if c.code == code {
			return true
		}
	}
	return false
}

// registered are the errors of users.
func registered() []codedError {
	known.RLock()
	defer known.RUnlock()
	return known.errs
}
