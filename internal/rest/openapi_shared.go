package rest

// About names the product in its own documents.
type About struct {
	// Title and Version stand at the head: "Duoplane", "0.1.0".
	Title, Version string
	// URL is where the project is found.
	URL string
}

const apiDoc = `The REST API of the Duo subsystem of ONTAP, spoken by Duoplane.

Every path also works below /api/v1. Bodies are JSON whatever their media type
says. Answers carry "_links" unless the client accepts application/json alone,
and are indented unless pretty=false is given. HEAD works wherever GET does,
OPTIONS everywhere. The headers X-Dot-SVM-Name and X-Dot-SVM-UUID limit a call
to one SVM.

In a filter these operators may be used: * for any text, < > <= >= to compare,
a..b for a range, ! to negate, a|b for either, null and !null for fields that
are not set or set, quotes or braces around text that is meant literally.
Several filters must all match.`

// document puts the OpenAPI document together.
func document(about About, resources []description) apiDocument {
	doc := apiDocument{
		Swagger:  "2.0",
		BasePath: "/api",
		Schemes:  []string{"https"},
		Consumes: []string{"application/json", "application/hal+json"},
		Produces: []string{"application/hal+json", "application/json"},
		Security: []ordered{{{"basic", []string{}}}},
		Secured:  map[string]apiSecure{"basic": {Type: "basic", Description: "Name and password of an account that has the application http."}},
	}
	doc.Info = apiInfo{
		Title: about.Title, Version: about.Version, Description: apiDoc,
		Contact: apiContact{Name: about.Title, URL: about.URL},
		License: apiLicense{Name: "Apache-2.0", URL: "https://www.apache.org/licenses/LICENSE-2.0"},
	}
	seen := map[string]bool{}
	for i := range resources {
		d := &resources[i]
		if !seen[d.Tag] {
			seen[d.Tag] = true
			doc.Tags = append(doc.Tags, apiTag{Name: d.Tag, Description: d.Tag + " endpoints."})
		}
		d.paths(&doc.Paths)
		d.definitions(&doc.Definitions)
	}
	sharedDefinitions(&doc.Definitions)
	sharedParameters(&doc.Parameters)
	sharedResponses(&doc.Responses)
	return doc
}

func sharedDefinitions(to *ordered) {
	href := objectOf("A link.", entry{"href", textSchema("A path beginning with /api.")})
	message := textSchema("What is wrong, in English.")
	code := &apiSchema{Type: "string", Description: "A number, as text.", Example: "4"}
	fail := objectOf("What went wrong.",
		entry{"message", message},
		entry{"code", code},
		entry{"target", textSchema("The field at fault.")})
	fail.Required = []string{"message", "code"}
	envelope := objectOf("The answer to a call that failed.",
		entry{"error", fail},
		entry{"num_records", &apiSchema{Type: "integer", Description: "Records changed before the failure, for a change by query."}},
		entry{"errors", arrayOf(refTo("problem"))})
	envelope.Required = []string{"error"}
	job := objectOf("A job that was started.",
		entry{"job", objectOf("",
			entry{"uuid", textSchema("Identity of the job.")},
			entry{"_links", objectOf("", entry{"self", refTo("href")}, entry{"results", refTo("href")})})})

	to.set("href", href)
	to.set("self_links", objectOf("Links of a record.", entry{"self", refTo("href")}))
	to.set("page_links", objectOf("Links of a list.", entry{"self", refTo("href")}, entry{"next", refTo("href")}))
	to.set("problem", objectOf("One failure of a bulk call.", entry{"message", message}, entry{"code", code}))
	to.set("error_response", envelope)
	to.set("job_link", job)
}

func sharedParameters(to *ordered) {
	low, high, one := int64(0), int64(maxTimeout), int64(1)
	for _, p := range []struct {
		key string
		apiParameter
	}{
		{"fields", apiParameter{Name: "fields", Type: "string", Description: "Fields to return, separated by commas: a, a.b, a.{b,c}, !a.b, * for all."}},
		{"order_by", apiParameter{Name: "order_by", Type: "string", Description: "Fields to sort by, each followed by asc or desc, separated by commas."}},
		{"max_records", apiParameter{Name: "max_records", Type: "integer", Minimum: &one, Description: "Most records to return or change."}},
		{"offset", apiParameter{Name: "offset", Type: "integer", Minimum: &low, Description: "Records to skip, after filtering and sorting."}},
		{"query", apiParameter{Name: "query", Type: "string", Description: "Patterns to find in the query_fields, separated by spaces (and) or | (or)."}},
		{"query_fields", apiParameter{Name: "query_fields", Type: "string", Description: "Fields that query looks at, separated by commas, or *."}},
		{"return_records", apiParameter{Name: "return_records", Type: "boolean", Default: true, Description: "False to get the number of records alone."}},
		{"return_changed", apiParameter{Name: "return_records", Type: "boolean", Default: false, Description: "True to get the records concerned."}},
		{"return_timeout", apiParameter{Name: "return_timeout", Type: "integer", Minimum: &low, Maximum: &high, Default: 15, Description: "Seconds that a read, a change by query or the wait for a job may take."}},
		{"ignore_unknown_fields", apiParameter{Name: "ignore_unknown_fields", Type: "boolean", Default: false, Description: "True to skip unknown names in fields."}},
		{"continue_on_failure", apiParameter{Name: "continue_on_failure", Type: "boolean", Default: false, Description: "True to go on after a record that failed, and to undo nothing."}},
		{"serial_records", apiParameter{Name: "serial_records", Type: "boolean", Default: false, Description: "True to take the records of a bulk call one after the other."}},
		{"job_results_uuid", apiParameter{Name: "job_results_uuid", Type: "string", Description: "Return the records of a bulk call, by the UUID of its job."}},
		{"pretty", apiParameter{Name: "pretty", Type: "boolean", Default: true, Description: "False to get bodies without line breaks."}},
	} {
		p.In = "query"
		to.set(p.key, p.apiParameter)
	}
}

func sharedResponses(to *ordered) {
	to.set("unauthorized", apiResponse{Description: "No credentials, or wrong ones.", Schema: refTo("error_response")})
	to.set("forbidden", apiResponse{Description: "The role does not allow it.", Schema: refTo("error_response")})
	to.set("failed", apiResponse{Description: "The call failed.", Schema: refTo("error_response")})
	to.set("job_started", apiResponse{
		Description: "The records are taken care of by a job.", Schema: refTo("job_link"),
		Headers: ordered{{"Location", textSchema("Where the results will be, for a creation.")}},
	})
}
