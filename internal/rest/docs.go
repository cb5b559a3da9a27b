package rest

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/duoplane/duoplane/internal/fault"
)

//go:embed reference.html reference.css
var referenceFiles embed.FS

// docs serves what the API says of itself: the OpenAPI document and a page for
// people. Both are made once, of the resources' declarations, and tell nothing
// that the project's own documentation does not, so they need no credentials.
type docs struct {
	openapi, page, style func() ([]byte, error)

	told *observers // of requests below docsPath
}

// docsPath is where the documents are.
const docsPath = "/docs/api"

func newDocs(about About, mounts []Mounted) *docs {
	var resources []description
	for _, m := range mounts {
		if d := m.describe(); !d.private {
			resources = append(resources, d)
		}
	}
	return &docs{
		openapi: sync.OnceValues(func() ([]byte, error) { return yaml.Marshal(document(about, resources)) }),
		page:    sync.OnceValues(func() ([]byte, error) { return renderReference(about, resources) }),
		style:   sync.OnceValues(func() ([]byte, error) { return referenceFiles.ReadFile("reference.css") }),
	}
}

// serve answers what is below /docs/api.
func (d *docs) serve(x *exchange, segments []string) error {
	var build func() ([]byte, error)
	var contentType string
	switch strings.Join(segments, "/") {
	case "":
		build, contentType = d.page, "text/html; charset=utf-8"
	case "swagger.yaml":
		build, contentType = d.openapi, "application/yaml"
	case "reference.css":
		build, contentType = d.style, "text/css; charset=utf-8"
	default:
		return noSuchAPI()
	}
	if x.r.Method != http.MethodGet && x.r.Method != http.MethodHead {
		x.w.Header()["Allow"] = []string{"GET, HEAD"}
		return fault.New(fault.BadMethod, "", msgBadMethod)
	}
	body, err := build()
	if err != nil {
		return err
	}
	h := x.w.Header()
	h["Content-Type"] = []string{contentType}
	h["Content-Security-Policy"] = []string{"default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}
	x.send(http.StatusOK, body)
	return nil
}

// A referenceOperation is one line of the page's table of operations.
type referenceOperation struct{ Method, Path, ID string }

// Offered lists the resource's operations.
func (d description) Offered() []referenceOperation {
	collection, one := "/api"+d.Path, "/api"+d.Pattern
	var all []referenceOperation
	for _, o := range []referenceOperation{
		{"GET", collection, d.Operations.List},
		{"POST", collection, d.Operations.Create},
		{"PATCH", collection, d.Operations.ModifyMany},
		{"DELETE", collection, d.Operations.DeleteMany},
		{"GET", one, d.Operations.Read},
		{"PATCH", one, d.Operations.Modify},
		{"DELETE", one, d.Operations.Delete},
	} {
		if o.ID != "" {
			all = append(all, o)
		}
	}
	for _, a := range d.actions {
		all = append(all, referenceOperation{a.Method, one, a.Operation})
	}
	return all
}

func renderReference(about About, resources []description) ([]byte, error) {
	page, err := template.ParseFS(referenceFiles, "reference.html")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = page.Execute(&b, struct {
		About     About
		Intro     []string
		Resources []description
	}{about, strings.Split(apiDoc, "\n\n"), resources})
	return b.Bytes(), err
}
