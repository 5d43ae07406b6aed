package control

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// ParseLifetime reads how long an API token is to last, as a person gives it:
// days, such as 90d, or another duration above 0, such as 12h.
func ParseLifetime(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 16) // 179 years
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || d <= 0 {
		return 0, errors.New("must be like 90d or 12h")
	}
	return d, nil
}
