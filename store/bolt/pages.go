package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

// What follows walks the pages of a data file and checks how they hang
// together. bbolt has a check of its own, but that reads the free list which
// commits change at the same time, and reads mapped memory in a goroutine of
// its own, where a bad pointer ends the process. This one reads with ReadAt,
// at any time, and nothing in the file can make it fail but by an error. It
// also finds what would lead bbolt in circles.
//
// The format is bbolt's, version 2, in the byte order of the machine: a page
// is a header of 16 bytes (id 8, flags 2, count 2, overflow 4), count
// elements of 16 bytes, and the keys and values that they point to.

const (
	pageBranch = 0x01
	pageLeaf   = 0x02
	pageFree   = 0x10

	headerSize  = 16
	metaSize    = 64
	elementSize = 16
	bucketSize  = 16 // of a bucket's value: root page 8, sequence 8
	maxKey      = 32768
	maxDepth    = 64
	noFreelist  = ^uint64(0)
)

var order = binary.NativeEndian

// walker walks the pages that a meta page leads to.
type walker struct {
	r    io.ReaderAt
	meta meta
	stop func() error // asked at every page
	seen []bool       // pages that are in use or free, each once
	id   uint64       // of the page at hand, for errors
}

// checkPages walks all pages under m. The error says what is damaged, or is
// stop's. lost is how many pages are neither used nor free, which harms
// nothing.
func checkPages(r io.ReaderAt, size int64, m meta, stop func() error) (lost int, err error) {
	if hi, _ := bits.Mul64(m.pages, uint64(m.pageSize)); hi != 0 || m.size() < 0 || m.size() > size {
		return 0, fmt.Errorf("it is cut short: %d bytes of %d pages of %d bytes are there", size, m.pages, m.pageSize)
	}
	if m.pages < 2 {
		return 0, fmt.Errorf("it says that it has %d pages", m.pages)
	}
	w := &walker{r: r, meta: m, stop: stop, seen: make([]bool, m.pages)}
	w.seen[0], w.seen[1] = true, true // the meta pages
	if m.freelist != noFreelist {
		err = w.freelist(m.freelist)
	}
	if err == nil {
		err = w.tree(m.root, nil, nil, 0, w.table)
	}
	if err != nil {
		return 0, fmt.Errorf("page %d: %w", w.id, err)
	}
	if m.freelist != noFreelist {
		for _, seen := range w.seen {
			if !seen {
				lost++
			}
		}
	}
	return lost, nil
}

// mark notes that n pages from id on are in use or free.
func (w *walker) mark(id, n uint64) error {
	if n == 0 {
		return nil
	}
	if id >= w.meta.pages || n > w.meta.pages-id {
		return fmt.Errorf("it leads to pages %d to %d, but there are %d", id, id+n-1, w.meta.pages)
	}
	for ; n > 0; id, n = id+1, n-1 {
		if w.seen[id] {
			return fmt.Errorf("it leads to page %d, which is used or free elsewhere", id)
		}
		w.seen[id] = true
	}
	return nil
}

// page is one page with its overflow pages, or the page inside a small
// bucket's value.
type page struct {
	r     io.ReaderAt // nil: all is in head
	pos   int64
	size  int64
	head  []byte // its beginning
	flags uint16
	count int
}

func (w *walker) page(id uint64) (*page, error) {
	if err := w.stop(); err != nil {
		return nil, err
	}
	if err := w.mark(id, 1); err != nil {
		return nil, err
	}
	w.id = id
	p := &page{r: w.r, pos: int64(id) * w.meta.pageSize, head: make([]byte, w.meta.pageSize)}
	if _, err := w.r.ReadAt(p.head, p.pos); err != nil {
		return nil, err
	}
	if own := order.Uint64(p.head); own != id {
		return nil, fmt.Errorf("it says that it is page %d", own)
	}
	more := uint64(order.Uint32(p.head[12:]))
	p.size = int64(1+more) * w.meta.pageSize
	p.flags, p.count = order.Uint16(p.head[8:]), int(order.Uint16(p.head[10:]))
	return p, w.mark(id+1, more)
}

// bytes returns n bytes at pos of the page.
func (p *page) bytes(pos, n int64) ([]byte, error) {
	switch {
	case pos < 0 || n < 0 || pos > p.size || n > p.size-pos:
		return nil, fmt.Errorf("it points to bytes %d to %d, but has %d", pos, pos+n, p.size)
	case pos+n <= int64(len(p.head)):
		return p.head[pos : pos+n], nil
	}
	b := make([]byte, n)
	_, err := p.r.ReadAt(b, p.pos+pos)
	return b, err
}

// freelist reads the list of free pages.
func (w *walker) freelist(id uint64) error {
	p, err := w.page(id)
	if err != nil {
		return err
	}
	if p.flags != pageFree {
		return fmt.Errorf("it is no list of free pages (flags %#x)", p.flags)
	}
	pos, count := int64(headerSize), int64(p.count)
	if count == 0xFFFF { // then the first of the list is how many there are
		b, err := p.bytes(pos, 8)
		if err != nil {
			return err
		}
		pos, count = pos+8, int64(order.Uint64(b))
	}
	if count < 0 || count > int64(w.meta.pages) {
		return fmt.Errorf("it lists %d free pages of %d", uint64(count), w.meta.pages)
	}
	b, err := p.bytes(pos, 8*count)
	if err != nil {
		return err
	}
	for ; len(b) > 0; b = b[8:] {
		if err := w.mark(order.Uint64(b), 1); err != nil {
			return err
		}
	}
	return nil
}

