package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"hearth/hub/chat"
)

// The disk format, version 1. Every value of every table and log is
//
//	1 byte   version
//	n bytes  fields in the wire format of protocol buffers
//	4 bytes  CRC-32C (RFC 3720, B.4) of where it stands, version and fields
//
// "Where it stands" is the table and key, or the log's number, epoch, the id
// and which of the two streams; so a value copied to another place is as bad
// as a torn one. Field numbers are never used twice; a reader skips those it
// does not know. docs/format.md has the fields as a .proto file.
const formatVersion = 1

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errTorn = errors.New("checksum does not match: the record is damaged")

// seal frames fields for their place.
func seal(place []byte, f fields) []byte {
	b := make([]byte, 0, len(f)+5)
	b = append(b, formatVersion)
	b = append(b, f...)
	return binary.BigEndian.AppendUint32(b, crc(place, b))
}

// unseal checks the frame and returns the fields, which share b's memory.
func unseal(place, b []byte) (fields, error) {
	if len(b) < 5 {
		return nil, errTorn
	}
	body, sum := b[:len(b)-4], binary.BigEndian.Uint32(b[len(b)-4:])
	if crc(place, body) != sum {
		return nil, errTorn
	}
	if body[0] != formatVersion {
		return nil, fmt.Errorf("format version %d is not known to this program: it was written by a newer one", body[0])
	}
	return fields(body[1:]), nil
}

func crc(place, b []byte) uint32 {
	return crc32.Update(crc32.Checksum(place, castagnoli), castagnoli, b)
}

func keyPlace(t Table, key []byte) []byte {
	b := append(make([]byte, 0, len(t)+1+len(key)), t...)
	return append(append(b, 0), key...)
}

// The two streams of records.
const (
	streamSeen     byte = 1
	streamResearch byte = 2
)

func recordPlace(stream byte, log uint32, epoch chat.Epoch, id chat.ActionID) []byte {
	b := make([]byte, 0, 16+len(epoch))
	b = append(b, stream)
	b = binary.BigEndian.AppendUint32(b, log)
	b = binary.BigEndian.AppendUint64(b, uint64(id))
	return append(b, epoch...)
}

// fields is a sequence of protocol buffer fields.
type fields []byte

func (f *fields) uint(n protowire.Number, v uint64) {
	if v != 0 {
		*f = protowire.AppendVarint(protowire.AppendTag(*f, n, protowire.VarintType), v)
	}
}

func (f *fields) bool(n protowire.Number, v bool) { f.uint(n, protowire.EncodeBool(v)) }

func (f *fields) time(n protowire.Number, t time.Time) {
	if !t.IsZero() {
		f.uint(n, uint64(t.UnixMilli()))
	}
}

func (f *fields) bytes(n protowire.Number, v []byte) {
	if len(v) != 0 {
		*f = protowire.AppendBytes(protowire.AppendTag(*f, n, protowire.BytesType), v)
	}
}

func (f *fields) string(n protowire.Number, v string) {
	if v != "" {
		f.item(n, v)
	}
}

// item is one of a repeated field: it is there when empty, too.
func (f *fields) item(n protowire.Number, v string) {
	*f = protowire.AppendString(protowire.AppendTag(*f, n, protowire.BytesType), v)
}

// field is one decoded field: a number or bytes, by its wire type.
type field struct {
	n   protowire.Number
	num uint64
	raw []byte // shares memory with the record
}

func (v field) string() string { return string(v.raw) }
func (v field) bool() bool     { return v.num != 0 }

// into copies bytes of a fixed length. It reports whether they had that
// length.
func (v field) into(b []byte) bool { return len(v.raw) == len(b) && copy(b, v.raw) == len(b) }

func (v field) time() time.Time {
	return time.UnixMilli(int64(v.num)).UTC()
}

// each calls use for every field in order; fields of other wire types than
// varint and bytes are skipped.
func (f fields) each(use func(v field)) error {
	for b := []byte(f); len(b) > 0; {
		n, typ, size := protowire.ConsumeTag(b)
		if size < 0 {
			return fmt.Errorf("malformed record: %w", protowire.ParseError(size))
		}
		b = b[size:]
		v := field{n: n}
		switch typ {
		case protowire.VarintType:
			v.num, size = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			v.raw, size = protowire.ConsumeBytes(b)
		default:
			if size = protowire.ConsumeFieldValue(n, typ, b); size >= 0 {
				b = b[size:]
				continue
			}
		}
		if size < 0 {
			return fmt.Errorf("malformed record: %w", protowire.ParseError(size))
		}
		b = b[size:]
		use(v)
	}
	return nil
}
