package storetest

var forgetCases = []storeCase{
	{
		name: "WhatWasForgottenIsUnknown",
		why:  "a retention takes an execution away with all its records, and no other one",
		run: func(k *kit) {
			k.add(record("a", 0), record("a", 1), record("b", 0), whole("c", 0), record("c", 1))
			k.forget("a")
			k.forget("c")
			k.Empty(k.records("a"))
			k.Empty(k.records("c"))
			k.compare("")
		},
	},
	{
		name: "TheUnknownMayBeForgotten",
		why:  "two retentions at once, or one after a crash, forget the same execution twice",
		run: func(k *kit) {
			k.forget("unknown")
			k.add(record("a", 0))
			k.forget("a")
			k.forget("a")
			k.compare("")
		},
	},
	{
		name: "AnIDMayBeUsedAnew",
		why:  "the execution that has a forgotten one's ID is another one: it begins at number zero, and nothing of the old one comes back",
		run: func(k *kit) {
			for round := range 3 {
				k.add(record("a", 0), record("a", 1), whole("a", 2), record("a", 3))
				k.forget("a")
				k.conflict(record("a", 4))
				anew := record("a", 0)
				anew.Plan, anew.Body = "anew", []byte{byte(round)}
				k.add(anew)
				k.compare("")
				k.forget("a")
			}
			anew := record("a", 0)
			anew.Body = []byte("the last")
			k.add(anew)
			k.check()
		},
	},
}
