package loginmsg

import (
	"context"
	"strings"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

// Banner returns the text before logins through a door, by the name of the SVM
// the door is bound to, "" for the cluster's: the SVM's own, else the
// cluster's, else "". It reads the newest state that this process has seen and
// says nothing while there is none. What it returns is at most MaxText bytes
// and cannot steer a terminal.
func (s *Service) Banner(ctx context.Context, vserver string) string {
	snap, err := s.ledger.Local(ctx)
	if err != nil {
		return ""
	}
	if owner, ok := svm.ByName(snap, vserver); ok {
		if own := stored(snap, owner.UUID).Banner; own != "" {
			return shown(own)
		}
	}
	return shown(stored(snap, svm.ClusterOf(snap).UUID).Banner)
}

// Motd returns the message of the day for an account: the cluster's, unless
// the account's owner is without it, and below it that of the account's SVM;
// "" where there is neither. It reads as Banner does; each of the two is at
// most MaxText bytes.
func (s *Service) Motd(ctx context.Context, who account.Principal) string {
	snap, err := s.ledger.Local(ctx)
	if err != nil {
		return ""
	}
	owner, cluster := who.Caller.Owner.UUID, svm.ClusterOf(snap).UUID
	own := stored(snap, owner)
	var texts []string
	if all := stored(snap, cluster).Message; all != "" && !own.WithoutCluster {
		texts = append(texts, shown(all))
	}
	if own.Message != "" && owner != cluster {
		texts = append(texts, shown(own.Message))
	}
	for i := range len(texts) - 1 {
		texts[i] = strings.TrimSuffix(texts[i], "\n")
	}
	return strings.Join(texts, "\n")
}

func stored(snap store.Snapshot, uuid string) Messages {
	if m, _ := Table.Get(snap, uuid); m != nil {
		return *m
	}
	return Messages{}
}
