package main

import (
	"errors"
	"net"
	"slices"
)

// closers undo a start: the last thing opened is the first to be closed.
type closers []func() error

func (c *closers) add(f func() error) { *c = append(*c, f) }

// close runs all, whatever fails, joins what failed to cause, and forgets
// them.
func (c *closers) close(cause error) error {
	errs := []error{cause}
	for _, f := range slices.Backward(*c) {
		errs = append(errs, f())
	}
	*c = nil
	return errors.Join(errs...)
}

// closeListener closes what may be nil, or closed by its server already.
func closeListener(ln net.Listener) error {
	if ln == nil {
		return nil
	}
	if err := ln.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
