package runner

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever the head was before, it is read back, and no more of it is written
// than what is between the same begin and the same end.
func FuzzBody(f *testing.F) {
	long := strings.Repeat("the same ", 50)
	f.Add("", "", "", "")
	f.Add("context canceled", "", "head", "rest")
	f.Add("", long+"before"+long, long+"after"+long, "rest")
	f.Add("", long, long+long, "")
	f.Add("", long+long, long, "")
	f.Add("", "aaa", "aaaa", "aaaa")
	f.Fuzz(func(t *testing.T, cancellation, before, head, rest string) {
		b := appendDocument(appendBody(nil, cancellation), []byte(before), []byte(head+rest), len(head))
		heard, doc, length, err := parseBody(b, []byte(before))
		require.NoError(t, err)
		require.Equal(t, cancellation, heard)
		require.Equal(t, head+rest, string(doc))
		require.Equal(t, len(head), length)

		same := 0
		for same < min(len(before), len(head)) && before[same] == head[same] {
			same++
		}
		require.LessOrEqual(t, len(b), len(appendBody(nil, cancellation))+3*9+len(head)-same+len(rest))
	})
}

// Of bytes that no appendDocument made, too, there is a document or an error.
func FuzzParseBody(f *testing.F) {
	f.Add(appendDocument(appendBody(nil, "why"), []byte("before"), []byte("after, and the rest"), 5), "before")
	f.Fuzz(func(t *testing.T, b []byte, before string) {
		cancellation, doc, head, err := parseBody(b, []byte(before))
		if err != nil {
			require.Nil(t, doc)
			return
		}
		require.LessOrEqual(t, head, len(doc))
		require.LessOrEqual(t, len(cancellation), len(b))
	})
}
