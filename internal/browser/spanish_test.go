package browser_test

import (
	"testing"

	. "hearth/internal/browser"
)

func TestInSpanish(t *testing.T) {
	t.Parallel()
	s := serve(t, evening)
	g := window(t, s, 360, "/?ts=TS1")
	must(t,
		g.Type(Box("Phone"), "650 555 0123"),
		g.Press(Button("Español")),
		g.Until(`document.documentElement.lang === 'es'`),
		// What was typed stays.
		g.Until(`document.querySelector('input[type=tel]').value === '650 555 0123'`),
		g.See(Heading("Entrar")),
		g.Type(Box("Apellido"), "Denver"),
		g.Press(`//form//button[@type="submit"]`),
		g.See(Box("Código")),
	)
	code := ok[string](t)(g.Code("6505550123", 0))
	must(t,
		g.Type(Box("Código"), code),
		g.Press(`//form//button[@type="submit"]`),
		g.See(Heading(eveningGroup)),
		g.See(Log),
		g.Type(Box("Mensaje"), "Buenas noches"),
		g.Press(Button("Enviar")),
		g.See(Message("Buenas noches")),
	)
	if lang := ok[string](t)(Value[string](g, `document.documentElement.lang`)); lang != "es" {
		t.Errorf("the page says that it is in %q", lang)
	}
	// And the browser's own language is enough.
	must(t, g.Go("/"), g.See(Heading("Sus sesiones")))
}
