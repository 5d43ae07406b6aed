package api

import "hearth/hub/chat"

// Route is a line of the route table.
type Route struct{ Method, Path string }

// Routes are all lines of the route table.
func Routes() (all []Route) {
	for _, r := range (&API{}).routes() {
		all = append(all, Route{r.method, r.path})
	}
	return all
}

// HasFace reports whether a code has a row in the table of faces, and a
// status in it.
func HasFace(c chat.Code) bool { return faces[c].status != 0 }

// DecodeDraft and DecodeOlderDraft read one action of a request.
var (
	DecodeDraft      = decodeDraft
	DecodeOlderDraft = decodeOlderDraft
)

// Status is a code's HTTP status.
func Status(c chat.Code) int { return faces[c].status }
