package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	envPrefix     = "HEARTH_"
	envTestPrefix = "HEARTH_TEST_" // for the project's own tests; never configuration

	maxConfigBytes = 1 << 20
	maxSecretBytes = 64 << 10
)

// LoadConfig reads the file at path over [DefaultConfig], then the environment
// over both, then what the _file twins of secrets name, and checks the whole.
// environ is as [os.Environ] gives it. A file that is not there is an error
// only if explicit (somebody named it); an empty path reads none.
//
// All that is wrong is one error with a line for each problem: where it stands
// (file:line, or the environment variable), the key's path, and what is
// expected. No line holds a secret. A relative path, here and in the file, is
// relative to the working directory.
func LoadConfig(path string, explicit bool, environ []string) (Config, error) {
	var data []byte
	if path != "" {
		var err error
		data, err = readSmall(path, maxConfigBytes)
		if err != nil && (explicit || !errors.Is(err, fs.ErrNotExist)) {
			return Config{}, fmt.Errorf("read configuration: %w", err)
		}
	}
	return parseConfig(path, data, environ)
}

// parseConfig is LoadConfig for a file already read; name is how errors call it.
func parseConfig(name string, data []byte, environ []string) (Config, error) {
	c := DefaultConfig()
	l := newLoader(&c, name)
	if err := l.file(data); err != nil {
		return Config{}, err
	}
	l.environment(environ)
	l.secretFiles()
	for _, k := range l.keys {
		if !k.bad {
			l.checkKey(k)
		}
	}
	l.checkTogether(&c)
	if err := errors.Join(l.problems...); err != nil {
		return Config{}, err
	}
	return c, nil
}

// key is one leaf of Config, or the _file twin of one.
type key struct {
	path   string
	value  reflect.Value // settable; a string for a twin
	check  string        // the check tag
	secret *key          // of a twin: whose it is
	source string        // where the value stands; empty: the default
	items  []string      // of a list in the file: where each stands
	bad    bool          // reported already, so not to be looked at again
}

func (k *key) env() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(k.path, ".", "_"))
}

// keysOf lists the keys of a configuration section in their order, a secret's
// twin behind it.
func keysOf(section reflect.Value, prefix string) []*key {
	var keys []*key
	for i := range section.NumField() {
		tag := section.Type().Field(i).Tag
		k := &key{path: prefix + tag.Get("yaml"), value: section.Field(i), check: tag.Get("check")}
		if k.value.Kind() == reflect.Struct {
			keys = append(keys, keysOf(k.value, k.path+".")...)
			continue
		}
		keys = append(keys, k)
		if k.isSecret() {
			keys = append(keys, &key{path: k.path + "_file", value: reflect.New(reflect.TypeFor[string]()).Elem(), secret: k})
		}
	}
	return keys
}

// item is where item i of a list stands, and its path.
func (k *key) item(i int) (source, path string) {
	source = k.source
	if i < len(k.items) {
		source = k.items[i]
	}
	return source, fmt.Sprintf("%s[%d]", k.path, i)
}

func (k *key) isSecret() bool { return k.value.Type() == reflect.TypeFor[Secret]() }

type loader struct {
	name     string // of the file
	keys     []*key
	byPath   map[string]*key
	children map[string][]string // of each section, by its path; "" is the top
	problems []error
}

func newLoader(c *Config, name string) *loader {
	l := &loader{name: name, keys: keysOf(reflect.ValueOf(c).Elem(), ""), byPath: map[string]*key{}, children: map[string][]string{}}
	for _, k := range l.keys {
		l.byPath[k.path] = k
		for path := k.path; path != ""; {
			parent, child := "", path
			if i := strings.LastIndexByte(path, '.'); i >= 0 {
				parent, child = path[:i], path[i+1:]
			}
			if !slices.Contains(l.children[parent], child) {
				l.children[parent] = append(l.children[parent], child)
			}
			path = parent
		}
	}
	return l
}

// fail notes a problem; empty parts of where it is are left out.
func (l *loader) fail(source, path, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for _, part := range []string{path, source} {
		if part != "" {
			text = part + ": " + text
		}
	}
	l.problems = append(l.problems, errors.New(text))
}

// reject notes a problem with a key's value.
func (l *loader) reject(k *key, format string, args ...any) {
	k.bad = true
	l.fail(k.source, k.path, format, args...)
}

// rejectItem notes a problem with one item of a key's list.
func (l *loader) rejectItem(k *key, i int, err error) {
	k.bad = true
	source, path := k.item(i)
	l.fail(source, path, "%v", err)
}

func (l *loader) line(n *yaml.Node) string { return fmt.Sprintf("%s:%d", l.name, n.Line) }

// file sets what the YAML text holds. Its error is of YAML itself, where
// nothing more can be said about keys.
func (l *loader) file(data []byte) error {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	err := dec.Decode(&doc)
	if err == io.EOF {
		return nil // empty, or comments only
	}
	if err == nil {
		if err = dec.Decode(&more); err == nil {
			return fmt.Errorf("%s: holds more than one YAML document (a line of --- between them)", l.line(&more))
		}
	}
	if err != io.EOF {
		text := strings.TrimPrefix(err.Error(), "yaml: ")
		if strings.Contains(text, "unknown anchor") { // the library quotes it, and it may be a secret that begins with *
			text = "a value that begins with * must stand in quotes"
		}
		return fmt.Errorf("%s: is not YAML: %s", l.name, text)
	}
	l.section("", doc.Content[0])
	return nil
}

