package api

import (
	"net/http"

	"hearth/api/spec"
	"hearth/hub/chat"
)

func (a *API) getHealth(c *call) error { return a.json(c, 200, []byte(`{"status":"ok"}`)) }

func (a *API) getReady(c *call) error {
	if a.draining.Err() != nil {
		return chat.Errorf(chat.StorageUnavailable, "the server is stopping")
	}
	if err := a.store.Ready(); err != nil {
		return chat.Errorf(chat.StorageUnavailable, "nothing can be stored at the moment")
	}
	return a.json(c, 200, []byte(`{"status":"ok"}`))
}

func (a *API) getOpenAPI(c *call) error  { return c.Blob(200, "application/yaml", spec.OpenAPI()) }
func (a *API) getAsyncAPI(c *call) error { return c.Blob(200, "application/yaml", spec.AsyncAPI()) }

func (a *API) getDocs(c *call) error {
	c.Response().Header().Set("Content-Security-Policy",
		"default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	page, err := a.docs()
	if err != nil {
		return err
	}
	return c.Blob(200, "text/html; charset=utf-8", page)
}

func (a *API) getDocsCSS(c *call) error {
	return c.Blob(http.StatusOK, "text/css; charset=utf-8", spec.Stylesheet())
}
