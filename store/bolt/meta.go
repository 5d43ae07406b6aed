package bolt

import (
	"errors"
	"hash/fnv"
	"io"
	"math/bits"
)

// meta is what a meta page says: from where to read everything else.
type meta struct {
	pageSize int64
	root     uint64 // page of the bucket of tables
	freelist uint64
	pages    uint64 // in use or free; the file may be longer
	tx       uint64 // counts commits
}

// size is how many bytes of the file matter.
func (m meta) size() int64 { return int64(m.pages) * m.pageSize }

// decodeMeta reads a meta page; false: it is none, or torn.
func decodeMeta(b []byte) (m meta, ok bool) {
	const magic, version = 0xED0CDAED, 2
	b = b[headerSize:]
	sum := fnv.New64a()
	sum.Write(b[:metaSize-8])
	if order.Uint32(b) != magic || order.Uint32(b[4:]) != version || order.Uint64(b[56:]) != sum.Sum64() {
		return m, false
	}
	m = meta{int64(order.Uint32(b[8:])), order.Uint64(b[16:]), order.Uint64(b[32:]), order.Uint64(b[40:]), order.Uint64(b[48:])}
	return m, m.pageSize >= 1024 && m.pageSize <= 1<<24 && bits.OnesCount64(uint64(m.pageSize)) == 1
}

// readMetas returns the valid ones of a file's two meta pages, the newest
// first.
func readMetas(r io.ReaderAt) ([]meta, error) {
	at := func(pos int64) (m meta, ok bool, err error) {
		var b [headerSize + metaSize]byte
		if _, err := r.ReadAt(b[:], pos); err == io.EOF {
			return m, false, errors.New("it is cut short, or was never one")
		} else if err != nil {
			return m, false, err
		}
		m, ok = decodeMeta(b[:])
		return m, ok, nil
	}
	first, ok0, err := at(0)
	if err != nil {
		return nil, err
	}
	// The second begins where the first page ends; if the first is torn, that
	// is to be found out.
	for size := int64(1024); size <= 1<<24; size *= 2 {
		if ok0 && size != first.pageSize {
			continue
		}
		second, ok, err := at(size)
		switch {
		case err != nil:
			return nil, err
		case !ok || second.pageSize != size:
			continue
		case !ok0:
			return []meta{second}, nil
		case second.tx > first.tx:
			return []meta{second, first}, nil
		}
		return []meta{first, second}, nil
	}
	if ok0 {
		return []meta{first}, nil
	}
	return nil, errors.New("it does not begin like one, or its beginning is damaged")
}
