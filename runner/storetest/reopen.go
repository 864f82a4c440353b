package storetest

import "github.com/taskchain-go/taskchain/runner"

var reopenCases = []storeCase{
	{
		name:    "WhatWasAppendedOutlivesTheProcess",
		why:     "that is what a durable execution is made of",
		reopens: true,
		run: func(k *kit) {
			k.reopen()
			k.compare(" when nothing was appended yet")
			for round := range 4 {
				k.add(record("a", 2*round), record("a", 2*round+1), record("b", round), whole("c", round))
				k.reopen()
				k.compare(" after it was reopened")
			}
		},
	},
	{
		name:    "ConflictsOutliveTheProcess",
		why:     "after a restart, too, a number is given once",
		reopens: true,
		run: func(k *kit) {
			k.add(record("a", 0), record("a", 1), whole("b", 0), whole("b", 1))
			k.reopen()
			for _, id := range []string{"a", "b"} {
				k.conflict(record(id, 0))
				k.conflict(record(id, 1))
				k.conflict(record(id, 3))
				k.add(record(id, 2))
			}
			k.check()
		},
	},
	{
		name:    "AnewIsNotMixedWithTheOldByAReopening",
		why:     "the records of an execution begun under a forgotten one's ID are all there are of it, though the old ones had higher numbers",
		reopens: true,
		run: func(k *kit) {
			k.add(record("a", 0), record("a", 1), whole("a", 2), record("a", 3), record("b", 0))
			k.reopen()
			k.forget("a")
			anew := record("a", 0)
			anew.Body = []byte("anew")
			k.add(anew)
			k.reopen()
			k.compare(" after it was reopened")
			k.Len(k.list(runner.Query{}), 2)
			k.add(record("a", 1))
			k.check()
		},
	},
}
