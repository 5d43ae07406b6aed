package cmd

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

// The demo's surveys stand in for a study's own tool (REDCap, Qualtrics): a
// page that is filled in and leads back by the link it was given.

const demoSurveyCSP = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

var demoSurveyPage = template.Must(template.New("survey").Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}} – sample survey</title><link rel="stylesheet" href="/demo/survey.css"></head>
<body><main>
<h1>{{.Title}}</h1>
<p>This is a sample survey of the demo, in the place of the study's own. Nothing typed here is kept.</p>
<form method="post" action="/demo/survey">
<input type="hidden" name="return_url" value="{{.Return}}">
<fieldset><legend>How are you right now?</legend>
{{range $i, $a := .Answers}}<p><label><input type="radio" name="mood" value="{{$i}}"{{if eq $i 1}} checked{{end}}> {{$a}}</label></p>
{{end}}</fieldset>
<p><label for="note">{{.Question}}</label><br><input id="note" name="note" type="text" autocomplete="off"></p>
<p><button type="submit">Done</button></p>
</form>
</main></body></html>
`))

var demoSurveys = map[string]struct{ title, question string }{
	"location":            {"Where are you today?", "Where can we reach you in an emergency?"},
	"sleep":               {"How did you sleep?", "How many hours did you sleep?"},
	"post-session_survey": {"How was the session?", "What was most helpful?"},
}

func getDemoSurvey(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s, ok := demoSurveys[q.Get("name")]
	if !ok || !ownReturn(r, q.Get("return_url")) {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Security-Policy", demoSurveyCSP)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	demoSurveyPage.Execute(w, struct {
		Title, Question, Return string
		Answers                 []string
	}{s.title, s.question, q.Get("return_url"), []string{"Good", "So-so", "Not good"}})
}

func postDemoSurvey(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	to := r.PostFormValue("return_url")
	if !ownReturn(r, to) {
		http.Error(w, "this survey does not know where to return to", http.StatusBadRequest)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// ownReturn reports whether a return link leads to this server.
func ownReturn(r *http.Request, link string) bool {
	u, err := url.Parse(link)
	return err == nil && u.Scheme == "http" && u.Host == r.Host && strings.HasPrefix(u.Path, "/survey/done/")
}

func getDemoSurveyCSS(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Write([]byte(`:root{color-scheme:light dark}body{font:1.1rem/1.5 system-ui,sans-serif;margin:0}main{max-width:34rem;margin:auto;padding:1rem}` +
		`fieldset{border:1px solid;border-radius:.5rem}input[type=text]{font:inherit;width:100%;box-sizing:border-box;padding:.5rem}` +
		`button{font:inherit;padding:.6rem 1.5rem}input[type=radio]{width:1.2rem;height:1.2rem}`))
}
