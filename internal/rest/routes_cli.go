package rest

import (
	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/loginmsg"
	"github.com/duoplane/duoplane/internal/loginrow"
	"github.com/duoplane/duoplane/internal/svm"
	"github.com/duoplane/duoplane/internal/trail"
)

// cli lists the directories of the private passthrough.
func (s *Services) cli() []Mounted {
	keys, logins := s.Accounts.PublicKeys(), loginrow.New(s.Accounts)
	return append(s.cliCommands(), []Mounted{
		Directory[duo.Profile]{
			Name: "security login duo", Path: pathDuo + "/profiles", Schema: s.Profiles.Schema(), Service: s.Profiles,
		},
		Directory[duo.Group]{
			Name: "security login duo group", Path: pathDuo + "/groups", Schema: s.Groups.Schema(), Service: s.Groups,
		},
		Directory[loginrow.Row]{
			Name: "security login", Path: pathAccounts, Schema: logins.Schema(), Service: logins,
		},
		Directory[account.PublicKey]{
			Name: "security login publickey", Path: pathKeys, Schema: keys.Schema(), Service: keys,
		},
		Directory[loginmsg.Messages]{
			Name: "security login banner", Path: pathMessages, Schema: loginmsg.BannerSchema(), Modifier: s.Messages,
		},
		Directory[loginmsg.Messages]{
			Name: "security login motd", Path: pathMessages, Schema: loginmsg.MotdSchema(), Modifier: s.Messages,
		},
		Directory[trail.Message]{
			Name: "security audit log", Path: pathAudit, Schema: trail.LogSchema(), Reader: s.Trail, Keys: []string{"timestamp", "node"},
		},
		Directory[svm.SVM]{
			Name: "vserver", Path: pathSVMs, Schema: s.SVMs.Schema(), Service: s.SVMs, Keys: []string{flagVserver},
		},
		Directory[svm.Cluster]{
			Name: "cluster identity", Path: "/cluster", Schema: svm.ClusterSchema(s.Version), Reader: s.Cluster,
			Keys: []string{"uuid", "name"},
		},
	}...)
}