// plainKey is a name that may be shown even if nobody knows it.
var plainKey = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// section sets the keys of one mapping, and of those within it.
func (l *loader) section(path string, n *yaml.Node) {
	known := strings.Join(l.children[path], ", ")
	if isNull(n) {
		return // all its keys are commented out
	}
	if n.Kind != yaml.MappingNode {
		l.fail(l.line(n), path, "must hold keys (%s), each with a colon and a space behind it", known)
		return
	}
	holdsSecrets := slices.ContainsFunc(l.children[path], func(c string) bool {
		k := l.byPath[strings.TrimPrefix(path+"."+c, ".")]
		return k != nil && k.isSecret()
	})
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		full := strings.TrimPrefix(path+"."+name.Value, ".")
		switch {
		case name.Kind != yaml.ScalarNode || !plainKey.MatchString(name.Value) || holdsSecrets && isNull(value) && !slices.Contains(l.children[path], name.Value):
			// "api_key:abc", without the space, is a key to YAML.
			l.fail(l.line(name), path, "holds something that is not a key with a colon and a space behind it; known are %s", known)
		case !slices.Contains(l.children[path], name.Value):
			l.fail(l.line(name), full, "unknown key; known here are %s", known)
		case lines[name.Value] != 0:
			l.fail(l.line(name), full, "stands here a second time, first in line %d", lines[name.Value])
		case l.byPath[full] != nil:
			l.setNode(l.byPath[full], value)
		default:
			l.section(full, value)
		}
		lines[name.Value] = name.Line
	}
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// setNode sets a key from the file.
func (l *loader) setNode(k *key, n *yaml.Node) {
	k.source = l.line(n)
	if k.value.Kind() != reflect.Slice {
		if err := setScalar(k.value, n); err != nil {
			l.reject(k, "%v", err)
		}
		return
	}
	if n.Kind != yaml.SequenceNode {
		l.reject(k, "must be a list, such as [a, b], or [] for none")
		return
	}
	list := reflect.Zero(k.value.Type())
	for i, item := range n.Content {
		v := reflect.New(k.value.Type().Elem()).Elem()
		k.items = append(k.items, l.line(item))
		if err := setScalar(v, item); err != nil {
			l.rejectItem(k, i, err)
		}
		list = reflect.Append(list, v)
	}
	k.value.Set(list)
}

// environment sets what HEARTH_ variables hold.
func (l *loader) environment(environ []string) {
	byEnv := map[string]*key{}
	for _, k := range l.keys {
		byEnv[k.env()] = k
	}
	for _, entry := range environ {
		name, text, ok := strings.Cut(entry, "=")
		if !ok || !strings.HasPrefix(name, envPrefix) || strings.HasPrefix(name, envTestPrefix) {
			continue
		}
		k := byEnv[name]
		if k == nil {
			l.fail(name, "", "is set in the environment, but no key of the configuration has that name")
			continue
		}
		k.source, k.items, k.bad = name, nil, false
		l.setEnv(k, text)
	}
}

func (l *loader) setEnv(k *key, text string) {
	if k.value.Kind() != reflect.Slice {
		if err := setText(k.value, text); err != nil {
			l.reject(k, "%v", err)
		}
		return
	}
	list := reflect.Zero(k.value.Type())
	for i, item := range strings.Split(text, ",") {
		if strings.TrimSpace(text) == "" {
			break // none
		}
		v := reflect.New(k.value.Type().Elem()).Elem()
		if err := setText(v, strings.TrimSpace(item)); err != nil {
			l.rejectItem(k, i, err)
		}
		list = reflect.Append(list, v)
	}
	k.value.Set(list)
}

// checkKey holds the value, or each one of a list, against the check tag.
func (l *loader) checkKey(k *key) {
	if k.check == "" {
		return
	}
	if k.value.Kind() != reflect.Slice {
		if err := checkValue(k.value, k.check); err != nil {
			l.reject(k, "%v", err)
		}
		return
	}
	for i := range k.value.Len() {
		if err := checkValue(k.value.Index(i), k.check); err != nil {
			l.rejectItem(k, i, err)
		}
	}
}

// secretFiles reads the secrets whose twins name a file.
func (l *loader) secretFiles() {
	for _, twin := range l.keys {
		if twin.secret == nil || twin.bad || twin.value.String() == "" {
			continue
		}
		if twin.secret.value.String() != "" {
			l.reject(twin, "%s is set too (%s); set one of them", twin.secret.path, twin.secret.source)
			continue
		}
		data, err := readSmall(twin.value.String(), maxSecretBytes)
		// The path is not shown: somebody may have put the secret itself there.
		if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
			err = pe.Err
		}
		text := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
		switch {
		case err != nil:
			l.reject(twin, "cannot read the file that it names: %v", err)
		case text == "":
			l.reject(twin, "the file that it names is empty")
		default:
			twin.secret.value.SetString(text)
			twin.secret.source = twin.source
		}
	}
}

// readSmall reads a file of at most limit bytes (a wrong path may name
// something without end).
func readSmall(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("is larger than %d bytes", limit)}
	}
	return data, err
}
