package cmd

// style paints text for a terminal and leaves it alone elsewhere; no meaning is in colour alone.
type style struct{ on bool }

func (e Env) outStyle() style { return style{e.OutTTY && e.Getenv("NO_COLOR") == ""} }
func (e Env) errStyle() style { return style{e.ErrTTY && e.Getenv("NO_COLOR") == ""} }

func (s style) bad(text string) string  { return s.sgr("31;1", text) }
func (s style) good(text string) string { return s.sgr("32", text) }
func (s style) warn(text string) string { return s.sgr("33", text) }
func (s style) bold(text string) string { return s.sgr("1", text) }
func (s style) dim(text string) string  { return s.sgr("2", text) }

// sgr wraps text in a Select Graphic Rendition sequence (ECMA-48, 8.3.117).
func (s style) sgr(code, text string) string {
	if !s.on {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
