package temporal

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPatch(t *testing.T) {
	for _, tt := range []struct{ from, to, patch string }{
		{`{"a":1}`, `{"a":1}`, `{}`},
		{`{"a":1,"b":{"c":2}}`, `{"a":2,"b":{"c":2}}`, `{"set":{"a":2}}`},
		{`{"a":1,"b":2}`, `{"b":2}`, `{"unset":["a"]}`},
		{`{"a":1}`, `{"a":null}`, `{"set":{"a":null}}`},
		{`{}`, `{"a":1}`, `{"set":{"a":1}}`},
		{`[1]`, `[2]`, `{"whole":[2]}`},
		{`[10000000,20000000,30000000]`, `[10000000,20000001,30000000]`, `{"set":{"1":20000001}}`},
		{`["a","b"]`, `["a","b","c"]`, `{"added":["c"]}`},
		{`[]`, `[1]`, `{"added":[1]}`},
		{`{"l":["first of all"]}`, `{"l":["first of all","c"]}`, `{"in":{"l":{"added":["c"]}}}`},
		{`{"a":{"b":{"c":"long enough to be left alone","d":1}}}`, `{"a":{"b":{"c":"long enough to be left alone"}}}`, `{"in":{"a":{"in":{"b":{"unset":["d"]}}}}}`},
		{`["a","b"]`, `["a"]`, `{"whole":["a"]}`},
		{`{"a":1}`, `null`, `{"whole":null}`},
		{`null`, `{"a":1}`, `{"whole":{"a":1}}`},
		{`1`, `{}`, `{"whole":{}}`},
	} {
		p := diff(json.RawMessage(tt.from), json.RawMessage(tt.to))
		doc, err := json.Marshal(p)
		require.NoError(t, err)
		require.JSONEq(t, tt.patch, string(doc), "from %s to %s", tt.from, tt.to)
		var read patch
		require.NoError(t, json.Unmarshal(doc, &read))
		got, err := read.of(json.RawMessage(tt.from))
		require.NoError(t, err)
		require.JSONEq(t, tt.to, string(got))
	}
}
