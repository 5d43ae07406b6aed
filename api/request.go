package api

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hearth/api/strictjson"
	"hearth/hub/chat"
)

// bodyTime is how long a request's body may take to arrive; [API.front] has it
// begin.
const bodyTime = 15 * time.Second

// body reads a JSON request body of at most limit bytes.
func (a *API) body(c *call, limit int64) ([]byte, error) {
	typ, params, err := mime.ParseMediaType(c.Request().Header.Get("Content-Type"))
	charset := params["charset"]
	if err != nil || typ != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, chat.Errorf(chat.UnsupportedMediaType, "Content-Type: must be application/json")
	}
	b, err := a.raw(c, limit)
	if err != nil {
		return nil, err
	}
	return b, strictjson.Check(b)
}

// raw reads a request body of at most limit bytes, whatever is in it.
func (a *API) raw(c *call, limit int64) ([]byte, error) {
	r := c.Request()
	if enc := r.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return nil, chat.Errorf(chat.UnsupportedMediaType, "Content-Encoding: must not be given")
	}
	b, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, limit))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, chat.Errorf(chat.TooLarge, "the body is larger than %d bytes", limit)
	case err != nil:
		c.Response().Header().Set("Connection", "close")
		return nil, chat.Errorf(chat.BadRequest, "the body did not arrive whole in time")
	}
	http.NewResponseController(c.Response()).SetReadDeadline(time.Time{})
	return b, nil
}

// object reads a JSON request body that is one object.
func (a *API) object(c *call) (strictjson.Object, error) {
	b, err := a.body(c, maxBody)
	if err != nil {
		return nil, err
	}
	return strictjson.ParseObject(b)
}

// required reads string members of the body; each must be there and not
// empty.
func (a *API) required(c *call, names ...string) ([]string, error) {
	o, err := a.object(c)
	if err != nil {
		return nil, err
	}
	values := make([]string, len(names))
	for i, name := range names {
		if values[i], err = o.String(name); err != nil {
			return nil, err
		}
		if values[i] == "" {
			return nil, &strictjson.Error{Field: name, Problem: "missing"}
		}
	}
	return values, nil
}

// query reads a parameter of the address; one given twice is an error.
func query(c *call, name string) (string, error) {
	all := c.QueryParams()[name]
	if len(all) > 1 {
		return "", &strictjson.Error{Field: name, Problem: "given twice"}
	}
	if len(all) == 0 {
		return "", nil
	}
	return all[0], nil
}

// queryBool reads true or false; absent is false.
func queryBool(c *call, name string) (bool, error) {
	s, err := query(c, name)
	if err == nil && s != "" && s != "true" && s != "false" {
		err = &strictjson.Error{Field: name, Problem: "must be true or false"}
	}
	return s == "true", err
}

// queryNumber reads a whole number of at least min, or what is given for
// absent.
func queryNumber(c *call, name string, min, absent uint64) (uint64, error) {
	s, err := query(c, name)
	if err != nil || s == "" {
		return absent, err
	}
	n, err := strconv.ParseUint(s, 10, 53)
	if err != nil || n < min {
		return 0, &strictjson.Error{Field: name, Problem: "must be a whole number of at least " + strconv.FormatUint(min, 10)}
	}
	return n, nil
}
