package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/duoplane/duoplane/internal/seal"
)

// ring is what a request works with.
func (c *controlEdge) ring(r *http.Request) ringTool {
	return ringTool{c.node.keys, c.node.ledger, callerOf(r)}
}

func (c *controlEdge) listKeys(w http.ResponseWriter, r *http.Request) error {
	list, err := c.ring(r).list(r.Context())
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(list)
}

func (c *controlEdge) dropKeys(w http.ResponseWriter, r *http.Request) error {
	dropped, err := c.ring(r).drop(r.Context())
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(dropped)
}

// A rotationLine is one line of the answer to a rotation.
type rotationLine struct {
	seal.Progress
	controlRefusal
}

// rotateKeys answers with one line for every step, the last of which is done
// or an error. It ends when the client goes.
func (c *controlEdge) rotateKeys(w http.ResponseWriter, r *http.Request) error {
	ctx, stop := context.WithCancel(r.Context())
	defer stop()
	out := json.NewEncoder(&patient{w: w, to: http.NewResponseController(w)})
	tell := func(l rotationLine) {
		if out.Encode(l) != nil || http.NewResponseController(w).Flush() != nil {
			stop()
		}
	}
	err := c.ring(r).rotate(ctx, func(p seal.Progress) { tell(rotationLine{Progress: p}) })
	if err != nil && r.Context().Err() != nil {
		err = errors.New("the server was stopped; run duoplane keys rotate again to go on")
	}
	if err != nil {
		tell(rotationLine{controlRefusal: controlRefusal{explain(err)}})
	}
	return nil
}

func (c *controlClient) list(ctx context.Context) (*keyList, error) {
	list := new(keyList)
	return list, c.read(ctx, http.MethodGet, "/keys", list)
}

func (c *controlClient) drop(ctx context.Context) (dropped []seal.KeyID, err error) {
	err = c.read(ctx, http.MethodPost, "/keys/drop", &dropped)
	return dropped, err
}

func (c *controlClient) read(ctx context.Context, method, path string, into any) error {
	body, err := c.call(ctx, method, path)
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // only read
	if err := json.NewDecoder(body).Decode(into); err != nil {
		return c.lost(err)
	}
	return nil
}

func (c *controlClient) rotate(ctx context.Context, report func(seal.Progress)) error {
	body, err := c.call(ctx, http.MethodPost, "/keys/rotate")
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // only read
	lines := json.NewDecoder(body)
	for {
		var l rotationLine
		if err := lines.Decode(&l); err != nil {
			return fmt.Errorf("%w; run duoplane keys rotate again to go on", c.lost(err))
		}
		if l.Error != "" {
			return errors.New(l.Error)
		}
		report(l.Progress)
		if l.Step == seal.StepDone {
			return nil
		}
	}
}
