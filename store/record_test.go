package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"hearth/hub/chat"
)

var (
	sampleAt     = time.UnixMilli(1_700_000_000_123).UTC()
	sampleSecret = [32]byte{1, 2, 3, 31: 32}
	sampleAction = stored{
		Action: chat.Action{
			ID: 300, Type: chat.Message, By: "P123", Sender: "Dr. Howell", At: sampleAt, Body: "How are you?", To: []chat.PID{"T1", "P2"},
			Target: 7, Root: 8, Icon: chat.Sad, ClientID: "c1", ClientTS: "2026-12-01T18:00:00Z", Content: chat.Hash{9, 15: 10},
		},
		research: chat.Hash{11, 15: 12},
	}
	sampleHead = head{
		epoch: "abcd", birth: "abcd", secret: sampleSecret, last: 300, lastAt: sampleAt, chain: [32]byte{4, 31: 5}, opened: sampleAt, rev: 1000,
	}
	sampleUser = chat.User{
		ID: "P123", Name: "Gilligan", LastName: "Denver", Phone: "+16505550123", Role: chat.Participant, Keystrokes: true, Withdrawn: true,
	}
	sampleSession = chat.TherapySession{
		ID: "TS1", Name: "Evening group", Topic: "Coping with stress",
		Date:       time.Date(2026, 12, 1, 18, 0, 0, 0, time.FixedZone("", -8*3600)),
		Therapists: []chat.PID{"T1", "T2"}, Participants: []chat.PID{"P123"}, WaitingRoom: true,
		PrivateMessages: chat.PrivateToAnyone, History: chat.HistorySinceAdmitted, AfterEnd: chat.AfterEndClosed,
		Assessments: []chat.Assessment{
			{Name: "location", Title: "Where are you today?", Phase: chat.Post, Required: true, URL: "https://surveys.example/l?p={p_id}"},
			{Name: "mood"},
		},
	}
	sampleAudit = AuditEntry{
		Event: "mute", Actor: "T1", Subject: "P123", Session: "TS1", Reason: "none", Count: 3,
		Details: []Detail{{"status", "complete"}, {"empty", ""}},
	}
)

// TestDiskFormatVersion1 holds the bytes of each kind of record. If it fails,
// files that exist can no longer be read as they were meant: give a new field
// a new number, or raise formatVersion and say how the old one is read.
func TestDiskFormatVersion1(t *testing.T) {
	small := stored{Action: chat.Action{ID: 1, Type: chat.EndChatSession, At: sampleAt, Root: 1}}
	left := stored{Action: chat.Action{ID: 2, Type: chat.Notice, At: sampleAt, Root: 2, Body: "Left"}, who: "P123", passage: Left}
	erased := sampleAction
	erased.Body, erased.Erased = "", true
	markKey := standingKey(5, "P123")
	s := &Store{opt: Options{AuditKey: []byte("0123456789abcdef0123456789abcdef")}}
	tx := &Tx{b: newBatch(context.Background(), s), now: sampleAt}
	tx.Audit(sampleAudit)
	tx.b.audit.write(tx.b)
	tx.putRefusal([]byte("digest"), sampleAt, 4, sampleAudit)
	put := func(t Table, key []byte) []byte { return tx.b.puts[tableKey{t, string(key)}] }
	for _, c := range []struct {
		name string
		got  []byte
		want string
	}{
		{"action", encodeAction(5, "abcd", &sampleAction, sampleAction.meta()), `
			0108011204503132331a0a44722e20486f77656c6c20fbd095ffbc313202543132025032380740084803520263315a14323032362d31322d
			30315431383a30303a30305a62100900000000000000000000000000000a6a100b00000000000000000000000000000c2a0c486f77206172
			6520796f753fcee884b4`},
		{"action of the server, without content", encodeAction(5, "abcd", &small, small.meta()), `
			01080720fbd095ffbc3162100000000000000000000000000000000073fe5c0d`},
		{"left notice", encodeAction(5, "abcd", &left, left.meta()), `
			01080520fbd095ffbc316210000000000000000000000000000000007a04503132338001022a044c6566740668705c`},
		{"erased action", encodeAction(5, "abcd", &erased, erased.meta()), `
			0108011204503132331a0a44722e20486f77656c6c20fbd095ffbc313202543132025032380740084803520263315a14323032362d31322d
			30315431383a30303a30305a62100900000000000000000000000000000a6a100b00000000000000000000000000000c7001a9402c86`},
		{"research", encodeResearch(5, "abcd", 300, researchFields(&chat.Research{
			History: []string{"H", "", "Ho"}, Cut: true, TimeToComplete: "671ms",
		})), `010a01480a000a02486f10011a053637316d73655b2fc0`},
		{"head", encodeHead(5, &sampleHead), `
			010a04616263641220010203000000000000000000000000000000000000000000000000000000002018ac0220fbd095ffbc312a20040000
			000000000000000000000000000000000000000000000000000000000530fbd095ffbc3138e807bc63e6d6`},
		{"standing", encodeMark(markKey, chat.Mark{Verdict: chat.Revoked, Muted: true, In: true, Ever: true, Since: 300}), `
			01080210011801200128ac02f24235f9`},
		{"empty standing", encodeMark(markKey, chat.Mark{}), `015f5c8365`},
		{"person", seal(keyPlace(tablePerson, []byte("P123")), encodePerson(&sampleUser)), `
			010a0847696c6c6967616e120644656e7665721a0c2b313635303535353031323320012801300171a43cc7`},
		{"therapy session", seal(keyPlace(tableSession, []byte("TS1")), encodeSession(5, &sampleSession, true)), `
			01080510011a0d4576656e696e672067726f75702212436f70696e672077697468207374726573732a19323032362d31322d30315431383a
			30303a30302d30383a303032025431320254323a0450313233400148025001580162480a086c6f636174696f6e1214576865726520617265
			20796f7520746f6461793f180120012a2268747470733a2f2f737572766579732e6578616d706c652f6c3f703d7b705f69647d62060a046d
			6f6f64936a33ac`},
		{"revision of the roster", encodeRosterRev(300), `0108ac029f45f4f6`},
		{"audit entry", put(tableAudit, auditKey(1)), `
			0108fbd095ffbc3112046d7574651a0254312204503132332a0354533132046e6f6e65380342067374617475734208636f6d706c65746542
			05656d70747942004a202ab00a1fbc161b684a10f48054468bba8ae04b1b139da99441f596cfbde495035220ac9047a22fbebc5bfa4cb94b
			09ee7bcb608d2d52f81cf27efd923cd8f4cbf56cabffc2c1`},
		{"head of the audit log", put(tableMeta, auditHeadKey), `
			01080112202ab00a1fbc161b684a10f48054468bba8ae04b1b139da99441f596cfbde495035addd5ec`},
		{"refusal", put(tableRefusal, []byte("digest")), `
			0108fbd095ffbc3110041a3612046d7574651a0254312204503132332a0354533132046e6f6e6542067374617475734208636f6d706c6574
			654205656d70747942001eb0432e`},
		{"chain of a log", chainOf(&sampleAction), `
			abb931bc7bf05da01e5e2102c1c34b8d141504e29098d3c3c856db5877a61039`},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := strings.Join(strings.Fields(c.want), "")
			if got := hex.EncodeToString(c.got); got != want {
				t.Errorf("the bytes are now\n%s\nthey were\n%s", got, want)
			}
		})
	}
}

