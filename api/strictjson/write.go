package strictjson

import "github.com/go-json-experiment/json/jsontext"

// AppendMember writes a string member of an object, with the comma before it.
// name needs no escaping.
func AppendMember(b []byte, name, value string) []byte {
	b = append(append(append(b, `,"`...), name...), `":`...)
	return AppendString(b, value)
}

// AppendString writes a JSON string. What is stored is valid Unicode; should
// it not be, AppendQuote puts U+FFFD and says so, which is all that can be
// done here.
func AppendString(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s)
	return b
}
