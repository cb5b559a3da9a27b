package load

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A Conn is one kept connection. It is for one goroutine.
type Conn struct {
	c    *tls.Conn
	r    *bufio.Reader
	body []byte // of the latest answer that was read
	next string // the page after it
}

// Dial opens a connection, which the caller closes.
func (e Endpoint) Dial(ctx context.Context) (*Conn, error) {
	d := tls.Dialer{Config: e.tls}
	c, err := d.DialContext(ctx, "tcp", e.addr)
	if err != nil {
		return nil, err
	}
	t := c.(*tls.Conn) //nolint:forcetypeassert // tls.Dialer says so
	return &Conn{c: t, r: bufio.NewReaderSize(t, 64<<10)}, nil
}

// Close ends the connection.
func (c *Conn) Close() { _ = c.c.Close() } // nothing is under way

// Call sends a request and skips its answer, which must be 200 with a length.
func (c *Conn) Call(request []byte) error {
	length, err := c.send(request)
	if err != nil {
		return err
	}
	_, err = c.r.Discard(length)
	return err
}

// Read is Call, but returns the answer's body, good until the next, and the
// path of the page after it, "" when there is none.
func (c *Conn) Read(request []byte) (body []byte, next string, err error) {
	length, err := c.send(request)
	if err != nil {
		return nil, "", err
	}
	if cap(c.body) < length {
		c.body = make([]byte, length)
	}
	c.body = c.body[:length]
	_, err = io.ReadFull(c.r, c.body)
	return c.body, c.next, err
}

// send sends a request and reads the head of its answer.
func (c *Conn) send(request []byte) (length int, err error) {
	if _, err := c.c.Write(request); err != nil {
		return 0, err
	}
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	var refused string
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
		refused = strings.TrimSpace(string(line))
	}
	if length, err = c.header(); err != nil {
		return 0, fmt.Errorf("%s: %w", refused, err)
	}
	if refused != "" {
		body := make([]byte, min(length, 4<<10))
		_, err := io.ReadFull(c.r, body)
		return 0, errors.Join(fmt.Errorf("%s: %s", refused, body), err)
	}
	return length, nil
}

// header reads the header for what is of use.
func (c *Conn) header() (length int, err error) {
	length, c.next = -1, ""
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if len(line) == 2 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		}
		if value, ok := bytes.CutPrefix(line, []byte("Link: <")); ok {
			c.next, _, _ = strings.Cut(string(value), ">")
		}
	}
	if length < 0 {
		return 0, errors.New("an answer without Content-Length")
	}
	return length, nil
}
