package scenario_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"hearth/api/client"
	"hearth/hub/chat"
)

// olderEscapes are what the older client's page needs in messages and notices.
var olderEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#039;")

// older holds what is on the screens, whose pages have read to the end,
// against the log.
func (j *judge) older(pages []*olderPage) {
	at := map[string]string{} // when what was said was typed
	for _, p := range pages {
		for _, d := range p.typed {
			at[d.body] = d.clientTS
		}
	}
	for _, p := range pages {
		j.screen(p, at)
	}
}

func (j *judge) screen(p *olderPage, typedAt map[string]string) {
	if p.wrong != nil {
		j.wrong("%w", p.wrong)
	}
	on := map[chat.ActionID]*olderEntry{}
	last := chat.ActionID(0)
	for i := range p.screen {
		e := &p.screen[i]
		id := e.id()
		switch {
		case id == 0 || int(id) > len(j.log):
			j.wrong("%s's page shows %+v, which is not in the log", p.by, *e)
		case id <= last && e.Type != "endChatSession":
			j.wrong("%s's page shows %d below %d", p.by, id, last)
		case !j.sees(p.by, id, 1):
			j.wrong("%s's page shows %d (%s), which is not for them", p.by, id, e.Type)
		default:
			j.olderEntry(p, e, typedAt)
		}
		on[id], last = e, max(last, id)
	}
	for _, d := range p.typed {
		// What was deleted before its author had it never comes to them, nor
		// does what was refused.
		if id := j.texts[text.FindString(d.body)]; p.sending[d.clientTS] && id != 0 && j.deleted[id] == 0 {
			j.wrong("%q looks to %s as if it was still on its way", d.body, p.by)
		}
	}
	for i := range j.log {
		a := &j.log[i]
		about := a.Type == "reaction" || a.Type == "message_read"
		switch gone := j.deleted[a.ID] != 0; {
		case !j.sees(p.by, a.ID, 1), a.Type == "delete":
		case gone && !about && on[a.ID] != nil:
			j.wrong("%s's page still shows %d, which was deleted by %d", p.by, a.ID, j.deleted[a.ID])
		case gone, about && j.deleted[j.root(a.ID).ID] != 0: // depends on when it asked
		case on[a.ID] == nil:
			j.wrong("%s's page does not show %d (%s)", p.by, a.ID, a.Type)
		}
	}
}

// olderEntry holds one entry against the log's.
func (j *judge) olderEntry(p *olderPage, e *olderEntry, typedAt map[string]string) {
	a := *j.at(e.id())
	body, user, clientTS := a.Body, a.User, ""
	own := user == p.by || a.Sender == j.names[p.by]
	if own {
		clientTS = typedAt[a.Body]
	}
	if a.Type == "message" || a.Type == "notice" {
		body = olderEscapes.Replace(body)
	}
	target := a.Target
	if target != 0 && (!j.sees(p.by, target, 1) || j.deleted[target] != 0 && e.target() == 0) {
		target = 0
	}
	var at time.Time
	if err := json.Unmarshal([]byte(`"`+a.Timestamp+`"`), &at); err != nil {
		j.wrong("%w", err)
	}
	if e.Type != a.Type || e.User != string(user) || e.Sender != a.Sender || e.Body != body || e.Icon != a.Icon ||
		!slices.Equal(e.Recipients, a.Recipients) || e.target() != target || e.Timestamp != at.Format(time.DateTime) ||
		a.Type == "message" && clientTS != e.ClientTS || !own && e.ClientTS != "" {
		j.wrong("%s's page shows %+v, target %d, and the log has %+v", p.by, *e, e.target(), a)
	}
}

// typedOnce wants all that was typed to be in the log, once and in the order
// in which it was typed, and nothing else but what the server says.
func (j *judge) typedOnce(pages []*olderPage) {
	said := map[string][]chat.ActionID{}
	count := map[string]int{}
	for _, a := range j.log {
		count[a.Type]++
		if a.Type == "message" {
			said[a.Body] = append(said[a.Body], a.ID)
		} else if a.Type == "reaction" {
			count[fmt.Sprint(a.User, a.Target, a.Icon)]++
		}
	}
	messages := 0
	reactions, deletes := map[string]bool{}, map[chat.ActionID]bool{}
	for _, p := range pages {
		last := chat.ActionID(0)
		for _, d := range p.typed {
			switch d.typ {
			case "message":
				messages++
				ids := said[d.body]
				if len(ids) != 1 {
					j.wrong("%q of %s at %s is in the log as %v", d.body, p.by, d.clientTS, ids)
					continue
				}
				a := j.at(ids[0])
				if a.User != p.by || !slices.Equal(a.Recipients, d.to) || a.Target != d.target {
					j.wrong("%+v of %s became %+v", d, p.by, *a)
				}
				if a.ID <= last {
					j.wrong("%d of %s was typed after %d", a.ID, p.by, last)
				}
				last = a.ID
			case "reaction":
				key := fmt.Sprint(p.by, d.target, d.icon)
				reactions[key] = true
				if count[key] != 1 {
					j.wrong("%s of %s to %d is there %d times", d.icon, p.by, d.target, count[key])
				}
			case "delete":
				deletes[d.target] = true
				if j.deleted[d.target] == 0 {
					j.wrong("%d was deleted by %s, and is not", d.target, p.by)
				}
			}
		}
	}
	if count["message"] != messages || count["reaction"] != len(reactions) || count["delete"] != len(deletes) {
		j.wrong("in the log are %v; asked for were %d messages, %d reactions, %d deletes", count, messages, len(reactions), len(deletes))
	}
}

// olderSecrets wants the text of what a page may not show in no byte that came
// to it since the last time, and what was typed in none at all.
func (j *judge) olderSecrets(p *olderPage) {
	for _, found := range slices.Compact(slices.Sorted(slices.Values(p.line.take(text)))) {
		if id := j.texts[found]; id == 0 {
			j.wrong("%s's page has received %q, which is nowhere", p.by, found)
		} else if !j.sees(p.by, id, 1) {
			j.wrong("%s's page has received the text of %d, which is not for them", p.by, id)
		}
	}
}

// take is find, for the last time; how somebody typed is found, too.
func (l *line) take(re *regexp.Regexp) []string {
	all := append(l.find(re), l.find(keys)...)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bytes.Reset()
	return all
}

// findTexts lets texts be found in bodies that say more.
func (j *judge) findTexts() {
	for _, a := range j.log {
		if s := text.FindString(a.Body); s != "" {
			j.texts[s] = a.ID
		}
	}
}

// whole reads a log as a therapist does.
func whole(page func(client.Query) (client.Page, error)) (log []client.Action, err error) {
	for q := (client.Query{TS: ts, Limit: 500}); ; {
		p, err := page(q)
		if err != nil {
			return nil, err
		}
		log = append(log, p.Actions...)
		if q.From = p.Position(); !p.More {
			return log, nil
		}
	}
}
