package loginrow

import (
	"slices"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/fault"
)

// with returns the applications with the row's method among them.
func with(apps []account.Application, row *Row) ([]account.Application, error) {
	apps = slices.Clone(apps)
	for i, app := range apps {
		if app.Name != stored(row.Application) {
			continue
		}
		if slices.Contains(app.Methods, row.Method) {
			return nil, fault.New(fault.Exists, "name", "duplicate entry")
		}
		apps[i].Methods = append(slices.Clone(app.Methods), row.Method)
		return apps, nil
	}
	return append(apps, account.Application{Name: stored(row.Application), Methods: []string{row.Method}, Second: row.Second}), nil
}

// without returns the applications less the row's method, and less the
// application if that was the last.
func without(apps []account.Application, row *Row) []account.Application {
	var left []account.Application
	for _, app := range apps {
		if app.Name == stored(row.Application) {
			app.Methods = slices.DeleteFunc(slices.Clone(app.Methods), func(m string) bool { return m == row.Method })
		}
		if len(app.Methods) > 0 {
			left = append(left, app)
		}
	}
	return left
}

// wire returns the applications as a body has them.
func wire(apps []account.Application) []map[string]any {
	list := make([]map[string]any, len(apps))
	for i, app := range apps {
		list[i] = map[string]any{
			"application": app.Name, "authentication_methods": app.Methods, "second_authentication_method": app.Second,
		}
	}
	return list
}
