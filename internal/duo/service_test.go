package duo_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/owned"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/memstore"
	"github.com/duoplane/duoplane/internal/svm"
)

const (
	keyCanary   = "canarykey0123456789canarykey0123456789ab"
	proxyCanary = "canaryproxypassword"
	profileBody = `{"api_host":"api-3f9c21ab.duosecurity.com","integration_key":"DIQ7M2K9T4V1B8N3C6X5","secret_key":"` + keyCanary + `"}`
)

// answers is a Prober that knows one answer for each host.
type answers map[string]string

func (a answers) Status(_ context.Context, p *duo.Profile) string { return a[p.APIHost] }

// world is a cluster with two SVMs over a store in memory.
type world struct {
	profiles *duo.ProfileService
	groups   *owned.Service[duo.Group]
	svms     *svm.Service
	keyset   *seal.Keyset
	data     *memstore.Store
	log      *audit.Log
	cluster  svm.Cluster
	vs1, vs2 *svm.SVM
	admin    svm.Caller
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{data: memstore.New(append(svm.Tables(), duo.Profiles, duo.Groups)...), log: audittest.New(t)}
	w.admin = svm.Caller{Name: "admin", Scope: svm.Everything(), Via: "test"}
	ledger := audit.NewLedger(w.data, w.log)
	w.svms = svm.NewService(ledger, duo.Profiles, duo.Groups)
	var err error
	if w.keyset, err = seal.InMemory(); err != nil {
		t.Fatal(err)
	}
	if w.cluster, err = w.svms.EnsureCluster(t.Context(), "lab-a"); err != nil {
		t.Fatal(err)
	}
	w.profiles = duo.NewProfileService(ledger, w.svms, w.keyset, answers{"api-3f9c21ab.duosecurity.com": "Ok"})
	w.groups = duo.NewGroupService(ledger, w.svms)
	w.vs1, w.vs2 = w.addSVM(t, "vs1"), w.addSVM(t, "vs2")
	return w
}

func (w *world) addSVM(t *testing.T, name string) *svm.SVM {
	t.Helper()
	in, err := w.svms.Schema().ReadBody([]byte(`{"name":"`+name+`"}`), record.Create)
	if err != nil {
		t.Fatal(err)
	}
	vm, err := w.svms.Create(t.Context(), w.admin, in)
	if err != nil {
		t.Fatal(err)
	}
	return vm.Record
}

// addProfile creates a profile from a body; more is put in front of its members.
func (w *world) addProfile(t *testing.T, caller svm.Caller, more string) (*duo.Profile, error) {
	t.Helper()
	in, err := w.profiles.Schema().ReadBody([]byte(strings.Replace(profileBody, "{", "{"+more, 1)), record.Create)
	if err != nil {
		return nil, err
	}
	made, err := w.profiles.Create(t.Context(), caller, in)
	return made.Record, err
}

func (w *world) patch(t *testing.T, caller svm.Caller, owner, body string) error {
	t.Helper()
	in, err := w.profiles.Schema().ReadBody([]byte(body), record.Modify)
	if err != nil {
		return err
	}
	_, err = w.profiles.Modify(t.Context(), caller, []string{owner}, in)
	return err
}

func TestAProfileIsCreatedWithDefaults(t *testing.T) {
	w := newWorld(t)
	got, err := w.addProfile(t, w.admin, "")
	if err != nil {
		t.Fatal(err)
	}
	want := duo.Profile{
		Owner:   svm.Owner{UUID: w.cluster.UUID, Name: "lab-a"},
		APIHost: "api-3f9c21ab.duosecurity.com", IntegrationKey: "DIQ7M2K9T4V1B8N3C6X5",
		Fingerprint: secret.NewText(keyCanary).Fingerprint(),
		Enabled:     true, AutoPush: true, PushInfo: true, FailMode: duo.Safe, MaxPrompts: 1,
	}
	if diff := cmp.Diff(want, *got, cmp.Comparer(func(_, _ secret.Sealed) bool { return true })); diff != "" {
		t.Errorf("profile (-want +got):\n%s", diff)
	}
	opened, err := w.keyset.Open(duo.SecretKeyPlace(got), got.SecretKey)
	if err != nil || !opened.Equal(secret.NewText(keyCanary)) {
		t.Errorf("the sealed key does not open to what was given: %v", err)
	}
}