// element is one entry of a page, for use by the caller of tree.
type element struct {
	page   *page
	bucket bool // its value is a bucket
	value  int64
	size   int64
}

// tree checks the tree under a page: all keys ascend, and are below high (nil:
// any are). The first is the one that leads to the page; if it were not, bbolt
// would not find the way back when it changes the page (nil: this is the root,
// which may also be empty). use is called for the leaves' entries.
func (w *walker) tree(id uint64, first, high []byte, depth int, use func(element) error) error {
	if depth > maxDepth {
		return errors.New("it is too deep in the tree")
	}
	p, err := w.page(id)
	if err != nil {
		return err
	}
	switch {
	case p.flags == pageLeaf && (first == nil || p.count > 0):
		return p.leaf(first, high, use)
	case p.flags == pageLeaf || p.flags == pageBranch && p.count == 0:
		return errors.New("it is empty")
	case p.flags != pageBranch:
		return fmt.Errorf("it is not of the tree (flags %#x)", p.flags)
	}
	type child struct {
		key []byte
		id  uint64
	}
	var children []child
	elements, err := p.bytes(headerSize, elementSize*int64(p.count))
	if err != nil {
		return err
	}
	low := first
	for i := range p.count {
		e := elements[elementSize*i:]
		if low, err = p.key(i, order.Uint32(e), order.Uint32(e[4:]), low, high); err != nil {
			return err
		}
		children = append(children, child{low, order.Uint64(e[8:])})
	}
	for i, c := range children {
		end := high
		if i+1 < len(children) {
			end = children[i+1].key
		}
		if err := w.tree(c.id, c.key, end, depth+1, use); err != nil {
			return err
		}
	}
	return nil
}

// leaf checks the entries of a leaf.
func (p *page) leaf(first, high []byte, use func(element) error) error {
	low := first
	elements, err := p.bytes(headerSize, elementSize*int64(p.count))
	if err != nil {
		return err
	}
	for i := range p.count {
		e := elements[elementSize*i:]
		flags, pos, ksize, vsize := order.Uint32(e), order.Uint32(e[4:]), order.Uint32(e[8:]), order.Uint32(e[12:])
		key, err := p.key(i, pos, ksize, low, high)
		if err != nil {
			return err
		}
		v := element{page: p, bucket: flags == 1, value: p.offset(i, pos) + int64(ksize), size: int64(vsize)}
		if flags > 1 || v.size > p.size-v.value {
			return fmt.Errorf("entry %d is not right (flags %#x, value of %d bytes)", i, flags, vsize)
		}
		if err := use(v); err != nil {
			return fmt.Errorf("entry %d: %w", i, err)
		}
		low = key
	}
	return nil
}

// offset is where in the page the key of entry i is: pos counts from the
// entry itself.
func (p *page) offset(i int, pos uint32) int64 {
	return headerSize + elementSize*int64(i) + int64(pos)
}

// key returns the key of entry i, which is to be above low, the key before it,
// and below high. The first one is to be low, if that is not nil.
func (p *page) key(i int, pos, size uint32, low, high []byte) ([]byte, error) {
	if size == 0 || size > maxKey {
		return nil, fmt.Errorf("the key of entry %d has %d bytes", i, size)
	}
	key, err := p.bytes(p.offset(i, pos), int64(size))
	switch {
	case err != nil:
		return nil, fmt.Errorf("entry %d: %w", i, err)
	case high != nil && bytes.Compare(key, high) >= 0:
		return nil, fmt.Errorf("entry %d is out of order", i)
	}
	if c := bytes.Compare(key, low); i > 0 && c <= 0 || i == 0 && low != nil && c != 0 {
		return nil, fmt.Errorf("entry %d is out of order", i)
	}
	return key, nil
}

// table checks one table: a tree of its own, or, if it is small, a leaf
// inside the entry.
func (w *walker) table(e element) error {
	if !e.bucket || e.size < bucketSize {
		return errors.New("it is not a table")
	}
	b, err := e.page.bytes(e.value, bucketSize)
	if err != nil {
		return err
	}
	if root := order.Uint64(b); root != 0 {
		return w.tree(root, nil, nil, 0, plain)
	}
	if e.size < bucketSize+headerSize || e.size > w.meta.pageSize {
		return fmt.Errorf("a small table has %d bytes", e.size)
	}
	b, err = e.page.bytes(e.value+bucketSize, e.size-bucketSize)
	if err != nil {
		return err
	}
	p := &page{head: b, size: int64(len(b)), flags: order.Uint16(b[8:]), count: int(order.Uint16(b[10:]))}
	if p.flags != pageLeaf {
		return fmt.Errorf("a small table is no leaf (flags %#x)", p.flags)
	}
	return p.leaf(nil, nil, plain)
}

func plain(e element) error {
	if e.bucket {
		return errors.New("it is a table inside a table")
	}
	return nil
}
