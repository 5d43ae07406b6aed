package export

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"hearth/hub/chat"
	"hearth/store"
)

// transcriptRow is one action.
type transcriptRow struct {
	tsID, tsName string
	action       *store.Recorded // ids, times and texts in it are not for a column that is veiled
	by           string
	role         string
	name         string
	at           time.Time
	minutes      float64
	body         string
	to           []string
	deletion     deletion
	deletedBy    string
	deletedAt    time.Time
	readBy       int
	clientTS     string
	clientID     string
	kept         bool // the person's keystrokes may be exported
	history      []string
}

// deletion is of one action; id 0: it stands.
type deletion struct {
	id chat.ActionID
	by chat.PID
	at time.Time
}

func transcriptColumns() []Column[transcriptRow] {
	type row = transcriptRow
	said := func(r *row) bool { return r.kept && r.action.HasResearch }
	return []Column[row]{
		{Name: "row_id", Label: "Names this row: therapy session and action, with | between them", Always: true, Holds: Identifies,
			Veil: "of pseudonyms", Of: text(func(r *row) string { return r.tsID + "|" + strconv.FormatUint(uint64(r.action.ID), 10) })},
		{Name: "ts_id", Label: "Therapy session", Always: true, Holds: Identifies, Veil: "pseudonym",
			Of: text(func(r *row) string { return r.tsID })},
		{Name: "ts_name", Label: "Name of the therapy session", Holds: Identifies, Veil: "missing",
			Of: text(func(r *row) string { return r.tsName })},
		{Name: "action_id", Label: "Number of the action in its therapy session: 1, 2, 3 … without gaps", Always: true,
			Of: action(func(r *row) chat.ActionID { return r.action.ID })},
		{Name: "type", Label: "What kind of action it is", Always: true, Values: actionTypes(),
			Of: choice(func(r *row) string { return r.action.Type.String() })},
		{Name: "author_id", Label: "Who did it; missing: the server", Holds: Identifies, Veil: "pseudonym",
			Of: text(func(r *row) string { return r.by })},
		{Name: "author_role", Label: "What the author is in the therapy session", Always: true, Values: roles(),
			Of: choice(func(r *row) string { return r.role })},
		{Name: "author_name", Label: "The author's name, as it is now; of a notice, as it was shown", Holds: Identifies, Veil: "missing",
			Of: text(func(r *row) string { return r.name })},
		{Name: "timestamp", Label: "When it was stored, by the server's clock; never falls within a therapy session", Always: true,
			Holds: Identifies, Veil: "moved by whole days", Of: moment(func(r *row) time.Time { return r.at })},
		{Name: "minutes", Label: "Time since the first action of the therapy session", Unit: "min", Always: true,
			Of: number(func(r *row) (float64, bool) { return r.minutes, true })},
		{Name: "body", Label: "What was said, as it was typed; missing for types without text, where it was erased, and of an empty whiteboard",
			Holds: FreeText, Veil: "names, ids and phones masked", Of: text(func(r *row) string { return r.body })},
		{Name: "recipients", Label: "To whom it went besides its author and the therapists; none: everyone", Always: true, Holds: Identifies,
			Veil: "pseudonyms", Of: list(func(r *row) []string { return r.to })},
		{Name: "private", Label: "It did not go to everyone", Always: true, Of: flag(func(r *row) bool { return r.action.To != nil })},
		{Name: "target_id", Label: "The action that it is about: that a message replies to, that was deleted, reacted to or read",
			Of: action(func(r *row) chat.ActionID { return r.action.Target })},
		{Name: "icon", Label: "Of a reaction", Values: icons(), Of: choice(func(r *row) string {
			if r.action.Icon == 0 {
				return ""
			}
			return r.action.Icon.String()
		})},
		{Name: "deleted", Label: "It was deleted later; for a reaction: taken back", Always: true,
			Of: flag(func(r *row) bool { return r.deletion.id != 0 })},
		{Name: "deleted_by", Label: "Who deleted it", Holds: Identifies, Veil: "pseudonym", Of: text(func(r *row) string { return r.deletedBy })},
		{Name: "deleted_at", Label: "When it was deleted", Holds: Identifies, Veil: "moved by whole days",
			Of: moment(func(r *row) time.Time { return r.deletedAt })},
		{Name: "delete_action_id", Label: "The action that deleted it", Of: action(func(r *row) chat.ActionID { return r.deletion.id })},
		{Name: "taken_back", Label: "It is a reaction, and was taken back", Always: true,
			Of: flag(func(r *row) bool { return r.action.Type == chat.Reaction && r.deletion.id != 0 })},
		{Name: "read_by", Label: "How many people's devices told that they have read it; for messages only",
			Of: integer(func(r *row) (int64, bool) { return int64(r.readBy), r.action.Type == chat.Message })},
		{Name: "client_ts", Label: "When it was, as the author's device told it; not checked", Holds: Identifies,
			Veil: "in UTC, moved by whole days; missing where it is not a time with an offset", Of: text(func(r *row) string { return r.clientTS })},
		{Name: "client_id", Label: "The author's device's own name for it", Holds: Identifies, Veil: "missing",
			Of: text(func(r *row) string { return r.clientID })},
		{Name: "erased", Label: "Its text and keystrokes were erased for good", Always: true, Of: flag(func(r *row) bool { return r.action.Erased })},
		{Name: "character_history", Label: "How it was typed, one entry after the other; missing where nothing is kept. See the table keystrokes",
			Holds: FreeText, Veil: "characters become classes, such as letter", Of: keys(func(r *row) []string {
				if !said(r) || len(r.history) == 0 {
					return nil
				}
				return r.history
			})},
		{Name: "history_cut", Label: "There was more of the history than is kept, or it could not be read whole", Always: true,
			Of: flag(func(r *row) bool { return said(r) && r.action.Research.Cut })},
		{Name: "time_to_complete", Label: "From the first key to the sending, as the author's device told it, such as 671ms",
			Of: text(func(r *row) string {
				if !said(r) {
					return ""
				}
				return r.action.Research.TimeToComplete
			})},
	}
}

