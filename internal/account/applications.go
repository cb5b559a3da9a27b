package account

import (
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
)

// The authentication methods that are served, and ONTAP's word for none.
const (
	MethodPassword  = "password"
	MethodPublicKey = "publickey"
	methodNone      = "none"
)

const pathApplications = "applications"

// ApplicationWords are the words there are for an application, in ONTAP's order.
func ApplicationWords() []string {
	return []string{"amqp", "console", HTTP, "ontapi", "service_processor", SSH}
}

// MethodWords are those for its methods.
func MethodWords() []string {
	return []string{"certificate", "domain", "nsswitch", MethodPassword, MethodPublicKey, "saml"}
}

// SecondWords are those for its second method.
func SecondWords() []string {
	return []string{methodNone, "domain", "nsswitch", MethodPassword, MethodPublicKey, "totp"}
}

// methodsOf lists what each application takes for its first method.
var methodsOf = map[string][]string{
	"amqp":              {MethodPassword},
	"console":           {MethodPassword},
	HTTP:                {"certificate", "domain", "nsswitch", MethodPassword, "saml"},
	"ontapi":            {"certificate", "domain", "nsswitch", MethodPassword, "saml"},
	"service_processor": {MethodPassword},
	SSH:                 {"domain", "nsswitch", MethodPassword, MethodPublicKey},
}

// secondsOf lists what may follow a first method over SSH.
var secondsOf = map[string][]string{
	MethodPassword:  {MethodPublicKey, "totp"},
	MethodPublicKey: {"domain", "nsswitch", MethodPassword, "totp"},
	"domain":        {MethodPublicKey, "totp"},
	"nsswitch":      {MethodPublicKey, "totp"},
}

// columns declare an element of applications.
var columns = []record.Column{
	{
		Name: "application", Kind: record.Enum, Enum: ApplicationWords(), Required: true,
		Doc: "What the account logs in with; \"http\" is the REST API, \"ssh\" the command line. The others are kept and have no effect.", Example: HTTP,
	},
	{
		Name: "authentication_methods", Kind: record.Strings, Enum: MethodWords(), Required: true,
		Doc: "What proves the account; \"password\" and, over SSH, \"publickey\" are served.", Example: MethodPassword,
	},
	{
		Name: "second_authentication_method", Kind: record.Enum, Enum: SecondWords(), Default: record.Text(methodNone),
		Doc: "A second method after the first, over SSH only. Duo is none of them: it comes on top.", Example: methodNone,
	},
}

// readApplications turns a checked value into the account's applications.
func readApplications(v record.Value) []Application {
	items := v.Items()
	apps := make([]Application, len(items))
	for i, item := range items {
		methods := item.Member("authentication_methods").Strings()
		slices.Sort(methods) // clients compare them in this order
		apps[i] = Application{
			Name:    item.Member("application").Str(),
			Methods: slices.Compact(methods),
			Second:  item.Member("second_authentication_method").Str(),
		}
		if apps[i].Second == "" {
			apps[i].Second = methodNone
		}
	}
	return apps
}

// showApplications is the inverse of readApplications. It shows nothing more:
// clients compare whole elements.
func showApplications(apps []Application) record.Value {
	items := make([]record.Value, len(apps))
	for i, app := range apps {
		items[i] = record.Object(
			record.Member{Name: "application", Value: record.Text(app.Name)},
			record.Member{Name: "authentication_methods", Value: record.Texts(app.Methods)},
			record.Member{Name: "second_authentication_method", Value: record.Text(app.Second)},
		)
	}
	return record.List(items...)
}

// checkApplications applies the rules on which methods go together.
func checkApplications(v record.Value) error {
	apps := readApplications(v)
	for i, app := range apps {
		if slices.ContainsFunc(apps[:i], func(other Application) bool { return other.Name == app.Name }) {
			return fault.New(fault.DuplicateValue, pathApplications, "The application %q is given twice; list its methods in one element.", app.Name)
		}
		if err := checkMethods(app); err != nil {
			return err
		}
	}
	return nil
}

func checkMethods(app Application) error {
	allowed := methodsOf[app.Name]
	if len(app.Methods) == 0 {
		return fault.New(fault.MethodPair, pathApplications, "The application %q needs an authentication method: %s.", app.Name, strings.Join(allowed, ", "))
	}
	for _, method := range app.Methods {
		if !slices.Contains(allowed, method) {
			return fault.New(fault.MethodPair, pathApplications,
				"The authentication method %q does not go with the application %q, which takes %s.", method, app.Name, strings.Join(allowed, ", "))
		}
	}
	if app.Second == methodNone {
		return nil
	}
	if app.Name != SSH || len(app.Methods) != 1 {
		return fault.New(fault.MethodPair, pathApplications, "A second authentication method goes with the application \"ssh\" and one first method only.")
	}
	if seconds := secondsOf[app.Methods[0]]; !slices.Contains(seconds, app.Second) {
		return fault.New(fault.MethodPair, pathApplications,
			"The second authentication method %q does not follow %q, which %s may follow.", app.Second, app.Methods[0], strings.Join(seconds, ", "))
	}
	return nil
}
