// Package journal is a runner.Store in a folder: the records of executions in
// append-only files, safe on the disk before Append returns.
//
// For most uses, open one journal for the process and give it to every durable
// runner:
//
//	j, err := journal.Open("/var/lib/shop/executions")
//	if err != nil {
//		return err
//	}
//	defer j.Close()
//
// The zero Journal is not useful. A Journal is safe for concurrent use.
//
// It needs no server and no goroutine of its own while nothing happens. Runners
// that append at the same time share one sync of the disk, so that many
// executions at once need little more than one.
//
// # What it guarantees
//
//   - What Append has acknowledged is there after a crash of the process, of the
//     machine, and after a power cut, as far as the disk keeps what it says is
//     synced. A record is there as a whole or not at all.
//   - A write that was interrupted is cut off by the next Open, which says so
//     (Recovered, LogTo). Nobody was told that anything in it was kept.
//   - Anything else that is not as it was written is an error that says the file
//     and the byte (DamageError), by Open or by Records. Nothing is skipped.
//     Only damage to the very last write looks like an interrupted one.
//   - After a write or a sync that failed, a full disk for one, nothing is
//     written any more: each Append is ErrFailed, and Err and LogTo say so. What
//     was acknowledged can still be read, also by the next Open, which is the way
//     on. A sync is never tried again, since a second one may say that all is well
//     when it is not.
//   - Two processes, or two Journals in one, never share a folder: the second
//     Open is ErrInUse. The lock is the system's and ends with the process. It
//     needs no tidying up, and to remove its file lets nobody in.
//   - A folder that is moved while it is open stays the journal's, and another
//     one may be opened in its place. When it is removed, writing ends with
//     ErrFailed, as after any write that failed.
//   - The files are their owner's alone (0600, in a folder of 0700), since the
//     state of an execution can hold personal data.
//
// # What it does not do
//
// It does not encrypt, replicate or back up: a copy of the folder is one if no
// process has it open. It does not work on file systems without flock or a true
// fsync, such as some of the network. It keeps an index in memory: about half a
// kilobyte for each execution, forgotten ones not counted, so retention matters
// (Forget). Forgotten bytes leave the disk when the files they are in are
// cleaned up, which begins when more than half of what is in all files but the
// last is of no use any more. A record has at most MaxRecord bytes.
//
// # The format
//
// The folder has the files lock, which is empty and stays, and the segments
// 0000000001.journal, 0000000002.journal and so on without a gap, of which the
// last one is written. next.tmp is a segment being made. Numbers are little
// endian, checksums CRC-32C.
//
// A segment is made as a whole, full of zeros and synced, under the name next.tmp.
// It begins with 64 bytes:
//
//	 0  "TCJOURNL"
//	 8  uint32   version of the format, 1
//	12  uint32   checksum of the 64 bytes with zeros here
//	16  uint64   number of the segment, as in its name
//	24  uint64   byte at which the groups of the segment before end
//	32  [16]byte salt, random
//	48  uint64   bytes of the file
//	56  zeros
//
// Groups of entries follow, each at the next byte that 8 divides, and zeros to the
// end of the file. A group is written at once and synced before the next one is
// written. It is the entries behind one another, after a frame:
//
//	 0  uint32   bytes of the entries
//	 4  uint32   number of the entries
//	 8  uint32   checksum of the entries
//	12  uint32   checksum of the salt, of the group's place in the file as a
//	             uint64, and of the 12 bytes above
//
// So a frame is valid in one place of one file only: not where it was copied to by
// mistake, nor as part of somebody's record. Where no valid group stands, the
// groups end. If zeros follow, that is all. If it is the last segment and no valid
// frame follows, a write was interrupted. All else is damage.
//
// An entry is a byte 1 (a record), 2 (a Whole record) or 3 (what stands before
// this under the same ID is forgotten), and the ID. A record goes on with its
// number, a byte for the status, begin and change, plan, fingerprint and body.
// Texts and bodies are a uvarint of their length and their bytes, a number is a
// uvarint, a time is a varint of seconds since 1970 and a uvarint of nanoseconds.
//
// Records of an execution count by their number, not by their place: to clean up,
// the records that count in the oldest segment are appended anew, synced, and the
// file is removed. So the same record can be there twice, and an older one behind
// a newer one, but nothing of a forgotten execution behind its tombstone.
package journal
