// Package goclient tries a client that go-swagger generates from Duoplane's
// OpenAPI document, as NetApp's Trident generates its own from ONTAP's. The
// client and models packages do not exist in the repository: the interop tests
// copy this folder, fetch the document from a running server, generate and
// run. The generated code takes no status, media type or JSON type that the
// document does not declare.
package goclient

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/go-openapi/runtime"
	httptransport "github.com/go-openapi/runtime/client"
	"github.com/go-openapi/strfmt"

	"github.com/duoplane/duoplane/interop/goclient/client"
	"github.com/duoplane/duoplane/interop/goclient/client/security"
)

const (
	hal      = "application/hal+json"
	firstKey = "DIQ7M2K9T4V1B8N3C6X5"
)

// connect returns the generated client, set up as Trident sets up its own.
func connect(t *testing.T) *client.Duoplane {
	t.Helper()
	pem, err := os.ReadFile(os.Getenv("DUOPLANE_CA_FILE"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal("no certificate in DUOPLANE_CA_FILE")
	}
	transport := httptransport.NewWithClient(strings.TrimPrefix(os.Getenv("DUOPLANE_URL"), "https://"), "/api", []string{"https"}, &http.Client{
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}},
	})
	transport.DefaultAuthentication = httptransport.BasicAuth(os.Getenv("DUOPLANE_USER"), os.Getenv("DUOPLANE_PASSWORD"))
	transport.Consumers[hal] = runtime.JSONConsumer()
	transport.Producers[hal] = runtime.JSONProducer()
	return client.New(transport, strfmt.Default)
}

// fill reads text into a new value of a generated model, whose field types are
// the generator's business. A field the model does not have is an error.
func fill[T any](t *testing.T, v *T, text string) *T {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		t.Fatal(err)
	}
	return v
}

// fields returns a model as a client that knows JSON only sees it.
func fields(t *testing.T, model any) map[string]any {
	t.Helper()
	text, err := json.Marshal(model)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func text(t *testing.T, values map[string]any) string {
	t.Helper()
	out, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestGeneratedClientKeepsAProfile(t *testing.T) {
	api, svm := connect(t).Security, os.Getenv("DUOPLANE_SVM_UUID")

	create := security.NewDuoCreateParamsWithContext(t.Context())
	fill(t, &create.Info, text(t, map[string]any{
		"owner": map[string]any{"uuid": svm}, "api_host": "api-3f9c21ab.duosecurity.com",
		"integration_key": firstKey, "secret_key": "not-a-key-of-any-service", "fail_mode": "secure",
	}))
	created, job, err := api.DuoCreate(create, nil) // one declared success each for a record and a job
	if err != nil || created == nil || job != nil {
		t.Fatalf("create: %v, %v, %v, want the declared 201", created, job, err)
	}
	var duplicate *security.DuoCreateDefault
	if _, _, err := api.DuoCreate(create, nil); !errors.As(err, &duplicate) || duplicate.Code() != 409 {
		t.Errorf("create again: %v, want the declared error with 409", err)
	} else if got := fields(t, duplicate.Payload)["error"].(map[string]any)["code"]; got != "1" {
		t.Errorf("create again: code %v, want \"1\"", got)
	}

	modify := security.NewDuoModifyParamsWithContext(t.Context()).WithOwnerUUID(svm)
	fill(t, &modify.Info, `{"auto_push":false,"max_prompts":3,"comment":"Testing"}`)
	if _, err := api.DuoModify(modify, nil); err != nil {
		t.Fatalf("modify: %v", err)
	}

	list := security.NewDuoCollectionGetParamsWithContext(t.Context())
	found, err := api.DuoCollectionGet(list, nil)
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	if n, ok := fields(t, found.Payload)["num_records"].(float64); !ok || n < 2 {
		t.Errorf("list: %v records, want two or more", n)
	}

	get := security.NewDuoGetParamsWithContext(t.Context()).WithOwnerUUID(svm)
	got, err := api.DuoGet(get, nil)
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	profile := fields(t, got.Payload)
	for field, want := range map[string]any{
		"integration_key": firstKey, "auto_push": false, "push_info": true, "is_enabled": true,
		"max_prompts": 3.0, "fail_mode": "secure", "comment": "Testing",
	} {
		if got := profile[field]; got != want && (got != nil || want != false) { // the model leaves false out
			t.Errorf("%s is %v, want %v", field, profile[field], want)
		}
	}
	if status, ok := profile["status"].(string); !ok || status == "" || status == "Ok" {
		t.Errorf("status of a host nobody has is %v, want a reason", profile["status"])
	}
	if _, shown := profile["secret_key"]; shown {
		t.Error("the secret key is shown")
	}

	remove := security.NewAccountDuoDeleteParamsWithContext(t.Context()).WithOwnerUUID(svm)
	if _, err := api.AccountDuoDelete(remove, nil); err != nil {
		t.Fatalf("delete: %v", err)
	}
	var missing *security.DuoGetDefault
	if _, err := api.DuoGet(get, nil); !errors.As(err, &missing) || missing.Code() != 404 {
		t.Errorf("get after delete: %v, want the declared error with 404", err)
	}
}

func TestGeneratedClientKeepsAGroup(t *testing.T) {
	api, svm := connect(t).Security, os.Getenv("DUOPLANE_SVM_UUID")
	const name = `CORP\storage/admins`

	create := security.NewDuogroupCreateParamsWithContext(t.Context())
	fill(t, &create.Info, text(t, map[string]any{
		"owner": map[string]any{"uuid": svm}, "name": name, "excluded_users": []string{"breakglass"},
	}))
	if _, _, err := api.DuogroupCreate(create, nil); err != nil {
		t.Fatalf("create: %v", err)
	}
	modify := security.NewDuogroupModifyParamsWithContext(t.Context()).WithOwnerUUID(svm).WithName(name)
	fill(t, &modify.Info, `{"comment":"Testing"}`)
	if _, err := api.DuogroupModify(modify, nil); err != nil {
		t.Fatalf("modify: %v", err)
	}
	got, err := api.DuogroupGet(security.NewDuogroupGetParamsWithContext(t.Context()).WithOwnerUUID(svm).WithName(name), nil)
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	if group := fields(t, got.Payload); group["name"] != name || group["comment"] != "Testing" {
		t.Errorf("group: %v", group)
	}
	many := security.NewAccountDuogroupDeleteCollectionParamsWithContext(t.Context())
	many.OwnerUUID = &svm
	if _, _, err := api.AccountDuogroupDeleteCollection(many, nil); err != nil {
		t.Fatalf("delete by query: %v", err)
	}
	list := security.NewDuogroupCollectionGetParamsWithContext(t.Context())
	list.OwnerUUID = &svm
	left, err := api.DuogroupCollectionGet(list, nil)
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	if n := fields(t, left.Payload)["num_records"]; n != nil && n != 0.0 {
		t.Errorf("%v groups are left", n)
	}
}
