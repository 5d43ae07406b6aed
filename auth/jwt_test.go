package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"hearth/auth"
	"hearth/hub/chat"
)

// signingKey reads the key that signs from the key file.
func (f *fixture) signingKey() (id string, key []byte) {
	f.t.Helper()
	b, err := os.ReadFile(f.keyFile())
	if err != nil {
		f.t.Fatal(err)
	}
	var file struct {
		Keys []struct {
			ID  string
			Key []byte
		}
	}
	if err := json.Unmarshal(b, &file); err != nil {
		f.t.Fatal(err)
	}
	return file.Keys[0].ID, file.Keys[0].Key
}

// Even with the right key only a token exactly as we make them is taken.
func TestTokensOfAnotherMakeAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	in, other := f.logIn(denver), f.logIn(grumby)
	l, otherLogin := f.mustLogin(in), f.mustLogin(other)
	id, key := f.signingKey()
	rsaKey, err := rsa.GenerateKey(crand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := f.clock.Now().Unix()
	type m = map[string]any
	make := func(method jwt.SigningMethod, key any, header, change m) string {
		t.Helper()
		claims := jwt.MapClaims{
			"iss": "hearth", "aud": []string{"hearth"}, "sub": "P1", "sid": l.ID, "iat": now, "exp": now + 12*3600,
		}
		apply := func(to, change m) {
			for k, v := range change {
				if to[k] = v; v == nil {
					delete(to, k)
				}
			}
		}
		apply(claims, change)
		token := jwt.NewWithClaims(method, claims)
		token.Header["kid"] = id
		apply(token.Header, header)
		s, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	hs := jwt.SigningMethodHS256
	if _, err := f.Authenticate(t.Context(), make(hs, key, nil, nil), false); err != nil {
		t.Fatalf("our own make: %v", err)
	}
	for name, token := range map[string]string{
		"none":                         make(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, nil),
		"none, but says HS256":         make(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, m{"alg": "HS256"}, nil),
		"HS384":                        make(jwt.SigningMethodHS384, key, nil, nil),
		"HS512":                        make(jwt.SigningMethodHS512, key, nil, nil),
		"RS256":                        make(jwt.SigningMethodRS256, rsaKey, nil, nil),
		"RS256, but says HS256":        make(jwt.SigningMethodRS256, rsaKey, m{"alg": "HS256"}, nil),
		"ES256":                        make(jwt.SigningMethodES256, ecKey, nil, nil),
		"another key":                  make(hs, append([]byte{key[0] ^ 1}, key[1:]...), nil, nil),
		"an empty key":                 make(hs, []byte{}, nil, nil),
		"an unknown kid":               make(hs, key, m{"kid": "0000000000000000"}, nil),
		"an empty kid":                 make(hs, []byte{}, m{"kid": ""}, nil),
		"a kid that is a path":         make(hs, []byte{}, m{"kid": "../../dev/null"}, nil),
		"a kid that is a number":       make(hs, key, m{"kid": 1}, nil),
		"no kid":                       make(hs, key, m{"kid": nil}, nil),
		"no iss":                       make(hs, key, nil, m{"iss": nil}),
		"another iss":                  make(hs, key, nil, m{"iss": "Hearth"}),
		"no aud":                       make(hs, key, nil, m{"aud": nil}),
		"another aud":                  make(hs, key, nil, m{"aud": "other"}),
		"no sub":                       make(hs, key, nil, m{"sub": nil}),
		"another sub":                  make(hs, key, nil, m{"sub": "P2"}),
		"no sid":                       make(hs, key, nil, m{"sid": nil}),
		"an unknown sid":               make(hs, key, nil, m{"sid": "AAAAAAAAAAAAAAAAAAAAAA"}),
		"another's sid":                make(hs, key, nil, m{"sid": otherLogin.ID}),
		"no iat":                       make(hs, key, nil, m{"iat": nil}),
		"another iat":                  make(hs, key, nil, m{"iat": now - 1}),
		"no exp":                       make(hs, key, nil, m{"exp": nil}),
		"expired":                      make(hs, key, nil, m{"exp": now - 2}),
		"an exp that is text":          make(hs, key, nil, m{"exp": "tomorrow"}),
		"not yet valid":                make(hs, key, nil, m{"nbf": now + 3600}),
		"far too long":                 make(hs, key, nil, m{"x": strings.Repeat("x", 3000)}),
		"empty":                        "",
		"an API token's look":          "hearth_000000000000_AAAA",
		"with Bearer before it":        "Bearer " + in.Token,
		"with white space":             in.Token + "\n",
		"with a fourth part":           in.Token + ".",
		"with padding":                 in.Token + "=",
		"without signature":            in.Token[:strings.LastIndex(in.Token, ".")+1],
		"one's claims, another's seal": in.Token[:strings.LastIndex(in.Token, ".")] + other.Token[strings.LastIndex(other.Token, "."):],
	} {
		if _, err := f.Authenticate(t.Context(), token, true); code(err) != chat.NotAuthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
	f.mustLogin(in)
}

// mutate makes another token of a good one.
func mutate(r *rand.Rand, good, other string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ "
	b := []byte(good)
	for range 1 + r.IntN(3) {
		i := r.IntN(len(b))
		switch r.IntN(6) {
		case 0: // another character
			b[i] = alphabet[r.IntN(len(alphabet))]
		case 1: // another bit
			b[i] ^= 1 << r.IntN(8)
		case 2: // one less
			b = append(b[:i], b[i+1:]...)
		case 3: // one more
			b = append(b[:i], append([]byte{alphabet[r.IntN(len(alphabet))]}, b[i:]...)...)
		case 4: // parts of another token
			g, o := strings.Split(good, "."), strings.Split(other, ".")
			k := r.IntN(3)
			g[k] = o[k]
			b = []byte(strings.Join(g, "."))
		case 5: // another claim, under the same seal
			g := strings.Split(good, ".")
			k := r.IntN(2)
			part, _ := base64.RawURLEncoding.DecodeString(g[k])
			j := r.IntN(len(part))
			part[j] = byte(' ' + r.IntN(95))
			g[k] = base64.RawURLEncoding.EncodeToString(part)
			b = []byte(strings.Join(g, "."))
		}
	}
	return string(b)
}

func TestAThousandForgedTokensAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	good, other := f.logIn(denver).Token, f.logIn(grumby).Token
	r := rand.New(rand.NewPCG(1, 2))
	for n := 0; n < 1000; {
		forged := mutate(r, good, other)
		if forged == good || forged == other {
			continue
		}
		n++
		if _, err := f.Authenticate(t.Context(), forged, true); code(err) != chat.NotAuthenticated {
			t.Fatalf("forgery %d: %v\n%s\n%s", n, err, forged, good)
		}
	}
}

func FuzzToken(f *testing.F) {
	x := newFixture(f, auth.Options{})
	good, other := x.logIn(denver).Token, x.logIn(grumby).Token
	f.Add(good)
	f.Add("")
	f.Add("..")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	parts := strings.Split(good, ".")
	for i := range parts {
		f.Add(strings.Join(parts[:i], ".") + "." + strings.Join(parts[i+1:], "."))
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		f.Add(mutate(r, good, other))
	}
	f.Fuzz(func(t *testing.T, token string) {
		l, err := x.Authenticate(t.Context(), token, false)
		if token == good || token == other {
			if err != nil {
				t.Errorf("a good one: %v", err)
			}
			return
		}
		if code(err) != chat.NotAuthenticated || l != (auth.Login{}) {
			t.Errorf("taken: %v, %v", l.ID, err)
		}
	})
}

func TestTokenSaysWhatItShould(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	in := f.logIn(denver)
	parts := strings.Split(in.Token, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`{"iss":"hearth","sub":"P1","aud":["hearth"],"exp":%d,"iat":%d,"sid":"%s"}`,
		start.Add(12*time.Hour).Unix(), start.Unix(), f.mustLogin(in).ID)
	if string(payload) != want {
		t.Errorf("got %s, want %s", payload, want)
	}
}