func TestWhoseProfileIsCreated(t *testing.T) {
	w := newWorld(t)
	vsadmin := svm.Caller{Name: "vsadmin", Scope: svm.Within(w.vs1.UUID)}
	tests := []struct {
		name   string
		caller svm.Caller
		owner  string
		want   string // owner's name
		code   fault.Code
	}{
		{"no owner is the cluster", w.admin, ``, "lab-a", ""},
		{"an owner by dotted name", w.admin, `"owner.name":"vs2",`, "vs2", ""},
		{"an owner by nested uuid", w.admin, `"owner":{"uuid":"` + w.vs1.UUID + `"},`, "vs1", ""},
		{"a second profile for the same owner", w.admin, ``, "", fault.Exists},
		{"an SVM that is not there", w.admin, `"owner.name":"vs9",`, "", fault.NoSuchOwner},
		{"name and uuid of different owners", w.admin, `"owner":{"name":"vs2","uuid":"` + w.vs1.UUID + `"},`, "", fault.OwnerMismatch},
		{"an SVM's administrator and no owner", vsadmin, ``, "", fault.Exists},
		{"an SVM's administrator and another owner", vsadmin, `"owner.name":"vs2",`, "", fault.NoSuchOwner},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := w.addProfile(t, tt.caller, tt.owner)
			if fault.CodeOf(err) != tt.code {
				t.Fatalf("got %v, want code %q", err, tt.code)
			}
			if err == nil && got.Owner.Name != tt.want {
				t.Errorf("owner is %q, want %q", got.Owner.Name, tt.want)
			}
		})
	}
}

func TestAModificationIsCheckedAndKept(t *testing.T) {
	w := newWorld(t)
	if _, err := w.addProfile(t, w.admin, `"owner.name":"vs1",`); err != nil {
		t.Fatal(err)
	}
	stranger := svm.Caller{Name: "vsadmin", Scope: svm.Within(w.vs2.UUID)}
	tests := []struct {
		name   string
		caller svm.Caller
		body   string
		code   fault.Code
	}{
		{"two fields", w.admin, `{"comment":"Testing","auto_push":false}`, ""},
		{"the owner of the path, repeated", w.admin, `{"owner":{"uuid":"` + w.vs1.UUID + `","name":"vs1"},"max_prompts":2}`, ""},
		{"another owner", w.admin, `{"owner.name":"vs2","max_prompts":2}`, fault.NotPatchable},
		{"the owner alone", w.admin, `{"owner.name":"vs1"}`, fault.NothingToSet},
		{"nothing", w.admin, `{}`, fault.NothingToSet},
		{"a computed field", w.admin, `{"status":"Ok"}`, fault.NotSettable},
		{"a value out of range", w.admin, `{"max_prompts":4}`, fault.BadValue},
		{"a host with a scheme", w.admin, `{"api_host":"https://duo"}`, fault.BadReason},
		{"clearing what is required", w.admin, `{"api_host":null}`, fault.BadValue},
		{"a stranger's profile", stranger, `{"comment":"x"}`, fault.NotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := w.patch(t, tt.caller, w.vs1.UUID, tt.body); fault.CodeOf(err) != tt.code {
				t.Errorf("got %v, want code %q", err, tt.code)
			}
		})
	}
	got, err := w.profiles.Find(t.Context(), w.admin, []string{w.vs1.UUID})
	if err != nil || got.Comment != "Testing" || got.AutoPush || got.MaxPrompts != 2 {
		t.Errorf("kept %+v, %v", got, err)
	}
}

