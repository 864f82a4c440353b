package chain

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
)

// lossless is metadata whose numbers are read without losing digits.
type lossless map[string]any

// UnmarshalJSON reads numbers as float64, or as json.Number where that would be
// another number.
func (m *lossless) UnmarshalJSON(doc []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(doc))
	decoder.UseNumber()
	var values map[string]any
	if err := decoder.Decode(&values); err != nil {
		return err
	}
	for key, value := range values {
		values[key] = float(value)
	}
	*m = values
	return nil
}

// float replaces the json.Numbers in value that a float64 can hold.
func float(value any) any {
	switch value := value.(type) {
	case json.Number:
		if f, err := value.Float64(); err == nil && exact(value.String(), f) {
			return f
		}
	case map[string]any:
		for key, each := range value {
			value[key] = float(each)
		}
	case []any:
		for i, each := range value {
			value[i] = float(each)
		}
	}
	return value
}

// exact tells whether f is what text says: written down, it has the same digits
// again, and an integer is the very same number.
func exact(text string, f float64) bool {
	if !strings.ContainsAny(text, ".eE") && strconv.FormatFloat(f, 'f', 0, 64) != text {
		return false
	}
	digits, exponent := decimal(text)
	shortest, exponentOf := decimal(strconv.FormatFloat(f, 'e', -1, 64))
	return digits == shortest && exponent == exponentOf
}

// decimal is a JSON number as its digits, without zeros around them, and the
// exponent of the last one.
func decimal(text string) (digits string, exponent int) {
	mantissa, power, _ := strings.Cut(strings.ToLower(text), "e")
	exponent, err := strconv.Atoi(cmp.Or(power, "0"))
	if err != nil {
		return text, 0 // so far out that it is nothing like a float64
	}
	unsigned := strings.TrimPrefix(mantissa, "-")
	sign := mantissa[:len(mantissa)-len(unsigned)]
	whole, fraction, _ := strings.Cut(unsigned, ".")
	digits = strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return sign, 0
	}
	significant := strings.TrimRight(digits, "0")
	return sign + significant, exponent - len(fraction) + len(digits) - len(significant)
}
