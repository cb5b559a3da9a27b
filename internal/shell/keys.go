package shell

import (
	"bufio"
	"unicode"
	"unicode/utf8"
)

// Keys that are one control character.
const (
	keyHome         rune = 1
	keyLeft         rune = 2
	keyInterrupt    rune = 3
	keyDelete       rune = 4 // or the end, on an empty line
	keyEnd          rune = 5
	keyRight        rune = 6
	keyGiveUp       rune = 7
	keyBackspace    rune = 8
	keyTab          rune = 9
	keyNewline      rune = 10
	keyKillRight    rune = 11
	keyClearScreen  rune = 12
	keyEnter        rune = 13
	keyDown         rune = 14
	keyUp           rune = 16
	keySearch       rune = 18
	keyKillLeft     rune = 21
	keyKillWord     rune = 23
	keyYank         rune = 25
	keyEscape       rune = 27
	keyOldBackspace rune = 127
)

// Keys that are sequences; they are no characters.
const (
	keyUnknown rune = -1 - iota
	keyWordLeft
	keyWordRight
	keyKillWordRight
	keyForwardDelete
	keyQuestion // Esc ?: the character, not the help
)

// sequences are the keys behind "Esc [", by what follows.
var sequences = map[string]rune{
	"A": keyUp, "B": keyDown, "C": keyRight, "D": keyLeft, "H": keyHome, "F": keyEnd,
	"1~": keyHome, "7~": keyHome, "4~": keyEnd, "8~": keyEnd, "3~": keyForwardDelete,
	"1;3C": keyWordRight, "1;5C": keyWordRight, "1;3D": keyWordLeft, "1;5D": keyWordLeft,
}

// escapes are the keys behind "Esc".
var escapes = map[rune]rune{
	'b': keyWordLeft, 'B': keyWordLeft, 'f': keyWordRight, 'F': keyWordRight,
	'd': keyKillWordRight, 'D': keyKillWordRight, '?': keyQuestion,
	keyOldBackspace: keyKillWord, keyBackspace: keyKillWord,
}

// A keyReader turns what a terminal sends into keys.
type keyReader struct {
	r        *bufio.Reader
	wasEnter bool // the last key was a carriage return: a line feed belongs to it
}

// idle reports whether the next key is still to be sent.
func (k *keyReader) idle() bool { return k.r.Buffered() == 0 }

// next reads one key: a printable character, a control character or one of
// the sequences. Everything else is keyUnknown.
func (k *keyReader) next() (rune, error) {
	r, size, err := k.r.ReadRune()
	if err != nil {
		return 0, err
	}
	after := k.wasEnter
	k.wasEnter = r == keyEnter
	switch {
	case after && (r == keyNewline || r == 0):
		return k.next()
	case r == keyNewline:
		return keyEnter, nil
	case r == utf8.RuneError && size == 1:
		return keyUnknown, nil
	case r == keyEscape:
		return k.escape()
	case r < ' ' || r == keyOldBackspace || unicode.IsPrint(r):
		return r, nil
	default:
		return keyUnknown, nil
	}
}

func (k *keyReader) escape() (rune, error) {
	r, _, err := k.r.ReadRune()
	switch {
	case err != nil:
		return 0, err
	case r == '[':
		return k.sequence()
	case r == 'O': // as some terminals send the arrows
		r, _, err := k.r.ReadRune()
		return orUnknown(sequences, string(r)), err
	default:
		return orUnknown(escapes, r), nil
	}
}

func orUnknown[K comparable](keys map[K]rune, sent K) rune {
	if key, ok := keys[sent]; ok {
		return key
	}
	return keyUnknown
}

// sequence reads what is behind "Esc [" up to its last character.
func (k *keyReader) sequence() (rune, error) {
	const longest = 16
	var sent []byte
	for {
		c, err := k.r.ReadByte()
		switch {
		case err != nil:
			return 0, err
		case c < ' ' || c > '~': // never part of a sequence
			return keyUnknown, k.r.UnreadByte()
		case len(sent) < longest:
			sent = append(sent, c)
		}
		if '@' <= c && c <= '~' {
			return orUnknown(sequences, string(sent)), nil
		}
	}
}
