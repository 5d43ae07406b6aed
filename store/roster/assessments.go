package roster

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"hearth/hub/chat"
)

const maxAssessments = 100 // of one therapy session

func (r *reader) assessments(o object) []chat.Assessment {
	nodes := r.list(o, "assessments")
	if len(nodes) > maxAssessments {
		r.add(o.values["assessments"].Line, "assessments", "more than %d", maxAssessments)
		return nil
	}
	var out []chat.Assessment
	lines := make(map[string]int)
	for _, n := range nodes {
		if a, ok := r.assessment(n, lines); ok {
			out = append(out, a)
		}
	}
	return out
}

// assessment reads one; lines holds the names of those before it.
func (r *reader) assessment(n *yaml.Node, lines map[string]int) (a chat.Assessment, ok bool) {
	o, ok := r.object(n, "assessments", "name", "title", "phase", "required", "url")
	if !ok {
		return a, false
	}
	id, line := r.requiredID(o, "name")
	first, seen := lines[id]
	switch {
	case id == "":
	case id == "error" || id == "no_surveys_required":
		r.add(line, "name", "%q has another meaning", id) // in answers about surveys
	case seen:
		r.add(line, "name", "%q is already on line %d", id, first)
	default:
		lines[id] = line
	}
	a.Name, a.Title = id, id
	if o.values["title"] != nil {
		a.Title = r.requiredName(o, "title")
	}
	if o.values["phase"] == nil {
		r.add(o.line, "phase", "missing")
	}
	a.Phase = choice(r, o, "phase", "pre or post", chat.ParsePhase)
	a.Required = r.boolean(o, "required", false)
	if s, line, ok := r.text(o, "url"); ok {
		if err := checkURL(s); err != nil {
			r.add(line, "url", "%v", err)
		}
		a.URL = s
	}
	return a, true
}

var placeholder = regexp.MustCompile(`\{[A-Za-z_]{0,32}\}`)

// checkURL says why s, a link with placeholders, is not one that a browser can
// open.
func checkURL(s string) error {
	if len(s) > maxURLBytes {
		return fmt.Errorf("must be at most %d bytes", maxURLBytes)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return errors.New("must not hold white space or control characters")
	}
	known := []string{"{p_id}", "{ts_id}", "{name}", "{return_url}"}
	for _, p := range placeholder.FindAllString(s, -1) {
		if !slices.Contains(known, p) {
			return fmt.Errorf("%s is not a placeholder; there are %s", p, strings.Join(known, " "))
		}
	}
	// Values go in escaped, and an id can hold what no host name can. url.Parse
	// allows no escape before the path, so this refuses a placeholder there.
	filled := placeholder.ReplaceAllString(s, "%7B")
	if strings.ContainsAny(filled, "{}") {
		return errors.New("a brace that is not part of a placeholder; write %7B or %7D")
	}
	u, err := url.Parse(filled)
	switch {
	case err != nil: // which holds the link
		return errors.New("is not a link; a placeholder may stand in its path, query and fragment only")
	case strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//") && !strings.HasPrefix(s, `/\`): // which are another host's
		return nil
	case (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil:
		return nil
	}
	return errors.New("must be https:// or http:// and a host, without a user, or a path that begins with one /")
}
