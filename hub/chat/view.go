package chat

// Seen is what one reader sees of one action.
type Seen struct {
	Action
	Deleted   bool // by now
	Tombstone bool // only id, type, user, timestamp and recipients are left

	// Of what Target names, for who cannot show what has been deleted; zero
	// where there is no Target.
	TargetType    Type
	TargetDeleted bool // by now
}

// Sees reports whether by may see an entry at all. What has been deleted is
// still seen, without its content; see [View].
func Sees(s *TherapySession, status Status, by Standing, e Entry) bool {
	if May(s, status, by, OpRead) != nil {
		return false
	}
	if by.Role == Therapist || by.Role == System {
		return true
	}
	switch {
	case e.Type == EndChatSession: // told to whoever may read
		return true
	case status == Ended && s.AfterEnd == AfterEndClosed:
		return false
	case e.To != nil && e.By != by.ID && !e.names(by.ID):
		return false
	}
	// After the end somebody may read who was never let in: for them
	// everything is earlier than their first admission.
	if s.History == HistorySinceAdmitted && (!by.Ever || e.Root <= by.Since) {
		return e.To != nil
	}
	return true
}

// View is what by sees of a, an action of log, at this moment; false: nothing
// at all, not even that it is there. Readers of the same role may get different
// answers (the author's client_id, a reply's target): one encoding serves two
// of them only if what they see is equal.
func View(s *TherapySession, log Log, by Standing, a Action) (Seen, bool) {
	e, ok := log.Entry(a.ID)
	if !ok || !Sees(s, log.Status(), by, e) {
		return Seen{}, false
	}
	seen := Seen{Action: a, Deleted: e.Deleted != 0}
	if seen.Deleted && (by.Role == Participant || a.Erased) {
		seen.Tombstone = true
		seen.Action = Action{ID: a.ID, Type: a.Type, By: a.By, Sender: a.Sender, At: a.At, To: a.To}
	}
	if t, ok := log.Entry(seen.Target); !ok || !Sees(s, log.Status(), by, t) {
		seen.Target = 0 // a reply may reach people who don't see what it answers
	} else {
		seen.TargetType, seen.TargetDeleted = t.Type, t.Deleted != 0
	}
	if a.By != by.ID {
		seen.ClientID, seen.ClientTS = "", ""
	}
	return seen, true
}
