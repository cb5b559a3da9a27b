package shell

// search looks through the history for what is typed (Ctrl-R) and returns the
// key that ended it, for the editor to act on: Enter runs what was found,
// Ctrl-C and Ctrl-G leave the line as it was.
func (e *editor) search() (rune, error) {
	past := &e.s.past
	var text []rune
	found := -1
	for {
		shown := ""
		if found >= 0 {
			shown = past.lines[found]
		}
		e.draw("(reverse-i-search)`"+string(text)+"': ", []rune(shown), len([]rune(shown)))
		e.s.out.flush()
		key, err := e.keys.next()
		if err != nil {
			return 0, err
		}
		from := len(past.lines)
		switch {
		case key == keySearch:
			if found >= 0 {
				from = found
			}
		case key == keyBackspace || key == keyOldBackspace:
			text = text[:max(len(text)-1, 0)]
		case key >= ' ':
			if len(text) < maxTyped {
				text = append(text, key)
			}
		default:
			return e.endSearch(key, shown, found), nil
		}
		if at := past.search(string(text), from); at >= 0 {
			found = at
		} else {
			e.s.out.raw(bell)
		}
	}
}

func (e *editor) endSearch(key rune, shown string, found int) rune {
	e.stale = true
	if key == keyInterrupt || key == keyGiveUp {
		return keyEnd
	}
	if found >= 0 {
		e.line, e.place = []rune(shown), found
		e.at = len(e.line)
	}
	if key == keyEscape || key == keyUnknown {
		return keyEnd
	}
	return key
}
