package temporal

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMerge(t *testing.T) {
	for name, tt := range map[string]struct {
		base   string
		copies []string
		want   string
		err    string
	}{
		"nothing changed":            {`{"a":1}`, []string{`{"a":1}`, `{"a":1}`}, `{"a":1}`, ""},
		"one changed":                {`{"a":1}`, []string{`{"a":1}`, `{"a":2}`}, `{"a":2}`, ""},
		"disjoint keys":              {`{"a":1,"b":1}`, []string{`{"a":2,"b":1}`, `{"a":1,"b":2}`}, `{"a":2,"b":2}`, ""},
		"three":                      {`{}`, []string{`{"a":1}`, `{"b":1}`, `{"c":1}`}, `{"a":1,"b":1,"c":1}`, ""},
		"nested":                     {`{"x":{"a":1,"b":1}}`, []string{`{"x":{"a":2,"b":1}}`, `{"x":{"a":1,"b":2}}`}, `{"x":{"a":2,"b":2}}`, ""},
		"elements":                   {`[1,1,1]`, []string{`[2,1,1]`, `[1,1,3]`}, `[2,1,3]`, ""},
		"deleted":                    {`{"a":1,"b":1}`, []string{`{"b":1}`, `{"a":1,"b":2}`}, `{"b":2}`, ""},
		"the same":                   {`{"a":1,"b":1}`, []string{`{"a":2,"b":1}`, `{"a":2,"b":3}`}, `{"a":2,"b":3}`, ""},
		"into what was not there":    {`{"m":null}`, []string{`{"m":{"a":1}}`, `{"m":{"b":1}}`}, `{"m":{"a":1,"b":1}}`, ""},
		"large numbers keep":         {`{"a":1,"b":9007199254740993}`, []string{`{"a":2,"b":9007199254740993}`, `{"a":1,"b":9007199254740995}`}, `{"a":2,"b":9007199254740995}`, ""},
		"the same key":               {`{"a":1}`, []string{`{"a":2}`, `{"a":3}`}, `{"a":2}`, `branches "x" and "y" have set data.a differently`},
		"grown arrays":               {`{"a":[]}`, []string{`{"a":[1]}`, `{"a":[2]}`}, `{"a":[1]}`, `branches "x" and "y" have set data.a differently`},
		"deleted and set":            {`{"a":1}`, []string{`{}`, `{"a":3}`}, `{}`, `branches "x" and "y" have set data.a differently`},
		"everything":                 {`1`, []string{`2`, `3`}, `2`, `branches "x" and "y" have set the data differently`},
		"one conflict, one disjoint": {`{"a":[{"n":1}],"b":1}`, []string{`{"a":[{"n":2}],"b":1}`, `{"a":[{"n":3}],"b":2}`}, `{"a":[{"n":2}],"b":2}`, `data.a[0].n`},
	} {
		t.Run(name, func(t *testing.T) {
			var copies []json.RawMessage
			for _, c := range tt.copies {
				copies = append(copies, json.RawMessage(c))
			}
			got, err := merge(json.RawMessage(tt.base), []string{"x", "y", "z"}, copies)
			if tt.err == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tt.err)
			}
			require.JSONEq(t, tt.want, string(got))
		})
	}
}
