package shop

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseOrder(t *testing.T) {
	const (
		whole = `{"id":"o-1","customer":"Ada","sku":"mug","quantity":2,"amount":2500,"card":"visa","address":"Ireland"}`
		alike = `{"id":"o-1","sku":"mug","quantity":2,"amount":2500,"card":"visa","address":"Ireland","note":"unknown fields do no harm"}`
	)
	for _, text := range []string{whole, alike} {
		o, err := parseOrder([]byte(text))
		require.NoError(t, err)
		require.Equal(t, "o-1", o.Sale().Order)
		require.Equal(t, 2, o.Sale().Quantity)
	}

	for _, c := range []struct{ from, to, why string }{
		{`"o-1"`, `"\xff"`, "invalid character 'x' in string escape code"},
		{`"o-1"`, "\"\xff\"", "not UTF-8"},
		{`"o-1"`, `""`, "no id"},
		{`"o-1"`, `7`, "id is number, not text"},
		{`"o-1"`, `"a b"`, `id "a b" has a space or an invisible character`},
		{`"o-1"`, `"a\u0000"`, `id "a\x00" has a space or an invisible character`},
		{`"o-1"`, `"` + strings.Repeat("x", MaxID+1) + `"`, "id has 65 bytes, more than 64"},
		{`"mug"`, `""`, "no sku"},
		{`:2,`, `:0,`, "quantity is 0, less than 1"},
		{`:2,`, `:2.5,`, "quantity is number 2.5, not a whole number"},
		{`:2,`, `:[2],`, "quantity is array, not a whole number"},
		{`:2500`, `:-1`, "amount is -1, less than 1"},
		{`:2500`, `:` + strings.Repeat("9", 99), "amount is number 999999999999999999999999999999999, not a whole number"},
		{`"visa"`, `null`, "no card"},
		{`"Ireland"`, `""`, "no address"},
		{`"Ireland"`, `"Ireland","receipts":{"payment":"H-1"}`, "has receipts before it is sold"},
		{whole, `null`, "no id"},
		{whole, `[]`, "the line is array, not an object"},
		{whole, whole + `}`, "invalid character '}' after top-level value"},
	} {
		text := strings.Replace(whole, c.from, c.to, 1)
		require.NotEqual(t, whole, text)
		_, err := parseOrder([]byte(text))
		require.EqualError(t, err, c.why, text)
	}
}
