package shell

import (
	"context"

	"github.com/duoplane/duoplane/internal/diagnose"
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/logins"
)

func (s Services) profiles() Mounted {
	return Resource[duo.Profile]{
		Name: "security login duo", Noun: "Duo configuration", Nouns: "Duo configurations",
		Path: pathDuo + "/profiles", Schema: s.Profiles.Schema(), Service: s.Profiles,
		Vserver: true, Owners: s.Owners,
		Order: []string{
			"vserver", "is-enabled", "integration-key", "secret-key", "fingerprint", "apihost", "autopush", "pushinfo",
			"fail-mode", "http-proxy", "max-prompts", "comment", "status",
		},
		// ONTAP's own labels for this one layout; they are not those of -instance.
		Block: []Line{
			{Label: "Vserver", Param: "vserver"},
			{Label: "Enabled", Param: "is-enabled", Gap: true},
			{Label: "Status", Param: "status"},
			{Label: "INTEGRATION-KEY", Param: "integration-key"},
			{Label: "SKEY SHA Fingerprint", Param: "fingerprint", Below: true},
			{Label: "API Host", Param: "apihost"},
			{Label: "Autopush", Param: "autopush"},
			{Label: "Push info", Param: "pushinfo"},
			{Label: "Failmode", Param: "fail-mode"},
			{Label: "Http-proxy", Param: "http-proxy"},
			{Label: "Prompts", Param: "max-prompts"},
			{Label: "Comments", Param: "comment"},
		},
	}
}

func (s Services) groups() Mounted {
	return Resource[duo.Group]{
		Name: "security login duo group", Noun: "Duo group", Nouns: "Duo groups",
		Path: pathDuo + "/groups", Schema: s.Groups.Schema(), Service: s.Groups, Owners: s.Owners,
		Block: []Line{
			{Label: "Vserver", Param: "vserver"},
			{Label: "Group Name", Param: "group-name"},
			{Label: "Excluded Users", Param: "excluded-users"},
			{Label: "Comment", Param: "comment"},
		},
	}
}

func (s Services) history() Mounted {
	return Resource[logins.Login]{
		Name: "security login duo", Nouns: "the latest logins and what became of them",
		Path: pathLogins, Schema: s.Logins.Schema(), Reader: s.Logins, ShowAs: "history", Owners: s.Owners,
		Keys: []string{"time", "vserver", "username"}, KeepOrder: true,
		Columns: []Column{
			{Header: []string{"Time"}, Param: "time", Width: 20},
			{Header: []string{"Vserver"}, Param: "vserver"},
			{Header: []string{"User Name"}, Param: "username"},
			{Header: []string{"From"}, Param: "from"},
			{Header: []string{"Decision"}, Param: "decision"},
			{Header: []string{"Factor"}, Param: "factor"},
			{Header: []string{"Reason"}, Param: "reason"},
		},
	}
}

func (s Services) test() Mounted {
	return Action[diagnose.Trial, diagnose.Report]{
		Name: "security login duo test", Doc: "Try a Duo configuration, or a change of it, step by step",
		Method: methodPost, Path: pathTest, Owners: s.Owners,
		Input: diagnose.TrialSchema(), Output: diagnose.ReportSchema(), Key: s.profileKey, Do: s.Test,
	}
}

// profileKey finds the profile of the owner that -vserver names.
func (s Services) profileKey(ctx context.Context, c *Call) ([]string, error) {
	name := c.Text("vserver")
	if name == "" {
		return []string{c.ownerUUID()}, nil
	}
	for p, err := range s.Profiles.Rows(ctx, c.Caller, nil) {
		if err != nil {
			return nil, err
		}
		if p.Owner.Name == name {
			return []string{p.Owner.UUID}, nil
		}
	}
	return nil, fault.New(fault.NotFound, ownerName, "entry doesn't exist")
}

func (s Services) explain() Mounted {
	return Action[duo.Login, diagnose.Explanation]{
		Name: "security login duo explain", Doc: "Tell how a login of a user would go, and why",
		Method: methodGet, Path: pathExplain, Owners: s.Owners,
		Input: diagnose.QuestionSchema(), Output: diagnose.ExplanationSchema(), Do: s.Explain,
	}
}
