package temporal

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
)

// A document is the wire form of an execution. A long one, which is mostly its
// trace, is carried compressed: Temporal limits the size of a message.
type document json.RawMessage

const (
	compressFrom = 64 << 10
	documentSize = 256 << 20 // that is read, at most
)

type packed struct {
	Gzip []byte `json:"gzip"`
}

// MarshalJSON writes the document itself, or {"gzip": …}.
func (d document) MarshalJSON() ([]byte, error) {
	if len(d) < compressFrom {
		return json.RawMessage(d).MarshalJSON()
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(d); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return json.Marshal(packed{out.Bytes()})
}

// UnmarshalJSON reads both. The wire form of an execution has no "gzip".
func (d *document) UnmarshalJSON(doc []byte) error {
	var p packed
	if err := json.Unmarshal(doc, &p); err != nil || p.Gzip == nil {
		*d = bytes.Clone(doc)
		return nil
	}
	r, err := gzip.NewReader(bytes.NewReader(p.Gzip))
	if err != nil {
		return err
	}
	plain, err := io.ReadAll(io.LimitReader(r, documentSize))
	*d = plain
	return err
}
