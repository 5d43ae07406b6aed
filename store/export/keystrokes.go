package export

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"hearth/hub/chat"
	"hearth/store"
)

// keystrokeRow is one entry of the history of one message; or, with index -1,
// a message without any.
type keystrokeRow struct {
	tsID    string
	action  *store.Recorded
	by      string
	role    string
	at      time.Time
	index   int
	strokes []stroke
	key     string
	has     struct{ paste, composition bool }
}

func keystrokeColumns() []Column[keystrokeRow] {
	type row = keystrokeRow
	here := func(r *row) *stroke {
		if r.index < 0 {
			return &stroke{}
		}
		return &r.strokes[r.index]
	}
	return []Column[row]{
		{Name: "row_id", Label: "Names this row: therapy session, action and place of the key, with | between them", Always: true,
			Holds: Identifies, Veil: "of a pseudonym", Of: text(func(r *row) string {
				id := r.tsID + "|" + strconv.FormatUint(uint64(r.action.ID), 10)
				if r.index < 0 {
					return id
				}
				return id + "|" + strconv.Itoa(r.index)
			})},
		{Name: "ts_id", Label: "Therapy session", Always: true, Holds: Identifies, Veil: "pseudonym",
			Of: text(func(r *row) string { return r.tsID })},
		{Name: "action_id", Label: "The message, by its number in the therapy session", Always: true,
			Of: action(func(r *row) chat.ActionID { return r.action.ID })},
		{Name: "author_id", Label: "Who wrote it", Always: true, Holds: Identifies, Veil: "pseudonym",
			Of: text(func(r *row) string { return r.by })},
		{Name: "author_role", Label: "What the author is in the therapy session", Always: true, Values: roles(),
			Of: choice(func(r *row) string { return r.role })},
		{Name: "timestamp", Label: "When the message was stored", Always: true, Holds: Identifies, Veil: "moved by whole days",
			Of: moment(func(r *row) time.Time { return r.at })},
		{Name: "key_index", Label: "Place of the key in the message's history, from 0; missing: the message has none",
			Of: integer(func(r *row) (int64, bool) { return int64(r.index), r.index >= 0 })},
		{Name: "key", Label: "The key, as it was told: a character, or a name", Holds: FreeText, Veil: "characters become classes, such as letter",
			Of: text(func(r *row) string { return r.key })},
		{Name: "key_kind", Label: "What kind of key it is", Always: true, Values: keyKinds(), Of: choice(func(r *row) string {
			if r.index < 0 {
				return keyNone
			}
			return keyKind(here(r).key)
		})},
		{Name: "key_down_ms", Label: "When the key went down, after the first one; missing where the client does not tell (the pages here do not)",
			Unit: "ms", Of: integer(func(r *row) (int64, bool) { return here(r).down, here(r).timed })},
		{Name: "hold_ms", Label: "How long the key was held; missing where the client does not tell",
			Unit: "ms", Of: integer(func(r *row) (int64, bool) { return here(r).hold, here(r).timed && here(r).hold >= 0 })},
		{Name: "flight_ms", Label: "From the release of the key before it, below 0 where they overlap; missing where the client does not tell",
			Unit: "ms", Of: integer(func(r *row) (int64, bool) {
				if r.index < 0 {
					return 0, false
				}
				return flight(r.strokes, r.index)
			})},
		{Name: "time_to_complete_ms", Label: "Of the message: from the first key to the sending, as the author's device told it", Unit: "ms",
			Of: number(func(r *row) (float64, bool) {
				x, err := strconv.ParseFloat(strings.TrimSuffix(r.action.Research.TimeToComplete, "ms"), 64)
				return x, err == nil
			})},
		{Name: "message_keys", Label: "Of the message: how many keys its history has", Always: true,
			Of: count(func(r *row) int { return len(r.strokes) })},
		{Name: "message_chars", Label: "Of the message: how many characters (Unicode code points) it has", Unit: "characters", Always: true,
			Of: count(func(r *row) int { return utf8.RuneCountInString(string(r.action.Body)) })},
		{Name: "message_pasted", Label: "Of the message: something was pasted or dropped into it", Always: true,
			Of: flag(func(r *row) bool { return r.has.paste })},
		{Name: "message_composed", Label: "Of the message: words were put in by a keyboard, input method, autocorrection or dictation", Always: true,
			Of: flag(func(r *row) bool { return r.has.composition })},
		{Name: "history_cut", Label: "Of the message: there was more of the history than is kept, or it could not be read whole", Always: true,
			Of: flag(func(r *row) bool { return r.action.Research.Cut })},
		{Name: "history_missing", Label: "Of the message: no history came, though the author's are kept; or they were not kept then", Always: true,
			Of: flag(func(r *row) bool { return r.index < 0 && !r.action.Erased })},
		{Name: "erased", Label: "Of the message: text and keystrokes were erased for good", Always: true,
			Of: flag(func(r *row) bool { return r.action.Erased })},
	}
}

// errPast ends the reading of a log.
var errPast = errors.New("past the time asked for")

// keystrokes hands over the rows of t: of those who agreed to it, and agree
// still.
func (e *Export) keystrokes(ctx context.Context, t *store.Transcript, row func(*keystrokeRow) error) error {
	v, ts := e.veil, t.Session.ID
	err := e.store.ReadTranscript(ctx, t, true, func(a *store.Recorded) error {
		if !e.To.IsZero() && !a.At.Before(e.To) {
			return errPast // times never fall within a log
		}
		if a.Type != chat.Message || !e.in(a.At) || !e.keeps(a.By) {
			return nil
		}
		if e.roster.People[a.By] == nil && !a.HasResearch {
			return nil // whether they agreed is not known any more
		}
		r := keystrokeRow{
			tsID: v.session(ts), action: a, by: v.person(a.By), role: e.roleOf(t.Session, a.By), at: v.time(ts, a.At), index: -1,
			strokes: strokes(a.Research.History),
		}
		if len(r.strokes) == 0 {
			return row(&r)
		}
		r.has.paste = hasKind(r.strokes, "paste", "drop")
		r.has.composition = hasKind(r.strokes, "composition", "replacement", "dictation")
		for i, s := range r.strokes {
			if r.index, r.key = i, s.key; v != nil {
				r.key = veiledKey(s.key)
			}
			if err := row(&r); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, errPast) {
		return nil
	}
	return err
}
