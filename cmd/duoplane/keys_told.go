package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/duoplane/duoplane/internal/seal"
)

func (l *keyList) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "KEY\tSTATE\tMADE\tRECORDS") // Flush has the error
	for _, k := range l.Keys {
		made := "-"
		if !k.Made.IsZero() {
			made = k.Made.Format(time.RFC3339)
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%d\n", k.ID, k.State, made, k.Records)
	}
	if err := table.Flush(); err != nil || len(l.Nodes) == 0 {
		return err
	}
	_, _ = fmt.Fprintln(table, "\nSERVER\tKEYSET FILE\tITS KEYS")
	for _, n := range l.Nodes {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", n.Host, n.File, join(n.Keys))
	}
	return table.Flush()
}

func join(ids []seal.KeyID) string {
	var words []string
	for _, id := range ids {
		words = append(words, id.String())
	}
	return strings.Join(words, " ")
}

// tellStep is a step of a rotation in words.
func tellStep(p seal.Progress) string {
	switch p.Step {
	case seal.StepAdded:
		return fmt.Sprintf("A fresh key, %s, is in the keyset file. It opens, and does not seal yet.", p.Key)
	case seal.StepFound:
		return fmt.Sprintf("Going on with key %s, which is in the keyset file already.", p.Key)
	case seal.StepWaiting:
		return fmt.Sprintf("Waiting for servers that have not got key %s; copy the keyset file to them:\n  %s", p.Key, strings.Join(p.Nodes, "\n  "))
	case seal.StepPromoted:
		return strings.TrimSpace(fmt.Sprintf("From now on key %s seals, on every server. %s", p.Key, p.Note))
	case seal.StepDone:
		text := fmt.Sprintf("All records are sealed with key %s; %d were sealed anew.", p.Key, p.Done)
		if p.Left > 0 {
			text += fmt.Sprintf(" %d hold a secret that does not open, and were left as they are.", p.Left)
		}
		return text + "\nThe keys before it are still in the file, for backups of before. When those are gone, or have a copy of the file: duoplane keys drop."
	case seal.StepSealing:
	}
	return fmt.Sprintf("%d of %d records are sealed anew.", p.Done, p.Total)
}
