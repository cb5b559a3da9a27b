package shell

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/duoplane/duoplane/internal/secret"
)

const question = "Do you want to continue? {y|n}: "

// confirm shows a warning and asks. Without questions the answer is yes.
func (s *Session) confirm(warning string) (bool, error) {
	if !s.asks {
		return true, nil
	}
	s.out.message("Warning: ", warning)
	for {
		answer, err := s.answer("         " + question)
		switch {
		case errors.Is(err, errInterrupt), errors.Is(err, io.EOF):
			return false, nil
		case err != nil:
			return false, err
		}
		switch strings.ToLower(strings.TrimSpace(answer)) {
		case "y", "yes":
			return true, nil
		case "n", "no":
			return false, nil
		}
	}
}

// answer reads a line that is no command.
func (s *Session) answer(prompt string) (string, error) {
	defer s.borrow()()
	s.out.flush()
	return s.in.answer(prompt)
}

// askSecret reads a secret. None given is an error.
func (s *Session) askSecret(prompt string) (secret.Text, error) {
	defer s.borrow()()
	s.out.flush()
	text, err := s.in.secret(prompt)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, errInterrupt):
		return secret.Text{}, usagef("no answer to %q", strings.TrimRight(prompt, ": "))
	case err != nil:
		return secret.Text{}, err
	}
	return text, nil
}

// askLines reads a text of several lines, up to an empty one; a line of a blank
// stands for an empty line in it. It ends early once the text is longer than
// limit bytes. Ctrl-C and the end of the input give it up: errInterrupt.
func (s *Session) askLines(limit int) (string, error) {
	var b strings.Builder
	for b.Len() <= limit {
		line, err := s.answer("")
		switch {
		case errors.Is(err, io.EOF):
			return "", errInterrupt
		case err != nil:
			return "", err
		case line == "":
			return b.String(), nil
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String(), nil
}

// A lineReader reads lines from something that is not a terminal.
type lineReader struct {
	r   *bufio.Reader
	out *printer
}

func (l *lineReader) command(_ context.Context, prompt string) (string, error) {
	return l.answer(prompt)
}

func (l *lineReader) answer(prompt string) (string, error) {
	l.out.raw(prompt)
	l.out.flush()
	var b strings.Builder
	for {
		chunk, err := l.r.ReadSlice('\n')
		if room := maxLine + 1 - b.Len(); len(chunk) > room {
			chunk = chunk[:room]
		}
		b.Write(chunk)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && b.Len() == 0:
			return "", err
		}
		l.out.raw(newline)
		if b.Len() > maxLine {
			return "", errTooLong
		}
		return strings.TrimRight(b.String(), "\r\n"), nil
	}
}

func (l *lineReader) secret(prompt string) (secret.Text, error) {
	line, err := l.answer(prompt)
	return secret.NewText(line), err
}

func (l *lineReader) key() (rune, error) {
	r, _, err := l.r.ReadRune()
	return r, err
}
