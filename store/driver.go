package store

import (
	"context"
	"errors"
)

// Driver keeps bytes. Its calls are few and bulk, so that a database on
// another machine pays one round trip for many actions; everything clever is
// in this package, above them, once. A driver knows tables, keys and two
// streams of records; it knows no rule and no format.
//
// All methods may be called at the same time, but Commit and Recover come
// from one goroutine. Slices handed in are not changed by the caller before
// the call returns; slices handed out belong to the caller.
type Driver interface {
	// Get returns the value at key, or nil.
	Get(ctx context.Context, t Table, key []byte) ([]byte, error)

	// Scan returns up to n pairs of t whose keys begin with prefix and are
	// greater than after, ascending.
	Scan(ctx context.Context, t Table, prefix, after []byte, n int) ([]Pair, error)

	// Page returns up to n consecutive stored records of one log from id
	// from on, ascending. Ids that were never stored are missing. Research
	// records are returned in place of the seen ones if research is true.
	Page(ctx context.Context, log uint32, from uint64, n int, research bool) ([]Record, error)

	// Commit stores the whole batch, synced to the disk, or nothing of it.
	// ErrStale: a condition does not hold, nothing was stored. Any other
	// error means unknown: the batch may be there or not, and nothing more
	// may be committed or believed before Recover.
	Commit(ctx context.Context, b *Batch) error

	// Recover makes sure after a failed commit that what Get, Scan and Page
	// return is on the disk. It may be called again if it fails.
	Recover(ctx context.Context) error

	// Backup makes a synced copy of everything as of one moment, which
	// other calls need not wait for, at path, where nothing may be yet
	// (fs.ErrExist). A copy that failed is removed.
	Backup(ctx context.Context, path string) error

	// Rewrite makes sure that nothing of what was replaced or deleted is left
	// in what the driver keeps. Reads go on; commits may have to wait. It may
	// be called again if it fails.
	Rewrite(ctx context.Context) error

	// Verify checks the driver's own structures, reading everything.
	Verify(ctx context.Context) error

	Close() error
}

// Table names a set of keys.
type Table string

const (
	tableMeta       Table = "meta"       // singletons, by name
	tableSession    Table = "session"    // therapy session id → log number and roster row
	tablePerson     Table = "person"     // person id → roster row
	tableHead       Table = "head"       // log number → head of the log
	tableStanding   Table = "standing"   // log number, person id → mark
	tableAssessment Table = "assessment" // log number, person id, name → when it was completed
	tablePresence   Table = "presence"   // log number, person id → who has joined and not left
	tableAudit      Table = "audit"      // sequence number → entry
	tableRefusal    Table = "refusal"    // digest of a refusal → how often, since when

	// TableLogin and the following hold what package auth keeps.
	TableLogin     Table = "login"     // login session id → login session
	TableLoginOf   Table = "login_of"  // person id, login session id → nothing
	TableChallenge Table = "challenge" // challenge id → challenge
	TableCounter   Table = "counter"   // digest of what is counted → times
	TableDevice    Table = "device"    // digest of a device cookie → whose
	TableToken     Table = "token"     // API token id → token
)

// Tables lists every table, for drivers that make them beforehand.
func Tables() []Table {
	return []Table{
		tableMeta, tableSession, tablePerson, tableHead, tableStanding, tableAssessment, tablePresence, tableAudit, tableRefusal,
		TableLogin, TableLoginOf, TableChallenge, TableCounter, TableDevice, TableToken,
	}
}

// Pair is a key and its value in a table. A nil Value means that there is
// none.
type Pair struct {
	Table Table
	Key   []byte
	Value []byte
}

// Record is one entry of an action log, on disk. In a batch a nil Research
// means that there is none.
type Record struct {
	Log      uint32
	ID       uint64
	Seen     []byte // what readers may see
	Research []byte // histories and timings
}

// Batch is what one commit stores.
type Batch struct {
	If      []Pair // each of these keys has this value now
	Put     []Pair // a nil value deletes
	Records []Record
}

// ErrStale is a commit's whose conditions do not hold (any more).
var ErrStale = errors.New("somebody else has changed what this commit relied on")

// ErrInUse is what opening a data file returns that another process has open.
var ErrInUse = errors.New("another process is using this data")
