package static

import (
	"errors"
	"path"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// bundle makes one module of entry and all that it imports, without comments,
// in the language as browsers of 2019 know it. It is made when the server
// starts, so that the source needs no building; the phone has one file to
// wait for instead of seventy.
func bundle(entry string) ([]byte, error) {
	out := api.Build(api.BuildOptions{
		EntryPoints: []string{entry}, Bundle: true, Format: api.FormatESModule, Target: api.ES2019, Charset: api.CharsetUTF8,
		MinifyWhitespace: true, MinifySyntax: true, LineLimit: 200, LogLevel: api.LogLevelSilent,
		Plugins: []api.Plugin{{Name: "embedded", Setup: embedded}},
	})
	var errs []error
	for _, e := range out.Errors {
		errs = append(errs, errors.New(e.Text))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return out.OutputFiles[0].Contents, nil
}

// embedded has modules come from the program instead of the disk.
func embedded(b api.PluginBuild) {
	b.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
		name := path.Clean(a.Path)
		if a.Kind != api.ResolveEntryPoint {
			if !strings.HasPrefix(a.Path, ".") {
				return api.OnResolveResult{}, errors.New(a.Importer + " imports " + name + ", which is not ours")
			}
			name = path.Join(path.Dir(a.Importer), a.Path)
		}
		return api.OnResolveResult{Path: name, Namespace: "embedded"}, nil
	})
	b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: "embedded"}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
		src, err := files.ReadFile(a.Path)
		contents := string(src)
		return api.OnLoadResult{Contents: &contents, Loader: api.LoaderJS}, err
	})
}
