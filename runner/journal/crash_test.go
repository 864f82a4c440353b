package journal_test

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/runner/journal/internal/faultfs"
)

// The script does what the tests below need to be worth something.
func TestTheScriptDoesEverything(t *testing.T) {
	d := faultfs.New()
	h := run(t, d, longScript())
	mustHold(t, h, d.PowerCut(0, none), "in full")
	names, err := d.Names()
	require.NoError(t, err)
	require.NotContains(t, names, "0000000001.journal", "the first file was cleaned up")
	require.Contains(t, names, "0000000008.journal", "there were several")
	require.Zero(t, d.OpenFiles())
}

func none(string, int) bool { return false }
func all(string, int) bool  { return true }

// leftOvers are what a crash may leave of a disk: the machine goes on; it loses
// its power, and of what was on its way to the disk nothing arrived, everything,
// or something, of the content and of the names.
func leftOvers(d *faultfs.Disk, f faultfs.Fault, show func(left *faultfs.Disk, what string)) {
	show(d.Crash(), "the process died")
	seed, most := uint64(f.Byte)+uint64(f.Op), 3
	if f.Byte > 0 {
		most = 1 // it is not about the names
	}
	for names := range most {
		show(d.PowerCut(names, none), fmt.Sprint("no power, nothing more, names: ", names))
		show(d.PowerCut(names, all), fmt.Sprint("no power, all of it, names: ", names))
		random := rand.New(rand.NewPCG(seed, uint64(names)))
		show(d.PowerCut(names, func(string, int) bool { return random.IntN(2) == 0 }), fmt.Sprint("no power, some of it, names: ", names))
	}
}

// tryFault plays the script with a fault, once on a disk that is dead from there
// on, and once on one that goes on failing.
func tryFault(t *testing.T, script []step, f faultfs.Fault) {
	t.Helper()
	for _, f.Dead = range []bool{true, false} {
		d := faultfs.New()
		d.Fail(f)
		h := run(t, d, script)
		if !d.Failed() {
			return // what runs beside the writing is not the same each time
		}
		require.Zero(t, d.OpenFiles(), "%+v", f)
		leftOvers(d, f, func(left *faultfs.Disk, what string) {
			mustHold(t, h, left, fmt.Sprintf("%+v: %s", f, what))
		})
		d.Fail(faultfs.Fault{}) // there is room on the disk again
		mustHold(t, h, d, fmt.Sprintf("%+v: on the same disk", f))
	}
}

// Each write ends before each of its bytes, or, where that takes too long, before
// some of them.
func TestAWriteCutShortAnywhere(t *testing.T) {
	t.Parallel()
	d := faultfs.New()
	script := longScript()
	run(t, d, script)
	stride := int64(1)
	if testing.Short() || raceDetector {
		stride = 41
	}
	at, cuts := int64(1), 0
	for _, n := range d.Writes() {
		each := stride
		if n >= 4<<10 {
			each *= 509 // zeros
		}
		for b := at; b < at+n; b += each {
			tryFault(t, script, faultfs.Fault{Byte: b, Err: syscall.ENOSPC})
			cuts++
		}
		at += n
	}
	t.Logf("cut short at %d places", cuts)
}

// Each write, sync and change of a name fails.
func TestAnyOperationFails(t *testing.T) {
	d := faultfs.New()
	script := longScript()
	run(t, d, script)
	ops, _ := d.Count()
	for op := range ops {
		tryFault(t, script, faultfs.Fault{Op: op + 1, Err: syscall.EIO})
	}
	t.Logf("failed at %d operations", ops)
}