func chainOf(a *stored) []byte {
	c := link([32]byte{1}, "abcd", a.ID, a.meta())
	return c[:]
}

// unknown is one field of each wire type, by a number that nobody has.
func unknown() fields {
	b := protowire.AppendVarint(protowire.AppendTag(nil, 99, protowire.VarintType), 1)
	b = protowire.AppendBytes(protowire.AppendTag(b, 99, protowire.BytesType), []byte("later"))
	b = protowire.AppendFixed32(protowire.AppendTag(b, 99, protowire.Fixed32Type), 1)
	b = protowire.AppendFixed64(protowire.AppendTag(b, 99, protowire.Fixed64Type), 1)
	b = protowire.AppendTag(b, 99, protowire.StartGroupType)
	return protowire.AppendTag(b, 99, protowire.EndGroupType)
}

func TestUnknownFieldsAreSkipped(t *testing.T) {
	// around puts unknown fields before and after what a record holds.
	around := func(place, b []byte) []byte {
		f, err := unseal(place, b)
		if err != nil {
			t.Fatal(err)
		}
		return seal(place, append(append(unknown(), f...), unknown()...))
	}
	place := recordPlace(streamSeen, 5, "abcd", 300)
	a, err := decodeAction(5, "abcd", 300, around(place, encodeAction(5, "abcd", &sampleAction, sampleAction.meta())))
	if err != nil || !reflect.DeepEqual(a, sampleAction) {
		t.Errorf("action: %+v, %v", a, err)
	}
	key := keyPlace(tableHead, logKey(5))
	h, err := decodeHead(5, around(key, encodeHead(5, &sampleHead)))
	if err != nil || h != sampleHead {
		t.Errorf("head: %+v, %v", h, err)
	}
	u, err := decodePerson("P123", append(unknown(), encodePerson(&sampleUser)...))
	if err != nil || *u != sampleUser {
		t.Errorf("person: %+v, %v", u, err)
	}
	s, number, pruned, err := decodeSession("TS1", append(unknown(), encodeSession(5, &sampleSession, false)...))
	if err != nil || number != 5 || pruned || !sameSession(s, &sampleSession) {
		t.Errorf("therapy session: %+v, %v", s, err)
	}
	e, _, _, err := decodeAudit(1, append(unknown(), sampleAudit.fields()...))
	e.Seq, e.At = 0, time.Time{}
	if err != nil || !reflect.DeepEqual(e, sampleAudit) {
		t.Errorf("audit entry: %+v, %v", e, err)
	}
}

