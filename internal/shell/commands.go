package shell

import (
	"context"
	"iter"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/diagnose"
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/loginmsg"
	"github.com/duoplane/duoplane/internal/logins"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/svm"
)

// REST paths below /api whose privileges the commands share.
const (
	pathAccounts = "/security/accounts"
	pathAudit    = "/security/audit/messages"
	pathCluster  = "/cluster"
	pathDuo      = "/security/authentication/duo"
	pathExplain  = "/duoplane/explain"
	pathLogins   = "/duoplane/logins"
	pathMessages = "/security/login/messages"
	pathTest     = "/duoplane/profiles"
	pathKeys     = "/security/authentication/publickeys"
	pathSVMs     = "/svm/svms"
)

// A Declared is a Service that also knows its schema, as those of the domain do.
type Declared[T any] interface {
	Service[T]
	Schema() *record.Schema[T]
}

// Services is what the commands of Duoplane stand on. Of the functions, of
// Messages and of Logins any may be nil; then its commands do not exist.
type Services struct {
	SVMs     Declared[svm.SVM]
	Accounts *account.Service
	// PublicKeys are the accounts' keys.
	PublicKeys Declared[account.PublicKey]
	Profiles   Declared[duo.Profile]
	Groups     Declared[duo.Group]
	// Messages are what logins show.
	Messages Modifier[loginmsg.Messages]
	// Logins are the latest logins, Cluster the cluster.
	Logins interface {
		Reader[logins.Login]
		Schema() *record.Schema[logins.Login]
	}
	Cluster func(ctx context.Context) (svm.Cluster, error)
	// Owners returns the names of the cluster and the SVMs in scope.
	Owners func(ctx context.Context, caller svm.Caller) []string
	// Test tries the profile under a key step by step, Explain tells how a
	// login would go: the methods of a diagnose.Tester and Explainer.
	Test    func(ctx context.Context, caller svm.Caller, key []string, in record.Input[diagnose.Trial]) (*diagnose.Report, error)
	Explain func(ctx context.Context, caller svm.Caller, key []string, in record.Input[duo.Login]) (*diagnose.Explanation, error)
	// Audit yields the lines of the audit log in scope, oldest first.
	Audit func(ctx context.Context, caller svm.Caller) iter.Seq2[string, error]
	// CheckPassword tells whether a password is the caller's own.
	CheckPassword func(ctx context.Context, caller svm.Caller, password secret.Text) error
}

// Commands declares every command of Duoplane that is not the shell's own.
func Commands(s Services) []Mounted {
	commands := []Mounted{
		Directory{"cluster", "Manage the cluster"},
		Directory{"cluster identity", "Manage the cluster's attributes"},
		Directory{"security", "The security directory"},
		Directory{"security login", "Manage accounts and how they log in"},
		Directory{"security login duo", "Manage Duo configurations"},
		Directory{"security login duo group", "Manage the groups under Duo"},
		Directory{"security login publickey", "Manage the public keys of accounts"},
		Directory{"vserver", "Manage Vservers"},
		s.profiles(), s.groups(), s.loginRows(), s.publicKeys(), s.vservers(),
		Command{
			Name: "cluster identity show", Doc: "Display the cluster's attributes",
			Method: methodGet, Path: pathCluster, Run: s.showCluster,
		},
		s.renameVserver(), s.lock(), s.unlock(), s.password(),
	}
	if s.Messages != nil {
		commands = append(commands,
			Directory{"security login banner", "Manage the texts before logins"},
			Directory{"security login motd", "Manage the messages of the day"},
			s.banners(), s.motds())
	}
	if s.Logins != nil {
		commands = append(commands, s.history())
	}
	if s.Test != nil {
		commands = append(commands, s.test())
	}
	if s.Explain != nil {
		commands = append(commands, s.explain())
	}
	if s.Audit != nil {
		commands = append(commands,
			Directory{"security audit", "Manage the audit log"},
			Directory{"security audit log", "Manage the audit log's lines"},
			Command{
				Name: "security audit log show", Doc: "Display the lines of the audit log",
				Method: methodGet, Path: pathAudit, Run: s.showAudit,
			})
	}
	return commands
}

func (s Services) showCluster(ctx context.Context, c *Call) error {
	cluster, err := s.Cluster(ctx)
	if err == nil {
		c.Pairs([2]string{"Cluster UUID", cluster.UUID}, [2]string{"Cluster Name", cluster.Name})
	}
	return err
}

func (s Services) showAudit(ctx context.Context, c *Call) error {
	for line, err := range s.Audit(ctx, c.Caller) {
		if err != nil {
			return err
		}
		if c.Line("%s", line); c.Stopped() {
			break
		}
	}
	return nil
}

// vserverParam names an owner in a command of its own.
func (s Services) vserverParam() Param {
	p := Param{Name: "vserver", Label: "Vserver", Syntax: "<vserver name>"}
	if s.Owners != nil {
		p.Names = func(ctx context.Context, c *Call) []string { return s.Owners(ctx, c.Caller) }
	}
	return p
}
