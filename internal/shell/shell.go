package shell

import (
	"context"
	"log/slog"
	"slices"

	"github.com/duoplane/duoplane/internal/svm"
)

// Config is what a Shell is built from. A nil Logger discards.
type Config struct {
	// Commands are the resources, single commands and directories there are,
	// beside the shell's own (set, rows, history, ...).
	Commands []Mounted
	// Cluster returns the cluster's name, for the prompt.
	Cluster func(ctx context.Context) string
	// Logger gets the causes of failures that the user is not shown.
	Logger *slog.Logger
}

// A Shell is the tree of commands. It is immutable and shared by all sessions.
type Shell struct {
	cfg     Config
	tree    tree
	secrets []string // names of parameters that are secrets, for the history
}

// New builds the tree. It fails on a faulty declaration.
func New(cfg Config) (*Shell, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	sh := &Shell{cfg: cfg}
	for _, m := range slices.Concat(builtins(), cfg.Commands) {
		if err := m.mount(&sh.tree); err != nil {
			return nil, err
		}
	}
	sh.collectSecrets(&sh.tree.root)
	return sh, nil
}

func (sh *Shell) collectSecrets(n *node) {
	for _, c := range n.children {
		sh.collectSecrets(c)
	}
	if n.command == nil {
		return
	}
	for _, p := range n.command.params {
		for _, name := range append([]string{p.Name}, p.Aliases...) {
			if p.Secret && !slices.Contains(sh.secrets, name) {
				sh.secrets = append(sh.secrets, name)
			}
		}
	}
}

// prompt returns whose shell it is: the SVM's for a caller confined to one.
func (sh *Shell) title(ctx context.Context, caller svm.Caller) string {
	if _, single := caller.Scope.Single(); single && caller.Owner.Name != "" {
		return caller.Owner.Name
	}
	if sh.cfg.Cluster == nil {
		return caller.Owner.Name
	}
	return sh.cfg.Cluster(ctx)
}