func sameSession(a, b *chat.TherapySession) bool {
	x, y := *a, *b
	same := x.Date.Equal(y.Date) && x.Date.Format(time.RFC3339Nano) == y.Date.Format(time.RFC3339Nano)
	x.Date, y.Date = time.Time{}, time.Time{}
	return same && reflect.DeepEqual(x, y)
}

func TestRecordThatCannotBeReadSaysWhy(t *testing.T) {
	place := recordPlace(streamSeen, 5, "abcd", 300)
	good := encodeAction(5, "abcd", &sampleAction, sampleAction.meta())
	newer := append([]byte{2}, good[1:len(good)-4]...)
	newer = append(newer, sumOf(place, newer)...)
	var short, noType, group fields
	short.uint(actionType, 1)
	short.bytes(actionContent, []byte("fifteen bytes.."))
	noType.uint(actionAt, 5)
	group = protowire.AppendTag(nil, 3, protowire.StartGroupType)
	for _, c := range []struct {
		name string
		raw  []byte
		want string
	}{
		{"nothing", nil, "damaged"},
		{"four bytes", []byte{0, 0, 0, 0}, "damaged"},
		{"a flipped bit", append([]byte{good[0], good[1] ^ 1}, good[2:]...), "damaged"},
		{"a byte less", good[:len(good)-1], "damaged"},
		{"another's place", encodeAction(6, "abcd", &sampleAction, sampleAction.meta()), "damaged"},
		{"another epoch's", encodeAction(5, "abce", &sampleAction, sampleAction.meta()), "damaged"},
		{"a research record", encodeResearch(5, "abcd", 300, nil), "damaged"},
		{"a newer version", newer, "version 2 is not known to this program: it was written by a newer one"},
		{"no type", seal(place, noType), "malformed"},
		{"a short hash", seal(place, short), "malformed"},
		{"fields cut short", seal(place, fields{0x0a, 0x05, 'a'}), "malformed"},
		{"a group without end", seal(place, group), "malformed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := decodeAction(5, "abcd", 300, c.raw)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%+v, %v; want an error with %q", a, err, c.want)
			}
		})
	}
	if _, err := decodeHead(5, nil); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("no head: %v", err)
	}
	var bad fields
	bad.uint(sessionNumber, 1)
	bad.string(sessionDate, "yesterday")
	bad.item(sessionAssessment, "")
	if _, _, _, err := decodeSession("TS1", bad); err == nil {
		t.Error("a malformed date was taken, because a good assessment came after it")
	}
}

func sumOf(place, b []byte) []byte {
	return binary.BigEndian.AppendUint32(nil, crc(place, b))
}

func FuzzUnseal(f *testing.F) {
	place := recordPlace(streamSeen, 5, "abcd", 300)
	f.Add(place, encodeAction(5, "abcd", &sampleAction, sampleAction.meta()))
	f.Add([]byte{}, []byte{1, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, place, b []byte) {
		got, err := unseal(place, b)
		if err == nil && !bytes.Equal(seal(place, got), b) {
			t.Fatalf("%x is taken for %x", b, got)
		}
		got.each(func(field) {})
	})
}

// FuzzDecodeAction also holds that what is read is written again as the same:
// the chain is made over it.
func FuzzDecodeAction(f *testing.F) {
	f.Add([]byte(append(unknown(), sampleAction.meta()...)))
	f.Add([]byte{0x08, 1, 0x20, 0, 0x40, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		place := recordPlace(streamSeen, 5, "abcd", 300)
		a, err := decodeAction(5, "abcd", 300, seal(place, b))
		if err != nil {
			return
		}
		again, err := decodeAction(5, "abcd", 300, encodeAction(5, "abcd", &a, a.meta()))
		if err != nil || !reflect.DeepEqual(a, again) || !bytes.Equal(a.meta(), again.meta()) {
			t.Fatalf("%+v became %+v, %v", a, again, err)
		}
	})
}

// FuzzDecodeRows gives the same bytes to everything that reads fields.
func FuzzDecodeRows(f *testing.F) {
	for _, b := range [][]byte{
		encodePerson(&sampleUser), encodeSession(5, &sampleSession, true), sampleAudit.fields(), unknown(),
		researchFields(&chat.Research{History: []string{"a"}, TimeToComplete: "671ms"}), {0x1a, 0xff}, {0x62, 2, 0x0a, 9},
	} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		decodeHead(5, seal(keyPlace(tableHead, logKey(5)), b))
		key := standingKey(5, "P1")
		decodeMark(key, seal(keyPlace(tableStanding, key), b))
		decodePerson("P1", b)
		decodeSession("TS1", b)
		decodeAudit(1, b)
		decodeRefusal(b)
		decodeResearch(5, "abcd", 1, seal(recordPlace(streamResearch, 5, "abcd", 1), b))
		parseAssessmentKey(b)
		auditSeq(b)
	})
}
