package strictjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type inner struct {
	N      int `json:"n"`
	Plain  string
	hidden int
	Not    int `json:"-"`
}

var _ = inner{hidden: 1} // which encoding/json does not see

type Embedded struct{ Deep bool }

type outer struct {
	Embedded
	List  []inner            `json:"list"`
	Map   map[string]inner   `json:"map"`
	Ints  map[int]uint8      `json:"ints"`
	Ptr   **inner            `json:"ptr"`
	At    time.Time          `json:"at"`
	Array [2]bool            `json:"array"`
	Any   any                `json:"any"`
	Raw   json.RawMessage    `json:"raw"`
	Own   *own               `json:"own"`
	Free  map[string]float64 `json:"free"`
	Color **color            `json:"color"`
	Point point              `json:"point"`
	Both  int                `json:"both"`
	BOTH  string             `json:"BOTH"`
}

type color uint8

func (c *color) UnmarshalText([]byte) error { return errOwn }

type point struct{ X int }

func (p *point) UnmarshalText([]byte) error { return errOwn }

// own reads itself and has an error of its own.
type own struct {
	N string `json:"n"`
}

var errOwn = errors.New("own error")

func (o *own) UnmarshalJSON([]byte) error { return errOwn }

func TestDecode(t *testing.T) {
	for doc, want := range map[string]string{
		`{}`:                          "",
		"\t\r\n {\"list\" : [ ] } \n": "",
		`{"list":[{"n":1},{"n":2}],"map":{"a":{},"b":{}},"any":{"x":[1,"]",{"y":null}]},"raw":[],"both":1,"at":"2026-01-02T03:04:05Z"}`: "",
		``:                                    "the document is empty",
		` `:                                   "the document is empty",
		`{`:                                   "offset 1: unexpected end of JSON input",
		`{} x`:                                "offset 4: invalid character 'x' after top-level value",
		`[]`:                                  "want an object, got array",
		`{"list":[{"n":1},{"n":"2"}]}`:        "list[1].n: want int, got string",
		`{"LIST":[{"N":"2"}]}`:                "LIST[0].N: want int, got string",
		`{"list":[{"Plain":2}]}`:              "list[0].Plain: want string, got number",
		`{"list":[{"plain":2}]}`:              "list[0].plain: want string, got number",
		`{"list":{}}`:                         "list: want an array, got object",
		`{"array":{}}`:                        "array: want an array, got object",
		`{"array":[true,1]}`:                  "array[1]: want bool, got number",
		`{"map":[]}`:                          "map: want an object, got array",
		`{"map":{"b":{"n":{}},"a":{"n":[]}}}`: "map.a.n: want int, got array",
		`{"map":{"x/y \"z\"":{"n":[]}}}`:      `map["x/y \"z\""].n: want int, got array`,
		`{"map":{"":{"n":[]}}}`:               `map[""].n: want int, got array`,
		`{"map":{"[0]":{"n":[]}}}`:            `map["[0]"].n: want int, got array`,
		`{"ints":{"1":300}}`:                  "ints.1: want uint8, got number 300",
		`{"ints":{"one":3}}`:                  "ints: want int, got number one",
		`{"ptr":{"n":1.5}}`:                   "ptr.n: want int, got number 1.5",
		`{"Deep":"yes"}`:                      "Deep: want bool, got string",
		`{"at":[]}`:                           "at: Time.UnmarshalJSON: input is not a JSON string",
		`{"own":{"n":7}}`:                     "own: own error",
		`{"color":"x"}`:                       "color: own error",
		`{"point":{"X":"no"}}`:                "point: want a string, got object",
		`{"color":7}`:                         "color: want a string, got number",
		`{"both":"x"}`:                        "both: want int, got string",
		`{"BOTH":7}`:                          "BOTH: want string, got number",
		"{\"raw\":\"a\xff\"}":                 "offset 9: invalid UTF-8",
		"{\"raw\":\"\uFFFD\xc3\"}":            "offset 11: invalid UTF-8",
	} {
		t.Run(doc, func(t *testing.T) {
			err := Decode([]byte(doc), new(outer), false)
			if want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, want)
		})
	}
}

func TestDecodeKeepsTheCause(t *testing.T) {
	require.ErrorIs(t, Decode([]byte(`{"own":1}`), new(outer), false), errOwn)
	var syntax *json.SyntaxError
	require.ErrorAs(t, Decode([]byte(`{"own"}`), new(outer), false), &syntax)
}

