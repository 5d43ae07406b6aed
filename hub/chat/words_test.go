package chat_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"testing"

	"hearth/hub/chat"
)

// What stands on disk, and in every wire format.
func TestNumbersAndWordsOfTypesAndIcons(t *testing.T) {
	for number, word := range map[chat.Type]string{
		1: "message", 2: "delete", 3: "reaction", 4: "message_read", 5: "notice", 6: "whiteboard", 7: "endChatSession",
		8: "update_assessments", 9: "update_chat_details",
	} {
		if got, ok := chat.ParseType(word); !ok || got != number || number.String() != word {
			t.Errorf("type %q is %d, %v", word, got, ok)
		}
	}
	if n := len(chat.Types()); n != 9 {
		t.Errorf("%d types", n)
	}
	for number, word := range map[chat.Icon]string{1: "heart", 2: "smile", 3: "sad", 4: "angry"} {
		if got, ok := chat.ParseIcon(word); !ok || got != number || number.String() != word {
			t.Errorf("icon %q is %d, %v", word, got, ok)
		}
	}
	for _, word := range []string{"", "Message", "ack", "unknown"} {
		if got, ok := chat.ParseType(word); ok || got != 0 {
			t.Errorf("type %q is %d, %v", word, got, ok)
		}
		if got, ok := chat.ParseIcon(word); ok || got != 0 {
			t.Errorf("icon %q is %d, %v", word, got, ok)
		}
	}
	for _, s := range []string{chat.Type(0).String(), chat.Type(10).String(), chat.Icon(0).String(), chat.Icon(5).String()} {
		if s != "unknown" {
			t.Errorf("a number without a word is %q", s)
		}
	}
}

func TestNumbersOfVerdicts(t *testing.T) {
	if chat.NoVerdict != 0 || chat.Admitted != 1 || chat.Revoked != 2 || chat.Removed != 3 {
		t.Error("a verdict on disk would be read as another")
	}
}

func TestWordsOfARoster(t *testing.T) {
	private := words(chat.ParsePrivateMessages, "therapist", "off", "anyone")
	history := words(chat.ParseHistory, "all", "since_admitted")
	after := words(chat.ParseAfterEnd, "read", "closed")
	phase := words(chat.ParsePhase, "pre", "post")
	for name, err := range map[string]string{"private_messages": private, "history": history, "after_end": after, "phase": phase} {
		if err != "" {
			t.Errorf("%s: %s", name, err)
		}
	}
	var s chat.TherapySession
	if s.PrivateMessages.String() != "therapist" || s.History.String() != "all" || s.AfterEnd.String() != "read" {
		t.Error("the zero value is not the default")
	}
	for status, word := range map[chat.Status]string{chat.Scheduled: "scheduled", chat.Open: "open", chat.Ended: "ended"} {
		if status.String() != word {
			t.Errorf("%d is %q, want %q", status, status, word)
		}
	}
}

// words says what is wrong with a parser of exactly these words.
func words[T interface {
	comparable
	String() string
}](parse func(string) (T, bool), all ...string) string {
	seen := map[T]bool{}
	for _, w := range all {
		v, ok := parse(w)
		if !ok || v.String() != w || seen[v] {
			return "does not read " + w
		}
		seen[v] = true
	}
	for _, w := range []string{"", "none", all[0] + " "} {
		if _, ok := parse(w); ok {
			return "reads " + strconv.Quote(w)
		}
	}
	return ""
}

func TestAssessmentIsDueBeforeOrAfterTheEnd(t *testing.T) {
	pre, post := chat.Assessment{Phase: chat.Pre}, chat.Assessment{Phase: chat.Post}
	for status, ended := range map[chat.Status]bool{chat.Scheduled: false, chat.Open: false, chat.Ended: true} {
		if pre.Due(status) == ended || post.Due(status) != ended {
			t.Errorf("%s: pre %v, post %v", status, pre.Due(status), post.Due(status))
		}
	}
}

// Every code of errors.go is in the list that the specifications are held
// against.
func TestEveryCodeIsListed(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared := map[chat.Code]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := v.Type.(*ast.Ident); ok && typ.Name == "Code" {
			word, _ := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			declared[chat.Code(word)] = true
		}
		return true
	})
	got, want := slices.Sorted(slices.Values(chat.Codes())), slices.Sorted(maps.Keys(declared))
	if !slices.Equal(got, want) {
		t.Errorf("listed %q, declared %q", got, want)
	}
}
