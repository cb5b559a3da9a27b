package shell

import (
	"context"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

func (s Services) vservers() Mounted {
	return Resource[svm.SVM]{
		Name: "vserver", Noun: "Vserver", Nouns: "Vservers",
		Path: pathSVMs, Schema: s.SVMs.Schema(), Service: s.SVMs,
		Keys: []string{"vserver"}, Positional: []string{"vserver"},
		Columns: []Column{
			{Header: []string{"Vserver"}, Param: "vserver"},
			{Header: []string{"Vserver UUID"}, Param: "uuid", Width: 36},
			{Header: []string{"Comment"}, Param: "comment"},
		},
		DeleteWarning: "A Vserver is deleted together with its Duo configuration, its Duo groups and its accounts.",
	}
}

func (s Services) renameVserver() Mounted {
	vserver := s.vserverParam()
	vserver.Positional, vserver.Required = true, true
	return Command{
		Name: "vserver rename", Doc: "Rename a Vserver", Method: methodPatch, Path: pathSVMs,
		Params: []Param{vserver, {Name: "newname", Label: "Vserver New Name", Syntax: "<vserver name>", Positional: true, Required: true}},
		Run: func(ctx context.Context, c *Call) error {
			schema := s.SVMs.Schema()
			in, err := schema.ReadFlags([]record.Param{{Name: "name", Value: c.Text("newname")}}, record.Modify)
			if err != nil {
				return err
			}
			for vm, err := range s.SVMs.Rows(ctx, c.Caller, nil) {
				if err != nil {
					return err
				}
				if vm.Name == c.Text("vserver") {
					_, err = s.SVMs.Modify(ctx, c.Caller, schema.KeyOf(vm), in)
					return err
				}
			}
			return fault.New(fault.NotFound, "name", "entry doesn't exist")
		},
	}
}
