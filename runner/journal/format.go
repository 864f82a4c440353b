package journal

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

// The layout is told in the comment of the package.
const (
	magic       = "TCJOURNL"
	version     = 1
	headerSize  = 64 // of a segment
	frameSize   = 16 // of what stands before a group
	align       = 8
	spareName   = "next.tmp"
	segmentName = ".journal"
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	little     = binary.LittleEndian
)

// A header begins a segment.
type header struct {
	number   uint64
	previous int64 // where the groups of the segment before end
	salt     [16]byte
	size     int64 // of the file
}

func newHeader(number uint64, previous, size int64) header {
	h := header{number: number, previous: previous, size: size}
	_, _ = rand.Read(h.salt[:]) // it never fails
	return h
}

func (h header) encode() []byte {
	b := make([]byte, headerSize)
	copy(b, magic)
	little.PutUint32(b[8:], version)
	little.PutUint64(b[16:], h.number)
	little.PutUint64(b[24:], uint64(h.previous))
	copy(b[32:], h.salt[:])
	little.PutUint64(b[48:], uint64(h.size))
	little.PutUint32(b[12:], crc32.Checksum(b, castagnoli))
	return b
}

// decodeHeader reads the header of a file. name is for the error.
func decodeHeader(name string, b []byte) (header, error) {
	if len(b) < headerSize || string(b[:8]) != magic {
		return header{}, &DamageError{File: name, Reason: "it does not begin as a journal does"}
	}
	if v := little.Uint32(b[8:]); v != version {
		return header{}, fmt.Errorf("%w: %s has version %d, and the newest that is known here is %d", ErrVersion, name, v, version)
	}
	plain := bytes.Clone(b[:headerSize])
	little.PutUint32(plain[12:], 0)
	if little.Uint32(b[12:]) != crc32.Checksum(plain, castagnoli) {
		return header{}, &DamageError{File: name, Reason: "the checksum of its header is another"}
	}
	h := header{number: little.Uint64(b[16:]), previous: int64(little.Uint64(b[24:])), size: int64(little.Uint64(b[48:]))}
	copy(h.salt[:], b[32:])
	switch size := int64(len(b)); {
	case nameOf(h.number) != name:
		return header{}, &DamageError{File: name, Reason: "its header says that it is " + nameOf(h.number)}
	case h.size != size:
		return header{}, &DamageError{name, min(h.size, size), fmt.Sprintf("it has %d bytes, and was made with %d", size, h.size)}
	}
	return h, nil
}

// seed is what all checksums of the segment begin with.
func (h header) seed() uint32 { return crc32.Checksum(h.salt[:], castagnoli) }

// A frame stands before a group.
type frame struct {
	length  int64 // of the group
	records uint32
	sum     uint32 // of the group
}

// seal writes the frame of the group in b that stands at byte at of the file. b
// has room for it at its begin.
func seal(b []byte, seed uint32, at int64, records int) {
	group := b[frameSize:]
	little.PutUint32(b, uint32(len(group)))
	little.PutUint32(b[4:], uint32(records))
	little.PutUint32(b[8:], crc32.Checksum(group, castagnoli))
	little.PutUint32(b[12:], frameSum(b, seed, at))
}

// frameSum is the checksum of a frame, which belongs to one place in one file.
func frameSum(b []byte, seed uint32, at int64) uint32 {
	var place [8]byte
	little.PutUint64(place[:], uint64(at))
	return crc32.Update(crc32.Update(seed, castagnoli, place[:]), castagnoli, b[:12])
}

// frameAt reads the frame at byte at of the file. It is not sound if there is
// none; whether its group is there is another question.
func frameAt(file []byte, seed uint32, at int64) (f frame, sound bool) {
	if int64(len(file))-at < frameSize {
		return f, false
	}
	b := file[at:]
	f = frame{int64(little.Uint32(b)), little.Uint32(b[4:]), little.Uint32(b[8:])}
	return f, f.length > 0 && little.Uint32(b[12:]) == frameSum(b, seed, at)
}

// groupAt is the group of the sound frame at byte at of the file.
func (f frame) groupAt(file []byte, at int64) (group []byte, sound bool) {
	if f.length > int64(len(file))-at-frameSize {
		return nil, false
	}
	group = file[at+frameSize:][:f.length]
	return group, crc32.Checksum(group, castagnoli) == f.sum
}

func aligned(n int64) int64 { return (n + align - 1) &^ (align - 1) }

func nameOf(number uint64) string { return fmt.Sprintf("%010d%s", number, segmentName) }

// numberOf is the number of the segment that a file is, if it is one.
func numberOf(name string) (number uint64, ok bool) {
	digits, ok := strings.CutSuffix(name, segmentName)
	if !ok {
		return 0, false
	}
	number, err := strconv.ParseUint(digits, 10, 64)
	return number, err == nil && nameOf(number) == name
}
