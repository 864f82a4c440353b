package codec_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
)

const pendingDoc = `{"version":1,"id":"o-1","status":"pending","data":{"items":null,"total":1}}`

func TestLimit(t *testing.T) {
	for _, test := range []struct {
		limit int
		ok    bool
	}{{len(pendingDoc), true}, {len(pendingDoc) + 1, true}, {len(pendingDoc) - 1, false}, {0, false}, {-1, false}} {
		exec, err := codec.Unmarshal[cart]([]byte(pendingDoc), codec.Limit(test.limit))
		if test.ok {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, "taskchain: decode: the document has 75 bytes, the limit is ")
		require.Nil(t, exec)
	}
	_, err := codec.Unmarshal[cart]([]byte(pendingDoc), codec.Limit(1), codec.Limit(1000))
	require.NoError(t, err, "said again, the last one holds")
}

func TestDefaultLimit(t *testing.T) {
	_, err := codec.Unmarshal[cart](bytes.Repeat([]byte(" "), codec.DefaultLimit+1))
	require.EqualError(t, err, "taskchain: decode: the document has 67108865 bytes, the limit is 67108864")
}

func TestStrict(t *testing.T) {
	for where, doc := range map[string]string{
		`unknown field "new"`:           strings.Replace(pendingDoc, `"version"`, `"new":1,"version"`, 1),
		`data: unknown field "new"`:     strings.Replace(pendingDoc, `"total"`, `"new":1,"total"`, 1),
		`trace[0]: unknown field "new"`: strings.Replace(pendingDoc, `"data"`, `"trace":[{"new":1,"kind":"log","time":"2026-01-02T03:04:05Z"}],"data"`, 1),
	} {
		_, err := codec.Unmarshal[cart]([]byte(doc))
		require.NoError(t, err)
		_, err = codec.Unmarshal[cart]([]byte(doc), codec.Strict())
		require.EqualError(t, err, "taskchain: decode: "+where)
	}
	_, err := codec.Unmarshal[cart]([]byte(strings.Replace(pendingDoc, `"data"`, `"metadata":{"new":{"newer":1}},"data"`, 1)), codec.Strict())
	require.NoError(t, err, "metadata may have any fields")
}

func TestOptionsMayBeNil(t *testing.T) {
	_, err := codec.Unmarshal[cart]([]byte(pendingDoc), nil, codec.Strict(), nil)
	require.NoError(t, err)
	_, err = codec.JSON[cart](nil).Decode([]byte(pendingDoc))
	require.NoError(t, err)
}

func TestJSONIsSafeForConcurrentUse(t *testing.T) {
	c := codec.JSON[cart](codec.Strict())
	s := execution(t).Snapshot()
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			doc, err := c.Encode(s)
			if err != nil {
				t.Error(err)
			}
			back, err := c.Decode(doc)
			if err != nil || back.ID != s.ID || len(back.Trace) != len(s.Trace) {
				t.Error(back, err)
			}
		})
	}
	group.Wait()
}

func TestEncodeRefusesWhatDecodeWould(t *testing.T) {
	_, err := codec.JSON[cart]().Encode(chain.Snapshot[cart]{})
	require.EqualError(t, err, "taskchain: encode: version: unknown version 0, known are 1 to 1")
}

func TestJSONIsAnAppender(t *testing.T) {
	c, s := codec.JSON[cart]().(codec.Appender[cart]), execution(t).Snapshot()
	doc, err := c.Encode(s)
	require.NoError(t, err)
	buf := append(make([]byte, 0, len(doc)+1000), "before"...)
	all, head, err := c.Append(buf, s)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(all[head:]), `,"steps":`), "the head has the data: %s", all[head:])
	require.Equal(t, "before"+string(doc), string(all))
	require.Same(t, &buf[0], &all[0], "in the room that there was")

	all, head, err = c.Append(buf, chain.Snapshot[cart]{})
	require.EqualError(t, err, "taskchain: encode: version: unknown version 0, known are 1 to 1")
	require.Nil(t, all)
	require.Zero(t, head)
}