func TestTheFingerprintFollowsTheSecretAlone(t *testing.T) {
	w := newWorld(t)
	made, err := w.addProfile(t, w.admin, "")
	if err != nil {
		t.Fatal(err)
	}
	fingerprint := func(body string) string {
		if err := w.patch(t, w.admin, w.cluster.UUID, body); err != nil {
			t.Fatal(err)
		}
		p, err := w.profiles.Find(t.Context(), w.admin, []string{w.cluster.UUID})
		if err != nil {
			t.Fatal(err)
		}
		return p.Fingerprint
	}
	if got := fingerprint(`{"integration_key":"DIOTHER","comment":"x"}`); got != made.Fingerprint {
		t.Error("it changed without the secret")
	}
	if got := fingerprint(`{"secret_key":"another"}`); got != secret.NewText("another").Fingerprint() {
		t.Error("it did not change with the secret")
	}
}

func TestNoPlainSecretReachesStoreOrAuditLog(t *testing.T) {
	w := newWorld(t)
	if _, err := w.addProfile(t, w.admin, `"http_proxy":"http://user:`+proxyCanary+`@proxy:8080",`); err != nil {
		t.Fatal(err)
	}
	snap, err := w.data.Snapshot(t.Context(), store.Local)
	if err != nil {
		t.Fatal(err)
	}
	stored, _ := duo.Profiles.Get(snap, w.cluster.UUID)
	doc, err := duo.Profiles.Encode(stored)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	for _, line := range audittest.Lines(t, w.log) {
		for _, v := range line.Fields {
			log.WriteString(v)
		}
	}
	for _, canary := range []string{keyCanary, proxyCanary} {
		if strings.Contains(string(doc), canary) {
			t.Errorf("stored: %s", doc)
		}
		if strings.Contains(log.String(), canary) {
			t.Errorf("audited: %s", log.String())
		}
	}
	if !strings.Contains(log.String(), "sha256:"+stored.Fingerprint) {
		t.Error("the audit line does not tell the new key's fingerprint")
	}
}

func TestDeletingAnSVMTakesItsRecordsAlong(t *testing.T) {
	w := newWorld(t)
	for _, owner := range []string{`"owner.name":"vs1",`, `"owner.name":"vs2",`} {
		if _, err := w.addProfile(t, w.admin, owner); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.svms.Delete(t.Context(), w.admin, []string{w.vs1.UUID}); err != nil {
		t.Fatal(err)
	}
	var left []string
	for p, err := range w.profiles.Rows(t.Context(), w.admin, nil) {
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, p.Owner.Name)
	}
	if diff := cmp.Diff([]string{"vs2"}, left); diff != "" {
		t.Errorf("profiles left (-want +got):\n%s", diff)
	}
}

func TestAGroupIsKnownByOwnerAndName(t *testing.T) {
	w := newWorld(t)
	add := func(body string) error {
		in, err := w.groups.Schema().ReadBody([]byte(body), record.Create)
		if err != nil {
			return err
		}
		_, err = w.groups.Create(t.Context(), w.admin, in)
		return err
	}
	for _, body := range []string{
		`{"name":"CORP\\storage/admins","excluded_users":["breakglass"]}`,
		`{"name":"CORP\\storage/admins","owner.name":"vs1"}`,
	} {
		if err := add(body); err != nil {
			t.Fatal(err)
		}
	}
	if err := add(`{"name":"CORP\\storage/admins"}`); !fault.Is(err, fault.Exists) {
		t.Errorf("the same group again gave %v", err)
	}
	if err := add(`{"name":"a\u001b[2Jb"}`); !fault.Is(err, fault.BadReason) {
		t.Errorf("an escape sequence in a name gave %v", err)
	}
	g, err := w.groups.Find(t.Context(), w.admin, []string{w.cluster.UUID, `CORP\storage/admins`})
	if err != nil || !cmp.Equal(g.ExcludedUsers, []string{"breakglass"}) {
		t.Errorf("found %+v, %v", g, err)
	}
	_, err = w.groups.Find(t.Context(), w.admin, []string{w.vs2.UUID, `CORP\storage/admins`})
	if f, ok := errors.AsType[*fault.Error](err); !ok || f.Code != fault.NotFound || f.Target != "name" {
		t.Errorf("an absent group gave %v", err)
	}
}
