package spec

import (
	"slices"
	"strconv"
	"strings"
)

// Operation is one documented call.
type Operation struct {
	Method    string // such as POST
	Path      string // such as /api/login
	ID        string // its name in the file
	Public    bool   // needs no login
	Responses []Response

	node node
}

// Response is one documented status of a call.
type Response struct {
	Status     int
	MediaTypes []string // none: without a body
	Codes      []string // of an error

	node node
}

// Codes lists every error code that o may be answered with, in order of
// status.
func (o Operation) Codes() []string {
	var all []string
	for _, r := range o.Responses {
		all = append(all, r.Codes...)
	}
	return all
}

// HasBody reports whether o takes a body.
func (o Operation) HasBody() bool { return o.node.get("requestBody").ok() }

// HasParameters reports whether o takes parameters in the URL.
func (o Operation) HasParameters() bool { return len(o.node.get("parameters").items()) > 0 }

// Operations lists every documented call, as they stand in the file.
func (r *Reference) Operations() []Operation {
	var all []Operation
	for path, item := range r.openapi.get("paths").members() {
		for method, n := range item.members() {
			security, own := n.own("security")
			all = append(all, Operation{
				Method: strings.ToUpper(method), Path: path, ID: n.get("operationId").text(),
				Public:    own && len(security.items()) == 0,
				Responses: responses(n.get("responses")),
				node:      n,
			})
		}
	}
	return all
}

// Otherwise lists what any other path, and any other method on a documented
// path, is answered with under /api/.
func (r *Reference) Otherwise() []Response {
	return responses(r.openapi.get("x-otherwise", "responses"))
}

func responses(n node) []Response {
	var all []Response
	for status, n := range n.members() {
		res := Response{node: n}
		res.Status, _ = strconv.Atoi(status)
		for media, n := range n.get("content").members() {
			res.MediaTypes = append(res.MediaTypes, media)
			for _, part := range n.get("schema", "allOf").items() {
				res.Codes = append(res.Codes, part.get("properties", "code", "enum").texts()...)
			}
		}
		all = append(all, res)
	}
	return all
}

// Frame is one documented frame of the WebSocket, in one direction.
type Frame struct {
	Type    string   // the value of its field type
	Answers []string // of a client's frame: the types it is answered with, error included
	Codes   []string // of a client's frame: those of its error; of the server's error: the further ones

	node node // the message
	op   node // the operation; a frame that is only an answer has none
}

// ClientFrames lists what clients send.
func (r *Reference) ClientFrames() []Frame {
	var all []Frame
	for _, op := range r.asyncapi.get("operations").members() {
		if op.get("action").text() != "receive" {
			continue
		}
		for _, m := range op.get("messages").items() {
			f := frame(m, op)
			for _, answer := range op.get("reply", "messages").items() {
				f.Answers = append(f.Answers, frame(answer, node{}).Type)
			}
			all = append(all, f)
		}
	}
	return all
}

// ServerFrames lists what the server sends, answers included.
func (r *Reference) ServerFrames() []Frame {
	var all []Frame
	for _, m := range r.asyncapi.get("channels", "socket", "messages").members() {
		f, sent := frame(m, node{}), false
		for _, op := range r.asyncapi.get("operations").members() {
			push := op.get("action").text() == "send"
			list := op.get("reply", "messages")
			if push {
				list = op.get("messages")
			}
			if !slices.ContainsFunc(list.items(), func(n node) bool { return n.target().yaml == f.node.yaml }) {
				continue
			}
			sent = true
			if push {
				f = frame(m, op)
			}
		}
		if sent {
			all = append(all, f)
		}
	}
	return all
}

func frame(m, op node) Frame {
	m = m.target()
	f := Frame{Codes: op.get("x-codes").texts(), node: m, op: op}
	for _, field := range fields(m.get("payload")) {
		if field.Name == "type" {
			f.Type = field.node.get("const").text()
		}
	}
	return f
}

// CloseCodes lists the documented close codes of the WebSocket.
func (r *Reference) CloseCodes() []int {
	var all []int
	for code := range r.asyncapi.get("channels", "socket", "x-close-codes").members() {
		n, _ := strconv.Atoi(code)
		all = append(all, n)
	}
	return all
}

// Enum lists the values of a schema of openapi.yaml, such as ErrorCode, or of
// a property of one: Enum("Draft", "type"). It is nil if there is none.
func (r *Reference) Enum(schema string, property ...string) []string {
	n := r.openapi.get("components", "schemas", schema)
	for _, p := range property {
		n = n.get("properties", p)
	}
	var all []string
	for _, v := range values(n) {
		all = append(all, v.Value)
	}
	return all
}

// Statuses lists the HTTP status that each code stands for by its
// description, which begins with it. Codes of actions and frames alone have
// none.
func (r *Reference) Statuses() map[string]int {
	all := map[string]int{}
	for _, v := range values(r.openapi.get("components", "schemas", "ErrorCode")) {
		if len(v.Meaning) == 0 {
			continue
		}
		number, _, _ := strings.Cut(v.Meaning[0].Text, ".")
		if status, err := strconv.Atoi(number); err == nil {
			all[v.Value] = status
		}
	}
	return all
}
