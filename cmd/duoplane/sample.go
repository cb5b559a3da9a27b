package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/duoplane/duoplane/internal/duosim"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

const sampleSVM = "svm1"

// A sampleAccount is one account of duoplane dev with its owner's name ("" for
// the cluster) and its telephone.
type sampleAccount struct {
	svm, name, role, comment string
	groups                   []string
	phone                    duosim.Device
}

// sampleAccounts show each way a login can go: asked, excluded, not a member.
// Their password is the administrator's.
var sampleAccounts = []sampleAccount{
	{
		name: "alice", role: "admin", groups: []string{"storage-admins"}, comment: "asked: a member of storage-admins",
		phone: duosim.Device{Name: "Alice's phone", Platform: "iOS", Number: "+1 555 0100"},
	},
	{
		name: "bob", role: "readonly", groups: []string{"operators"}, comment: "not asked: in no Duo group of the cluster",
		phone: duosim.Device{Name: "Bob's phone", Platform: "Android", Number: "+1 555 0101"},
	},
	{
		name: "breakglass", role: "admin", groups: []string{"storage-admins"}, comment: "not asked: excluded from storage-admins",
		phone: duosim.Device{Name: "Safe in the data centre", Platform: "Android", Number: "+1 555 0102"},
	},
	{
		svm: sampleSVM, name: "carol", role: "vsadmin", groups: []string{"tenant-admins"}, comment: "asked by " + sampleSVM + "'s own profile",
		phone: duosim.Device{Name: "Carol's phone", Platform: "iOS", Number: "+1 555 0103"},
	},
	{
		svm: sampleSVM, name: "dave", role: "vsadmin-readonly", groups: []string{"tenant-admins"}, comment: "asked, with a tablet that has no number",
		phone: duosim.Device{Name: "Dave's tablet", Platform: "iOS"},
	},
}

// sampleNames are the names of the sample accounts.
func sampleNames() []string {
	names := make([]string, len(sampleAccounts))
	for i, a := range sampleAccounts {
		names[i] = a.name
	}
	return names
}

// samplePhones are the sample accounts' owners as Duo knows them, and the
// administrator.
func samplePhones() []duosim.User {
	users := []duosim.User{{Name: "admin", RealName: "Administrator", Devices: []duosim.Device{
		{Name: "Admin's phone", Platform: "Android", Number: "+1 555 0199"},
	}}}
	for _, a := range sampleAccounts {
		users = append(users, duosim.User{Name: a.name, Devices: []duosim.Device{a.phone}})
	}
	return users
}

// A fields is a record as a client would send it.
type fields map[string]any

// populate fills a new node with the samples, the way a client would: through
// the services. It returns the sample SVM.
func (n *node) populate(ctx context.Context, sim *simulator, password string) (*svm.SVM, error) {
	vm, err := create(ctx, n.svms, fields{"name": sampleSVM, "comment": "a tenant with its own Duo profile"})
	if err != nil {
		return nil, err
	}
	owner := fields{"name": sampleSVM}
	profile := func(more fields) fields {
		f := fields{"api_host": sim.host, "integration_key": sim.integration.IKey, "secret_key": sim.secretKey()}
		maps.Copy(f, more)
		return f
	}
	for _, f := range []fields{
		profile(fields{"comment": "logins to the cluster"}),
		profile(fields{"owner": owner, "comment": "no Duo, no login", "fail_mode": "secure", "auto_push": false, "max_prompts": 3}),
	} {
		if _, err := create(ctx, n.profiles, f); err != nil {
			return nil, err
		}
	}
	for _, f := range []fields{
		{"name": "storage-admins", "excluded_users": []string{"breakglass"}, "comment": "who administers the cluster"},
		{"name": "tenant-admins", "owner": owner},
	} {
		if _, err := create(ctx, n.groups, f); err != nil {
			return nil, err
		}
	}
	return vm, n.populateAccounts(ctx, password)
}

func (n *node) populateAccounts(ctx context.Context, password string) error {
	login := func(application string) fields {
		return fields{"application": application, "authentication_methods": []string{"password"}}
	}
	for _, a := range sampleAccounts {
		f := fields{
			"name": a.name, "role": a.role, "comment": a.comment, "groups": a.groups, "password": password,
			"applications": []fields{login("http"), login("ssh")},
		}
		if a.svm != "" {
			f["owner"] = fields{"name": a.svm}
		}
		if _, err := create(ctx, n.accounts, f); err != nil {
			return err
		}
	}
	return nil
}

// A creator is a service as far as samples need it.
type creator[T any] interface {
	Schema() *record.Schema[T]
	Create(ctx context.Context, caller svm.Caller, in record.Input[T]) (svm.Made[T], error)
}

func create[T any](ctx context.Context, service creator[T], f fields) (*T, error) {
	body, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("make a sample: %w", err)
	}
	in, err := service.Schema().ReadBody(body, record.Create)
	if err != nil {
		return nil, fmt.Errorf("make a sample %s: %w", service.Schema().Name(), err)
	}
	made, err := service.Create(ctx, svm.Starter(), in)
	if err != nil {
		return nil, fmt.Errorf("make a sample %s: %w", service.Schema().Name(), err)
	}
	return made.Record, nil
}
