package storetest

var conflictCases = []storeCase{
	{
		name: "TheFirstRecordIsNumberZero",
		why:  "an execution that has lost its begin can't be carried on, so it must not be kept",
		run: func(k *kit) {
			k.conflict(record("a", 1))
			k.conflict(whole("a", 1))
			k.conflict(record("a", -1))
			k.check()
		},
	},
	{
		name: "ANumberIsGivenOnce",
		why:  "two that believe to own an execution would both run its next step: the second is told",
		run: func(k *kit) {
			k.add(record("a", 0))
			k.conflict(record("a", 0))
			k.add(record("a", 1), record("a", 2))
			k.conflict(record("a", 1))
			k.conflict(record("a", 2))
			k.check()
		},
	},
	{
		name: "ANumberIsNotLeftOut",
		why:  "a record that is missing in the middle would be a step forgotten",
		run: func(k *kit) {
			k.add(record("a", 0))
			k.conflict(record("a", 2))
			k.conflict(record("a", 1<<40))
			k.check()
		},
	},
	{
		name: "NumbersGoOnBehindAWholeRecord",
		why:  "a Whole record makes those before it superfluous, and does not begin to count anew",
		run: func(k *kit) {
			k.add(record("a", 0), record("a", 1), whole("a", 2))
			k.conflict(record("a", 0))
			k.conflict(record("a", 1))
			k.conflict(whole("a", 2))
			k.conflict(whole("a", 0))
			k.add(record("a", 3))
			k.check()
		},
	},
	{
		name: "AConflictAddsNothing",
		why:  "the writer that is told of a conflict has written nothing, and the other one goes on",
		run: func(k *kit) {
			k.add(record("a", 0), record("a", 1))
			wrong := whole("a", 1)
			wrong.Body, wrong.Plan = []byte("wrong"), "wrong"
			k.conflict(wrong)
			wrong.Seq = 3
			k.conflict(wrong)
			k.compare("")
			k.add(record("a", 2))
			k.check()
		},
	},
}
