package spec

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"unicode"
)

//go:embed docs.gohtml
var docsTemplate string

// exampleWidth is how many columns an example may take on one line.
const exampleWidth = 96

// page is what the template shows.
type page struct {
	Title, Version     string
	Intro              []block
	Otherwise          []block
	OtherwiseResponses []response
	Groups             []group
	Socket             socket
	Schemas            []schema
}

// group is all calls under one tag.
type group struct {
	Name, Anchor string
	Text         []block
	Calls        []call
}

type call struct {
	Operation
	Anchor, Summary string
	Text            []block
	Parameters      []field
	Body            *shape // nil: none
	BodyExamples    []example
	Responses       []response
	Frames          string // where what comes after the answer is described
}

type response struct {
	Response
	Text     []block
	Headers  []header
	Body     *shape // of a success; nil: none
	Examples []example
}

type header struct {
	Name string
	Text []block
}

type example struct{ Title, Code string }

type socket struct {
	Address          string
	Text             []block
	ToServer, ToHere []frameView
	Close            []closeCode
}

type frameView struct {
	Frame
	Anchor, Summary string
	Text            []block
	Body            shape
	Examples        []example
}

type closeCode struct {
	Code    string
	Meaning []span
}

type schema struct {
	Name, Anchor string
	Codes        bool // its values have anchors
	shape
	Examples []example
}

// page makes the page.
func (r *Reference) page() ([]byte, error) {
	p := page{
		Title: r.openapi.get("info", "title").text(), Version: r.openapi.get("info", "version").text(),
		Intro:     prose(r.openapi.get("info", "description").text()),
		Otherwise: prose(r.openapi.get("x-otherwise", "description").text()),
		Socket:    r.socket(),
	}
	for _, o := range r.Otherwise() {
		p.OtherwiseResponses = append(p.OtherwiseResponses, newResponse(o))
	}
	operations := r.Operations()
	for _, tag := range r.openapi.get("tags").items() {
		name := tag.get("name").text()
		g := group{Name: name, Anchor: "tag-" + strings.ReplaceAll(name, " ", "-"), Text: prose(tag.get("description").text())}
		for _, o := range operations {
			if slices.Contains(o.node.get("tags").texts(), name) {
				g.Calls = append(g.Calls, newCall(o))
			}
		}
		p.Groups = append(p.Groups, g)
	}
	for name, n := range r.openapi.get("components", "schemas").members() {
		s := schema{Name: name, Anchor: "schema-" + name, Codes: name == "ErrorCode", shape: shapeOf(n)}
		for _, e := range n.get("examples").items() {
			s.Examples = append(s.Examples, example{Code: e.json(exampleWidth)})
		}
		p.Schemas = append(p.Schemas, s)
	}
	t, err := template.New("docs").Funcs(template.FuncMap{"breakable": breakable}).Parse(docsTemplate)
	if err != nil {
		return nil, fmt.Errorf("parse the page's template: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("make the page: %w", err)
	}
	return b.Bytes(), nil
}

func newCall(o Operation) call {
	c := call{
		Operation: o, Anchor: "call-" + o.ID,
		Summary: o.node.get("summary").text(), Text: prose(o.node.get("description").text()),
	}
	for _, p := range o.node.get("parameters").items() {
		s := shapeOf(p.get("schema"))
		s.Meaning = prose(p.get("description").text())
		c.Parameters = append(c.Parameters, field{Name: p.get("name").text(), Required: p.get("required").text() == "true", shape: s})
	}
	c.Body, c.BodyExamples = content(o.node.get("requestBody"))
	for _, res := range o.Responses {
		c.Responses = append(c.Responses, newResponse(res))
		if res.Status == 101 {
			c.Frames = "websocket"
		}
	}
	return c
}

func newResponse(res Response) response {
	out := response{Response: res, Text: prose(res.node.get("description").text())}
	for name, h := range res.node.get("headers").members() {
		if h.ref() == "" { // those that several answers have are explained in general
			out.Headers = append(out.Headers, header{name, prose(h.get("description").text())})
		}
	}
	if len(res.Codes) == 0 {
		out.Body, out.Examples = content(res.node)
	}
	return out
}

// content describes the JSON body of a request or an answer.
func content(n node) (*shape, []example) {
	n = n.get("content", "application/json")
	if !n.get("schema").ok() {
		return nil, nil
	}
	s := shapeOf(n.get("schema"))
	var examples []example
	if e := n.get("example"); e.ok() {
		examples = append(examples, example{Code: e.json(exampleWidth)})
	}
	for _, e := range n.get("examples").members() {
		examples = append(examples, example{e.get("summary").text(), e.get("value").json(exampleWidth)})
	}
	return &s, examples
}

func (r *Reference) socket() socket {
	n := r.asyncapi.get("channels", "socket")
	s := socket{Address: n.get("address").text(), Text: prose(n.get("description").text())}
	for code, meaning := range n.get("x-close-codes").members() {
		s.Close = append(s.Close, closeCode{code, spans(meaning.text())})
	}
	for _, f := range r.ClientFrames() {
		s.ToServer = append(s.ToServer, newFrameView("to-server-", f))
	}
	for _, f := range r.ServerFrames() {
		s.ToHere = append(s.ToHere, newFrameView("to-client-", f))
	}
	return s
}

func newFrameView(prefix string, f Frame) frameView {
	v := frameView{Frame: f, Anchor: prefix + f.Type, Summary: f.node.get("summary").text()}
	if f.op.ok() {
		v.Summary, v.Text = f.op.get("summary").text(), prose(f.op.get("description").text())
	}
	v.Body.fill(f.node.get("payload"))
	for _, e := range f.node.get("examples").items() {
		v.Examples = append(v.Examples, example{e.get("name").text(), e.get("payload").json(exampleWidth)})
	}
	return v
}

// breakable lets a browser break a long name where a reader would.
func breakable(name string) template.HTML {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteString("<wbr>")
		}
		b.WriteString(template.HTMLEscapeString(string(r)))
		if r == '_' || r == '.' {
			b.WriteString("<wbr>")
		}
	}
	return template.HTML(b.String())
}