func TestDecodeKnownOnly(t *testing.T) {
	for doc, want := range map[string]string{
		`{"x":1}`:                      `unknown field "x"`,
		`{"list":[{},{"x":1}]}`:        `list[1]: unknown field "x"`,
		`{"list":[{"hidden":1}]}`:      `list[0]: unknown field "hidden"`,
		`{"list":[{"Not":1}]}`:         `list[0]: unknown field "Not"`,
		`{"map":{"a":{"x":1}}}`:        `map.a: unknown field "x"`,
		`{"ptr":{"x":1}}`:              `ptr: unknown field "x"`,
		`{"any":{"x":1},"map":{}}`:     "",
		`{"list":[{"n":true,"x":{}}]}`: `list[0].n: want int, got bool`,
	} {
		t.Run(doc, func(t *testing.T) {
			err := Decode([]byte(doc), new(outer), true)
			if want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, want)
		})
	}
}

func TestDecodeRefusesKeysTwice(t *testing.T) {
	var many []string
	for i := range 3 * few {
		many = append(many, fmt.Sprintf(`"k%d":{"n":%d}`, i, i))
	}
	unknown := `{"list":[{` + strings.Join(many, ",") + `,%s}]}`
	for doc, want := range map[string]string{
		`{"a":1,"b":2,"A2":3}`:                             "",
		`{"a":1,"a":2}`:                                    "a",
		`{"a":1,"b":[{"c":"a"}],"A":2}`:                    "A",
		`{"a":{"x":1},"b":{"x":1}}`:                        "",
		`{"a":{"b":1},"b":1}`:                              "",
		`{"a":{"x":1,"x":1}}`:                              "a.x",
		`{"a":[[],[{}],[0,{"x":{},"y":[],"x":1}]]}`:        "a[2][1].x",
		`{"list":1,"l\u0069st":2}`:                         "list",
		`{"s":1,"ſ":2}`:                                    "ſ",
		`{"k":1,"\u212a":2}`:                               "\u212a",
		`{"":1,"":2}`:                                      `[""]`,
		`{"a b":1,"a b":2}`:                                `["a b"]`,
		`{"a":"\"}{,\\","a":1}`:                            "a",
		`{"a":-1.5e3,"b":true,"c":null,"d":"x","b":1}`:     "b",
		"{ \"a\" :\t1 ,\n\"a\"\r: 2 }":                     "a",
		fmt.Sprintf(unknown, `"l":1`):                      "",
		fmt.Sprintf(unknown, `"k0":1`):                     "list[0].k0",
		fmt.Sprintf(unknown, `"K17":1`):                    "list[0].K17",
		fmt.Sprintf(unknown, `"l":{"k1":1},"l":2`):         "list[0].l",
		`{"free":{"x":1,"x":2},"b":1}`:                     "",
		`{"free":[{"x":1,"x":[{"]}":"]}"}]}],"b":1,"b":2}`: "b",
		`{"free":"}","free":1}`:                            "free",
		`{"a":{"free":{"x":1,"x":2}}}`:                     "a.free.x",
		`{"free":1,"b":{"x":1,"x":1}}`:                     "b.x",
		`[{"a":1,"a":1}]`:                                  "[0].a",
		`[[{"free":{"a":1,"a":1}}]]`:                       "[0][0].free.a",
	} {
		t.Run(doc, func(t *testing.T) {
			var dst map[string]any
			err := Decode([]byte(doc), &dst, false, "other", "free")
			if want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, want+": stands there twice")
		})
	}
}

// Each level of the search decodes what is inside once more: it must stop.
func TestDecodeOfDeepDataIsNotSlow(t *testing.T) {
	type tree struct {
		Leaf  int     `json:"leaf"`
		Trees []*tree `json:"trees"`
	}
	const depth = 4000
	doc := strings.Repeat(`{"trees":[`, depth) + `{"leaf":"x"}` + strings.Repeat("]}", depth)
	err := Decode([]byte(doc), new(tree), false)
	require.ErrorContains(t, err, "want int, got string")
	require.Equal(t, maxDepth/2, strings.Count(err.Error(), "trees[0]"))
}

// What encoding/json takes and has no key twice is taken, with the same result.
func FuzzDecode(f *testing.F) {
	for _, doc := range []string{
		`{"list":[{"n":1}],"map":{"a":{}}}`, `{"any":{"a":[1,2,{"b":"\u0061\\\""}]}}`, `{"a":1,"a":2}`, `[1,-2e5,"x",null,true,{}]`, `{"k":{"K":1}}`,
	} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		var want, got any
		reference := json.Unmarshal(doc, &want)
		err := Decode(doc, &got, false)
		if err == nil {
			require.NoError(t, reference)
			require.Equal(t, want, got)
			return
		}
		text := err.Error()
		if !strings.Contains(text, "stands there twice") && !strings.Contains(text, "invalid UTF-8") {
			require.Error(t, reference, text)
		}
	})
}
