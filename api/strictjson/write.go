package strictjson

import "github.com/go-json-experiment/json/jsontext"

// AppendMember writes a string member of an object, with the comma before it.
// name needs no escaping.
func AppendMember(b []byte, name, value string) []byte {
	b = append(append(append(b, `,"`...), name...), `":`...)
	return AppendString(b, value)
}

// AppendStrings writes a member of an object that is an array of strings, with
// the comma before it. name needs no escaping.
func AppendStrings[S ~string](b []byte, name string, values []S) []byte {
	b = append(append(append(b, `,"`...), name...), `":[`...)
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendString(b, string(v))
	}
	return append(b, ']')
}

// AppendString writes a JSON string. What is stored is valid Unicode; should
// it not be, AppendQuote puts U+FFFD and says so, which is all that can be
// done here.
func AppendString(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s)
	return b
}
