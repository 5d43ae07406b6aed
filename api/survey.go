package api

import (
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"hearth/hub/chat"
)

// surveyPath is where surveys come back to: the rest is a signed link, good
// for one person and assessment.
const surveyPath = "/survey/done/"

// surveyLinkTime is how long such a link works.
const surveyLinkTime = 30 * 24 * time.Hour

type surveyClaims struct {
	TS   chat.TSID `json:"ts_id"`
	Name string    `json:"name"`
	Back string    `json:"back,omitempty"` // to a page of the older client; empty: to the session's own
	jwt.RegisteredClaims
}

const surveyAudience = "hearth survey"

// surveyURL is the survey's address for one person.
func (a *API) surveyURL(host string, ts chat.TSID, whom chat.PID, as chat.Assessment) string {
	return a.surveyURLFrom("", host, ts, whom, as)
}

// surveyURLFrom leads back to page, one of [olderPages]; empty: to the chat.
func (a *API) surveyURLFrom(page, host string, ts chat.TSID, whom chat.PID, as chat.Assessment) string {
	if as.URL == "" {
		return ""
	}
	back := ""
	if strings.Contains(as.URL, "{return_url}") {
		back = a.base(host) + surveyPath + a.surveyToken(page, ts, whom, as.Name)
	}
	return strings.NewReplacer(
		"{p_id}", url.QueryEscape(string(whom)), "{ts_id}", url.QueryEscape(string(ts)),
		"{name}", url.QueryEscape(as.Name), "{return_url}", url.QueryEscape(back),
	).Replace(as.URL)
}

// base is the server's own origin.
func (a *API) base(host string) string {
	if u := a.origins.public; u != nil {
		return u.Scheme + "://" + u.Host
	}
	return "http://" + host
}

func (a *API) surveyToken(page string, ts chat.TSID, whom chat.PID, name string) string {
	// The end is rounded to a day, so that equal state has equal links.
	end := a.store.Now().Add(surveyLinkTime + 24*time.Hour).Truncate(24 * time.Hour)
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, surveyClaims{ts, name, page, jwt.RegisteredClaims{
		Subject: string(whom), Audience: jwt.ClaimStrings{surveyAudience}, ExpiresAt: jwt.NewNumericDate(end),
	}})
	s, err := t.SignedString(a.opt.LinkKey)
	if err != nil {
		a.log.Error("cannot sign a survey's link", "error", err)
	}
	return s
}

// getSurveyDone marks an assessment complete and leads back to the page.
func (a *API) getSurveyDone(c *call) error {
	var claims surveyClaims
	_, err := jwt.ParseWithClaims(c.Param("token"), &claims, func(*jwt.Token) (any, error) { return a.opt.LinkKey, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithAudience(surveyAudience), jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(a.store.Now))
	if err != nil {
		return chat.Errorf(chat.NotFound, "this link is not valid, or no longer")
	}
	err = a.store.SetAssessment(c.Request().Context(), "survey", claims.TS, chat.PID(claims.Subject), claims.Name, true)
	if err != nil {
		return err
	}
	if back := olderPages[claims.Back]; back != "" {
		return c.Redirect(303, back)
	}
	return c.Redirect(303, "/?ts="+url.QueryEscape(string(claims.TS)))
}
