package storetest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
)

var recordCases = []storeCase{
	{
		name: "ANewStoreIsEmpty",
		why:  "an execution whose ID is unknown is begun, so no records is what a store says of it, and not an error",
		run: func(k *kit) {
			k.Empty(k.records("unknown"))
			k.check()
		},
	},
	{
		name: "WhatWasAppendedIsRead",
		why:  "an execution is carried on from its records, all of them and in their order",
		run: func(k *kit) {
			for seq := range 20 {
				k.add(record("a", seq))
			}
			k.check()
		},
	},
	{
		name: "ExecutionsAreKeptApart",
		why:  "the records of executions that run at once arrive mixed",
		run: func(k *kit) {
			for seq := range 5 {
				k.add(record("a", seq), record("b", seq), record("a/b", seq))
			}
			k.check()
		},
	},
	{
		name: "AWholeRecordStandsForThoseBefore",
		why:  "what a Whole record makes superfluous must not be read again and again, nor what was before a Whole one that is not the newest",
		run: func(k *kit) {
			k.add(record("a", 0), record("a", 1), whole("a", 2))
			k.compare("")
			k.add(record("a", 3), record("a", 4))
			k.compare("")
			k.add(whole("a", 5), whole("a", 6), record("a", 7), whole("b", 0))
			k.check()
		},
	},
	{
		name: "TheBodyIsTheCallersAgain",
		why:  "a runner uses the buffer of a body again once Append has returned",
		run: func(k *kit) {
			r := record("a", 0)
			k.add(r)
			clear(r.Body)
			k.check()
		},
	},
	{
		name: "WhatWasReadIsTheCallers",
		why:  "two who read the same execution share no memory, so that one may change what it got",
		run: func(k *kit) {
			k.add(record("a", 0), record("a", 1))
			read := k.records("a")
			clear(read[0].Body)
			_ = append(read[0].Body, "more than before"...)
			read[1] = runner.Record{}
			k.check()
		},
	},
	{
		name: "AnyIDWillDo",
		why:  "an ID is the user's: an order number, a path, a name in any script, as long as it likes",
		run: func(k *kit) {
			for _, id := range []string{
				"", " ", ".", "..", "../a", "/", "a/b", "a\\b", "a", "A", "a ", "a\n", "a\x00", "\x00", "\xff\xfe", "ä", "a\u0308", "世界",
				"%", "%00", "'; drop", "con", "lock", strings.Repeat("x", 300), strings.Repeat("x", 301), strings.Repeat("é", 5000),
			} {
				k.add(record(id, 0), record(id, 1))
			}
			k.check()
		},
	},
	{
		name: "AnyBodyWillDo",
		why:  "what a body holds is nothing that a store understands: none, zeros, any bytes, many",
		run: func(k *kit) {
			all := make([]byte, 256)
			for i := range all {
				all[i] = byte(i)
			}
			for seq, body := range [][]byte{nil, {}, {0}, make([]byte, 5000), all, []byte("\r\n"), bytes.Repeat(all, 8192), nil} {
				r := record("a", seq)
				r.Body = body
				k.add(r)
			}
			k.check()
		},
	},
	{
		name: "EveryFieldIsKept",
		why:  "List and the choice of a plan's version go by what the Head says: any status, any text, any time to the nanosecond",
		run: func(k *kit) {
			times := []time.Time{
				{}, time.Unix(0, 0), time.Unix(0, 1), time.Unix(-1, 999999999), noon, noon.UTC(), time.Now(),
				time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC),
			}
			texts := []string{"", "checkout", "check out/\"\n", "\xff\x00", "世界", strings.Repeat("long", 100)}
			for status := chain.Pending; status <= chain.Stuck; status++ {
				r := record(status.String(), 0)
				r.Status = status
				k.add(r)
			}
			for i := range 24 {
				r := record("a", i)
				r.Begun, r.Changed = times[i%len(times)], times[(i/3)%len(times)]
				r.Plan, r.Fingerprint = texts[i%len(texts)], texts[(i/3)%len(texts)]
				r.Whole = i == 3
				k.add(r)
			}
			k.check()
		},
	},
	{
		name: "AnEndedContextLosesNothing",
		why:  "a caller whose context has ended may be told so, but not that a record is kept which is not",
		run: func(k *kit) {
			k.add(record("a", 0))
			ctx, cancel := context.WithCancelCause(context.Background())
			cancel(errors.New("gone"))
			if err := k.store.Append(ctx, record("a", 1)); err == nil {
				k.want["a"] = append(k.want["a"], record("a", 1))
			} else {
				k.want["a"] = k.records("a") // it is open whether it was kept
			}
			k.add(record("a", len(k.want["a"])))
			k.check()
		},
	},
}
