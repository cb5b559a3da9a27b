package shell

import (
	"context"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/diagnose"
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/loginmsg"
	"github.com/duoplane/duoplane/internal/logins"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/svm"
	"github.com/duoplane/duoplane/internal/trail"
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
// Messages, Logins and Trail any may be nil; then its commands do not exist.
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
	// Trail is the audit log.
	Trail Reader[trail.Message]
	// Owners returns the names of the cluster and the SVMs in scope.
	Owners func(ctx context.Context, caller svm.Caller) []string
	// Test tries the profile under a key step by step, Explain tells how a
	// login would go: the methods of a diagnose.Tester and Explainer.
	Test    func(ctx context.Context, caller svm.Caller, key []string, in record.Input[diagnose.Trial]) (*diagnose.Report, error)
	Explain func(ctx context.Context, caller svm.Caller, key []string, in record.Input[duo.Login]) (*diagnose.Explanation, error)
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
	if s.Trail != nil {
		commands = append(commands,
			Directory{"security audit", "The audit log"},
			Directory{"security audit log", "The lines of the audit log"},
			s.auditLog())
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

// auditLog lists what may be millions of lines, so its table has to do with
// the widths that the first of them ask for.
func (s Services) auditLog() Mounted {
	return Resource[trail.Message]{
		Name: "security audit log", Nouns: "the lines of the audit log",
		Path: pathAudit, Schema: trail.LogSchema(), Reader: s.Trail, Owners: s.Owners,
		Keys: []string{"timestamp", "node"}, KeepOrder: true,
		Columns: []Column{
			{Header: []string{"Time"}, Param: "timestamp", Width: 20},
			{Header: []string{"Node"}, Param: "node"},
			{Header: []string{"Audit Message"}, Param: "entry"},
		},
	}
}

// vserverParam names an owner in a command of its own.
func (s Services) vserverParam() Param {
	p := Param{Name: "vserver", Label: "Vserver", Syntax: "<vserver name>"}
	if s.Owners != nil {
		p.Names = func(ctx context.Context, c *Call) []string { return s.Owners(ctx, c.Caller) }
	}
	return p
}
