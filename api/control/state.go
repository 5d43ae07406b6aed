package control

import (
	"context"
	"net/http"
	"time"
)

// State is how things stand with the process that holds the data.
type State struct {
	LastBackup time.Time `json:"last_backup,omitzero"` // zero: none was made that the data knows of
	Displaced  string    `json:"displaced,omitempty"`  // why what it writes is not the data file in the directory any more; empty: it is
}

// stateRoutes is what doctor asks besides the checks.
func stateRoutes(mux *http.ServeMux, o Options) {
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, r *http.Request) {
		at, err := o.Store.LastBackup(r.Context())
		s := State{LastBackup: at}
		if o.Displaced != nil && err == nil {
			if why := o.Displaced(); why != nil {
				s.Displaced = why.Error()
			}
		}
		reply(w, s, err)
	})
}

// State asks how things stand.
func (c *Client) State(ctx context.Context) (out State, err error) {
	err = c.call(ctx, http.MethodGet, "/state", nil, &out)
	return out, err
}