func actionTypes() []Value {
	meaning := map[chat.Type]string{
		chat.Message: "something said", chat.Delete: "a message, notice or reaction deleted", chat.Reaction: "an icon on a message",
		chat.MessageRead: "a message seen", chat.Notice: "from the server or a therapist to the group",
		chat.Whiteboard: "the whiteboard's new text", chat.EndChatSession: "the end", chat.UpdateAssessments: "technical: assessments changed",
		chat.UpdateChatDetails: "technical: details of the therapy session changed",
	}
	var all []Value
	for _, t := range chat.Types() {
		all = append(all, Value{t.String(), meaning[t]})
	}
	return all
}

func icons() []Value {
	var all []Value
	for i := chat.Heart; i <= chat.Angry; i++ {
		all = append(all, Value{i.String(), i.String()})
	}
	return all
}

// gist is what must be known of a log before its rows are written: what became
// of each action later.
type gist struct {
	deleted map[chat.ActionID]deletion
	reads   []uint32 // of id i at i; 4 bytes an action is all that a long log costs
	first   time.Time
	names   map[string]bool // that people had
}

func (e *Export) gist(ctx context.Context, t *store.Transcript) (g gist, err error) {
	g = gist{deleted: map[chat.ActionID]deletion{}, reads: make([]uint32, t.Last+1), names: map[string]bool{}}
	err = e.store.ReadTranscript(ctx, t, false, func(r *store.Recorded) error {
		if r.ID == 1 {
			g.first = r.At
		}
		switch r.Type {
		case chat.Delete:
			if _, twice := g.deleted[r.Target]; !twice {
				g.deleted[r.Target] = deletion{r.ID, r.By, r.At}
			}
		case chat.MessageRead:
			if r.Target < r.ID {
				g.reads[r.Target]++
			}
		case chat.Notice:
			for _, name := range namesIn(r) {
				g.names[name] = true
			}
		}
		return nil
	})
	return g, err
}

// transcript hands over the rows of t.
func (e *Export) transcript(ctx context.Context, t *store.Transcript, row func(*transcriptRow) error) error {
	g, err := e.gist(ctx, t)
	if err != nil {
		return err
	}
	if e.veil != nil {
		e.veil.mask = newMask(e.roster, e.logs, g.names)
	}
	v, ts := e.veil, t.Session.ID
	return e.store.ReadTranscript(ctx, t, true, func(a *store.Recorded) error {
		d := g.deleted[a.ID]
		r := transcriptRow{
			tsID: v.session(ts), action: a, by: v.person(a.By), role: e.roleOf(t.Session, a.By), at: v.time(ts, a.At),
			minutes: math.Round(a.At.Sub(g.first).Minutes()*1e5) / 1e5, // less than a millisecond
			body:    v.text(string(a.Body)), to: v.people(a.To), deletion: d, deletedBy: v.person(d.by), deletedAt: v.time(ts, d.at),
			readBy: int(g.reads[a.ID]), clientTS: v.clientTime(ts, a.ClientTS), kept: e.keeps(a.By), history: v.history(a.Research.History),
		}
		if v == nil {
			r.tsName, r.name, r.clientID = t.Session.Name, e.nameOf(a.By), a.ClientID
			if a.Sender != "" {
				r.name = string(a.Sender)
			}
		} else if a.Type == chat.Notice && a.By == "" {
			r.body = v.notice(string(a.Body))
		}
		return row(&r)
	})
}

// The ends of what the server says of somebody.
var aboutSomebody = []string{" has joined the session", " has left the session", " has ended the session"}

// namesIn are the names that a notice has: people may be called otherwise by
// now, or be gone from the roster.
func namesIn(r *store.Recorded) (names []string) {
	if r.By != "" {
		return []string{string(r.Sender)}
	}
	for _, end := range aboutSomebody {
		if name, ok := strings.CutSuffix(string(r.Body), end); ok {
			names = append(names, name)
		}
	}
	return names
}

// notice is what the server says, without whom it says it of.
func (v *veil) notice(s string) string {
	for _, end := range aboutSomebody {
		if strings.HasSuffix(s, end) {
			return maskedName + end
		}
	}
	return v.text(s)
}
